//! Who approved, who still may, and what this person can do.

use chrono::{DateTime, Utc};
use onay_payout::{Decision, Event, Head, Hold, Identity, Policy, Role, State};

use super::shown::{Moment, prose};

/// The approvals of a held or released batch.
pub(super) struct Gate {
    pub(super) rule: String,
    pub(super) given: Vec<Given>,
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
        let standing = head.standing_approvals();
        let needed = needed(policy, hold);
        let is_enough = needed.is_some_and(|needed| standing.len() >= to_usize(needed));
        let asked = hold
            .rule
            .asked
            .iter()
            .filter(|name| !is_enough && !head.has_approval_of(name));
        Some(Self {
            rule: hold.rule.name.clone(),
            needed,
            asked: asked.map(ToString::to_string).collect(),
            deadline: Moment::new(hold.expires_at, now),
            choice: Choice::of(head, policy, me, now),
            given: standing.iter().map(|made| Given::of(made, now)).collect(),
        })
    }
}

/// How many approvals are needed, by the stricter of the rule it is held under and the rule in
/// force; nothing, when one of them is missing and so it cannot be released.
pub(super) fn needed(policy: &Policy, hold: &Hold) -> Option<u32> {
    let now = policy.rule_for(hold.total)?.approvals;
    (!hold.rule.asked.is_empty()).then(|| now.max(hold.rule.needed))
}

/// How many more are needed after `given`.
pub(super) fn missing(policy: &Policy, hold: &Hold, given: usize) -> usize {
    needed(policy, hold)
        .map_or(0, to_usize)
        .saturating_sub(given)
}

fn to_usize(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

impl Given {
    fn of(made: &Decision, now: DateTime<Utc>) -> Self {
        Self {
            person: made.person.to_string(),
            at: Moment::new(made.at, now),
            comment: made.verdict.text().unwrap_or_default().to_owned(),
        }
    }
}

impl Choice {
    fn of(head: &Head, policy: &Policy, me: &Identity, now: DateTime<Utc>) -> Self {
        let (State::PendingApproval(_) | State::Approved(_)) = &head.state else {
            return Self::Over;
        };
        match policy.may_decide(head, me, now) {
            Ok(_) if head.has_approval_of(me.name()) => Self::Revise,
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
