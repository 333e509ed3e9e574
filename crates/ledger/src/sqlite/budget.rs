//! The row of the rate budget.

use rusqlite::{Connection, params};

use crate::budget::Window;
use crate::error::LedgerError;

/// Changes the window, and gives what `change` gives.
pub(super) fn update<T>(
    connection: &Connection,
    change: impl FnOnce(&mut Window) -> T,
) -> Result<T, LedgerError> {
    let before = connection
        .prepare_cached("SELECT minute, polls, releases, is_closed FROM budget")?
        .query_row([], |row| {
            Ok(Window {
                minute: row.get(0)?,
                polls: row.get(1)?,
                releases: row.get(2)?,
                is_closed: row.get(3)?,
            })
        })?;
    let mut window = before;
    let given = change(&mut window);
    if window == before {
        return Ok(given);
    }
    connection
        .prepare_cached("UPDATE budget SET minute = ?1, polls = ?2, releases = ?3, is_closed = ?4")?
        .execute(params![
            window.minute,
            window.polls,
            window.releases,
            window.is_closed
        ])?;
    Ok(given)
}
