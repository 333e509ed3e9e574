//! Approvals and signals in people's words, for `show`, `why`, `report` and `batches`.

use onay_console::course::{Course, Place, Ruled, Stage, who};
use onay_console::view;
use onay_payout::{Head, Hold, Proof, SIGNALS_LISTED_MAX};

/// So many signals are told without `--json`.
const SIGNALS_SHOWN: usize = 10;

/// What stands in vain, who approved, and what each rule waits for; a line each.
pub(super) fn lines(course: &Course) -> Vec<String> {
    let blocked = course.blocked.iter().map(|blocked| {
        let what = "its maker may withdraw it, or the policy be changed";
        format!("{}; {what}", blocked.sentence())
    });
    let rules = course.rules.iter();
    let rules = rules.flat_map(|rule| rule_lines(rule, course));
    blocked.chain(rules).chain(idle(course)).collect()
}

fn rule_lines(rule: &Ruled, course: &Course) -> Vec<String> {
    let proof = match rule.proof {
        Proof::Token => "",
        Proof::Signature => ", signed",
    };
    let head = format!("rule `{}`{proof}", rule.name);
    if let [step] = rule.steps.as_slice() {
        return vec![format!("{head}: {}", step_words(step, course))];
    }
    let state = if rule.is_met { "met" } else { "not met yet" };
    let mut lines = vec![format!("{head}: {state}")];
    for (number, step) in (1_usize..).zip(&rule.steps) {
        lines.push(format!("  step {number}: {}", step_words(step, course)));
    }
    lines
}

/// `1 of 2, ali for mehmet; waits for zeynep`.
fn step_words(step: &Stage, course: &Course) -> String {
    let mut words = format!("{} of {}", step.by.len(), step.needed);
    let by: Vec<String> = step
        .by
        .iter()
        .map(|given| who(&given.person, given.on_behalf.as_ref()))
        .collect();
    if !by.is_empty() {
        words.push_str(", ");
        words.push_str(&by.join(", "));
    }
    if step.place == Place::Met || !course.is_open {
        return words;
    }
    let open: Vec<String> = step
        .open
        .iter()
        .map(|name| {
            let lent = step.stand_ins.iter().filter(|(_, other)| other == name);
            let lent: Vec<&str> = lent.map(|(person, _)| person.as_str()).collect();
            if lent.is_empty() {
                name.to_string()
            } else {
                format!("{name} (or {} for them)", lent.join(", "))
            }
        })
        .collect();
    match (open.is_empty(), step.place) {
        (true, _) => words.push_str("; asks nobody who may approve it"),
        (false, Place::Next) => words.push_str("; waits for "),
        (false, Place::Met | Place::Later) => words.push_str("; then asks "),
    }
    words.push_str(&open.join(", "));
    words
}

/// Approvals that count no more.
fn idle(course: &Course) -> Option<String> {
    let idle = course
        .given
        .iter()
        .filter(|(_, counts)| *counts == Some(false));
    let names: Vec<String> = idle
        .map(|(made, _)| who(&made.person, made.on_behalf.as_ref()))
        .collect();
    let is_any = course.is_open && !names.is_empty();
    is_any.then(|| {
        let names = names.join(", ");
        format!("{names} approved, which does not count under the policy in force: approve again")
    })
}

/// Whom a batch waits for, in a few words; nothing when nobody decides on it.
pub(super) fn waits_for(head: &Head, course: Option<&Course>) -> String {
    let Some(course) = course.filter(|course| course.is_open) else {
        return String::new();
    };
    if course.blocked.is_some() {
        return "nobody can approve it".to_owned();
    }
    let is_approved = matches!(head.state, onay_payout::State::Approved(_));
    if is_approved || course.next.is_empty() {
        return String::new();
    }
    let names: Vec<String> = course.next.iter().map(ToString::to_string).collect();
    names.join(", ")
}

/// What to look at first, and what other batches of a day come to; a line each.
pub(super) fn noticed(hold: &Hold) -> Vec<String> {
    let Some(known) = &hold.history else {
        return Vec::new();
    };
    let counts = known.signals.counts().iter();
    let counts: Vec<String> = counts
        .map(|(kind, count)| view::counted(*kind, *count))
        .collect();
    let mut lines = Vec::new();
    if !counts.is_empty() {
        lines.push(format!("look at these first: {}", counts.join(", ")));
    }
    let listed = known.signals.listed();
    for signal in listed.iter().take(SIGNALS_SHOWN) {
        lines.push(format!("  {}: {}", signal.item, signal.detail));
    }
    let all: usize = known.signals.counts().values().sum();
    if all > SIGNALS_SHOWN {
        let rest = all.saturating_sub(SIGNALS_SHOWN);
        lines.push(format!(
            "  and {rest} more; `onay show --json` lists up to {SIGNALS_LISTED_MAX} of each kind"
        ));
    }
    let (maker, payee) = (known.maker_day, known.payee_day);
    lines.push(format!(
        "within 24 hours: its maker asked for {maker}, one payee was to get {payee} at most"
    ));
    lines
}
