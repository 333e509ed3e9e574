//! The journal's rows.

use chrono::SecondsFormat;
use onay_payout::BatchId;
use rusqlite::{Connection, Row, params};

use crate::error::LedgerError;
use crate::journal::Entry;

/// Adds an entry at the end.
pub(super) fn append(connection: &Connection, entry: &Entry) -> Result<(), LedgerError> {
    connection
        .prepare_cached(
            "INSERT INTO journal (batch, seq, at, actor, via, event, before, after, note, digest,
                                  record, prev, hash, decision)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
        )?
        .execute(params![
            entry.batch.to_string(),
            entry.seq,
            entry.at.to_rfc3339_opts(SecondsFormat::Micros, true),
            entry.actor,
            entry.via,
            entry.event,
            entry.before,
            entry.after,
            entry.note,
            entry.digest.map(|digest| digest.to_string()),
            entry.record.to_string(),
            entry.prev.to_string(),
            entry.hash.to_string(),
            entry.decision,
        ])?;
    Ok(())
}

/// Every entry of a batch, oldest first.
pub(super) fn entries(connection: &Connection, batch: &BatchId) -> Result<Vec<Entry>, LedgerError> {
    let mut rows = connection.prepare_cached(
        "SELECT seq, at, actor, via, event, before, after, note, digest, record, prev, hash,
                decision
         FROM journal WHERE batch = ?1 ORDER BY seq",
    )?;
    let mut rows = rows.query([batch.to_string()])?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        entries.push(entry(*batch, row)?);
    }
    Ok(entries)
}

fn entry(batch: BatchId, row: &Row<'_>) -> Result<Entry, LedgerError> {
    let seq = row.get(0)?;
    let unreadable =
        |what| LedgerError::Corrupt(format!("journal of {batch}, entry {seq}: {what}"));
    let digest = |column| {
        let text: Option<String> = row.get(column)?;
        text.map(|text| text.parse().map_err(|_| unreadable("no digest")))
            .transpose()
    };
    let needed = |column| digest(column)?.ok_or_else(|| unreadable("no digest"));
    let at: String = row.get(1)?;
    Ok(Entry {
        batch,
        seq,
        at: at.parse().map_err(|_| unreadable("no time"))?,
        actor: row.get(2)?,
        via: row.get(3)?,
        event: row.get(4)?,
        before: row.get(5)?,
        after: row.get(6)?,
        note: row.get(7)?,
        digest: digest(8)?,
        decision: row.get(12)?,
        record: needed(9)?,
        prev: needed(10)?,
        hash: needed(11)?,
    })
}
