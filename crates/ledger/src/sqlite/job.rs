//! Jobs and claims.

use std::time::Duration;

use chrono::{DateTime, Utc};
use onay_payout::{Jobs, WorkerName};
use rusqlite::{Connection, OptionalExtension, params};

use crate::error::LedgerError;
use crate::job::{Claim, Queue, later_us, next_fence};
use crate::moving::Planned;

/// Plans exactly `jobs` for a batch; whatever else was planned or claimed is gone. The job of
/// `kept` stays as it is.
pub(super) fn plan(
    connection: &Connection,
    batch: &str,
    jobs: &Jobs,
    kept: Option<Queue>,
) -> Result<(), LedgerError> {
    for queue in Queue::ALL.into_iter().filter(|queue| Some(*queue) != kept) {
        connection
            .prepare_cached("DELETE FROM job WHERE queue = ?1 AND batch = ?2")?
            .execute([queue.name(), batch])?;
        if let Some(due) = queue.due(jobs) {
            connection
                .prepare_cached(
                    "INSERT INTO job (queue, batch, ready_at, attempt) VALUES (?1, ?2, ?3, 0)",
                )?
                .execute(params![queue.name(), batch, due.timestamp_micros()])?;
        }
    }
    Ok(())
}

/// When the jobs of a batch are handed out next.
pub(super) fn planned(connection: &Connection, batch: &str) -> Result<Jobs, LedgerError> {
    let mut rows =
        connection.prepare_cached("SELECT ready_at FROM job WHERE queue = ?1 AND batch = ?2")?;
    let mut ready_at = |queue: Queue| -> rusqlite::Result<Option<DateTime<Utc>>> {
        let ready_at_us: Option<i64> = rows
            .query_row([queue.name(), batch], |row| row.get(0))
            .optional()?;
        Ok(ready_at_us.and_then(DateTime::from_timestamp_micros))
    };
    Ok(Jobs {
        worker: ready_at(Queue::Worker)?,
        reconciler: ready_at(Queue::Reconciler)?,
    })
}

/// When the next job of a queue is due.
pub(super) fn next_due_us(
    connection: &Connection,
    queue: Queue,
) -> Result<Option<i64>, LedgerError> {
    Ok(connection
        .prepare_cached("SELECT min(ready_at) FROM job WHERE queue = ?1")?
        .query_row([queue.name()], |row| row.get(0))?)
}

/// Claims the job that has been due longest.
pub(super) fn claim(
    connection: &Connection,
    queue: Queue,
    worker: &WorkerName,
    now_us: i64,
    lease: Duration,
) -> Result<Option<Claim>, LedgerError> {
    let next: Option<(String, u32)> = connection
        .prepare_cached(
            "SELECT batch, attempt FROM job WHERE queue = ?1 AND ready_at <= ?2
             ORDER BY ready_at, batch LIMIT 1",
        )?
        .query_row(params![queue.name(), now_us], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    let Some((batch, attempt)) = next else {
        return Ok(None);
    };
    let newest: u64 = connection
        .prepare_cached("SELECT fence FROM ledger")?
        .query_row([], |row| row.get(0))?;
    let fence = next_fence(newest, now_us);
    connection
        .prepare_cached("UPDATE ledger SET fence = ?1")?
        .execute([fence])?;
    connection
        .prepare_cached(
            "UPDATE job SET ready_at = ?3, fence = ?4, owner = ?5, attempt = attempt + 1
             WHERE queue = ?1 AND batch = ?2",
        )?
        .execute(params![
            queue.name(),
            batch,
            later_us(now_us, lease),
            fence,
            worker.as_str()
        ])?;
    let batch = batch
        .parse()
        .map_err(|_| LedgerError::Corrupt(format!("a job of batch {batch}")))?;
    Ok(Some(Claim {
        queue,
        batch,
        fence,
        attempt,
    }))
}

/// Refuses a claim that is no longer the newest on its job, or whose lease ended before `since_us`.
pub(super) fn check(
    connection: &Connection,
    claim: &Claim,
    batch: &str,
    since_us: i64,
) -> Result<(), LedgerError> {
    let is_held = connection
        .prepare_cached(
            "SELECT 1 FROM job
             WHERE queue = ?1 AND batch = ?2 AND fence = ?3 AND ready_at >= ?4",
        )?
        .exists(params![claim.queue.name(), batch, claim.fence, since_us])?;
    if is_held {
        Ok(())
    } else {
        Err(LedgerError::LeaseLost)
    }
}

/// Moves the end of a claim's lease, which must not be over.
pub(super) fn renew(
    connection: &Connection,
    claim: &Claim,
    now_us: i64,
    lease: Duration,
) -> Result<(), LedgerError> {
    check(connection, claim, &claim.batch.to_string(), now_us)?;
    plan_again(connection, claim, later_us(now_us, lease))
}

fn plan_again(connection: &Connection, claim: &Claim, ready_at_us: i64) -> Result<(), LedgerError> {
    let renewed = connection
        .prepare_cached(
            "UPDATE job SET ready_at = ?4 WHERE queue = ?1 AND batch = ?2 AND fence = ?3",
        )?
        .execute(params![
            claim.queue.name(),
            claim.batch.to_string(),
            claim.fence,
            ready_at_us
        ])?;
    if renewed == 1 {
        Ok(())
    } else {
        Err(LedgerError::LeaseLost)
    }
}

/// Gives a claim back; the job is due after `delay`.
pub(super) fn postpone(
    connection: &Connection,
    claim: &Claim,
    now_us: i64,
    delay: Duration,
) -> Result<(), LedgerError> {
    plan_again(connection, claim, later_us(now_us, delay))?;
    connection
        .prepare_cached(
            "UPDATE job SET fence = NULL, owner = NULL WHERE queue = ?1 AND batch = ?2",
        )?
        .execute(params![claim.queue.name(), claim.batch.to_string()])?;
    Ok(())
}

/// How many jobs of a queue are due.
pub(super) fn count_due(
    connection: &Connection,
    queue: Queue,
    now_us: i64,
) -> Result<u64, LedgerError> {
    Ok(connection
        .prepare_cached("SELECT count(*) FROM job WHERE queue = ?1 AND ready_at <= ?2")?
        .query_row(params![queue.name(), now_us], |row| row.get(0))?)
}

/// The jobs of a batch, as they are planned.
pub(super) fn all(connection: &Connection, batch: &str) -> Result<Vec<Planned>, LedgerError> {
    let mut rows = connection
        .prepare_cached("SELECT ready_at, attempt FROM job WHERE queue = ?1 AND batch = ?2")?;
    let mut jobs = Vec::new();
    for queue in Queue::ALL {
        let planned = rows.query_row([queue.name(), batch], |row| {
            Ok(Planned {
                queue,
                due_us: row.get(0)?,
                attempt: row.get(1)?,
            })
        });
        jobs.extend(planned.optional()?);
    }
    Ok(jobs)
}

/// Plans a job as it was planned elsewhere.
pub(super) fn put(
    connection: &Connection,
    batch: &str,
    planned: Planned,
) -> Result<(), LedgerError> {
    connection
        .prepare_cached(
            "INSERT INTO job (queue, batch, ready_at, attempt) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![
            planned.queue.name(),
            batch,
            planned.due_us,
            planned.attempt
        ])?;
    Ok(())
}

/// How many claims last, and when the last of them ends.
pub(super) fn lasting(connection: &Connection, now_us: i64) -> Result<(u64, i64), LedgerError> {
    let claims = "SELECT count(*), coalesce(max(ready_at), 0) FROM job
                  WHERE fence IS NOT NULL AND ready_at > ?1";
    Ok(connection.query_row(claims, [now_us], |row| Ok((row.get(0)?, row.get(1)?)))?)
}

/// The fence of the newest claim.
pub(super) fn newest_fence(connection: &Connection) -> Result<u64, LedgerError> {
    Ok(connection.query_row("SELECT fence FROM ledger", [], |row| row.get(0))?)
}

/// Makes the next fence be above `fence`.
pub(super) fn raise_fence(connection: &Connection, fence: u64) -> Result<(), LedgerError> {
    connection.execute("UPDATE ledger SET fence = max(fence, ?1)", [fence])?;
    Ok(())
}
