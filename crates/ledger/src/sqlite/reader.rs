//! Reading: connections of their own, as many as there are readers at once.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use tokio::task::spawn_blocking;

use super::file;
use crate::error::LedgerError;

/// Connections that wait for the next reader.
pub(super) struct Readers {
    path: PathBuf,
    busy_timeout: Duration,
    idle: Arc<Mutex<Vec<Connection>>>,
}

impl Readers {
    pub(super) fn new(path: PathBuf, busy_timeout: Duration) -> Self {
        Self {
            path,
            busy_timeout,
            idle: Arc::default(),
        }
    }

    /// Runs `step` on one consistent view of the file.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        step: impl FnOnce(&Connection) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, LedgerError> {
        let (idle, path, busy_timeout) =
            (Arc::clone(&self.idle), self.path.clone(), self.busy_timeout);
        let read = move || {
            let kept = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let mut connection = match kept {
                Some(connection) => connection,
                None => file::connect(&path, busy_timeout)?,
            };
            let result = {
                let view = connection.transaction()?;
                step(&view)
            };
            idle.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(connection);
            result
        };
        spawn_blocking(read).await.unwrap_or_else(|error| {
            Err(LedgerError::Unavailable(format!(
                "a reader stopped: {error}"
            )))
        })
    }
}
