//! Who has the file open. Every process holds a shared lock on a file of its own beside it: closing
//! any handle of the ledger's file itself would drop the locks SQLite holds on it.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::file::BUSY_PAUSE;
use crate::error::LedgerError;
use crate::moving::MoveError;

/// A ledger that this process has open.
pub(super) struct Presence {
    file: File,
    path: PathBuf,
    patience: Duration,
}

/// No other process has the ledger open, until this is dropped.
pub(super) struct Alone<'a>(&'a Presence);

impl Presence {
    /// Says that this process has the ledger at `ledger` open.
    pub(super) fn enter(ledger: &Path, patience: Duration) -> Result<Self, LedgerError> {
        let mut path = ledger.as_os_str().to_owned();
        path.push(".lock");
        let path = PathBuf::from(path);
        // Whoever may read it may lock it; who comes first makes it.
        let file = File::open(&path).or_else(|_| make(&path, ledger));
        let file = file.map_err(|error| {
            LedgerError::Unavailable(format!("{} cannot be made: {error}", path.display()))
        })?;
        let presence = Self {
            file,
            path,
            patience,
        };
        presence.share()?;
        Ok(presence)
    }

    /// Makes sure that no other process has the ledger open.
    pub(super) fn alone(&self) -> Result<Alone<'_>, MoveError> {
        let alone = Alone(self);
        self.file.unlock().map_err(|error| self.unusable(&error))?;
        match self.file.try_lock() {
            Ok(()) => Ok(alone),
            Err(TryLockError::WouldBlock) => Err(MoveError::InUse(format!(
                "another process has it open; stop every onay that uses it (`fuser {}` tells them)",
                self.path.display()
            ))),
            Err(TryLockError::Error(error)) => Err(self.unusable(&error).into()),
        }
    }

    /// Whoever is alone here is so for a moment.
    fn share(&self) -> Result<(), LedgerError> {
        let began = Instant::now();
        loop {
            match self.file.try_lock_shared() {
                Ok(()) => return Ok(()),
                Err(TryLockError::WouldBlock) if began.elapsed() < self.patience => {
                    std::thread::sleep(BUSY_PAUSE);
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(LedgerError::Unavailable(
                        "`onay ledger copy` is closing it; wait until that ends".to_owned(),
                    ));
                }
                Err(TryLockError::Error(error)) => return Err(self.unusable(&error)),
            }
        }
    }

    fn unusable(&self, error: &std::io::Error) -> LedgerError {
        LedgerError::Unavailable(format!("{} cannot be locked: {error}", self.path.display()))
    }
}

/// Makes the file for those who may use the ledger: it belongs to whom the ledger belongs, also when
/// somebody else looked first.
fn make(path: &Path, ledger: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, fchown};
        let owned = ledger.metadata()?;
        let file = options.mode(owned.mode() & 0o666).open(path)?;
        let made = file.metadata()?;
        if (made.uid(), made.gid()) != (owned.uid(), owned.gid()) {
            // Only root can give it away. Others share it by its mode, as they share the ledger.
            let _ = fchown(&file, Some(owned.uid()), Some(owned.gid()));
        }
        Ok(file)
    }
    #[cfg(not(unix))]
    options.open(path)
}

impl Drop for Alone<'_> {
    fn drop(&mut self) {
        // Nobody waits for an answer here. Without its lock a process would only be overlooked by the
        // next one that wants to be alone; the stage of the ledger is what keeps it from writing.
        let _ = self.0.file.unlock();
        let _ = self.0.share();
    }
}
