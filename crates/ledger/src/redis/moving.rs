//! Moving into this ledger, and out of it.

use std::collections::BTreeMap;

use async_trait::async_trait;
use onay_payout::{Account, BatchId, Outcome};
use redis::{cmd, pipe};

use super::RedisLedger;
use super::link::Again;
use super::pack::pack;
use super::row::{Row, appended, changed_blocks, filled_block};
use super::scripts;
use crate::error::LedgerError;
use crate::job::Queue;
use crate::journal::Entry;
use crate::moving::{
    Carried, CellPage, Estate, Journey, Move, MoveError, Planned, Stage, Standing,
};
use crate::record;

/// About how many claims one call looks at.
const CLAIMS_AT_ONCE: u32 = 1000;

#[async_trait]
impl Move for RedisLedger {
    async fn standing(&self) -> Result<Standing, LedgerError> {
        let mut asked = pipe();
        asked
            .hget(&self.keys.meta, "stage")
            .hget(&self.keys.meta, "fence");
        let (stage, fence): (Option<String>, Option<u64>) = self.link.query(&asked).await?;
        Ok(Standing {
            stage: Stage::read(&stage.unwrap_or_default())?,
            fence: fence.unwrap_or_default(),
        })
    }

    /// Whoever claims jobs listens to the channels that tell of them.
    async fn check_idle(&self) -> Result<(), MoveError> {
        let mut listening = cmd("PUBSUB");
        listening
            .arg("NUMSUB")
            .arg(Queue::ALL.map(|queue| self.keys.due(queue)).as_slice());
        let listening: BTreeMap<String, u64> = self.link.ask(&listening).await?;
        if listening.values().any(|count| *count > 0) {
            let why = "workers or reconcilers wait for its jobs; stop every onay that uses it \
                       (`redis-cli CLIENT LIST` tells where they are)";
            return Err(MoveError::InUse(why.to_owned()));
        }
        for queue in Queue::ALL {
            self.check_unclaimed(queue).await?;
        }
        Ok(())
    }

    async fn turn(&self, from: &Stage, to: &Stage) -> Result<(), MoveError> {
        if matches!((from, to), (Stage::Open(_), Stage::Moved(_))) {
            self.check_idle().await?;
        }
        let must_be_empty = matches!(to, Stage::Filling(_));
        let turn = self
            .call(&scripts::TURN)
            .key(&self.keys.meta)
            .key(&self.keys.batch)
            .key(&self.keys.cell)
            .arg(from.written())
            .arg(to.written())
            .arg(if must_be_empty { "empty" } else { "" });
        let answer: String = self.link.write(Again::No, &turn).await?;
        done(&answer)
    }

    async fn jobs(&self, batch: &BatchId) -> Result<Vec<Planned>, LedgerError> {
        let ask = self
            .with_jobs(self.call(&scripts::JOBS))
            .arg(batch.as_bytes());
        let jobs: [(i64, u32); 2] = self.link.read(&ask).await?;
        let planned = Queue::ALL.into_iter().zip(jobs);
        Ok(planned
            .filter(|(_, (due_us, _))| *due_us >= 0)
            .map(|(queue, (due_us, attempt))| Planned {
                queue,
                due_us,
                attempt,
            })
            .collect())
    }

    async fn import(&self, journey: &Journey, carried: Carried) -> Result<(), MoveError> {
        let Carried {
            stored,
            journal,
            jobs,
        } = &carried;
        let batch = &stored.batch;
        let mut row = Row::front(stored, &record::encode_head(batch.head()))?;
        let Kept { blocks, newest } = Kept::of(journal)?;
        row.extend(newest);
        let import = self
            .call(&scripts::IMPORT)
            .key(&self.keys.external)
            .key(&self.keys.batch)
            .key(&self.keys.content)
            .key(&self.keys.journal)
            .key(self.keys.state(batch.state().name()));
        let import = self
            .with_jobs(import)
            .key(&self.keys.outcome)
            .arg(batch.id().as_bytes())
            .arg(batch.head().external_id.as_str())
            .arg(row)
            .arg(pack(&record::encode_content(batch.content()))?)
            .arg(Stage::Filling(journey.clone()).written());
        let import = Queue::ALL.into_iter().fold(import, |call, queue| {
            match jobs.iter().find(|planned| planned.queue == queue) {
                Some(planned) => call.arg(planned.due_us).arg(planned.attempt),
                None => call.arg("").arg(0),
            }
        });
        let known = batch.outcomes().iter().enumerate();
        let known = known.filter(|(_, outcome)| **outcome != Outcome::new());
        let known: Vec<usize> = known.map(|(place, _)| place).collect();
        let outcomes = changed_blocks(batch, &known)?;
        let import = import.arg(blocks.len());
        let import = blocks
            .into_iter()
            .chain(outcomes)
            .fold(import, |call, (field, block)| call.arg(field).arg(block));
        let answer: String = self.link.write(Again::Yes, &import).await?;
        done(&answer)
    }

    async fn cells_page(&self, from: &str, size: u32) -> Result<CellPage, LedgerError> {
        let cursor = if from.is_empty() { "0" } else { from };
        let (next, cells) = self.scan_cells(cursor, size).await?;
        Ok(CellPage {
            cells,
            next: (next != "0").then_some(next),
        })
    }

    async fn cell_count(&self) -> Result<u64, LedgerError> {
        self.count_cells().await
    }

    async fn import_cells(
        &self,
        journey: &Journey,
        cells: &[(String, String)],
    ) -> Result<(), MoveError> {
        let import = self
            .call(&scripts::IMPORT_CELLS)
            .key(&self.keys.meta)
            .key(&self.keys.cell)
            .arg(Stage::Filling(journey.clone()).written());
        let import = cells
            .iter()
            .fold(import, |call, (key, value)| call.arg(key).arg(value));
        let answer: String = self.link.write(Again::Yes, &import).await?;
        done(&answer)
    }

    async fn inherit(&self, journey: &Journey, estate: &Estate) -> Result<(), MoveError> {
        let inherit = self
            .call(&scripts::INHERIT)
            .key(&self.keys.meta)
            .arg(Stage::Filling(journey.clone()).written())
            .arg(estate.account.as_ref().map_or("", Account::as_str))
            .arg(estate.fence);
        let answer: String = self.link.write(Again::Yes, &inherit).await?;
        done(&answer)
    }
}

impl RedisLedger {
    /// Looks at the claims part by part: there may be as many as batches.
    async fn check_unclaimed(&self, queue: Queue) -> Result<(), MoveError> {
        let (mut claims, mut left_us, mut cursor) = (0_u64, 0_i64, "0".to_owned());
        loop {
            let ask = self
                .call(&scripts::LASTING)
                .key(self.keys.due(queue))
                .key(self.keys.claim(queue))
                .arg(cursor)
                .arg(CLAIMS_AT_ONCE);
            let (next, count, left): (String, u64, i64) = self.link.read(&ask).await?;
            claims = claims.saturating_add(count);
            left_us = left_us.max(left);
            cursor = next;
            if cursor == "0" {
                break;
            }
        }
        if claims == 0 {
            return Ok(());
        }
        Err(MoveError::claimed(claims, left_us))
    }
}

/// What a script of a move answers.
fn done(answer: &str) -> Result<(), MoveError> {
    match answer {
        "done" => Ok(()),
        "not empty" => Err(MoveError::NotEmpty),
        _ => Err(MoveError::Changed),
    }
}

/// A journal as it is kept.
#[derive(Default)]
struct Kept {
    /// The blocks that are full, by their fields.
    blocks: BTreeMap<Vec<u8>, Vec<u8>>,
    /// The newest entries, which are kept in the row.
    newest: Vec<u8>,
}

impl Kept {
    fn of(journal: &[Entry]) -> Result<Self, LedgerError> {
        let mut kept = Self::default();
        for entry in journal {
            if let Some(field) = filled_block(entry) {
                kept.blocks.insert(field, std::mem::take(&mut kept.newest));
            }
            kept.newest.extend(appended(entry)?);
        }
        Ok(kept)
    }
}
