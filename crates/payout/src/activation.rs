//! Which policy is the active one: one person makes it stricter, two make it looser.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};

use crate::digest::Digest;
use crate::ids::PersonName;
use crate::policy::{Identity, Policy, Role};

/// How long a proposal waits for somebody to confirm it.
const PROPOSAL_KEPT: TimeDelta = TimeDelta::days(1);

/// What happened to the active policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ActivationStep {
    /// One person wants a looser one.
    Proposed,
    /// It is in force: it is stricter, or a second person wanted the same.
    Activated,
    /// It is in force: there was none before.
    First,
}

impl ActivationStep {
    /// Every step.
    pub const ALL: [Self; 3] = [Self::Proposed, Self::Activated, Self::First];

    /// The word in records and outputs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Activated => "activated",
            Self::First => "first",
        }
    }
}

/// One entry: what, which policy, who, when, why.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ActivationEntry {
    /// What.
    pub step: ActivationStep,
    /// The SHA-256 of the policy file.
    pub policy: Digest,
    /// Who; a worker, where one began a new ledger with the first policy.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Why; others read it.
    pub reason: String,
    /// In what it might release more than the one before.
    pub loosens: Vec<String>,
}

impl fmt::Display for ActivationEntry {
    /// `policy 1a2b3c4d5e6f by mehmet at 2026-11-22 09:00 UTC: as agreed`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (code, by, reason) = (self.policy.code(), &self.by, &self.reason);
        let at = self.at.format("%F %H:%M UTC");
        write!(f, "policy {code} by {by} at {at}: {reason}")
    }
}

/// What somebody wants.
#[derive(Debug, Clone, Copy)]
pub struct ActivationWish<'a> {
    /// That this is the active policy.
    pub next: &'a Policy,
    /// Why; others read it.
    pub reason: &'a str,
}

/// Why a policy was neither activated nor proposed. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ActivationRefused {
    /// It takes a role, and in the policy that is active, not in the new one.
    #[error(
        "{0} may not change the policy; it takes the role `admin` or `approver` in the active one"
    )]
    NotAllowed(PersonName),
    /// Whoever wants it says why.
    #[error("a change of the policy needs a reason that others can read")]
    NoReason,
    /// Nothing can be compared with another policy than the active one.
    #[error("the active policy is {}, and it is not at hand", .0.code())]
    OtherPolicy(Digest),
}

/// Every change of the active policy, oldest first. Only ever added to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Activations(Vec<ActivationEntry>);

impl Activations {
    /// What was recorded.
    pub const fn new(entries: Vec<ActivationEntry>) -> Self {
        Self(entries)
    }

    /// The entries.
    pub fn entries(&self) -> &[ActivationEntry] {
        &self.0
    }

    /// The same with one entry more.
    #[must_use]
    pub fn with(&self, entry: ActivationEntry) -> Self {
        let mut entries = self.0.clone();
        entries.push(entry);
        Self(entries)
    }

    fn activated(&self) -> impl DoubleEndedIterator<Item = Digest> {
        let entries = self.0.iter();
        let activated = entries.filter(|entry| entry.step != ActivationStep::Proposed);
        activated.map(|entry| entry.policy)
    }

    /// The hash of the active policy, if one ever was activated.
    pub fn active(&self) -> Option<Digest> {
        self.activated().next_back()
    }

    /// The hashes of those that were active before, oldest first: what was approved under them still
    /// counts ([`Policy::after`]).
    pub fn past(&self) -> impl Iterator<Item = Digest> {
        let active = self.active();
        self.activated().filter(move |hash| Some(*hash) != active)
    }

    /// The change that waits for a second person, if one does.
    pub fn proposal(&self) -> Option<&ActivationEntry> {
        let last = self.0.last();
        last.filter(|entry| entry.step == ActivationStep::Proposed)
    }

    /// What is to be recorded for this wish; nothing, when the policy is active, or the same person
    /// proposed it already.
    ///
    /// `by` must have proved who they are to `current`, the active policy; to the wished one, when
    /// there is none. One person activates what is certainly not looser. What might be looser is proposed by
    /// one, and activated by a second one who wants the very same file within a day; another file
    /// takes the place of the proposal.
    pub fn judge(
        &self,
        current: Option<&Policy>,
        wish: ActivationWish<'_>,
        by: &Identity,
        at: DateTime<Utc>,
    ) -> Result<Option<ActivationEntry>, ActivationRefused> {
        let (next, reason) = (wish.next, wish.reason.trim());
        let current = self.known(current)?;
        let name = by.name();
        if !may_change(current.unwrap_or(next), by) {
            return Err(ActivationRefused::NotAllowed(name.clone()));
        }
        if reason.is_empty() {
            return Err(ActivationRefused::NoReason);
        }
        let policy = next.hash();
        let loosens = current.map_or_else(Vec::new, |current| current.loosened_by(next));
        let is_alive = |made: &&ActivationEntry| {
            made.policy == policy && at.signed_duration_since(made.at) < PROPOSAL_KEPT
        };
        let step = match (current, self.proposal().filter(is_alive)) {
            (None, _) => ActivationStep::First,
            (Some(current), _) if current.hash() == policy => return Ok(None),
            (Some(_), _) if loosens.is_empty() => ActivationStep::Activated,
            (Some(_), None) => ActivationStep::Proposed,
            (Some(_), Some(first)) if first.by == name.as_str() => return Ok(None),
            (Some(_), Some(_)) => ActivationStep::Activated,
        };
        Ok(Some(ActivationEntry {
            step,
            policy,
            by: name.to_string(),
            at,
            reason: reason.to_owned(),
            loosens,
        }))
    }

    /// The active policy, which must be the one that was recorded. One at hand where none was
    /// recorded is not active: whoever has a file could make it the measure of theirs.
    fn known<'p>(
        &self,
        current: Option<&'p Policy>,
    ) -> Result<Option<&'p Policy>, ActivationRefused> {
        match (self.active(), current) {
            (None, _) => Ok(None),
            (Some(active), Some(current)) if current.hash() == active => Ok(Some(current)),
            (Some(active), _) => Err(ActivationRefused::OtherPolicy(active)),
        }
    }
}

/// Whether somebody may change the policy: by what they proved, and by what the policy says of them.
fn may_change(policy: &Policy, by: &Identity) -> bool {
    let person = policy.person(by.name());
    [Role::Admin, Role::Approver]
        .into_iter()
        .any(|role| by.has(role) && person.is_some_and(|person| person.roles.contains(&role)))
}
