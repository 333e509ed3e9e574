//! Who approved, who still may, and what this person can do.

use chrono::{DateTime, Utc};
use onay_payout::{Event, Head, Hold, Identity, PersonName, Policy, Role, State, Verdict};

use super::shown::{Moment, prose};

/// The approvals of a held or released batch.
pub(super) struct Gate {
    pub(super) rule: String,
    pub(super) given: Vec<Given>,
    pub(super) needed: u32,
    /// Who may still give one.
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
        let open = hold
            .rule
            .asked
            .iter()
            .filter(|name| !standing.contains(name));
        Some(Self {
            rule: hold.rule.name.clone(),
            needed: needed(policy, hold),
            asked: open.map(ToString::to_string).collect(),
            deadline: Moment::new(hold.expires_at, now),
            choice: Choice::of(head, policy, me, now),
            given: standing
                .into_iter()
                .filter_map(|name| Given::of(head, name, now))
                .collect(),
        })
    }
}

/// The stricter of the rule it is held under and the rule in force.
pub(super) fn needed(policy: &Policy, hold: &Hold) -> u32 {
    policy
        .rule_for(hold.total)
        .map_or(hold.rule.needed, |rule| {
            rule.approvals.max(hold.rule.needed)
        })
}

impl Given {
    fn of(head: &Head, name: &PersonName, now: DateTime<Utc>) -> Option<Self> {
        let made = head
            .decisions
            .iter()
            .rev()
            .find(|made| made.person == *name)?;
        Some(Self {
            person: name.to_string(),
            at: Moment::new(made.at, now),
            comment: match &made.verdict {
                Verdict::Approve { comment } => comment.clone().unwrap_or_default(),
                Verdict::Reject { .. } | Verdict::Undo => String::new(),
            },
        })
    }
}

impl Choice {
    fn of(head: &Head, policy: &Policy, me: &Identity, now: DateTime<Utc>) -> Self {
        let (State::PendingApproval(_) | State::Approved(_)) = &head.state else {
            return Self::Over;
        };
        match policy.may_decide(head, me, now) {
            Ok(_) if head.standing_approvals().contains(&me.name()) => Self::Revise,
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
