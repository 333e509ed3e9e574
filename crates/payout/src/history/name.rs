//! The accounts a name was seen with.

use chrono::{DateTime, Utc};

use super::PayeeKey;
use crate::ids::BatchId;

/// How many changes of account are remembered of one name. More than the last one, so that a batch
/// that is turned down can be forgotten.
pub const SEEN_MAX: usize = 8;

/// An account a name was seen with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Which account.
    pub payee: PayeeKey,
    /// Its ends, for people.
    pub shown: String,
    /// Since when.
    pub since: DateTime<Utc>,
    /// The batch that brought it.
    pub batch: BatchId,
    /// Whether it was certainly paid under this name since.
    pub is_paid: bool,
}

impl Seen {
    /// Whether it is here for this batch's sake only.
    fn is_of(&self, batch: BatchId) -> bool {
        self.batch == batch && !self.is_paid
    }
}

/// What is known of a name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NameHistory {
    /// The accounts it was seen with, one after the other; the last one stands.
    pub seen: Vec<Seen>,
}

impl NameHistory {
    /// The account people should compare this one with, if there is another.
    ///
    /// A change is told of until the new account was paid under this name: until then, it may be
    /// that nobody agreed to it.
    pub(super) fn changed_from(&self, payee: PayeeKey) -> Option<&Seen> {
        let last = self.seen.last()?;
        if last.payee == payee && last.is_paid {
            return None;
        }
        let mut newest_first = self.seen.iter().rev();
        newest_first.find(|seen| seen.payee != payee)
    }

    /// Whether this batch left anything that is here for its sake only.
    pub(super) fn knows(&self, batch: BatchId) -> bool {
        self.seen.iter().any(|seen| seen.is_of(batch))
    }

    /// Drops what is here for this batch's sake only.
    pub(super) fn forget(&mut self, batch: BatchId) {
        self.seen.retain(|seen| !seen.is_of(batch));
    }

    /// Adds an account, unless it stands already.
    pub(super) fn add(&mut self, seen: Seen) {
        let last = self.seen.last();
        if last.is_some_and(|last| last.payee == seen.payee) {
            return;
        }
        self.seen.push(seen);
        let too_many = self.seen.len().saturating_sub(SEEN_MAX);
        self.seen.drain(..too_many);
    }

    /// Remembers that the account was paid under this name.
    pub(super) fn pay(&mut self, payee: PayeeKey) {
        for seen in &mut self.seen {
            seen.is_paid |= seen.payee == payee;
        }
    }
}
