//! What was asked of a payee, and whether it was ever paid.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::{DAY, HistorySettings, before};
use crate::ids::BatchId;
use crate::money::{Currency, Money, MoneyError};

/// How many amounts are remembered of one payee.
///
/// Of more, those of the oldest batches are kept as one sum a batch: the sum of a day stays right,
/// a duplicate of them may be missed. Only with more batches than this are the oldest dropped.
pub const ASKED_MAX: usize = 500;

/// An amount that a batch asked for a payee.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// When the batch was held.
    pub at: DateTime<Utc>,
    /// How much.
    pub amount: Money,
    /// Which batch.
    pub batch: BatchId,
}

/// What is known of a payee.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PayeeHistory {
    /// When an item to it was certainly paid for the first time.
    pub paid_at: Option<DateTime<Utc>>,
    /// What was asked lately, oldest first.
    pub asked: Vec<Asked>,
}

impl PayeeHistory {
    /// The sum of the last day in one currency.
    ///
    /// # Errors
    /// When it is too large to keep exactly.
    pub fn day(&self, currency: Currency, at: DateTime<Utc>) -> Result<Money, MoneyError> {
        let first = before(at, DAY);
        let within = self.asked.iter().filter(|asked| asked.at >= first);
        let amounts = within.map(|asked| asked.amount);
        Money::sum(currency, amounts.filter(|held| held.currency() == currency))
    }

    /// The newest that is the same amount and not older than `since`.
    pub(super) fn same(&self, amount: Money, since: DateTime<Utc>) -> Option<&Asked> {
        let mut newest_first = self.asked.iter().rev();
        newest_first.find(|asked| asked.amount == amount && asked.at >= since)
    }

    /// Whether this batch asked anything.
    pub(super) fn knows(&self, batch: BatchId) -> bool {
        self.asked.iter().any(|asked| asked.batch == batch)
    }

    /// Drops what this batch asked.
    pub(super) fn forget(&mut self, batch: BatchId) {
        self.asked.retain(|asked| asked.batch != batch);
    }

    /// Adds what a batch asks.
    pub(super) fn add(&mut self, amounts: &[Money], batch: BatchId, at: DateTime<Utc>) {
        let asked = amounts.iter().map(|amount| Asked {
            at,
            amount: *amount,
            batch,
        });
        self.asked.extend(asked);
        self.asked.sort_by_key(|asked| (asked.at, asked.batch));
    }

    /// Drops what is too old, and keeps the rest small.
    pub(super) fn prune(
        &mut self,
        settings: HistorySettings,
        at: DateTime<Utc>,
    ) -> Result<(), MoneyError> {
        let first = settings.kept_since(at);
        self.asked.retain(|asked| asked.at >= first);
        if self.asked.len() > ASKED_MAX {
            self.asked = bounded(&self.asked)?;
        }
        Ok(())
    }

    /// Remembers that it was paid.
    pub(super) fn pay(&mut self, at: DateTime<Utc>) {
        let first = self.paid_at.map_or(at, |before| before.min(at));
        self.paid_at = Some(first);
    }
}

/// Makes one sum of each of the oldest batches until there are at most [`ASKED_MAX`] amounts.
fn bounded(asked: &[Asked]) -> Result<Vec<Asked>, MoneyError> {
    let mut left = asked.len();
    let mut kept = Vec::new();
    // Oldest first. A batch has one currency and is held once.
    let mut batches: BTreeMap<_, Vec<Asked>> = BTreeMap::new();
    for asked in asked {
        let batch = batches.entry((asked.at, asked.batch)).or_default();
        batch.push(*asked);
    }
    for ((at, batch), of_it) in batches {
        let Some(first) = of_it.first().filter(|_| left > ASKED_MAX) else {
            kept.extend(of_it);
            continue;
        };
        let amounts = of_it.iter().map(|asked| asked.amount);
        let amount = Money::sum(first.amount.currency(), amounts)?;
        left = left.saturating_sub(of_it.len()).saturating_add(1);
        kept.push(Asked { at, amount, batch });
    }
    let too_many = kept.len().saturating_sub(ASKED_MAX);
    kept.drain(..too_many);
    Ok(kept)
}
