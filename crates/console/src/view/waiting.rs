//! What a batch waits for: people, funds, an answer; and what happens next.

use chrono::{DateTime, TimeDelta, Utc};
use onay_payout as payout;
use payout::{Head, Jobs, Money, State};
use serde::Serialize;

use super::time;
use crate::desk::risk;

/// A job waits this long only when no worker is free for it.
const LATE: TimeDelta = TimeDelta::seconds(30);

/// Why a batch is frozen, and what can be done about it.
#[derive(Debug, Serialize)]
pub struct Frozen {
    from: &'static str,
    why: &'static str,
    sentence: &'static str,
    details: Vec<String>,
    /// The provider's status, where that is what people must judge.
    shown: Option<String>,
    allowed: Vec<Choice>,
    proposal: Option<Proposal>,
}

/// One way out.
#[derive(Debug, Serialize)]
pub struct Choice {
    action: &'static str,
    sentence: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    risk: Option<&'static str>,
}

/// What one person wants, until a second one wants the same.
#[derive(Debug, Serialize)]
pub struct Proposal {
    action: &'static str,
    by: String,
    reason: String,
    at: String,
}

impl Frozen {
    pub(super) fn of(state: &State) -> Option<Self> {
        let State::Frozen(frozen) = state else {
            return None;
        };
        let choice = |resolution: &payout::Resolution| Choice {
            action: resolution.word(),
            sentence: resolution.sentence(),
            risk: risk(frozen, *resolution),
        };
        Some(Self {
            from: frozen.from.name(),
            why: frozen.why.word(),
            sentence: frozen.why.sentence(),
            details: frozen.details.clone(),
            shown: frozen.shown.as_ref().map(|status| status.word().to_owned()),
            allowed: frozen.allowed().iter().map(choice).collect(),
            proposal: frozen.proposal.as_ref().map(|made| Proposal {
                action: made.resolution.word(),
                by: made.by.to_string(),
                reason: made.reason.clone(),
                at: time(made.at),
            }),
        })
    }
}

/// The funds an approved batch waits for.
#[derive(Debug, Serialize)]
pub struct Waits {
    balance: String,
    needed: String,
    missing: Option<String>,
    /// When the balance was seen.
    at: String,
}

impl Waits {
    pub(super) fn of(state: &State) -> Option<Self> {
        let State::Approved(hold) = state else {
            return None;
        };
        let short = hold.short?;
        Some(Self {
            balance: short.balance.number(),
            needed: short.needed.number(),
            missing: short.needed.minus(short.balance).ok().map(Money::number),
            at: time(short.at),
        })
    }
}

/// A release whose answer is missing.
#[derive(Debug, Serialize)]
pub struct Release {
    since: String,
    /// Until then the call may still arrive at the provider.
    deadline: String,
    /// How often the provider was asked and showed no effect.
    looks: u32,
    /// When it is asked next.
    next: Option<String>,
}

impl Release {
    pub(super) fn of(state: &State) -> Option<Self> {
        let State::Releasing(releasing) = state else {
            return None;
        };
        Some(Self {
            since: time(releasing.intent.started_at),
            deadline: time(releasing.intent.deadline),
            looks: releasing.looks,
            next: None,
        })
    }

    pub(super) fn planned(&mut self, next: Option<&Next>) {
        self.next = next.map(|next| time(next.at));
    }
}

/// What happens next by itself.
#[derive(Debug, Clone, Copy)]
pub struct Next {
    /// When; in the past while no worker is free, or none runs.
    pub at: DateTime<Utc>,
    /// What, as `asks the provider …`.
    pub what: &'static str,
}

impl Next {
    /// The first of the planned jobs.
    pub fn of(head: &Head, jobs: &Jobs) -> Option<Self> {
        let worker = jobs.worker.map(|at| Self {
            at,
            what: worker(&head.state),
        });
        let reconciler = jobs.reconciler.map(|at| Self {
            at,
            what: reconciler(head),
        });
        worker
            .into_iter()
            .chain(reconciler)
            .min_by_key(|next| next.at)
    }

    /// Whether nobody has taken it for so long that no worker seems to run.
    pub fn is_late(&self, now: DateTime<Utc>) -> bool {
        now.signed_duration_since(self.at) > LATE
    }
}

fn worker(state: &State) -> &'static str {
    match state {
        State::Received => "hands it to the provider",
        State::Preparing(_) => "asks the provider whether it has it",
        State::Prepared(_) => "reads the provider's copy and compares it",
        State::PendingApproval(hold) if hold.wakes_at() < hold.expires_at => {
            "reminds people that a decision is due"
        }
        State::PendingApproval(_) => "expires, which means no",
        State::Approved(hold) if hold.short.is_some() => "looks at the payout balance again",
        State::Approved(_) => "counts the approvals again and releases it",
        State::Releasing(_) => "asks the provider what became of the release",
        State::Cancelling(_) => "asks the provider whether it is cancelled",
        State::Processing(_)
        | State::Settled(_)
        | State::PartlySettled(_)
        | State::Failed(_)
        | State::Rejected(_)
        | State::Withdrawn(_)
        | State::Expired(_)
        | State::Refused(_)
        | State::Frozen(_) => "finds that nothing is left to do",
    }
}

fn reconciler(head: &Head) -> &'static str {
    if matches!(head.state, State::Frozen(_)) {
        "asks the provider whether money moves"
    } else if !head.state.is_final() {
        "asks the provider where each item stands"
    } else if head.awaits_refund() {
        "asks the provider about refunds"
    } else {
        "asks the provider once more, to be sure"
    }
}
