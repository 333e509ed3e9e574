//! `show`: where a batch stands, and what happens next.

use chrono::TimeDelta;
use comfy_table::Table;
use onay_console::course::Course;
use onay_console::view::{self, Next};
use onay_ledger::{Access, Entry, now};
use onay_payout::{Head, Hold, Policy, State, TieOut, explain_under};
use onay_producer::Resends;

use super::approvals;
use crate::args::Show;
use crate::config::Config;
use crate::exit::Exit;
use crate::output;

/// Shows one batch.
pub(crate) async fn run(config: &Config, args: Show) -> anyhow::Result<Exit> {
    let ledger = config.ledger(Access::Existing).await?;
    let policy = match super::policy_if_any(config)? {
        Some(policy) => Some(onay_ledger::with_past(ledger.as_ref(), &policy).await?),
        None => None,
    };
    let stored = super::load(ledger.as_ref(), &args.batch.batch).await?;
    let head = stored.batch.head();
    let journal = if args.more.journal {
        Some(ledger.journal(&head.id).await?)
    } else {
        None
    };
    let jobs = ledger.planned(&head.id).await?;
    let resends = Resends::of(ledger.as_ref(), &stored.batch).await?;
    let pause = onay_ledger::pauses(ledger.as_ref()).await?.standing();
    if args.more.json.is_asked() {
        let mut shown = view::Batch::of(head)
            .planned(head, &jobs)
            .paused(head, pause.as_ref())
            .with_children(&resends.children);
        if let Some(policy) = &policy {
            shown = shown.under(head, policy);
        }
        if args.items {
            shown = shown.with_items(&stored);
        }
        if let Some(journal) = &journal {
            shown = shown.with_journal(journal);
        }
        output::json(&shown)?;
        return Ok(Exit::Done);
    }
    let next = Next::of(head, &jobs);
    let why = explain_under(head, pause.as_ref());
    print_facts(&facts(head, why, policy.as_deref(), next, &resends))?;
    if args.items {
        output::line("")?;
        output::table(&super::report::items(&stored))?;
    }
    if let Some(journal) = &journal {
        output::line("")?;
        output::table(&journal_table(journal))?;
    }
    Ok(Exit::Done)
}

type Fact = (&'static str, String);

fn print_facts(facts: &[Fact]) -> anyhow::Result<()> {
    for (name, value) in facts {
        output::line(format!("{name:>11}  {value}"))?;
    }
    Ok(())
}

fn facts(
    head: &Head,
    why: String,
    policy: Option<&Policy>,
    next: Option<Next>,
    resends: &Resends,
) -> Vec<Fact> {
    let since = head.since.format("%F %T UTC");
    let purpose = head.purpose.map_or("none", onay_payout::Purpose::word);
    let asked = head.tie_out.requested;
    let mut facts = vec![
        ("batch", format!("{} ({})", head.external_id, head.id)),
        ("state", format!("{} since {since}", head.state.name())),
        ("", why),
    ];
    facts.extend(next.map(|next| ("next", when(next))));
    facts.extend(release_facts(&head.state));
    facts.extend([
        ("maker", head.maker.to_string()),
        ("purpose", purpose.to_owned()),
        ("asked for", format!("{asked} in {} items", head.count)),
    ]);
    let parent = head.parent.as_ref();
    facts.extend(parent.map(|parent| {
        let (id, maker) = (&parent.external_id, &parent.maker);
        (
            "sends again",
            format!("what came back from {id}, submitted by {maker}"),
        )
    }));
    for child in &resends.children {
        let child = child.batch.head();
        let (id, state) = (&child.external_id, child.state.name());
        facts.push(("sent again", format!("as {id}, which is {state}")));
    }
    if let Some(hold) = head.state.hold() {
        facts.extend(hold_facts(head, hold, policy));
    }
    if let State::Frozen(frozen) = &head.state {
        facts.push(("rule broken", frozen.why.word().to_owned()));
        let resolve = format!("`onay resolve {}` lists what can be done", head.external_id);
        facts.push(("", resolve));
    }
    let request_id = head.state.request_id();
    facts.extend(request_id.map(|id| ("request id", id.to_string())));
    facts.push(("money", money(&head.tie_out)));
    facts
}

/// When something happens by itself, and what.
fn when(next: Next) -> String {
    let now = now();
    let (left, what) = (next.at.signed_duration_since(now), next.what);
    if next.is_late(now) {
        let at = next.at.format("%F %H:%M UTC");
        return format!("was due at {at} ({what}); is a worker running?");
    }
    if left < TimeDelta::seconds(1) {
        return format!("now ({what})");
    }
    let (days, hours, minutes) = (left.num_days(), left.num_hours(), left.num_minutes());
    let left = match (days, hours, minutes) {
        (2.., _, _) => format!("{days} days"),
        (_, 2.., _) => format!("{hours} h"),
        (_, _, 2..) => format!("{minutes} min"),
        (_, _, _) => format!("{} s", left.num_seconds()),
    };
    format!("in {left} ({what})")
}

fn release_facts(state: &State) -> Option<Fact> {
    let State::Releasing(releasing) = state else {
        return None;
    };
    let intent = &releasing.intent;
    let asked = format!(
        "begun at {} by {}, and may still arrive until {}; the provider was asked {} times",
        intent.started_at.format("%T UTC"),
        intent.owner,
        intent.deadline.format("%T UTC"),
        releasing.looks
    );
    Some(("release", asked))
}

fn hold_facts(head: &Head, hold: &Hold, policy: Option<&Policy>) -> Vec<Fact> {
    let commission = hold
        .commission
        .map_or_else(String::new, |fee| format!(", commission {fee}"));
    let mut facts = vec![
        (
            "held",
            format!("{} to {} payees{commission}", hold.total, hold.count),
        ),
        ("digest", hold.digest.code()),
    ];
    let course = Course::of(head, policy, now());
    let lines = course.iter().flat_map(approvals::lines).collect();
    facts.extend(named("approvals", lines));
    facts.extend(named("noticed", approvals::noticed(hold)));
    facts
}

/// Lines under one name.
fn named(name: &'static str, lines: Vec<String>) -> impl Iterator<Item = Fact> {
    let names = std::iter::once(name).chain(std::iter::repeat(""));
    names.zip(lines)
}

/// The money by what became of it, as far as there is any.
fn money(sums: &TieOut) -> String {
    let parts = [
        ("paid", sums.paid),
        ("failed", sums.failed),
        ("refunded", sums.refunded),
        ("refund failed", sums.refund_failed),
        ("invalid", sums.invalid),
        ("cancelled", sums.cancelled),
        ("open", sums.open),
    ];
    let some = parts.into_iter().filter(|(_, sum)| !sum.is_zero());
    some.map(|(word, sum)| format!("{sum} {word}"))
        .collect::<Vec<_>>()
        .join(", ")
}

fn journal_table(entries: &[Entry]) -> Table {
    let mut table = output::new_table(["#", "When (UTC)", "Who", "What", "State after", "Note"]);
    for entry in entries {
        table.add_row([
            entry.seq.to_string(),
            entry.at.format("%F %T").to_string(),
            format!("{} ({})", entry.actor, entry.via),
            view::words(&entry.event),
            entry.after.clone(),
            entry.note.clone(),
        ]);
    }
    table
}
