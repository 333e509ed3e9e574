//! Who approved, who is asked next, and what this person can do.

use chrono::{DateTime, Utc};
use onay_payout::{
    Decision, Event, Given as Approval, Head, Hold, Identity, Motion, NotAllowed, Policy, Proof,
    Role, State, Turn, Verdict,
};

use super::shown::{Moment, prose};
use crate::course::{Course, Place, Ruled, Stage, who};

/// The approvals of a held or released batch.
pub(super) struct Gate {
    pub(super) rule: String,
    pub(super) given: Vec<Given>,
    /// How many of them count.
    pub(super) tally: usize,
    /// Nothing, when no rule covers it.
    pub(super) needed: Option<u32>,
    pub(super) rules: Vec<Rule>,
    pub(super) is_enough: bool,
    pub(super) deadline: Moment,
    pub(super) choice: Choice,
    /// What else this person should know before they choose.
    pub(super) notes: Vec<String>,
}

pub(super) struct Given {
    pub(super) person: String,
    pub(super) on_behalf: Option<String>,
    /// `, signed`, or nothing.
    pub(super) proof: &'static str,
    pub(super) at: Moment,
    pub(super) comment: String,
    /// One that was given under another policy file does not count.
    pub(super) counts: bool,
}

/// A rule and its steps.
pub(super) struct Rule {
    pub(super) name: String,
    /// What an approval must bring beside a token.
    pub(super) proof: Option<&'static str>,
    pub(super) is_met: bool,
    pub(super) steps: Vec<Step>,
}

pub(super) struct Step {
    pub(super) needed: u32,
    pub(super) count: usize,
    pub(super) by: Vec<String>,
    /// Who may approve; nobody, once there are enough.
    pub(super) open: Vec<Asked>,
    pub(super) place: Place,
}

pub(super) struct Asked {
    pub(super) name: String,
    /// Who may in their place.
    pub(super) stand_ins: Vec<String>,
}

/// What this person can do about it.
pub(super) enum Choice {
    /// Approve or reject.
    Decide,
    /// Approve with their own key, where that is, by this command; or reject.
    Sign(String),
    /// They approved; they may take that back, or reject.
    Revise,
    /// Nothing, and why.
    Nothing(String),
    /// Nobody decides any more.
    Over,
}

impl Gate {
    pub(super) fn of(
        head: &Head,
        policy: &Policy,
        me: &Identity,
        now: DateTime<Utc>,
    ) -> Option<Self> {
        let hold = head.state.hold()?;
        let course = Course::of(head, Some(policy), now)?;
        let choice = Choice::of(head, policy, me, now);
        let given = course.given.iter();
        let given = given.map(|(made, counts)| Given {
            // What was released once was approved, whatever the policy says now.
            counts: !course.is_open || counts.unwrap_or(true),
            ..Given::of(made, now)
        });
        Some(Self {
            rule: rules(hold),
            needed: course.needed,
            tally: course.tally(),
            given: given.collect(),
            is_enough: course.next.is_empty(),
            deadline: Moment::new(hold.expires_at, now),
            notes: notes(head, policy, me, now),
            choice,
            rules: course.rules.into_iter().map(Rule::of).collect(),
        })
    }
}

impl Given {
    fn of(made: &Decision, now: DateTime<Utc>) -> Self {
        Self {
            person: made.person.to_string(),
            on_behalf: made.on_behalf.as_ref().map(ToString::to_string),
            proof: made.signed.map_or("", |_| ", signed"),
            at: Moment::new(made.at, now),
            comment: made.verdict.text().unwrap_or_default().to_owned(),
            counts: true,
        }
    }
}

impl Rule {
    fn of(rule: Ruled) -> Self {
        Self {
            name: rule.name,
            proof: (rule.proof == Proof::Signature).then(|| rule.proof.word()),
            is_met: rule.is_met,
            steps: rule.steps.iter().map(Step::of).collect(),
        }
    }
}

impl Step {
    fn of(step: &Stage) -> Self {
        let by = step.by.iter();
        let open = step.open.iter().filter(|_| step.place != Place::Met);
        Self {
            needed: step.needed,
            count: step.by.len(),
            by: by
                .map(|given| who(&given.person, given.on_behalf.as_ref()))
                .collect(),
            open: open
                .map(|name| Asked {
                    name: name.to_string(),
                    stand_ins: step
                        .stand_ins
                        .iter()
                        .filter(|(_, other)| other == name)
                        .map(|(person, _)| person.to_string())
                        .collect(),
                })
                .collect(),
            place: step.place,
        }
    }
}

/// The rules it is held under: `rules “large” and “salaries”`.
pub(super) fn rules(hold: &Hold) -> String {
    let rules = hold.rules.rules.iter();
    let names: Vec<String> = rules.map(|rule| format!("“{}”", rule.name)).collect();
    match names.as_slice() {
        [one] => format!("rule {one}"),
        _ => format!("rules {}", names.join(" and ")),
    }
}

/// Whether an approval of this person counts.
fn has_spoken(policy: &Policy, head: &Head, me: &Identity) -> bool {
    policy
        .counted(head)
        .iter()
        .any(|given| given.person == *me.name())
}

/// What this person should know before they choose: in whose place they are asked, and what an
/// approval of theirs would do.
fn notes(head: &Head, policy: &Policy, me: &Identity, now: DateTime<Utc>) -> Vec<String> {
    let Ok(may) = policy.may_decide(head, me.name(), now) else {
        return Vec::new();
    };
    let place = may
        .on_behalf
        .map(|other| format!("You are asked in place of {other}"));
    let turn = match policy.turn(head, me.name(), now) {
        Turn::Early => Some("Others come first; an approval of yours is kept until then"),
        Turn::None if !has_spoken(policy, head, me) => {
            Some("It does not wait for an approval of yours")
        }
        Turn::None | Turn::Now => None,
    };
    place.into_iter().chain(turn.map(str::to_owned)).collect()
}

/// How many more are needed once this person approves, and whether it may be more than that: people
/// that one rule asks may not be those that another one asks.
pub(super) fn missing_after(
    policy: &Policy,
    head: &Head,
    me: &Identity,
    now: DateTime<Utc>,
) -> (usize, bool) {
    let mut given = policy.counted(head);
    if let Ok(may) = policy.may_decide(head, me.name(), now) {
        given.push(Approval {
            person: me.name().clone(),
            on_behalf: may.on_behalf,
            is_signed: false,
        });
    }
    let mut rules = Vec::new();
    for asks in policy.requirements(head).into_iter().flatten() {
        rules.extend(asks.rules.iter().cloned());
    }
    let unmet = rules.iter().filter(|rule| !rule.is_met(&given));
    let missing = unmet.clone().map(|rule| rule.missing(&given)).max();
    let names: std::collections::BTreeSet<&str> = unmet.map(|rule| rule.name.as_str()).collect();
    (missing.unwrap_or_default(), names.len() > 1)
}

impl Choice {
    fn of(head: &Head, policy: &Policy, me: &Identity, now: DateTime<Utc>) -> Self {
        let (State::PendingApproval(hold) | State::Approved(hold)) = &head.state else {
            return Self::Over;
        };
        let may = policy.may_decide(head, me.name(), now);
        match may {
            Ok(_) if has_spoken(policy, head, me) => Self::Revise,
            Ok(_) => match policy.judge(head, me, approval(&hold.digest.to_string()), now) {
                Err(NotAllowed::SignatureNeeded(_)) => Self::Sign(command(head, hold, me)),
                Ok(_) | Err(_) => Self::Decide,
            },
            Err(no) => Self::Nothing(prose(&no.to_string())),
        }
    }
}

const fn approval(digest: &str) -> Motion<'_> {
    Motion::new(Verdict::Approve { comment: None }, digest)
}

/// Our id, because others may hold what a shell would take as its own.
fn command(head: &Head, hold: &Hold, me: &Identity) -> String {
    let (id, name, code) = (&head.id, me.name(), hold.digest.code());
    format!("onay approve {id} --as {name} --digest {code} --key FILE")
}

/// Whether this person may take the batch back now: the domain is asked, and nothing is changed.
pub(super) fn may_withdraw(batch: &onay_payout::Batch, me: &Identity, now: DateTime<Utc>) -> bool {
    let event = Event::Withdrawn {
        by: me.clone(),
        reason: String::new(),
    };
    me.has(Role::Maker) && batch.apply(event, now).is_ok()
}
