//! Keeping a claim while its job is worked on.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval_at};
use tokio_util::sync::CancellationToken;
use tracing::debug;

use crate::error::LedgerError;
use crate::job::Claim;
use crate::ledger::Ledger;

/// Renews a claim at a third of its lease until it is dropped.
#[derive(Debug)]
pub struct ClaimGuard {
    claim: Claim,
    lost: CancellationToken,
    renewal: tokio::task::JoinHandle<()>,
}

impl ClaimGuard {
    /// Starts renewing `claim`. Must be called inside a Tokio runtime.
    pub fn new(ledger: Arc<dyn Ledger>, claim: Claim, lease: Duration) -> Self {
        let lost = CancellationToken::new();
        let renewal = tokio::spawn(renew(ledger, claim.clone(), lease, lost.clone()));
        Self {
            claim,
            lost,
            renewal,
        }
    }

    /// The claim.
    pub const fn claim(&self) -> &Claim {
        &self.claim
    }

    /// Whether somebody else has the job now, or may have: nothing may be sent for it any more.
    pub fn is_lost(&self) -> bool {
        self.lost.is_cancelled()
    }

    /// Stops renewing and hands the claim back.
    pub fn into_claim(self) -> Claim {
        self.claim.clone()
    }
}

impl Drop for ClaimGuard {
    fn drop(&mut self) {
        self.renewal.abort();
    }
}

async fn renew(ledger: Arc<dyn Ledger>, claim: Claim, lease: Duration, lost: CancellationToken) {
    let third = lease
        .checked_div(3)
        .unwrap_or_default()
        .max(Duration::from_millis(1));
    let mut renewed_at = Instant::now();
    let mut ticks = interval_at(renewed_at.checked_add(third).unwrap_or(renewed_at), third);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let asked_at = Instant::now();
        match ledger.renew(&claim, lease).await {
            Ok(()) => renewed_at = asked_at,
            Err(LedgerError::Unavailable(_)) if renewed_at.elapsed() < lease => {}
            Err(error) => {
                debug!(batch.id = %claim.batch, "the claim on batch {} is lost: {error}", claim.batch);
                return lost.cancel();
            }
        }
    }
}
