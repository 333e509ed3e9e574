//! Batches: what was asked and what became of it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use onay_payout::{Batch, BatchId, BatchRef, Head, State};
use redis::pipe;

use super::RedisLedger;
use super::cells::{refusal, with_swaps};
use super::keys::{ENTRIES, OUTCOMES};
use super::link::Again;
use super::pack::{pack, unpack};
use super::row::{Row, appended, changed_blocks, corrupt, entries, filled_block, outcomes, place};
use super::scripts::{self, Call};
use crate::commit::{Authority, Commit, Opening, Sealed, Stored};
use crate::error::LedgerError;
use crate::job::Queue;
use crate::journal::Entry;
use crate::ledger::{Filter, Opened, Page};
use crate::record;

/// As long as a job can be planned ahead: a century, in microseconds. Beyond that a sum with the time
/// would not be exact in Lua's numbers.
const FOREVER_US: i64 = 3_155_760_000_000_000;

/// What a load brings back: id, row, content and the blocks of outcomes; nothing when there is no
/// such batch.
type Found = Vec<Option<Vec<u8>>>;

impl RedisLedger {
    pub(super) async fn open_batch(&self, opening: Opening) -> Result<Opened, LedgerError> {
        let sealed = opening.seal();
        let batch = &sealed.stored.batch;
        let (id, external_id) = (batch.id(), &batch.head().external_id);
        let row = Row::front(&sealed.stored, &sealed.head)?;
        let row = [row, appended(&sealed.entry)?].concat();
        let call = self
            .call(&scripts::OPEN)
            .key(&self.keys.external)
            .key(&self.keys.batch)
            .key(&self.keys.content)
            .key(self.keys.state(batch.state().name()));
        let call = self
            .with_jobs(call)
            .arg(id.as_bytes())
            .arg(external_id.as_str())
            .arg(row)
            .arg(pack(&record::encode_content(batch.content()))?);
        let call = Queue::ALL
            .into_iter()
            .fold(call, |call, queue| call.arg(due_in_us(queue, &sealed)));
        let first: Vec<u8> = self.link.write(Again::Yes, &call).await?;
        if first == id.as_bytes() {
            return Ok(Opened::New(sealed.stored));
        }
        let existing = self.load_batch(&BatchRef::Id(batch_id(&first)?)).await?;
        let missing = || corrupt("an external id leads to a batch that is not there");
        existing.map(Opened::Existing).ok_or_else(missing)
    }

    pub(super) async fn load_batch(&self, batch: &BatchRef) -> Result<Option<Stored>, LedgerError> {
        let call = self
            .call(&scripts::LOAD)
            .key(&self.keys.external)
            .key(&self.keys.batch)
            .key(&self.keys.content)
            .key(&self.keys.outcome);
        let call = match batch {
            BatchRef::Id(id) => call.arg(id.as_bytes()).arg(""),
            BatchRef::External(id) => call.arg("").arg(id.as_str()),
        };
        let found: Found = self.link.read(&call.arg(OUTCOMES)).await?;
        let [id, row, content, blocks @ ..] = found.as_slice() else {
            return Ok(None);
        };
        let (Some(id), Some(row), Some(content)) = (id, row, content) else {
            return Err(corrupt("a batch without its content"));
        };
        stored(&batch_id(id)?, row, content, blocks).map(Some)
    }

    /// A batch may change its state between the two looks that a page takes; then the page is filled
    /// from behind it.
    pub(super) async fn list_batches(
        &self,
        filter: &Filter,
        page: &Page,
    ) -> Result<Vec<Head>, LedgerError> {
        let is_listed = |head: &Head| match &filter.state {
            Some(state) => head.state.name() == state,
            None => true,
        };
        let size = usize::try_from(page.size).unwrap_or(usize::MAX);
        let (mut heads, mut before) = (Vec::new(), page.before);
        loop {
            let wanted = size.saturating_sub(heads.len());
            let ids = self.newest(filter, before, wanted).await?;
            heads.extend(self.heads(&ids).await?.into_iter().filter(is_listed));
            before = ids.last().copied();
            if ids.len() < wanted || heads.len() >= size {
                return Ok(heads);
            }
        }
    }

    /// Every state has an index by age; the newest of several are merged here.
    async fn newest(
        &self,
        filter: &Filter,
        before: Option<BatchId>,
        size: usize,
    ) -> Result<Vec<BatchId>, LedgerError> {
        let states: Vec<&str> = match &filter.state {
            Some(state) => vec![state],
            None => State::NAMES.to_vec(),
        };
        let most = isize::try_from(size).unwrap_or(isize::MAX);
        let max = before.map_or_else(
            || b"+".to_vec(),
            |before| [b"(".as_slice(), before.as_bytes()].concat(),
        );
        let mut newest = pipe();
        for state in states {
            newest.zrevrangebylex_limit(self.keys.state(state), max.as_slice(), "-", 0, most);
        }
        let ids: Vec<Vec<Vec<u8>>> = self.link.query(&newest).await?;
        let ids = ids.iter().flatten().map(|id| batch_id(id));
        let mut ids: Vec<BatchId> = ids.collect::<Result<_, _>>()?;
        ids.sort_unstable_by(|a, b| b.cmp(a));
        // A batch that changed its state in between stood in two of them.
        ids.dedup();
        ids.truncate(size);
        Ok(ids)
    }

    async fn heads(&self, ids: &[BatchId]) -> Result<Vec<Head>, LedgerError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut rows = pipe();
        for id in ids {
            rows.hget(&self.keys.batch, id.as_bytes());
        }
        let rows: Vec<Vec<u8>> = self.link.query(&rows).await?;
        let heads = ids.iter().zip(&rows);
        heads.map(|(id, row)| Row::read(row)?.head(id)).collect()
    }

    pub(super) async fn read_journal(&self, batch: &BatchId) -> Result<Vec<Entry>, LedgerError> {
        let call = self
            .call(&scripts::JOURNAL)
            .key(&self.keys.batch)
            .key(&self.keys.journal)
            .arg(batch.as_bytes())
            .arg(ENTRIES);
        let found: Found = self.link.read(&call).await?;
        let Some((Some(row), blocks)) = found.split_first() else {
            return Ok(Vec::new());
        };
        let row = Row::read(row)?;
        let blocks = blocks.iter().flatten().map(Vec::as_slice);
        let bytes: Vec<&[u8]> = blocks.chain([row.entries]).collect();
        entries(batch, &bytes.concat(), row.journal_head)
    }

    pub(super) async fn commit_change(&self, commit: Commit<'_>) -> Result<Stored, LedgerError> {
        let authority = commit.authority();
        let base = (commit.based_on(), commit.transition().before);
        let sealed = commit.seal();
        let id = sealed.stored.batch.id();
        if authority.claim().is_some_and(|claim| claim.batch != id) {
            return Err(LedgerError::LeaseLost);
        }
        let change = self.change(&sealed, base, authority, "first")?;
        let answer: Result<String, LedgerError> = self.link.write(Again::No, &change).await;
        let answer = match answer {
            // It may be stored although the answer was lost.
            Err(LedgerError::Unavailable(_)) => {
                let change = self.change(&sealed, base, authority, "again")?;
                self.link.write(Again::No, &change).await?
            }
            other => other?,
        };
        match answer.as_str() {
            "stored" => Ok(sealed.stored),
            "missing" => Err(LedgerError::NotFound),
            "lost" => Err(LedgerError::LeaseLost),
            "stale" => Err(LedgerError::Stale),
            changed => Err(match changed.strip_prefix("changed ") {
                Some(place) => refusal(&sealed.swaps, place.parse().unwrap_or_default()),
                None => corrupt("a commit is answered by something else"),
            }),
        }
    }

    fn change(
        &self,
        sealed: &Sealed,
        (based_on, before): (u64, &str),
        authority: Authority<'_>,
        nth_try: &str,
    ) -> Result<Call<'static>, LedgerError> {
        let (batch, claim) = (&sealed.stored.batch, authority.claim());
        let call = self
            .call(&scripts::COMMIT)
            .key(&self.keys.batch)
            .key(&self.keys.journal)
            .key(&self.keys.outcome)
            .key(self.keys.state(before))
            .key(self.keys.state(batch.state().name()));
        let call = self
            .with_jobs(call)
            .key(&self.keys.cell)
            .arg(batch.id().as_bytes())
            .arg(place(based_on, sealed.entry.prev))
            .arg(Row::front(&sealed.stored, &sealed.head)?)
            .arg(claim.map_or("", |claim| claim.queue.name()))
            .arg(claim.map_or(0, |claim| claim.fence));
        let call = Queue::ALL.into_iter().fold(call, |call, queue| {
            if authority.kept() == Some(queue) {
                call.arg("kept")
            } else {
                call.arg(due_in_us(queue, sealed))
            }
        });
        let call = call
            .arg(appended(&sealed.entry)?)
            .arg(filled_block(&sealed.entry).unwrap_or_default())
            .arg(nth_try);
        let outcomes = changed_blocks(batch, &sealed.changed)?;
        let call = call.arg(outcomes.len());
        let call = outcomes
            .into_iter()
            .fold(call, |call, (field, block)| call.arg(field).arg(block));
        Ok(with_swaps(call, &sealed.swaps))
    }

    /// The last keys of every script that plans jobs.
    pub(super) fn with_jobs(&self, call: Call<'static>) -> Call<'static> {
        let call = Queue::ALL.into_iter().fold(call, |call, queue| {
            call.key(self.keys.due(queue)).key(self.keys.claim(queue))
        });
        call.key(&self.keys.meta)
    }
}

/// A batch as it is loaded.
pub(super) fn stored(
    id: &BatchId,
    row: &[u8],
    content: &[u8],
    blocks: &[Option<Vec<u8>>],
) -> Result<Stored, LedgerError> {
    let row = Row::read(row)?;
    let (head, known) = row.decoded(id)?;
    let content = record::decode_content(&unpack(content)?)?;
    if content.items().len() != head.count {
        let what = format!("batch {id} has another number of items");
        return Err(corrupt(&what));
    }
    let outcomes = match known {
        Some(known) if known.len() == head.count => known,
        Some(_) => return Err(corrupt("a row holds outcomes of another number of items")),
        None => outcomes(blocks, head.count)?,
    };
    Ok(Stored {
        batch: Batch::restore(head, Arc::new(content), outcomes),
        version: row.version,
        journal_head: row.journal_head,
    })
}

/// How long after a change a queue's job is due, in microseconds, so that the server's clock alone
/// decides when; empty for no job.
fn due_in_us(queue: Queue, sealed: &Sealed) -> String {
    let due = queue.due(&sealed.jobs);
    let due_in = |due: DateTime<Utc>| due.signed_duration_since(sealed.entry.at);
    due.map_or_else(String::new, |due| {
        let due_in = due_in(due).num_microseconds();
        due_in.unwrap_or(i64::MAX).min(FOREVER_US).to_string()
    })
}

pub(super) fn batch_id(bytes: &[u8]) -> Result<BatchId, LedgerError> {
    let bytes = bytes.try_into().map(BatchId::from_bytes);
    bytes.map_err(|_| corrupt("an id is not 16 bytes long"))
}
