//! The cells.

use rusqlite::{Connection, OptionalExtension};

use crate::cell::Swap;
use crate::error::LedgerError;

/// What is in a cell.
fn value(connection: &Connection, key: &str) -> Result<Option<String>, LedgerError> {
    let value = connection
        .prepare_cached("SELECT value FROM cell WHERE key = ?1")?
        .query_row([key], |row| row.get(0))
        .optional()?;
    Ok(value)
}

/// What is in these cells, in their order.
pub(super) fn values(
    connection: &Connection,
    keys: &[String],
) -> Result<Vec<Option<String>>, LedgerError> {
    keys.iter().map(|key| value(connection, key)).collect()
}

/// Compares all, then sets all.
pub(super) fn swap(connection: &Connection, swaps: &[Swap]) -> Result<(), LedgerError> {
    for swap in swaps {
        if value(connection, &swap.key)? != swap.before {
            return Err(swap.refusal());
        }
    }
    for swap in swaps.iter().filter(|swap| !swap.is_expectation()) {
        match &swap.after {
            Some(value) => connection
                .prepare_cached(
                    "INSERT INTO cell (key, value) VALUES (?1, ?2)
                     ON CONFLICT DO UPDATE SET value = excluded.value",
                )?
                .execute([&swap.key, value])?,
            None => connection
                .prepare_cached("DELETE FROM cell WHERE key = ?1")?
                .execute([&swap.key])?,
        };
    }
    Ok(())
}

/// Up to `size` cells in the order of their keys, those after this one.
pub(super) fn page(
    connection: &Connection,
    after: &str,
    size: u32,
) -> Result<Vec<(String, String)>, LedgerError> {
    let mut rows = connection
        .prepare_cached("SELECT key, value FROM cell WHERE key > ?1 ORDER BY key LIMIT ?2")?;
    let rows = rows.query_map((after, size), |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How many there are.
pub(super) fn count(connection: &Connection) -> Result<u64, LedgerError> {
    Ok(connection.query_row("SELECT count(*) FROM cell", [], |row| row.get(0))?)
}

/// Stores cells that are not there.
pub(super) fn put(connection: &Connection, cells: &[(String, String)]) -> Result<(), LedgerError> {
    let mut put = connection
        .prepare_cached("INSERT INTO cell (key, value) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?;
    for (key, value) in cells {
        put.execute([key, value])?;
    }
    Ok(())
}
