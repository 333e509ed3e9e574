//! Whether the payout balance covers a release.
//!
//! A help, not a guard: the provider has its own check, and this one spares everybody a batch that
//! is stopped half way. The balance is asked once for many releases; what was released since is
//! taken off it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use onay_payout::provider::ProviderError;
use onay_payout::{Currency, Hold, Money, Provider, Shortage};
use tracing::warn;

/// How long a balance is believed, whatever it says: many batches may wait for one.
const BALANCE_KEPT: Duration = Duration::from_secs(10);

/// What is known of the payout balance.
#[derive(Debug, Default)]
pub(crate) struct Funds(Mutex<Option<Reading>>);

#[derive(Debug, Clone, Copy)]
struct Reading {
    left: Money,
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
        let balance = match self.known(now) {
            Some(known) => known,
            None => match provider.balance().await {
                Ok(balance) => self.learn(Money::reported(balance, Currency::Try), now),
                Err(error @ ProviderError::NotSent(_)) => return Err(error),
                Err(error) => {
                    warn!("the payout balance is not told, so a release is not weighed: {error}");
                    return Ok(None);
                }
            },
        };
        Ok((!covers(balance, needed)).then_some(Shortage {
            balance,
            needed,
            at: now,
        }))
    }

    /// Takes a release off what is known.
    pub(crate) fn spend(&self, hold: &Hold) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Some(reading), Some(needed)) = (known.as_mut(), needed(hold)) {
            reading.left = reading.left.minus(needed).unwrap_or(reading.left);
        }
    }

    fn known(&self, now: DateTime<Utc>) -> Option<Money> {
        let kept = TimeDelta::from_std(BALANCE_KEPT).unwrap_or(TimeDelta::MAX);
        let known = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_fresh = |reading: &Reading| now.signed_duration_since(reading.at) < kept;
        known.filter(is_fresh).map(|reading| reading.left)
    }

    fn learn(&self, left: Money, at: DateTime<Utc>) -> Money {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *known = Some(Reading { left, at });
        left
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
