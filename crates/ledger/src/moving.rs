//! Moving house: a ledger is carried from one store into another, once, with everything in it.
//!
//! **Invariant: of the two, at most one is ever in use.** The new ledger is closed before the old
//! one is, and opened when everything is in it. A closed ledger refuses every change in the very
//! step that would make it, so a worker that nobody stopped changes nothing in the wrong one, and
//! does not release from it. Reading goes on in both.

mod copy;

use async_trait::async_trait;
use onay_payout::{Account, BatchId};

use crate::audit::Problem;
use crate::commit::Stored;
use crate::error::LedgerError;
use crate::job::Queue;
use crate::journal::Entry;
use crate::ledger::Ledger;

pub use copy::{Copied, Progress, copy, give_up, take_back};

/// A ledger that can be moved out of its store, and into it. Only moving uses this.
#[async_trait]
pub trait Move: Ledger {
    /// What the ledger knows of itself.
    async fn standing(&self) -> Result<Standing, LedgerError>;

    /// Refuses when somebody works on the ledger: another process has it open, or a claim lasts.
    async fn check_idle(&self) -> Result<(), MoveError>;

    /// Goes from one stage to another. Into [`Stage::Filling`] only while the ledger has no batch
    /// and no cell, and from [`Stage::Open`] into [`Stage::Moved`] only while nobody works on it.
    async fn turn(&self, from: &Stage, to: &Stage) -> Result<(), MoveError>;

    /// The jobs of a batch, as planned as they are. A claim is not part of it: its job is due again
    /// when its lease is over.
    async fn jobs(&self, batch: &BatchId) -> Result<Vec<Planned>, LedgerError>;

    /// Stores a batch exactly as it was elsewhere, in one step, while the ledger is filled by
    /// `journey`. The same once more changes nothing; nothing is ever written over.
    async fn import(&self, journey: &Journey, carried: Carried) -> Result<(), MoveError>;

    /// About `size` cells, from where an earlier page says that the next one begins; from the first
    /// one when it is empty. One may come twice while nothing changes, none is left out.
    async fn cells_page(&self, from: &str, size: u32) -> Result<CellPage, LedgerError>;

    /// How many cells there are.
    async fn cell_count(&self) -> Result<u64, LedgerError>;

    /// Stores cells exactly as they were elsewhere, while the ledger is filled by `journey`. The
    /// same once more changes nothing; nothing is ever written over.
    async fn import_cells(
        &self,
        journey: &Journey,
        cells: &[(String, String)],
    ) -> Result<(), MoveError>;

    /// Takes over what another ledger knew of itself, while it is filled by `journey`.
    async fn inherit(&self, journey: &Journey, estate: &Estate) -> Result<(), MoveError>;
}

/// One move of one ledger. Both stores keep it, and know each other by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Journey {
    /// No other move has it.
    pub id: String,
    /// The old store, as it may be shown ([`place`]).
    pub from: String,
    /// The new store, as it may be shown.
    pub to: String,
}

impl Journey {
    /// The way back of a move that was given up.
    pub(crate) fn back(&self) -> Self {
        Self {
            id: self.id.clone(),
            from: self.to.clone(),
            to: self.from.clone(),
        }
    }
}

/// Whether a ledger may be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// Yes. It came here by this move, if by any.
    Open(Option<Journey>),
    /// Not yet: it is being filled.
    Filling(Journey),
    /// Not any more: it moved away.
    Moved(Journey),
}

impl Stage {
    /// Refuses a change of a ledger that is closed.
    ///
    /// # Errors
    /// [`LedgerError::Unavailable`] while it is being filled, [`LedgerError::Moved`] once it moved.
    pub fn check_open(self) -> Result<(), LedgerError> {
        match self {
            Self::Open(_) => Ok(()),
            Self::Filling(journey) => Err(LedgerError::Unavailable(format!(
                "it is being filled from {}; when `onay ledger copy` stopped early, run it again",
                journey.from
            ))),
            Self::Moved(journey) => Err(LedgerError::Moved { to: journey.to }),
        }
    }

    /// The name in the store, and the move.
    pub(crate) const fn parts(&self) -> (&'static str, Option<&Journey>) {
        match self {
            Self::Open(journey) => ("open", journey.as_ref()),
            Self::Filling(journey) => ("filling", Some(journey)),
            Self::Moved(journey) => ("moved", Some(journey)),
        }
    }

    /// The stage as one line of text; nothing for a ledger that is in use and never moved.
    pub(crate) fn written(&self) -> String {
        let (name, journey) = self.parts();
        match journey {
            Some(Journey { id, from, to }) => serde_json::json!([name, id, from, to]).to_string(),
            None => String::new(),
        }
    }

    /// Reads back what [`Self::written`] gave.
    pub(crate) fn read(text: &str) -> Result<Self, LedgerError> {
        if text.is_empty() {
            return Ok(Self::Open(None));
        }
        let unreadable = |_| LedgerError::Corrupt("the stage of a move".to_owned());
        let (name, id, from, to): (String, _, _, _) =
            serde_json::from_str(text).map_err(unreadable)?;
        Self::of(&name, Some(Journey { id, from, to }))
    }

    /// Reads back what [`Self::parts`] gave.
    pub(crate) fn of(name: &str, journey: Option<Journey>) -> Result<Self, LedgerError> {
        match (name, journey) {
            ("open", journey) => Ok(Self::Open(journey)),
            ("filling", Some(journey)) => Ok(Self::Filling(journey)),
            ("moved", Some(journey)) => Ok(Self::Moved(journey)),
            (_, _) => Err(LedgerError::Corrupt(format!("the stage {name}"))),
        }
    }
}

/// What a ledger knows of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Whether it may be used.
    pub stage: Stage,
    /// The newest fencing token.
    pub fence: u64,
}

/// A job that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Planned {
    /// Whose.
    pub queue: Queue,
    /// When it is due, microseconds since 1970.
    pub due_us: i64,
    /// How often it was claimed since it was planned.
    pub attempt: u32,
}

/// A batch on its way from one ledger into another, with everything a ledger keeps of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carried {
    /// The batch.
    pub stored: Stored,
    /// Its whole journal, oldest entry first.
    pub journal: Vec<Entry>,
    /// Its jobs.
    pub jobs: Vec<Planned>,
}

/// A part of the cells of a ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellPage {
    /// Names and values.
    pub cells: Vec<(String, String)>,
    /// Where the next page begins; none after the last one.
    pub next: Option<String>,
}

/// What a ledger leaves to the one it moves into, besides its batches and cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Estate {
    /// The account it belongs to, for ever.
    pub account: Option<Account>,
    /// The next fence is above this one.
    pub fence: u64,
}

/// Why a ledger was not moved, or not yet. Whatever was stored is still there.
#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    /// Somebody works on the old ledger.
    #[error("the old ledger is in use: {0}")]
    InUse(String),
    /// There is nothing to move.
    #[error("the old ledger holds nothing; simply set ONAY_STORE to the new one")]
    Nothing,
    /// The new ledger is not new.
    #[error(
        "the new ledger holds batches, or a journal of its own, already; move into an empty store"
    )]
    NotEmpty,
    /// The old ledger went somewhere else, or the new one forgot that it came there.
    #[error("the old ledger moved to {} already, and the new one knows nothing of it", .0.to)]
    Elsewhere(Journey),
    /// One of the two is part of another move that is not finished.
    #[error("the move from {} to {} is not finished; run it again, or take it back", .0.from, .0.to)]
    Unfinished(Journey),
    /// The new ledger was left for another one.
    #[error("the new ledger was left: it moved to {}", .0.to)]
    Left(Journey),
    /// The new ledger may have been used since.
    #[error("the move is finished; to go back, move the new ledger into an empty store")]
    Finished,
    /// Nothing is to be taken back.
    #[error("the old ledger did not move; use it")]
    Stayed,
    /// Somebody else did something to one of the two in between.
    #[error("somebody else is moving one of the two ledgers; run it again when they are done")]
    Changed,
    /// A batch does not fit its journal.
    #[error("batch {0}: {1}")]
    Unsound(BatchId, Problem),
    /// A batch is there already and is another, or does not read back as it was written.
    #[error("batch {0} is not the same in the new ledger")]
    Differs(BatchId),
    /// A cell is there already and is another, or does not read back as it was written.
    #[error("cell {0} is not the same in the new ledger")]
    Cell(String),
    /// Not as many batches in every state, or cells, on both sides.
    #[error(
        "the new ledger does not hold as many batches in every state, or cells, as the old one"
    )]
    Counts,
    /// One of the two failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl MoveError {
    /// Claims last, the longest for another `left_us` microseconds.
    pub(crate) fn claimed(claims: u64, left_us: i64) -> Self {
        let left = left_us.max(0).div_euclid(1_000_000).saturating_add(1);
        Self::InUse(format!(
            "workers hold {claims} of its jobs; those of a worker that was killed are free in {left} s"
        ))
    }
}

/// A store's URL as it may be shown and kept: without the user and the password.
pub fn place(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) if scheme != "sqlite" => {
            let (_, host) = rest.rsplit_once('@').unwrap_or(("", rest));
            format!("{scheme}://{host}")
        }
        Some(_) | None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn a_place_tells_no_password() {
        for (url, shown) in [
            (
                "sqlite:///var/lib/onay@home.db",
                "sqlite:///var/lib/onay@home.db",
            ),
            (
                "redis://:p%40ss@redis.example:6379/0",
                "redis://redis.example:6379/0",
            ),
            (
                "rediss://onay:p@s/s@redis.example?ledger=x",
                "rediss://redis.example?ledger=x",
            ),
        ] {
            assert_eq!(place(url), shown);
        }
    }
}
