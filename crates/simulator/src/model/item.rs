//! One payee of a batch.

use std::time::Duration;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::timeline::Timeline;
use crate::{
    AfterFailed, NewItem, Outcome, RecipientType, Settings,
    chance::{Chance, per_mille_of},
    recipient,
};

/// The most one item may ask for: 10^12, as 32-bit words. The provider states no limit; this one keeps
/// every sum exact.
pub(crate) const AMOUNT_MAX: Decimal = Decimal::from_parts(3_567_587_328, 232, 0, false, 0);
/// The most decimals an amount may have, as many as the provider's samples show of a commission.
const AMOUNT_DECIMALS_MAX: u32 = 8;
const COMMISSION_DECIMALS: u32 = 8;
const PER_MILLE: u64 = 1000;
/// Items settle up to this much earlier or later than the setting says.
const JITTER_PER_MILLE: u64 = 200;

/// The provider's `itemStatus`.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ItemStatus {
    /// Stored, or authorized and not yet looked at.
    Init,
    /// Refused at init.
    Invalid,
    /// Waits for the bank or the wallet.
    Queued,
    /// At the bank.
    Processing,
    /// Paid.
    Success,
    /// Not paid; the money is still with the provider.
    Failed,
    /// Not paid; amount and commission are back.
    DepositSuccess,
    /// Not paid, and the money did not come back.
    DepositFail,
    /// Cancelled with its batch.
    MassPayoutCanceled,
}

/// One payee of a batch, as the provider holds it.
#[derive(Clone)]
pub struct Item {
    pub(crate) external_id: String,
    pub(crate) reference_code: String,
    pub(crate) recipient_type: RecipientType,
    pub(crate) recipient_info: String,
    pub(crate) recipient_name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) amount: Decimal,
    pub(crate) commission: Decimal,
    pub(crate) currency: String,
    pub(crate) track: Timeline<ItemStatus>,
    pub(crate) error: Option<ItemError>,
    /// How often the payee got the amount: more than once is what must never happen.
    pub(crate) payments: u32,
    outcome: Outcome,
    pace_ms: u64,
}

/// Why an item was refused or failed. The provider documents no code for items: all are judgements.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ItemError {
    pub(crate) code: &'static str,
    pub(crate) message: &'static str,
}

/// The error of an item that came back from the bank.
pub(crate) const FAILED: ItemError = ItemError {
    code: "11",
    message: "the bank did not accept the transfer",
};

impl Item {
    /// `chance` differs between items.
    pub(crate) fn new(new: NewItem, chance: &Chance<'_>, settings: &Settings) -> Self {
        let outcome = outcome(&new.item_external_id, chance, settings);
        let error = refuse(&new, outcome, settings);
        let mut commission = settings.commission;
        commission.rescale(COMMISSION_DECIMALS);
        Self {
            external_id: new.item_external_id,
            reference_code: chance.id(),
            recipient_type: new.recipient_type,
            recipient_info: new.recipient_info,
            recipient_name: new.recipient_name,
            description: new.description,
            amount: new.amount.value,
            commission,
            currency: new.amount.currency,
            track: Timeline::new(if error.is_some() {
                ItemStatus::Invalid
            } else {
                ItemStatus::Init
            }),
            error,
            payments: 0,
            outcome,
            pace_ms: pace_ms(chance, settings.settle_after),
        }
    }

    /// The caller's id.
    pub fn external_id(&self) -> &str {
        &self.external_id
    }

    /// The provider's id.
    pub fn reference_code(&self) -> &str {
        &self.reference_code
    }

    /// As of the last call to the provider, whatever it shows.
    pub fn status(&self) -> ItemStatus {
        self.track.last()
    }

    pub(crate) fn is_to_be_paid(&self) -> bool {
        self.outcome == Outcome::Paid
    }

    pub(crate) fn cost(&self) -> Decimal {
        self.amount.saturating_add(self.commission)
    }

    /// The next status of an authorized item, and how long after the present one it comes.
    pub(crate) fn next(&self) -> Option<(ItemStatus, u64)> {
        let (status, pace_per_mille) = match (self.status(), self.recipient_type) {
            (ItemStatus::Init, _) => (ItemStatus::Queued, 200),
            (ItemStatus::Queued, RecipientType::Iban) => (ItemStatus::Processing, 200),
            // A wallet needs no bank.
            (
                ItemStatus::Queued,
                RecipientType::Phone | RecipientType::IdentityNumber | RecipientType::MemberId,
            ) => (self.settled(), 800),
            (ItemStatus::Processing, _) => (self.settled(), 600),
            (ItemStatus::Failed, _) => (self.refunded()?, 500),
            (
                ItemStatus::Invalid
                | ItemStatus::Success
                | ItemStatus::DepositSuccess
                | ItemStatus::DepositFail
                | ItemStatus::MassPayoutCanceled,
                _,
            ) => return None,
        };
        Some((status, per_mille_of(self.pace_ms, pace_per_mille)))
    }

    fn settled(&self) -> ItemStatus {
        if self.is_to_be_paid() {
            ItemStatus::Success
        } else {
            ItemStatus::Failed
        }
    }

    fn refunded(&self) -> Option<ItemStatus> {
        match self.outcome {
            Outcome::Refunded => Some(ItemStatus::DepositSuccess),
            Outcome::RefundFailed => Some(ItemStatus::DepositFail),
            Outcome::Invalid | Outcome::Paid | Outcome::Failed => None,
        }
    }
}

fn outcome(item_id: &str, chance: &Chance<'_>, settings: &Settings) -> Outcome {
    let shares = settings.shares;
    if let Some(outcome) = settings.outcomes.get(item_id) {
        *outcome
    } else if chance.hits("invalid", shares.invalid) {
        Outcome::Invalid
    } else if !chance.hits("failed", shares.failed) {
        Outcome::Paid
    } else if !chance.hits("refunded", shares.refunded) {
        Outcome::Failed
    } else {
        match settings.behaviour.after_failed {
            AfterFailed::DepositSuccess => Outcome::Refunded,
            AfterFailed::DepositFail => Outcome::RefundFailed,
            AfterFailed::Stays => Outcome::Failed,
        }
    }
}

fn refuse(new: &NewItem, outcome: Outcome, settings: &Settings) -> Option<ItemError> {
    let amount = new.amount.value;
    let kind = new.recipient_type;
    let (code, message) = if outcome == Outcome::Invalid {
        ("11", "refused by the simulator's settings")
    } else if amount <= Decimal::ZERO || amount > AMOUNT_MAX {
        ("11", "amount must be above 0 and at most 1000000000000")
    } else if amount.scale() > AMOUNT_DECIMALS_MAX {
        ("11", "amount must have at most eight decimals")
    } else if kind == RecipientType::Iban && new.recipient_name.is_none() {
        ("24", "recipientName is mandatory for an IBAN")
    } else if settings.check_recipients && !recipient::is_valid(kind, &new.recipient_info) {
        match kind {
            RecipientType::Iban => ("2030", "iban is invalid"),
            RecipientType::IdentityNumber => ("18", "identity number is invalid"),
            RecipientType::Phone => ("11", "phone number is invalid"),
            RecipientType::MemberId => ("11", "member id is invalid"),
        }
    } else {
        return None;
    };
    Some(ItemError { code, message })
}

fn pace_ms(chance: &Chance<'_>, settle_after: Duration) -> u64 {
    let spread = JITTER_PER_MILLE.saturating_mul(2);
    let pace_per_mille = PER_MILLE
        .saturating_sub(JITTER_PER_MILLE)
        .saturating_add(per_mille_of(spread, chance.below_1000("pace")));
    per_mille_of(millis(settle_after), pace_per_mille)
}

pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
