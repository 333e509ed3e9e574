//! Requested = paid + failed + refunded + … to the last kuruş, or the batch cannot close.

use crate::content::Content;
use crate::item::{ItemStatus, Outcome};
use crate::money::{Money, MoneyError};

/// The money of a batch by what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TieOut {
    /// What the maker asked for.
    pub requested: Money,
    /// Recipients have it.
    pub paid: Money,
    /// Recipients do not have it; a refund is not known yet.
    pub failed: Money,
    /// Back with the merchant.
    pub refunded: Money,
    /// Neither with the recipients nor back: a person must talk to the provider.
    pub refund_failed: Money,
    /// Refused before any money moved.
    pub invalid: Money,
    /// Cancelled before any money moved.
    pub cancelled: Money,
    /// Not final yet.
    pub open: Money,
    /// `requested` less all the others: anything but zero is wrong.
    pub difference: Money,
}

impl TieOut {
    /// A batch that was just accepted: everything is open.
    pub(crate) const fn untouched(requested: Money) -> Self {
        let nothing = Money::zero(requested.currency());
        Self {
            requested,
            paid: nothing,
            failed: nothing,
            refunded: nothing,
            refund_failed: nothing,
            invalid: nothing,
            cancelled: nothing,
            open: requested,
            difference: nothing,
        }
    }

    /// Adds up a batch, each item by the amount the provider reports for it (ours while it
    /// reports none).
    pub fn of(content: &Content, outcomes: &[Outcome]) -> Result<Self, MoneyError> {
        let requested = content.total();
        let mut sums = Self {
            difference: requested,
            ..Self::untouched(requested)
        };
        sums.open = Money::zero(content.currency());
        for (item, outcome) in content.items().iter().zip(outcomes) {
            let amount = outcome.reported.unwrap_or(item.amount);
            let sum = match &outcome.status {
                ItemStatus::Paid => &mut sums.paid,
                ItemStatus::Failed => &mut sums.failed,
                ItemStatus::Refunded => &mut sums.refunded,
                ItemStatus::RefundFailed => &mut sums.refund_failed,
                ItemStatus::Invalid => &mut sums.invalid,
                ItemStatus::Cancelled => &mut sums.cancelled,
                ItemStatus::Pending
                | ItemStatus::Queued
                | ItemStatus::Processing
                | ItemStatus::Unknown(_) => &mut sums.open,
            };
            *sum = sum.plus(amount)?;
            sums.difference = sums.difference.minus(amount)?;
        }
        Ok(sums)
    }
}
