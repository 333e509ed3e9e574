//! Whether the payout balance covers a release.
//!
//! A help, not a guard: the provider has its own check, and this one spares everybody a batch that
//! is stopped half way. The balance is asked once for many releases; what was released since is
//! taken off it.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use onay_payout::provider::ProviderError;
use onay_payout::{Currency, Hold, Money, Provider, Shortage};
use tokio::sync::Mutex;
use tracing::warn;

/// How long a balance is believed, whatever it says: many batches may wait for one.
const BALANCE_KEPT: Duration = Duration::from_secs(10);

/// What is known of the payout balance.
#[derive(Debug, Default)]
pub(crate) struct Funds(Mutex<Option<Reading>>);

#[derive(Debug, Clone, Copy)]
struct Reading {
    /// What is left of it; nothing, when the provider would not tell.
    left: Option<Money>,
    at: DateTime<Utc>,
}

impl Funds {
    /// What is missing for this batch, if anything is.
    ///
    /// iyzico's balance names no currency, so only lira are weighed (inferred; read 2026-11-22). A
    /// provider that will not tell its balance does not stop a release.
    pub(crate) async fn shortage(
        &self,
        provider: &dyn Provider,
        hold: &Hold,
        now: DateTime<Utc>,
    ) -> Result<Option<Shortage>, ProviderError> {
        let Some(needed) = needed(hold).filter(|_| hold.total.currency() == Currency::Try) else {
            return Ok(None);
        };
        // Whoever comes meanwhile waits for the same answer.
        let mut known = self.0.lock().await;
        let balance = if let Some(reading) = known.filter(|reading| reading.is_fresh(now)) {
            reading.left
        } else {
            let left = ask(provider).await?;
            *known = Some(Reading { left, at: now });
            left
        };
        let Some(balance) = balance else {
            return Ok(None);
        };
        Ok((!covers(balance, needed)).then_some(Shortage {
            balance,
            needed,
            at: now,
        }))
    }

    /// Takes a release off what is known; waits for nobody.
    pub(crate) fn spend(&self, hold: &Hold) {
        let (Ok(mut known), Some(needed)) = (self.0.try_lock(), needed(hold)) else {
            return;
        };
        if let Some(reading) = known.as_mut() {
            let left = reading.left.and_then(|left| left.minus(needed).ok());
            reading.left = left.or(reading.left);
        }
    }
}

impl Reading {
    fn is_fresh(&self, now: DateTime<Utc>) -> bool {
        let kept = TimeDelta::from_std(BALANCE_KEPT).unwrap_or(TimeDelta::MAX);
        now.signed_duration_since(self.at) < kept
    }
}

async fn ask(provider: &dyn Provider) -> Result<Option<Money>, ProviderError> {
    match provider.balance().await {
        Ok(balance) => Ok(Some(Money::reported(balance, Currency::Try))),
        Err(error @ ProviderError::NotSent(_)) => Err(error),
        Err(error) => {
            warn!("the payout balance is not told, so releases are not weighed: {error}");
            Ok(None)
        }
    }
}

/// The total and the fee the provider showed for it.
fn needed(hold: &Hold) -> Option<Money> {
    hold.commission
        .map_or(Ok(hold.total), |fee| hold.total.plus(fee))
        .ok()
}

fn covers(balance: Money, needed: Money) -> bool {
    balance.amount() >= needed.amount()
}
