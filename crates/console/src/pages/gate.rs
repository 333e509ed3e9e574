//! Who approved, who still may, and what this person can do.

use chrono::{DateTime, Utc};
use onay_payout::{
    Decision, Event, Given as Approval, Head, Identity, PersonName, Policy, Role, State,
};

use super::shown::{Moment, prose};
use crate::view::counts;

/// The approvals of a held or released batch.
pub(super) struct Gate {
    pub(super) rule: String,
    pub(super) given: Vec<Given>,
    /// How many of them count.
    pub(super) tally: usize,
    /// Nothing, when it cannot be released.
    pub(super) needed: Option<u32>,
    /// Who may still give one; nobody, once there are enough.
    pub(super) asked: Vec<String>,
    pub(super) deadline: Moment,
    pub(super) choice: Choice,
}

pub(super) struct Given {
    pub(super) person: String,
    pub(super) at: Moment,
    pub(super) comment: String,
    /// One that was given under another policy file does not count.
    pub(super) counts: bool,
}

/// What this person can do about it.
pub(super) enum Choice {
    /// Approve or reject.
    Decide,
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
        let needed = needed(policy, head);
        let choice = Choice::of(head, policy, me, now);
        // What was released once was approved, whatever the policy says now.
        let is_over = matches!(choice, Choice::Over);
        let given = head.standing_approvals().into_iter();
        let given: Vec<Given> = given
            .map(|made| Given {
                person: made.person.to_string(),
                at: Moment::new(made.at, now),
                comment: made.verdict.text().unwrap_or_default().to_owned(),
                counts: is_over || counts(head, made, policy),
            })
            .collect();
        let tally = given.iter().filter(|given| given.counts).count();
        let counting = policy.counted(head);
        let asked = hold.rules.open(&counting).into_iter();
        Some(Self {
            rule: hold.rules.names(),
            needed,
            asked: asked.map(ToString::to_string).collect(),
            deadline: Moment::new(hold.expires_at, now),
            choice,
            given,
            tally,
        })
    }
}

/// How many approvals are needed, by the strictest of the rules it is held under and those in force;
/// nothing, when it cannot be released.
pub(super) fn needed(policy: &Policy, head: &Head) -> Option<u32> {
    let [held, in_force] = policy.requirements(head)?;
    let is_asked = !held.asked().is_empty();
    is_asked.then(|| Some(held.needed()?.max(in_force.needed()?)))?
}

/// The standing approvals that count under this policy.
pub(super) fn counting<'h>(policy: &Policy, head: &'h Head) -> Vec<&'h Decision> {
    let mut standing = head.standing_approvals();
    standing.retain(|made| counts(head, made, policy));
    standing
}

/// Whether an approval of this person counts.
pub(super) fn has_spoken(policy: &Policy, head: &Head, person: &PersonName) -> bool {
    counting(policy, head)
        .iter()
        .any(|made| made.person == *person)
}

/// How many more are needed once this person approves.
pub(super) fn missing_after(
    policy: &Policy,
    head: &Head,
    me: &Identity,
    now: DateTime<Utc>,
) -> usize {
    let mut given = policy.counted(head);
    if let Ok(may) = policy.may_decide(head, me.name(), now) {
        given.push(Approval {
            person: me.name().clone(),
            on_behalf: may.on_behalf,
            is_signed: false,
        });
    }
    let requirements = policy.requirements(head).into_iter().flatten();
    let missing = requirements.map(|asks| asks.missing(&given));
    missing.max().unwrap_or_default()
}

impl Choice {
    fn of(head: &Head, policy: &Policy, me: &Identity, now: DateTime<Utc>) -> Self {
        let (State::PendingApproval(_) | State::Approved(_)) = &head.state else {
            return Self::Over;
        };
        match policy.may_decide(head, me.name(), now) {
            Ok(_) if has_spoken(policy, head, me.name()) => Self::Revise,
            Ok(_) => Self::Decide,
            Err(no) => Self::Nothing(prose(&no.to_string())),
        }
    }
}

/// Whether this person may take the batch back now: the domain is asked, and nothing is changed.
pub(super) fn may_withdraw(batch: &onay_payout::Batch, me: &Identity, now: DateTime<Utc>) -> bool {
    let event = Event::Withdrawn {
        by: me.clone(),
        reason: String::new(),
    };
    me.has(Role::Maker) && batch.apply(event, now).is_ok()
}
