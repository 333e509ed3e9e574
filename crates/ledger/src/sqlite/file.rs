//! The file: where it is, who may read it, which format it has, whose it is.

use std::fs::{DirBuilder, OpenOptions};
use std::io::ErrorKind;
use std::path::Path;
use std::time::{Duration, Instant};

use onay_payout::Account;
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};

use crate::error::LedgerError;

/// Every migration ever released, oldest first. Append-only.
const MIGRATIONS: [&str; 5] = [
    include_str!("migrations/0001_ledger.sql"),
    include_str!("migrations/0002_budget.sql"),
    include_str!("migrations/0003_moving.sql"),
    include_str!("migrations/0004_pauses.sql"),
    include_str!("migrations/0005_cells.sql"),
];

/// How long to wait before trying again what SQLite does not wait for itself.
pub(super) const BUSY_PAUSE: Duration = Duration::from_millis(5);

/// Whether a ledger that is not there may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Make it, or bring it to the newest format: for roles that write.
    Create,
    /// It must be there, in the newest format: for everything that looks.
    Existing,
}

/// Opens the connection that writes.
pub(super) fn open(
    path: &Path,
    access: Access,
    busy_timeout: Duration,
) -> Result<Connection, LedgerError> {
    if access == Access::Create {
        create(path)?;
    } else if !path.exists() {
        return Err(unavailable(format!(
            "there is no ledger at {}; `onay serve` or the first `onay submit` makes it",
            path.display()
        )));
    }
    let mut connection = connect(path, busy_timeout)?;
    match (applied(&connection)?, access) {
        // A restored copy may have been written in another mode.
        (all, Access::Create) if all == MIGRATIONS.len() => {
            switch_to_wal(&connection, busy_timeout)?;
        }
        (all, Access::Existing) if all == MIGRATIONS.len() => {}
        (more, _) if more > MIGRATIONS.len() => {
            return Err(unavailable(format!(
                "{} was written by a newer version of onay; update this one",
                path.display()
            )));
        }
        (_, Access::Create) => {
            switch_to_wal(&connection, busy_timeout)?;
            migrate(&mut connection)?;
        }
        (_, Access::Existing) => {
            return Err(unavailable(format!(
                "{} has an older format; start `onay serve` or `onay worker` of this version once",
                path.display()
            )));
        }
    }
    Ok(connection)
}

/// A connection to a file that exists.
pub(super) fn connect(path: &Path, busy_timeout: Duration) -> Result<Connection, LedgerError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(busy_timeout)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// Makes the file with its folder, readable by its owner only: it holds personal data. SQLite
/// gives its side files the same mode.
fn create(path: &Path) -> Result<(), LedgerError> {
    let mut folders = DirBuilder::new();
    folders.recursive(true);
    let mut file = OpenOptions::new();
    file.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
        folders.mode(0o700);
        file.mode(0o600);
    }
    let made = match path.parent() {
        Some(folder) => folders.create(folder).and_then(|()| file.open(path)),
        None => file.open(path),
    };
    match made {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(unavailable(format!(
            "{} cannot be made: {error}",
            path.display()
        ))),
    }
}

/// How many migrations a file has seen.
fn applied(connection: &Connection) -> Result<usize, LedgerError> {
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    usize::try_from(version).map_err(|_| LedgerError::Corrupt(format!("format {version}")))
}

/// Switches the file to a write-ahead log, for good. Processes that do so at once refuse each
/// other without waiting, so the waiting is done here.
fn switch_to_wal(connection: &Connection, patience: Duration) -> Result<(), LedgerError> {
    let began = Instant::now();
    let mode: String = loop {
        let switched =
            connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0));
        match switched {
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                    && began.elapsed() < patience =>
            {
                std::thread::sleep(BUSY_PAUSE);
            }
            other => break other?,
        }
    };
    if mode == "wal" {
        Ok(())
    } else {
        Err(unavailable(format!(
            "the file system keeps SQLite in mode {mode}, not WAL; use a local disk"
        )))
    }
}

fn migrate(connection: &mut Connection) -> Result<(), LedgerError> {
    let transaction = Transaction::new(connection, TransactionBehavior::Immediate)?;
    let seen = applied(&transaction)?;
    if seen == 0 && holds_tables(&transaction)? {
        return Err(unavailable(
            "this file belongs to another program".to_owned(),
        ));
    }
    for migration in MIGRATIONS.iter().skip(seen) {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "user_version", MIGRATIONS.len())?;
    Ok(transaction.commit()?)
}

fn holds_tables(connection: &Connection) -> Result<bool, LedgerError> {
    let tables = "SELECT EXISTS (SELECT 1 FROM sqlite_schema)";
    Ok(connection.query_row(tables, [], |row| row.get(0))?)
}

/// Makes the ledger belong to `ours`, or says whose it is.
pub(super) fn bind(connection: &Connection, ours: Account) -> Result<(), LedgerError> {
    match account(connection)? {
        Some(ledger) if ledger == ours => Ok(()),
        Some(ledger) => Err(LedgerError::OtherAccount { ledger, ours }),
        None => {
            connection.execute("UPDATE ledger SET account = ?1", [ours.as_str()])?;
            Ok(())
        }
    }
}

/// Whose ledger it is.
pub(super) fn account(connection: &Connection) -> Result<Option<Account>, LedgerError> {
    let text: Option<String> =
        connection.query_row("SELECT account FROM ledger", [], |row| row.get(0))?;
    text.map(|text| {
        text.parse()
            .map_err(|_| LedgerError::Corrupt("the account".to_owned()))
    })
    .transpose()
}

const fn unavailable(what: String) -> LedgerError {
    LedgerError::Unavailable(what)
}
