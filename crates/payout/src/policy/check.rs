//! What people should know about a policy before it is relied on: what it leaves open, what nobody
//! can satisfy, what says nothing.

mod people;
mod rules;
#[cfg(test)]
mod tests;

use std::fmt;

use chrono::{DateTime, Utc};

use super::Policy;
use crate::finding::Severity;

/// What kind of finding it is: for code that branches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PolicyCode {
    /// Nobody can satisfy a rule.
    Unmeetable,
    /// Nobody can satisfy a rule for the batches of one maker.
    NobodyLeft,
    /// Batches that no rule matches.
    Gap,
    /// A rule that matches nothing.
    NeverMatches,
    /// Somebody cannot prove who they are.
    NoToken,
    /// Somebody's token is over.
    TokenOver,
    /// A delegation is over.
    DelegationOver,
    /// A delegation lends what its lender does not have.
    DelegationOfNothing,
    /// Fewer than two people could make the policy looser.
    NobodyConfirms,
    /// Rules that match the same batches.
    Overlap,
    /// A rule that asks for nothing that others do not ask for.
    AddsNothing,
    /// A maker who approves the batches of others.
    MakerApproves,
    /// An approver whom no rule asks.
    NeverAsked,
    /// There are more bounds than were looked at.
    NotAllSeen,
}

impl PolicyCode {
    /// The code as it stands in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unmeetable => "unmeetable",
            Self::NobodyLeft => "nobody_left",
            Self::Gap => "gap",
            Self::NeverMatches => "never_matches",
            Self::NoToken => "no_token",
            Self::TokenOver => "token_over",
            Self::DelegationOver => "delegation_over",
            Self::DelegationOfNothing => "delegation_of_nothing",
            Self::NobodyConfirms => "nobody_confirms",
            Self::Overlap => "overlap",
            Self::AddsNothing => "adds_nothing",
            Self::MakerApproves => "maker_approves",
            Self::NeverAsked => "never_asked",
            Self::NotAllSeen => "not_all_seen",
        }
    }

    /// How bad it is. A batch of a gap is refused when it is submitted; one that nobody can approve
    /// waits in vain until it expires.
    pub const fn severity(self) -> Severity {
        match self {
            Self::Unmeetable | Self::NobodyLeft => Severity::Error,
            Self::Gap
            | Self::NeverMatches
            | Self::NoToken
            | Self::TokenOver
            | Self::DelegationOver
            | Self::DelegationOfNothing
            | Self::NobodyConfirms => Severity::Warning,
            Self::Overlap
            | Self::AddsNothing
            | Self::MakerApproves
            | Self::NeverAsked
            | Self::NotAllSeen => Severity::Note,
        }
    }
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyFinding {
    /// The kind of finding.
    pub code: PolicyCode,
    /// What it is and what to do about it.
    pub message: String,
}

impl PolicyFinding {
    const fn new(code: PolicyCode, message: String) -> Self {
        Self { code, message }
    }

    /// How bad it is.
    pub const fn severity(&self) -> Severity {
        self.code.severity()
    }
}

impl fmt::Display for PolicyFinding {
    /// `error: …`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.severity().word(), self.message)
    }
}

impl Policy {
    /// Looks for what is wrong with this policy at this moment, the worst first. Rules are tried on
    /// batches, never read a second time in another way.
    pub fn check(&self, now: DateTime<Utc>) -> Vec<PolicyFinding> {
        let mut found = rules::check(self, now);
        found.extend(people::check(self, now));
        found.sort_by_key(PolicyFinding::severity);
        found
    }
}
