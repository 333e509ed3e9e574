//! One mass payout.

mod course;

use std::{cmp::Reverse, collections::BinaryHeap};

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{item::Item, timeline::Timeline};
use crate::{AllInvalid, Alteration, InitRequest, Refusal, Settings, chance::Chance};

/// The provider's `massPayoutStatus`.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum BatchStatus {
    /// Stored; no money moved.
    Init,
    /// Authorized.
    InProgress,
    /// Its items run.
    PublishedToQueue,
    /// Every item is paid, or, by [`crate::MixedResult`], some are.
    Completed,
    /// Every item failed, or, by [`crate::MixedResult`], some did.
    Fail,
    /// Authorized without enough money; nothing moved.
    InsufficientBalance,
    /// The same, by [`crate::Shortage`].
    IyzicoInsufficientBalance,
    /// Cancelled before auth.
    Canceled,
}

/// One mass payout, as the provider holds it.
pub struct Batch {
    pub(crate) external_id: String,
    pub(crate) request_id: String,
    pub(crate) currency: String,
    /// The valid items, in the order they came.
    pub(crate) items: Vec<Item>,
    /// The `INVALID` items, in the order they came.
    pub(crate) refused: Vec<Item>,
    /// What [`crate::Change::Total`] adds to the total shown.
    pub(crate) total_error: Decimal,
    pub(crate) paid: Decimal,
    /// Commission of the paid items.
    pub(crate) commissions: Decimal,
    pub(crate) stage: Stage,
    pub(crate) track: Timeline<BatchStatus>,
    pub(crate) created_ms: u64,
    /// Whether a caller has seen its last valid item.
    pub(crate) is_read: bool,
    /// The alterations that met it.
    pub(crate) altered: Vec<Alteration>,
    pub(crate) calls: BatchCalls,
    /// How often the batch was charged.
    pub(crate) authorized_times: u64,
    items_paid: usize,
    items_failed: usize,
    /// The next step of each running item: when, and the item's place.
    due: BinaryHeap<Reverse<(u64, usize)>>,
}

/// How far a batch has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Init,
    /// Authorized and charged.
    Running,
    /// Authorized, but not charged for want of funds.
    Short,
    Canceled,
}

/// Calls that named the batch, whatever the answer.
#[derive(Default)]
pub(crate) struct BatchCalls {
    pub(crate) init: u64,
    pub(crate) auth: u64,
    pub(crate) retrieve: u64,
    pub(crate) cancel: u64,
    /// When the first auth call came, in microseconds since the Unix epoch.
    pub(crate) first_auth_us: Option<u64>,
}

impl Batch {
    /// `earlier` counts the batches that have this external id already.
    pub(crate) fn new(
        request: InitRequest,
        earlier: usize,
        settings: &Settings,
        now_ms: u64,
    ) -> Result<Self, Refusal> {
        let mut currencies = request.items.iter().map(|item| &item.amount.currency);
        let currency = match currencies.next() {
            None => return Err(Refusal::Invalid("a batch has at least one item")),
            Some(currency) => currency.clone(),
        };
        if !currencies.all(|other| *other == currency) {
            return Err(Refusal::Invalid("a batch has one currency"));
        }
        let nameless = request.items.iter().any(|i| i.item_external_id.is_empty());
        if nameless || request.external_id.is_empty() {
            let fields = "missing field `externalId` or `itemExternalId`";
            return Err(Refusal::FieldMissing(fields.to_owned()));
        }

        let seed = settings.seed;
        let key = format!("{}\n{earlier}", request.external_id);
        let (items, refused): (Vec<_>, Vec<_>) = request
            .items
            .into_iter()
            .enumerate()
            .map(|(place, new)| {
                let key = format!("{key}\n{place}\n{}", new.item_external_id);
                Item::new(new, &Chance { seed, key: &key }, settings)
            })
            .partition(|item| item.error.is_none());
        if items.is_empty() && settings.behaviour.all_invalid == AllInvalid::Refused {
            return Err(Refusal::Invalid("no item of the batch is valid"));
        }
        Ok(Self {
            request_id: Chance { seed, key: &key }.id(),
            external_id: request.external_id,
            currency,
            total_error: Decimal::ZERO,
            items,
            refused,
            paid: Decimal::ZERO,
            commissions: Decimal::ZERO,
            stage: Stage::Init,
            track: Timeline::new(BatchStatus::Init),
            created_ms: now_ms,
            is_read: false,
            altered: Vec::new(),
            calls: BatchCalls::default(),
            authorized_times: 0,
            items_paid: 0,
            items_failed: 0,
            due: BinaryHeap::new(),
        })
    }

    /// The provider's id.
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// As of this time, whatever is shown.
    pub(crate) fn status(&self, now_ms: u64) -> BatchStatus {
        self.track.at(now_ms)
    }

    /// Sum of the valid items without commission.
    pub(crate) fn total(&self) -> Decimal {
        sum(self.items.iter().map(|item| item.amount))
    }

    /// What its items are charged with.
    pub(crate) fn cost(&self) -> Decimal {
        sum(self.items.iter().map(Item::cost))
    }
}

pub(crate) fn sum(amounts: impl Iterator<Item = Decimal>) -> Decimal {
    amounts.fold(Decimal::ZERO, Decimal::saturating_add)
}
