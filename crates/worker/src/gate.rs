//! Whether releases are paused, as far as this worker knows.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use onay_ledger::{Ledger, LedgerError, is_paused, pauses};
use tracing::warn;

/// How soon an approved batch is looked at again while releases are paused: so soon they go on.
pub(crate) const PAUSED_LOOK: Duration = Duration::from_secs(1);

/// How soon a batch is looked at again by a worker whose policy is not the active one.
pub(crate) const OTHER_POLICY_LOOK: Duration = Duration::from_secs(10);

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
        let is_shut = is_paused(ledger).await?;
        let was_shut = self.was_shut.swap(is_shut, Ordering::Relaxed);
        match (was_shut, is_shut) {
            (false, true) => warn!("nothing is released: {}", why(ledger).await),
            (true, false) => warn!("releases go on: two people resumed them"),
            (true, true) | (false, false) => {}
        }
        Ok(is_shut)
    }
}

/// Who paused releases, when and why, as far as the ledger tells.
async fn why(ledger: &dyn Ledger) -> String {
    let standing = pauses(ledger).await.map(|pauses| pauses.standing());
    match standing {
        Ok(Some(pause)) => pause.to_string(),
        Ok(None) => "releases were paused".to_owned(),
        Err(error) => format!("releases are paused; why cannot be read: {error}"),
    }
}
