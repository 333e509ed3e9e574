//! One payment of a batch: what was asked, and what became of it.

use crate::digest::{Canonical, Digest};
use crate::ids::{ItemId, ReferenceCode};
use crate::money::Money;
use crate::recipient::Recipient;

/// What the maker asked for. Never changes once accepted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Item {
    /// The caller's id.
    pub id: ItemId,
    /// Who is paid.
    pub recipient: Recipient,
    /// How much.
    pub amount: Money,
    /// What for; iyzico's schema asks for it, its samples often omit it.
    pub description: Option<String>,
    /// For wallet recipients: the credited money cannot be withdrawn.
    pub non_withdrawable: bool,
}

/// What the provider has said of an item, in our words.
///
/// Source: iyzico "Mass Payout Reporting" (English) and "Toplu Ödeme Sorgulama", read 2026-11-22.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ItemStatus {
    /// Stored, waiting for authorize (`INIT`).
    Pending,
    /// Refused by the provider before any money moved (`INVALID`).
    Invalid,
    /// Queued for transfer or wallet credit (`QUEUED`).
    Queued,
    /// At the bank (`PROCESSING`).
    Processing,
    /// The recipient has it (`SUCCESS`).
    Paid,
    /// The recipient does not have it; the money is not known to be back (`FAILED`).
    Failed,
    /// Failed, and the money is back with the merchant (`DEPOSIT_SUCCESS`).
    Refunded,
    /// Failed, and giving the money back failed too (`DEPOSIT_FAIL`).
    RefundFailed,
    /// Cancelled before authorize (`MASS_PAYOUT_CANCELED`).
    Cancelled,
    /// A word we do not know: kept, shown, never final, never success.
    Unknown(String),
}

impl ItemStatus {
    /// Every status we have a word for, in the order of the finality table.
    pub const KNOWN: [Self; 9] = [
        Self::Pending,
        Self::Invalid,
        Self::Queued,
        Self::Processing,
        Self::Paid,
        Self::Failed,
        Self::Refunded,
        Self::RefundFailed,
        Self::Cancelled,
    ];

    /// Our word; for an unknown status the provider's own.
    pub fn word(&self) -> &str {
        match self {
            Self::Pending => "pending",
            Self::Invalid => "invalid",
            Self::Queued => "queued",
            Self::Processing => "processing",
            Self::Paid => "paid",
            Self::Failed => "failed",
            Self::Refunded => "refunded",
            Self::RefundFailed => "refund_failed",
            Self::Cancelled => "cancelled",
            Self::Unknown(word) => word,
        }
    }

    /// iyzico's word.
    pub fn provider_word(&self) -> &str {
        match self {
            Self::Pending => "INIT",
            Self::Invalid => "INVALID",
            Self::Queued => "QUEUED",
            Self::Processing => "PROCESSING",
            Self::Paid => "SUCCESS",
            Self::Failed => "FAILED",
            Self::Refunded => "DEPOSIT_SUCCESS",
            Self::RefundFailed => "DEPOSIT_FAIL",
            Self::Cancelled => "MASS_PAYOUT_CANCELED",
            Self::Unknown(word) => word,
        }
    }

    /// The status for one of iyzico's words.
    pub fn from_provider_word(word: &str) -> Self {
        Self::KNOWN
            .into_iter()
            .find(|status| status.provider_word() == word)
            .unwrap_or_else(|| Self::Unknown(word.to_owned()))
    }

    /// What is settled once this status is reported.
    pub const fn finality(&self) -> Finality {
        match self {
            Self::Pending | Self::Queued | Self::Processing | Self::Unknown(_) => Finality::Open,
            Self::Failed => Finality::PayeeFinal,
            Self::RefundFailed => Finality::NeedsPerson,
            Self::Invalid | Self::Paid | Self::Refunded | Self::Cancelled => Finality::MoneyFinal,
        }
    }

    /// Whether this is past what an item can be without authorize.
    pub const fn is_started(&self) -> bool {
        match self {
            Self::Pending | Self::Invalid | Self::Cancelled => false,
            Self::Queued
            | Self::Processing
            | Self::Paid
            | Self::Failed
            | Self::Refunded
            | Self::RefundFailed
            | Self::Unknown(_) => true,
        }
    }

    /// Whether the recipient's side of it will not change any more.
    pub fn is_payee_final(&self) -> bool {
        self.finality() != Finality::Open
    }

    /// Whether `next` may follow this status. Repeating a status is no change and always fine;
    /// what is final for the payee stays so, and only a refund may still move.
    pub fn may_become(&self, next: &Self) -> bool {
        match self {
            // The way to the bank is one-way; reports that step back only lag.
            Self::Queued => !matches!(next, Self::Pending),
            Self::Processing => !matches!(next, Self::Pending | Self::Queued),
            Self::Pending | Self::Unknown(_) => true,
            Self::Failed => matches!(next, Self::Failed | Self::Refunded | Self::RefundFailed),
            Self::RefundFailed => matches!(next, Self::RefundFailed | Self::Refunded),
            Self::Invalid | Self::Paid | Self::Refunded | Self::Cancelled => self == next,
        }
    }
}

/// How final a status is. *Payee-final* and *money-final* are two facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Finality {
    /// Anything may still happen.
    Open,
    /// The payee was not paid and will not be; whether the money comes back is not known yet.
    PayeeFinal,
    /// The payee was not paid and the refund failed: a person must talk to iyzico.
    NeedsPerson,
    /// Nothing moves any more.
    MoneyFinal,
}

/// What became of an item so far: the changing half of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Outcome {
    /// Where it stands.
    pub status: ItemStatus,
    /// iyzico's id of the item, once known.
    pub reference: Option<ReferenceCode>,
    /// The amount the provider reports for it, once known.
    pub reported: Option<Money>,
    /// The provider's fee for it, once known.
    pub commission: Option<Money>,
    /// The provider's own words about what went wrong.
    pub errors: Vec<String>,
}

impl Outcome {
    /// Nothing is known yet.
    pub const fn new() -> Self {
        Self {
            status: ItemStatus::Pending,
            reference: None,
            reported: None,
            commission: None,
            errors: Vec::new(),
        }
    }
}

impl Default for Outcome {
    fn default() -> Self {
        Self::new()
    }
}

/// The digest of what became of all items of a batch, in their order.
pub fn outcomes_digest(outcomes: &[Outcome]) -> Digest {
    let mut canonical = Canonical::new("onay outcomes 1");
    for outcome in outcomes {
        canonical.field(outcome.status.provider_word());
        canonical.optional(outcome.reference.as_ref().map(ReferenceCode::as_str));
        for money in [outcome.reported, outcome.commission] {
            canonical.optional(money.map(Money::number).as_deref());
        }
        canonical.field(&outcome.errors.len().to_string());
        for error in &outcome.errors {
            canonical.field(error);
        }
    }
    canonical.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The finality table of the design, row by row: word, final for the payee, final for the
    /// money, needs a person.
    #[test]
    fn the_finality_table_is_what_the_design_says() {
        let table = [
            ("INIT", "pending", false, false, false),
            ("INVALID", "invalid", true, true, false),
            ("QUEUED", "queued", false, false, false),
            ("PROCESSING", "processing", false, false, false),
            ("SUCCESS", "paid", true, true, false),
            ("FAILED", "failed", true, false, false),
            ("DEPOSIT_SUCCESS", "refunded", true, true, false),
            ("DEPOSIT_FAIL", "refund_failed", true, false, true),
            ("MASS_PAYOUT_CANCELED", "cancelled", true, true, false),
            ("ON_HOLD", "ON_HOLD", false, false, false),
        ];
        for (theirs, ours, payee_final, money_final, person) in table {
            let status = ItemStatus::from_provider_word(theirs);
            assert_eq!(status.word(), ours);
            assert_eq!(status.provider_word(), theirs);
            assert_eq!(status.is_payee_final(), payee_final, "{theirs}");
            assert_eq!(
                status.finality() == Finality::MoneyFinal,
                money_final,
                "{theirs}"
            );
            assert_eq!(
                status.finality() == Finality::NeedsPerson,
                person,
                "{theirs}"
            );
        }
    }

    #[test]
    fn final_stays_final() {
        for from in ItemStatus::KNOWN
            .iter()
            .filter(|status| status.is_payee_final())
        {
            for to in &ItemStatus::KNOWN {
                assert!(
                    !from.may_become(to) || to.is_payee_final(),
                    "{} became {}",
                    from.word(),
                    to.word()
                );
            }
        }
        assert!(!ItemStatus::Paid.may_become(&ItemStatus::Failed));
        assert!(ItemStatus::Failed.may_become(&ItemStatus::Refunded));
    }
}
