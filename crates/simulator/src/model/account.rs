//! The merchant's mass payout balance.

use rust_decimal::Decimal;

/// Where the money is. At every moment `initial + added = balance + reserved + commissions`, and what the
/// payees got, which is counted by item.
///
/// Nothing saturates: amounts are at most [`super::item::AMOUNT_MAX`] each, and everything that moves was
/// covered by the balance before.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) initial: Decimal,
    /// Put in (or, below zero, taken out) since the start.
    pub(crate) added: Decimal,
    pub(crate) balance: Decimal,
    /// Taken from the balance, but neither with a payee nor back.
    pub(crate) reserved: Decimal,
    pub(crate) commissions: Decimal,
}

impl Account {
    pub(crate) fn new(initial: Decimal) -> Self {
        Self {
            initial,
            added: Decimal::ZERO,
            balance: initial,
            reserved: Decimal::ZERO,
            commissions: Decimal::ZERO,
        }
    }

    /// Puts money in, or takes it out; false, and no change, when the balance would fall below zero.
    #[must_use]
    pub(crate) fn add(&mut self, amount: Decimal) -> bool {
        let balance = self.balance.saturating_add(amount);
        let is_possible = balance >= Decimal::ZERO;
        if is_possible {
            self.balance = balance;
            self.added = self.added.saturating_add(amount);
        }
        is_possible
    }

    pub(crate) fn covers(&self, cost: Decimal) -> bool {
        cost <= self.balance
    }

    /// Takes `cost` from the balance; false, and no change, when it is not covered.
    #[must_use]
    pub(crate) fn reserve(&mut self, cost: Decimal) -> bool {
        let covered = self.covers(cost);
        if covered {
            self.balance = self.balance.saturating_sub(cost);
            self.reserved = self.reserved.saturating_add(cost);
        }
        covered
    }

    /// Hands reserved money to a payee and to the provider.
    pub(crate) fn pay(&mut self, amount: Decimal, commission: Decimal) {
        self.release(amount.saturating_add(commission));
        self.commissions = self.commissions.saturating_add(commission);
    }

    /// Puts reserved money back.
    pub(crate) fn refund(&mut self, cost: Decimal) {
        self.release(cost);
        self.balance = self.balance.saturating_add(cost);
    }

    fn release(&mut self, cost: Decimal) {
        self.reserved = self.reserved.saturating_sub(cost);
    }
}
