//! The answers to a decision and to a resolution.

use onay_payout as payout;
use payout::{Head, Policy};
use serde::Serialize;

use super::{Approvals, Frozen};

/// The answer to a decision.
#[derive(Debug, Serialize)]
pub struct Decided {
    batch: String,
    state: &'static str,
    decision: &'static str,
    approvals: Option<Approvals>,
}

impl Decided {
    /// What is shown after a decision.
    pub fn of(head: &Head, policy: &Policy, decision: &'static str) -> Self {
        Self {
            batch: head.id.to_string(),
            state: head.state.name(),
            decision,
            approvals: Approvals::of(head, Some(policy)),
        }
    }
}

/// The answer to somebody who wants a frozen batch to be resolved.
#[derive(Debug, Serialize)]
pub struct Resolved {
    batch: String,
    state: &'static str,
    action: &'static str,
    /// `proposed`, `done`, or `repeated` when it changed nothing.
    outcome: &'static str,
    explain: String,
    frozen: Option<Frozen>,
}

impl Resolved {
    /// What is shown of a batch after that.
    pub fn of(decided: &crate::desk::Decided, action: payout::Resolution) -> Self {
        let head = &decided.head;
        let frozen = Frozen::of(&head.state);
        Self {
            batch: head.id.to_string(),
            state: head.state.name(),
            action: action.word(),
            outcome: match (decided.is_new, &frozen) {
                (false, _) => "repeated",
                (true, Some(_)) => "proposed",
                (true, None) => "done",
            },
            explain: payout::explain(head),
            frozen,
        }
    }
}
