//! Releases are paused by one person, and resumed by two.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};

use crate::ids::PersonName;
use crate::policy::{Identity, Role};

/// How long a proposal to resume waits for somebody to confirm it.
const PROPOSAL_KEPT: TimeDelta = TimeDelta::days(1);

/// What happened to releases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PauseStep {
    /// They were paused, or the proposal to resume them was turned down.
    Paused,
    /// One person wants to resume them.
    ResumeProposed,
    /// A second person wanted the same: they go on.
    Resumed,
}

impl PauseStep {
    /// Every step.
    pub const ALL: [Self; 3] = [Self::Paused, Self::ResumeProposed, Self::Resumed];

    /// The word in records and outputs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Paused => "pause",
            Self::ResumeProposed => "propose_resume",
            Self::Resumed => "resume",
        }
    }
}

/// One entry: what, who, when, why.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PauseEntry {
    /// What.
    pub step: PauseStep,
    /// Who.
    pub by: PersonName,
    /// When.
    pub at: DateTime<Utc>,
    /// Why; others read it.
    pub reason: String,
}

impl fmt::Display for PauseEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (by, at, reason) = (&self.by, self.at.format("%F %H:%M UTC"), &self.reason);
        write!(f, "by {by} at {at}: {reason}")
    }
}

/// A pause that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause {
    /// Who paused, when and why.
    pub began: PauseEntry,
    /// Who wants to resume, when and why.
    pub proposal: Option<PauseEntry>,
}

impl fmt::Display for Pause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "releases were paused {}", self.began)?;
        match &self.proposal {
            None => f.write_str("; two people resume them"),
            Some(made) => write!(
                f,
                "; to resume them was proposed {made}; a second person must confirm"
            ),
        }
    }
}

/// What somebody wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PauseWish {
    /// That nothing is released.
    Pause,
    /// That releases go on.
    Resume,
}

/// Why somebody did not get what they wanted. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PauseRefused {
    /// It takes a role.
    #[error("{0} may not pause or resume releases; it takes the role `approver` or `operator`")]
    NotAllowed(PersonName),
    /// Whoever wants it says why.
    #[error("pausing and resuming releases needs a reason that others can read")]
    NoReason,
    /// There is nothing to resume.
    #[error("releases are not paused; there is nothing to resume")]
    NotPaused,
}

/// Everything that ever happened to releases, oldest entry first. Only ever added to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pauses(Vec<PauseEntry>);

impl Pauses {
    /// What was recorded.
    pub const fn new(entries: Vec<PauseEntry>) -> Self {
        Self(entries)
    }

    /// The entries.
    pub fn entries(&self) -> &[PauseEntry] {
        &self.0
    }

    /// The same with one entry more.
    #[must_use]
    pub fn with(&self, entry: PauseEntry) -> Self {
        let mut entries = self.0.clone();
        entries.push(entry);
        Self(entries)
    }

    /// The pause that stands now, if one does.
    pub fn standing(&self) -> Option<Pause> {
        self.0.iter().fold(None, |pause, entry| match entry.step {
            PauseStep::Paused => Some(Pause {
                began: entry.clone(),
                proposal: None,
            }),
            PauseStep::ResumeProposed => pause.map(|pause| Pause {
                proposal: Some(entry.clone()),
                ..pause
            }),
            PauseStep::Resumed => None,
        })
    }

    /// What is to be recorded for this wish; nothing, when it stands already.
    ///
    /// One person pauses. One proposes to resume, and a second one who wants the same resumes; to
    /// pause again turns the proposal down.
    pub fn judge(
        &self,
        wish: PauseWish,
        by: &Identity,
        reason: &str,
        at: DateTime<Utc>,
    ) -> Result<Option<PauseEntry>, PauseRefused> {
        let name = by.name();
        if !by.has(Role::Approver) && !by.has(Role::Operator) {
            return Err(PauseRefused::NotAllowed(name.clone()));
        }
        let reason = reason.trim();
        if reason.is_empty() {
            return Err(PauseRefused::NoReason);
        }
        let pause = self.standing();
        let proposal = pause.as_ref().and_then(|pause| pause.proposal.as_ref());
        let is_alive = |made: &&PauseEntry| at.signed_duration_since(made.at) < PROPOSAL_KEPT;
        let step = match (wish, &pause, proposal.filter(is_alive)) {
            (PauseWish::Pause, Some(_), None) => return Ok(None),
            (PauseWish::Pause, _, _) => PauseStep::Paused,
            (PauseWish::Resume, None, _) => return Err(PauseRefused::NotPaused),
            (PauseWish::Resume, Some(_), None) => PauseStep::ResumeProposed,
            (PauseWish::Resume, Some(_), Some(first)) if first.by == *name => return Ok(None),
            (PauseWish::Resume, Some(_), Some(_)) => PauseStep::Resumed,
        };
        Ok(Some(PauseEntry {
            step,
            by: name.clone(),
            at,
            reason: reason.to_owned(),
        }))
    }
}
