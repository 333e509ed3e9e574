//! What was held for a maker, by the hour.

use chrono::{DateTime, Utc};

use crate::money::{Currency, Money, MoneyError};

/// How many hours back the sum of a day reaches. The hour that a day begins in counts whole: the
/// sum is too large by up to an hour rather than too small.
const HOURS: i64 = 24;

const SECONDS_PER_HOUR: i64 = 3600;

/// What was held in one hour, in one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeldHour {
    /// Which hour, counted from 1970.
    pub hour: i64,
    /// How much.
    pub held: Money,
}

/// What was held for a maker in the last day. Small however many batches there were.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MakerHistory {
    /// The hours in which something was held, oldest first.
    pub hours: Vec<HeldHour>,
}

impl MakerHistory {
    /// The sum of the last day in one currency.
    ///
    /// # Errors
    /// When it is too large to keep exactly.
    pub fn day(&self, currency: Currency, at: DateTime<Utc>) -> Result<Money, MoneyError> {
        let first = hour(at).saturating_sub(HOURS);
        let within = self.hours.iter().filter(|held| held.hour >= first);
        let amounts = within.map(|held| held.held);
        Money::sum(currency, amounts.filter(|held| held.currency() == currency))
    }

    /// Counts what is held.
    pub(super) fn add(&mut self, amount: Money, at: DateTime<Utc>) -> Result<(), MoneyError> {
        let hour = hour(at);
        if let Some(bucket) = self.bucket(hour, amount.currency()) {
            bucket.held = bucket.held.plus(amount)?;
            return Ok(());
        }
        self.hours.push(HeldHour { hour, held: amount });
        self.hours
            .sort_by_key(|held| (held.hour, held.held.currency()));
        Ok(())
    }

    /// Counts no more what was held; nothing, when that hour is forgotten already.
    pub(super) fn take(&mut self, amount: Money, at: DateTime<Utc>) {
        if let Some(bucket) = self.bucket(hour(at), amount.currency()) {
            let zero = Money::zero(amount.currency());
            bucket.held = bucket.held.minus(amount).unwrap_or(zero);
        }
        self.hours
            .retain(|held| held.held.amount().is_sign_positive() && !held.held.is_zero());
    }

    /// Drops what no day can need any more.
    pub(super) fn prune(&mut self, at: DateTime<Utc>) {
        // One hour more: clocks of several machines differ.
        let first = hour(at).saturating_sub(HOURS).saturating_sub(1);
        self.hours.retain(|held| held.hour >= first);
    }

    fn bucket(&mut self, hour: i64, currency: Currency) -> Option<&mut HeldHour> {
        let mut hours = self.hours.iter_mut();
        hours.find(|held| held.hour == hour && held.held.currency() == currency)
    }
}

fn hour(at: DateTime<Utc>) -> i64 {
    at.timestamp().div_euclid(SECONDS_PER_HOUR)
}
