//! Pauses of releases.

use onay_payout as payout;
use payout::Pauses;
use serde::Serialize;

use super::time;

/// A pause that stands.
#[derive(Debug, Serialize)]
pub struct Pause {
    by: String,
    at: String,
    reason: String,
    proposal: Option<PauseEntry>,
}

impl From<&payout::Pause> for Pause {
    fn from(pause: &payout::Pause) -> Self {
        Self {
            by: pause.began.by.to_string(),
            at: time(pause.began.at),
            reason: pause.began.reason.clone(),
            proposal: pause.proposal.as_ref().map(PauseEntry::from),
        }
    }
}

/// One entry: what, who, when, why.
#[derive(Debug, Serialize)]
pub struct PauseEntry {
    step: &'static str,
    by: String,
    at: String,
    reason: String,
}

impl From<&payout::PauseEntry> for PauseEntry {
    fn from(entry: &payout::PauseEntry) -> Self {
        Self {
            step: entry.step.word(),
            by: entry.by.to_string(),
            at: time(entry.at),
            reason: entry.reason.clone(),
        }
    }
}

/// Whether releases are paused, and everything that led there.
#[derive(Debug, Serialize)]
pub struct Releases {
    paused: Option<Pause>,
    log: Vec<PauseEntry>,
}

impl From<&Pauses> for Releases {
    fn from(pauses: &Pauses) -> Self {
        Self {
            paused: pauses.standing().as_ref().map(Pause::from),
            log: pauses.entries().iter().map(PauseEntry::from).collect(),
        }
    }
}
