//! The order in which a ledger is moved, so that it can stop anywhere and go on.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use onay_payout::{BatchId, BatchRef};

use super::{Carried, CellPage, Estate, Journey, Move, MoveError, Stage, Standing};
use crate::audit::{verify, verify_batch};
use crate::error::LedgerError;
use crate::house::{HOUSE, verify_house};
use crate::ledger::{Filter, Page, Stats};

/// Batches that are read from a list at once.
const PAGE: u32 = 200;

/// Cells that are carried at once.
const CELLS: u32 = 500;

/// Batches that are worked on at the same time, so that a store writes them as one group. No more
/// are in memory.
const AT_ONCE: usize = 16;

/// How far a move is, for a person who waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// So many batches of the old ledger were found to fit their journals.
    Checked(u64),
    /// So many batches are in the new ledger.
    Carried(u64),
}

/// What was moved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Copied {
    /// Batches.
    pub batches: u64,
    /// Entries of their journals.
    pub entries: u64,
}

/// Moves everything in `source` into `target`, and closes `source` for ever.
///
/// It may stop at any point and goes on when it is called again; `journey` counts only when no
/// move between these two has begun. Every batch is checked against its journal before anything is
/// closed, and read back from the new ledger.
pub async fn copy(
    source: &dyn Move,
    target: &dyn Move,
    journey: Journey,
    told: &(dyn Fn(Progress) + Sync),
) -> Result<Copied, MoveError> {
    let (from, to) = stages(source, target).await?;
    let journey = match (from, to) {
        (Stage::Open(_), Stage::Filling(other)) if other.from != journey.from => {
            return Err(MoveError::Unfinished(other));
        }
        (from @ Stage::Open(_), to @ (Stage::Open(_) | Stage::Filling(_))) => {
            same_account(&source.stats().await?, &target.stats().await?)?;
            source.check_idle().await?;
            check_all(source, told).await?;
            close((source, &from), (target, &to), &journey).await?;
            journey
        }
        (Stage::Moved(ours), Stage::Filling(same)) if ours.id == same.id => ours,
        (Stage::Moved(ours), Stage::Open(Some(same))) if ours.id == same.id => {
            return count(source).await;
        }
        (Stage::Moved(ours), _) => return Err(MoveError::Elsewhere(ours)),
        (Stage::Filling(other), _) => return Err(MoveError::Unfinished(other)),
        (Stage::Open(_), Stage::Moved(other)) => return Err(MoveError::Left(other)),
    };
    let copied = carry_all(source, target, &journey, told).await?;
    carry_cells(source, target, &journey).await?;
    open_new(source, target, journey).await?;
    Ok(copied)
}

/// Gives a move up that is not finished: `source` is used again, and `target`, with what it holds
/// by now, never.
pub async fn take_back(source: &dyn Move, target: &dyn Move) -> Result<(), MoveError> {
    let (from, to) = stages(source, target).await?;
    let Stage::Moved(journey) = &from else {
        return Err(MoveError::Stayed);
    };
    match &to {
        Stage::Filling(same) if same.id == journey.id => {
            target.turn(&to, &Stage::Moved(journey.back())).await?;
        }
        // An earlier call came this far.
        Stage::Moved(same) if same.id == journey.id => {}
        Stage::Open(Some(same)) if same.id == journey.id => return Err(MoveError::Finished),
        Stage::Open(_) | Stage::Filling(_) | Stage::Moved(_) => {
            return Err(MoveError::Elsewhere(journey.clone()));
        }
    }
    source.turn(&from, &Stage::Open(None)).await
}

/// Uses `source` again without its new ledger, which is lost. What happened there is forgotten: it
/// is as if a backup were restored.
pub async fn give_up(source: &dyn Move) -> Result<(), MoveError> {
    let from = source.standing().await?.stage;
    match from {
        Stage::Moved(_) => source.turn(&from, &Stage::Open(None)).await,
        Stage::Open(_) | Stage::Filling(_) => Err(MoveError::Stayed),
    }
}

/// Closes the new ledger, then the old one. When the old one is in use, the new one is let go again;
/// when nobody knows what came of it, running the move again finds out.
async fn close(
    (source, from): (&dyn Move, &Stage),
    (target, to): (&dyn Move, &Stage),
    journey: &Journey,
) -> Result<(), MoveError> {
    let filling = Stage::Filling(journey.clone());
    target.turn(to, &filling).await?;
    let closed = source.turn(from, &Stage::Moved(journey.clone())).await;
    if let Err(MoveError::InUse(_)) = closed {
        target.turn(&filling, &Stage::Open(None)).await?;
    }
    closed
}

/// Opens the new ledger, now that every batch is in it.
async fn open_new(source: &dyn Move, target: &dyn Move, journey: Journey) -> Result<(), MoveError> {
    let (left, arrived) = (source.stats().await?, target.stats().await?);
    let cells = (source.cell_count().await?, target.cell_count().await?);
    if left.by_state != arrived.by_state || cells.0 != cells.1 {
        return Err(MoveError::Counts);
    }
    same_account(&left, &arrived)?;
    let Standing { stage, fence } = source.standing().await?;
    // A server that lost its last writes may have forgotten that it was closed.
    if stage != Stage::Moved(journey.clone()) {
        return Err(MoveError::Changed);
    }
    let estate = Estate {
        account: left.account,
        fence,
    };
    target.inherit(&journey, &estate).await?;
    let (filling, open) = (Stage::Filling(journey.clone()), Stage::Open(Some(journey)));
    target.turn(&filling, &open).await
}

/// A ledger belongs to one account for ever, a new one that was bound too early as well.
fn same_account(left: &Stats, arrived: &Stats) -> Result<(), LedgerError> {
    if let (Some(ours), Some(ledger)) = (&left.account, &arrived.account)
        && ours != ledger
    {
        return Err(LedgerError::OtherAccount {
            ledger: ledger.clone(),
            ours: ours.clone(),
        });
    }
    Ok(())
}

async fn stages(source: &dyn Move, target: &dyn Move) -> Result<(Stage, Stage), LedgerError> {
    let (from, to) = (source.standing().await?, target.standing().await?);
    Ok((from.stage, to.stage))
}

/// Checks every batch, so that nothing is found wrong half-way.
async fn check_all(source: &dyn Move, told: &(dyn Fn(Progress) + Sync)) -> Result<(), MoveError> {
    let (_, problems) = verify_house(source).await?;
    if let Some(problem) = problems.into_iter().next() {
        return Err(MoveError::Unsound(HOUSE, problem));
    }
    let check = async |id: BatchId| match verify_batch(source, &id).await?.into_iter().next() {
        Some(problem) => Err(MoveError::Unsound(id, problem)),
        None => Ok(0),
    };
    let checked = each(source, check, &|done| told(Progress::Checked(done))).await?;
    if checked.batches == 0 && source.cell_count().await? == 0 {
        return Err(MoveError::Nothing);
    }
    Ok(())
}

async fn carry_all(
    source: &dyn Move,
    target: &dyn Move,
    journey: &Journey,
    told: &(dyn Fn(Progress) + Sync),
) -> Result<Copied, MoveError> {
    let carry = async |id: BatchId| {
        let carried = read(source, id).await?;
        if let Some(problem) = verify(&carried.stored, &carried.journal).into_iter().next() {
            return Err(MoveError::Unsound(id, problem));
        }
        target.import(journey, carried.clone()).await?;
        if read(target, id).await? != carried {
            return Err(MoveError::Differs(id));
        }
        Ok(carried.stored.version)
    };
    each(source, carry, &|done| told(Progress::Carried(done))).await
}

/// Carries every cell, and reads it back.
async fn carry_cells(
    source: &dyn Move,
    target: &dyn Move,
    journey: &Journey,
) -> Result<(), MoveError> {
    let mut from = String::new();
    loop {
        let CellPage { cells, next } = source.cells_page(&from, CELLS).await?;
        target.import_cells(journey, &cells).await?;
        let keys: Vec<String> = cells.iter().map(|(key, _)| key.clone()).collect();
        let arrived = target.cells(&keys).await?;
        for ((key, value), arrived) in cells.into_iter().zip(arrived) {
            if arrived != Some(value) {
                return Err(MoveError::Cell(key));
            }
        }
        let Some(next) = next else { return Ok(()) };
        from = next;
    }
}

async fn count(source: &dyn Move) -> Result<Copied, MoveError> {
    let version = async |id: BatchId| Ok(read(source, id).await?.stored.version);
    each(source, version, &|_| ()).await
}

/// Everything that is kept of a batch.
async fn read(ledger: &dyn Move, id: BatchId) -> Result<Carried, LedgerError> {
    let stored = ledger.load(&BatchRef::Id(id)).await?;
    Ok(Carried {
        stored: stored.ok_or(LedgerError::NotFound)?,
        journal: ledger.journal(&id).await?,
        jobs: ledger.jobs(&id).await?,
    })
}

/// Does something with every batch, some at a time, and adds up the entries it tells.
async fn each(
    ledger: &dyn Move,
    work: impl AsyncFn(BatchId) -> Result<u64, MoveError>,
    done: &(dyn Fn(u64) + Sync),
) -> Result<Copied, MoveError> {
    let mut copied = Copied::default();
    let mut page = Page {
        before: None,
        size: PAGE,
    };
    loop {
        let heads = ledger.list(&Filter::default(), &page).await?;
        let Some(oldest) = heads.last() else {
            return Ok(copied);
        };
        page.before = Some(oldest.id);
        let mut working =
            stream::iter(heads.iter().map(|head| work(head.id))).buffer_unordered(AT_ONCE);
        while let Some(entries) = working.try_next().await? {
            copied.batches = copied.batches.saturating_add(1);
            copied.entries = copied.entries.saturating_add(entries);
            done(copied.batches);
        }
    }
}
