//! Moving into this file, and out of it.

use async_trait::async_trait;
use onay_payout::{BatchId, Outcome};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::{SqliteLedger, batch, cell, file, job, journal};
use crate::error::LedgerError;
use crate::moving::{
    Carried, CellPage, Estate, Journey, Move, MoveError, Planned, Stage, Standing,
};
use crate::record;

#[async_trait]
impl Move for SqliteLedger {
    async fn standing(&self) -> Result<Standing, LedgerError> {
        let standing = |connection: &Connection| {
            Ok(Standing {
                stage: stage(connection)?,
                fence: job::newest_fence(connection)?,
            })
        };
        self.readers.run(standing).await
    }

    async fn check_idle(&self) -> Result<(), MoveError> {
        let _alone = self.presence.alone()?;
        let now_us = self.now_us();
        self.change(move |connection| check_unclaimed(connection, now_us))
            .await
    }

    async fn turn(&self, from: &Stage, to: &Stage) -> Result<(), MoveError> {
        let (from, to, now_us) = (from.clone(), to.clone(), self.now_us());
        let is_leaving = matches!((&from, &to), (Stage::Open(_), Stage::Moved(_)));
        let _alone = is_leaving.then(|| self.presence.alone()).transpose()?;
        self.change(move |connection| {
            if stage(connection)? != from {
                return Err(MoveError::Changed);
            }
            if is_leaving {
                check_unclaimed(connection, now_us)?;
            }
            if matches!(to, Stage::Filling(_)) && !is_empty(connection)? {
                return Err(MoveError::NotEmpty);
            }
            write_stage(connection, &to)
        })
        .await
    }

    async fn jobs(&self, batch: &BatchId) -> Result<Vec<Planned>, LedgerError> {
        let batch = batch.to_string();
        self.readers
            .run(move |connection| job::all(connection, &batch))
            .await
    }

    async fn import(&self, journey: &Journey, carried: Carried) -> Result<(), MoveError> {
        let filling = Stage::Filling(journey.clone());
        self.change(move |connection| {
            check_filling(connection, &filling)?;
            Ok(import(connection, &carried)?)
        })
        .await
    }

    async fn cells_page(&self, from: &str, size: u32) -> Result<CellPage, LedgerError> {
        let from = from.to_owned();
        let page = move |connection: &Connection| cell::page(connection, &from, size);
        let cells = self.readers.run(page).await?;
        let next = cells.last().map(|(key, _)| key.clone());
        Ok(CellPage { cells, next })
    }

    async fn cell_count(&self) -> Result<u64, LedgerError> {
        self.readers.run(cell::count).await
    }

    async fn import_cells(
        &self,
        journey: &Journey,
        cells: &[(String, String)],
    ) -> Result<(), MoveError> {
        let (filling, cells) = (Stage::Filling(journey.clone()), cells.to_vec());
        self.change(move |connection| {
            check_filling(connection, &filling)?;
            Ok(cell::put(connection, &cells)?)
        })
        .await
    }

    async fn inherit(&self, journey: &Journey, estate: &Estate) -> Result<(), MoveError> {
        let (filling, estate) = (Stage::Filling(journey.clone()), estate.clone());
        self.change(move |connection| {
            check_filling(connection, &filling)?;
            if let Some(account) = estate.account {
                file::bind(connection, account)?;
            }
            Ok(job::raise_fence(connection, estate.fence)?)
        })
        .await
    }
}

impl SqliteLedger {
    /// Runs a step of a move. What a [`MoveError`] of its own says, it found before it wrote.
    async fn change(
        &self,
        step: impl FnOnce(&Connection) -> Result<(), MoveError> + Send + 'static,
    ) -> Result<(), MoveError> {
        let step = |connection: &Connection| match step(connection) {
            Err(MoveError::Ledger(error)) => Err(error),
            other => Ok(other),
        };
        self.writer.run(step).await?
    }
}

/// Whether the ledger may be used.
pub(super) fn stage(connection: &Connection) -> Result<Stage, LedgerError> {
    let (name, journey) = connection
        .prepare_cached("SELECT name, move, came_from, went_to FROM stage")?
        .query_row([], |row| {
            let id: Option<String> = row.get(1)?;
            let journey = id.map(|id| {
                Ok::<_, rusqlite::Error>(Journey {
                    id,
                    from: row.get(2)?,
                    to: row.get(3)?,
                })
            });
            Ok((row.get::<_, String>(0)?, journey.transpose()?))
        })?;
    Stage::of(&name, journey)
}

fn write_stage(connection: &Connection, stage: &Stage) -> Result<(), MoveError> {
    let (name, journey) = stage.parts();
    connection
        .prepare_cached("UPDATE stage SET name = ?1, move = ?2, came_from = ?3, went_to = ?4")
        .and_then(|mut update| {
            update.execute(params![
                name,
                journey.map(|journey| &journey.id),
                journey.map(|journey| &journey.from),
                journey.map(|journey| &journey.to),
            ])
        })
        .map_err(LedgerError::from)?;
    Ok(())
}

fn check_filling(connection: &Connection, filling: &Stage) -> Result<(), MoveError> {
    if stage(connection)? == *filling {
        Ok(())
    } else {
        Err(MoveError::Changed)
    }
}

/// Whether nothing would be written over.
fn is_empty(connection: &Connection) -> Result<bool, LedgerError> {
    let has_cell = !cell::page(connection, "", 1)?.is_empty();
    Ok(!has_cell && batch::by_state(connection)?.is_empty())
}

fn check_unclaimed(connection: &Connection, now_us: i64) -> Result<(), MoveError> {
    let (claims, last_us) = job::lasting(connection, now_us)?;
    if claims == 0 {
        return Ok(());
    }
    Err(MoveError::claimed(claims, last_us.saturating_sub(now_us)))
}

/// Stores a batch as it was elsewhere, unless it is here.
fn import(connection: &Connection, carried: &Carried) -> Result<(), LedgerError> {
    let Carried {
        stored,
        journal,
        jobs,
    } = carried;
    let id = stored.batch.id().to_string();
    let is_here = connection
        .prepare_cached("SELECT 1 FROM batch WHERE id = ?1")?
        .query_row([&id], |_| Ok(()))
        .optional()?;
    if is_here.is_some() {
        return Ok(());
    }
    batch::insert(
        connection,
        stored,
        &record::encode_head(stored.batch.head()),
    )?;
    let known = stored.batch.outcomes().iter().enumerate();
    let known = known.filter(|(_, outcome)| **outcome != Outcome::new());
    let outcomes = known.map(|(place, outcome)| (place, record::encode_outcome(outcome)));
    batch::put_outcomes(connection, &id, outcomes)?;
    for entry in journal {
        journal::append(connection, entry)?;
    }
    for planned in jobs {
        job::put(connection, &id, *planned)?;
    }
    Ok(())
}
