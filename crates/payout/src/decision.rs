//! What a person said of a batch: a fact, kept for ever, bound to what they saw.

use chrono::{DateTime, Utc};

use crate::digest::Digest;
use crate::ids::PersonName;

/// What was decided.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Pay it.
    Approve {
        /// What the person wants remembered.
        comment: Option<String>,
    },
    /// Do not pay it.
    Reject {
        /// Why; the maker reads this.
        reason: String,
    },
    /// The earlier approval no longer stands.
    Undo,
}

impl Verdict {
    /// `approve`, `reject` or `undo`.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Approve { .. } => "approve",
            Self::Reject { .. } => "reject",
            Self::Undo => "undo",
        }
    }

    /// The person's own words, if there are any.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Approve { comment } => comment.as_deref(),
            Self::Reject { reason } => Some(reason),
            Self::Undo => None,
        }
    }
}

/// What a person asks to be decided: a verdict, and the digest they saw (whole, or its first
/// twelve digits or more).
#[derive(Debug, Clone)]
pub struct Motion<'a> {
    /// What.
    pub verdict: Verdict,
    /// On what.
    pub digest: &'a str,
}

/// One decision, as recorded. A later one of the same person on the same digest revises it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Decision {
    /// Who decided.
    pub person: PersonName,
    /// What.
    pub verdict: Verdict,
    /// On exactly what.
    pub digest: Digest,
    /// The policy it was judged by.
    pub policy: Digest,
    /// When.
    pub at: DateTime<Utc>,
}

/// A decision that the policy allows. Only [`crate::Policy::judge`] makes one.
#[derive(Debug, Clone)]
pub struct Ruling {
    decision: Decision,
    needed: u32,
}

impl Ruling {
    pub(crate) const fn new(decision: Decision, needed: u32) -> Self {
        Self { decision, needed }
    }

    /// The decision.
    pub const fn decision(&self) -> &Decision {
        &self.decision
    }

    /// How many approvals the batch needs, by the stricter of the rule it is held under and the
    /// rule in force.
    pub const fn needed(&self) -> u32 {
        self.needed
    }
}
