//! Whether releases are paused, as far as this worker knows.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use onay_ledger::{Ledger, LedgerError};
use tracing::warn;

/// How soon an approved batch is looked at again while releases are paused: so soon they go on.
pub(crate) const PAUSED_LOOK: Duration = Duration::from_secs(1);

/// The ledger refuses to start a release while releases are paused. This only keeps a worker from
/// asking the provider in vain, and tells once when a pause begins and when it ends.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    was_shut: AtomicBool,
}

impl Gate {
    /// Whether it is shut still. The ledger is asked only while it was shut at the last look.
    pub(crate) async fn is_shut(&self, ledger: &dyn Ledger) -> Result<bool, LedgerError> {
        Ok(self.was_shut.load(Ordering::Relaxed) && self.look(ledger).await?)
    }

    /// Whether it is shut.
    pub(crate) async fn look(&self, ledger: &dyn Ledger) -> Result<bool, LedgerError> {
        let pause = ledger.pauses().await?.standing();
        let was_shut = self.was_shut.swap(pause.is_some(), Ordering::Relaxed);
        match &pause {
            Some(pause) if !was_shut => warn!("nothing is released: {pause}"),
            None if was_shut => warn!("releases go on: two people resumed them"),
            Some(_) | None => {}
        }
        Ok(pause.is_some())
    }
}
