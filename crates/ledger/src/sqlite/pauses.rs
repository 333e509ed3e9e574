//! The pauses of releases.

use onay_payout::Pauses;
use rusqlite::Connection;

use crate::error::LedgerError;
use crate::record;

/// Every pause there ever was.
pub(super) fn read(connection: &Connection) -> Result<Pauses, LedgerError> {
    let text: String = connection
        .prepare_cached("SELECT record FROM pauses")?
        .query_row([], |row| row.get(0))?;
    record::decode_pauses(&text)
}

/// Writes them, if they still are what was `known`.
pub(super) fn swap(
    connection: &Connection,
    known: &Pauses,
    after: &Pauses,
) -> Result<(), LedgerError> {
    let (known, after) = (record::encode_pauses(known), record::encode_pauses(after));
    let swapped = connection
        .prepare_cached("UPDATE pauses SET record = ?2 WHERE record = ?1")?
        .execute([known, after])?;
    if swapped == 1 {
        Ok(())
    } else {
        Err(LedgerError::Stale)
    }
}

/// Refuses to start a release while a pause stands.
pub(super) fn check(connection: &Connection) -> Result<(), LedgerError> {
    match read(connection)?.standing() {
        None => Ok(()),
        Some(_) => Err(LedgerError::Paused),
    }
}
