//! Batches, what was asked and what became of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use onay_payout::{Batch, BatchRef, Head, Jobs, Outcome};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{cell, job, journal};
use crate::cell::Swap;
use crate::commit::{Commit, Sealed, Stored};
use crate::error::LedgerError;
use crate::job::{Claim, Queue};
use crate::journal::Entry;
use crate::ledger::{Filter, Opened, Page};
use crate::record;

/// Stores a new batch, or finds the one that used its external id before.
pub(super) fn open(connection: &Connection, opening: Sealed) -> Result<Opened, LedgerError> {
    let Sealed {
        stored,
        head,
        jobs,
        entry,
        ..
    } = opening;
    let batch = &stored.batch;
    let external_id = &batch.head().external_id;
    if let Some(existing) = load(connection, &BatchRef::External(external_id.clone()))? {
        return Ok(Opened::Existing(existing));
    }
    insert(connection, &stored, &head)?;
    journal::append(connection, &entry)?;
    job::plan(connection, &batch.id().to_string(), &jobs, None)?;
    Ok(Opened::New(stored))
}

/// Stores a batch that is not there, and what was asked for. `head` is its record.
pub(super) fn insert(
    connection: &Connection,
    stored: &Stored,
    head: &str,
) -> Result<(), LedgerError> {
    let batch = &stored.batch;
    let id = batch.id().to_string();
    connection
        .prepare_cached(
            "INSERT INTO batch (id, external_id, version, state, head, journal_head)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            id,
            batch.head().external_id.as_str(),
            stored.version,
            batch.state().name(),
            head,
            stored.journal_head.to_string(),
        ])?;
    connection
        .prepare_cached("INSERT INTO content (batch, record) VALUES (?1, ?2)")?
        .execute(params![id, record::encode_content(batch.content())])?;
    Ok(())
}

/// Stores the records of some outcomes by their places.
pub(super) fn put_outcomes(
    connection: &Connection,
    batch: &str,
    outcomes: impl IntoIterator<Item = (usize, String)>,
) -> Result<(), LedgerError> {
    let mut put = connection.prepare_cached(
        "INSERT INTO outcome (batch, place, record) VALUES (?1, ?2, ?3)
         ON CONFLICT DO UPDATE SET record = excluded.record",
    )?;
    for (place, record) in outcomes {
        put.execute(params![batch, place, record])?;
    }
    Ok(())
}

/// What a commit writes.
pub(super) struct Change {
    id: String,
    based_on: u64,
    version: u64,
    state: &'static str,
    head: String,
    journal_head: String,
    outcomes: Vec<(usize, String)>,
    entry: Entry,
    jobs: Jobs,
    claim: Option<Claim>,
    kept: Option<Queue>,
    swaps: Vec<Swap>,
}

impl Change {
    /// Takes a commit apart into what the caller gets and what the writer needs.
    pub(super) fn of(commit: Commit<'_>) -> (Stored, Self) {
        let (based_on, authority) = (commit.based_on(), commit.authority());
        let Sealed {
            stored,
            head,
            changed,
            jobs,
            entry,
            swaps,
        } = commit.seal();
        let outcomes = changed
            .into_iter()
            .filter_map(|place| {
                let outcome = stored.batch.outcomes().get(place)?;
                Some((place, record::encode_outcome(outcome)))
            })
            .collect();
        let change = Self {
            id: stored.batch.id().to_string(),
            based_on,
            version: stored.version,
            state: stored.batch.state().name(),
            head,
            journal_head: stored.journal_head.to_string(),
            outcomes,
            entry,
            jobs,
            claim: authority.claim().cloned(),
            kept: authority.kept(),
            swaps,
        };
        (stored, change)
    }

    /// Checks the claim, the version and the cells, then writes.
    pub(super) fn write(self, connection: &Connection, now_us: i64) -> Result<(), LedgerError> {
        let version: Option<u64> = connection
            .prepare_cached("SELECT version FROM batch WHERE id = ?1")?
            .query_row([&self.id], |row| row.get(0))
            .optional()?;
        let version = version.ok_or(LedgerError::NotFound)?;
        if let Some(claim) = &self.claim {
            // Where more is to be done under a claim, it must last.
            let since_us = self.kept.map_or(i64::MIN, |_| now_us);
            job::check(connection, claim, &self.id, since_us)?;
        }
        if version != self.based_on {
            return Err(LedgerError::Stale);
        }
        cell::swap(connection, &self.swaps)?;
        connection
            .prepare_cached(
                "UPDATE batch SET version = ?2, state = ?3, head = ?4, journal_head = ?5
                 WHERE id = ?1",
            )?
            .execute(params![
                self.id,
                self.version,
                self.state,
                self.head,
                self.journal_head
            ])?;
        put_outcomes(connection, &self.id, self.outcomes)?;
        journal::append(connection, &self.entry)?;
        job::plan(connection, &self.id, &self.jobs, self.kept)
    }
}

/// A batch with all its items.
pub(super) fn load(
    connection: &Connection,
    batch: &BatchRef,
) -> Result<Option<Stored>, LedgerError> {
    let by = match batch {
        BatchRef::Id(_) => "id",
        BatchRef::External(_) => "external_id",
    };
    let row = connection
        .prepare_cached(&format!(
            "SELECT id, external_id, state, head, version, journal_head, record
             FROM batch JOIN content ON content.batch = batch.id WHERE batch.{by} = ?1"
        ))?
        .query_row([batch.to_string()], |row| {
            let (version, journal_head): (u64, String) = (row.get(4)?, row.get(5)?);
            Ok((
                HeadRow::of(row)?,
                version,
                journal_head,
                row.get::<_, String>(6)?,
            ))
        })
        .optional()?;
    let Some((head, version, journal_head, content)) = row else {
        return Ok(None);
    };
    let outcomes = outcomes(connection, &head.id)?;
    let head = head.decoded()?;
    let content = record::decode_content(&content)?;
    if content.items().len() != head.count {
        return Err(corrupt(&head, "another number of items than it began with"));
    }
    let outcomes = in_place(outcomes, head.count)?;
    let journal_head = journal_head
        .parse()
        .map_err(|_| corrupt(&head, "no digest as journal head"))?;
    let batch = Batch::restore(head, Arc::new(content), outcomes);
    Ok(Some(Stored {
        batch,
        version,
        journal_head,
    }))
}

fn outcomes(connection: &Connection, id: &str) -> Result<Vec<(usize, String)>, LedgerError> {
    let mut rows =
        connection.prepare_cached("SELECT place, record FROM outcome WHERE batch = ?1")?;
    let rows = rows.query_map([id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Puts the outcomes that are kept among those nothing is known of yet.
fn in_place(kept: Vec<(usize, String)>, count: usize) -> Result<Vec<Outcome>, LedgerError> {
    let mut outcomes = vec![Outcome::new(); count];
    for (place, record) in kept {
        let outcome = outcomes.get_mut(place).ok_or_else(|| {
            LedgerError::Corrupt(format!("an outcome of item {place} of {count}"))
        })?;
        *outcome = record::decode_outcome(&record)?;
    }
    Ok(outcomes)
}

/// Batches without their items, newest first.
pub(super) fn list(
    connection: &Connection,
    filter: &Filter,
    page: &Page,
) -> Result<Vec<Head>, LedgerError> {
    let of_state = if filter.state.is_some() {
        "state = ?3"
    } else {
        "?3 IS NULL"
    };
    let mut rows = connection.prepare_cached(&format!(
        "SELECT id, external_id, state, head FROM batch
         WHERE {of_state} AND id < ?1 ORDER BY id DESC LIMIT ?2"
    ))?;
    // Every id begins with `b_`, so all of them come before `c`.
    let before = page
        .before
        .map_or_else(|| "c".to_owned(), |id| id.to_string());
    let heads: Vec<HeadRow> = rows
        .query_map(params![before, page.size, filter.state], HeadRow::of)?
        .collect::<Result<_, _>>()?;
    heads.into_iter().map(HeadRow::decoded).collect()
}

/// How many batches are in each state.
pub(super) fn by_state(connection: &Connection) -> Result<BTreeMap<String, u64>, LedgerError> {
    let mut rows = connection.prepare_cached("SELECT state, count(*) FROM batch GROUP BY state")?;
    let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A head with the columns that repeat parts of it.
struct HeadRow {
    id: String,
    external_id: String,
    state: String,
    head: String,
}

impl HeadRow {
    /// Reads the first four columns.
    fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            external_id: row.get(1)?,
            state: row.get(2)?,
            head: row.get(3)?,
        })
    }

    /// The head, when the columns say the same.
    fn decoded(self) -> Result<Head, LedgerError> {
        let head = record::decode_head(&self.head)
            .map_err(|error| LedgerError::Corrupt(format!("batch {}: {error}", self.id)))?;
        let is_same = head.id.to_string() == self.id
            && head.external_id.as_str() == self.external_id
            && head.state.name() == self.state;
        if is_same {
            Ok(head)
        } else {
            Err(corrupt(&head, "other words beside its record"))
        }
    }
}

fn corrupt(head: &Head, what: &str) -> LedgerError {
    LedgerError::Corrupt(format!("batch {} has {what}", head.id))
}
