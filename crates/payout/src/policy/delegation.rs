//! One person approves in another's place, for a while and up to a sum.

use chrono::{DateTime, Utc};

use crate::ids::PersonName;
use crate::money::Money;

/// Leave to approve in somebody's place. Whoever uses it gets no more than that person has: it
/// counts only where a rule asks that person, never beside their own approval, and never for
/// somebody who is behind the batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delegation {
    /// In whose place.
    pub from: PersonName,
    /// Who.
    pub to: PersonName,
    /// From then on.
    pub after: DateTime<Utc>,
    /// Before this.
    pub until: DateTime<Utc>,
    /// For batches whose total is up to this.
    pub up_to: Money,
}

impl Delegation {
    /// Whether it covers an approval of `total` that is given `at`.
    pub fn covers(&self, total: Money, at: DateTime<Utc>) -> bool {
        let is_within =
            total.currency() == self.up_to.currency() && total.amount() <= self.up_to.amount();
        is_within && self.after <= at && at < self.until
    }
}
