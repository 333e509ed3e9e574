//! The provider's own books: the truth that tests of a client count with.

use rust_decimal::Decimal;
use serde::Serialize;

use super::{
    account::Account,
    batch::{Batch, BatchStatus, sum},
    item::{Item, ItemStatus},
};
use crate::{Endpoint, text::amount};

/// The books at one moment. Amounts are decimal text.
///
/// Over all batches `initial_balance + funds_added = balance + reserved + paid_total + commissions`.
#[derive(Clone, Debug, Serialize)]
pub struct Books {
    /// Oldest first.
    pub batches: Vec<BatchBook>,
    /// Calls that reached the provider, of all batches.
    pub calls: Calls,
    /// Those of them that were refused with 50000 instead of being worked on.
    pub rate_limited: Calls,
    /// What the payees of the batches shown got; an item paid twice counts twice.
    #[serde(serialize_with = "amount::serialize")]
    pub paid_total: Decimal,
    /// How many items of the batches shown were paid at least once.
    pub paid_items: usize,
    /// The most payments any item shown has had: above 1 means money was lost.
    pub payments_max_per_item: u32,
    /// The balance at the start.
    #[serde(serialize_with = "amount::serialize")]
    pub initial_balance: Decimal,
    /// What was added since.
    #[serde(serialize_with = "amount::serialize")]
    pub funds_added: Decimal,
    /// What is left to spend.
    #[serde(serialize_with = "amount::serialize")]
    pub balance: Decimal,
    /// Taken from the balance for items that are open, or failed without refund.
    #[serde(serialize_with = "amount::serialize")]
    pub reserved: Decimal,
    /// Commissions of paid items, kept by the provider.
    #[serde(serialize_with = "amount::serialize")]
    pub commissions: Decimal,
}

/// Signed calls by endpoint, whatever the answer.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Calls {
    /// `POST /v1/mass/payout/init`
    pub init: u64,
    /// `POST /v1/mass/payout/auth`
    pub auth: u64,
    /// `POST /v1/mass/payout/retrieve`
    pub retrieve: u64,
    /// `GET /v1/mass/payout/retrieve/items/{referenceCode}`
    pub item: u64,
    /// `POST /v1/mass/payout/cancel/{requestId}`
    pub cancel: u64,
    /// `GET /v1/mass/payout/balance`
    pub balance: u64,
}

impl Calls {
    pub(crate) fn count(&mut self, endpoint: Endpoint) {
        let calls = match endpoint {
            Endpoint::Init => &mut self.init,
            Endpoint::Auth => &mut self.auth,
            Endpoint::Retrieve => &mut self.retrieve,
            Endpoint::Item => &mut self.item,
            Endpoint::Cancel => &mut self.cancel,
            Endpoint::Balance => &mut self.balance,
        };
        *calls = calls.saturating_add(1);
    }
}

/// One batch in [`Books`].
#[derive(Clone, Debug, Serialize)]
pub struct BatchBook {
    /// The provider's id.
    pub request_id: String,
    /// The caller's id.
    pub external_id: String,
    /// Every request id ever given for this external id, the oldest first.
    pub request_ids: Vec<String>,
    /// The provider's word, as it truly is at this moment.
    pub status: BatchStatus,
    /// Init calls that met this batch, its own included.
    pub init_calls: u64,
    /// Auth calls with this request id.
    pub auth_calls: u64,
    /// When the first of them came over HTTP, in microseconds since the Unix epoch.
    pub first_auth_us: Option<u64>,
    /// Retrieve calls that were shown the batch.
    pub retrieve_calls: u64,
    /// Cancel calls with this request id.
    pub cancel_calls: u64,
    /// How often the batch was charged.
    pub authorized_times: u64,
    /// Whether the stored copy is another than the one that was sent.
    pub is_altered: bool,
    /// Sum of the valid items as stored, without commission.
    #[serde(serialize_with = "amount::serialize")]
    pub total: Decimal,
    /// What the payees got.
    #[serde(serialize_with = "amount::serialize")]
    pub paid_total: Decimal,
    /// Valid items in the order they came, then the refused ones.
    pub items: Vec<ItemBook>,
}

/// One item in [`Books`].
#[derive(Clone, Debug, Serialize)]
pub struct ItemBook {
    /// The caller's id.
    pub item_id: String,
    /// As it came.
    #[serde(serialize_with = "amount::serialize")]
    pub amount: Decimal,
    /// As it came.
    pub currency: String,
    /// The provider's word.
    pub status: ItemStatus,
    /// How often the payee got the amount.
    pub payments: u32,
}

impl Books {
    pub(crate) fn new(calls: Calls, rate_limited: Calls, account: &Account) -> Self {
        Self {
            batches: Vec::new(),
            calls,
            rate_limited,
            paid_total: Decimal::ZERO,
            paid_items: 0,
            payments_max_per_item: 0,
            initial_balance: account.initial,
            funds_added: account.added,
            balance: account.balance,
            reserved: account.reserved,
            commissions: account.commissions,
        }
    }

    pub(crate) fn add(&mut self, batch: &Batch, request_ids: Vec<String>, now_ms: u64) {
        let batch = BatchBook::of(batch, request_ids, now_ms);
        self.paid_total = self.paid_total.saturating_add(batch.paid_total);
        for item in batch.items.iter().filter(|item| item.payments > 0) {
            self.paid_items = self.paid_items.saturating_add(1);
            self.payments_max_per_item = self.payments_max_per_item.max(item.payments);
        }
        self.batches.push(batch);
    }
}

impl BatchBook {
    fn of(batch: &Batch, request_ids: Vec<String>, now_ms: u64) -> Self {
        let items = batch.items.iter().chain(&batch.refused);
        let paid = items.clone().map(|item| {
            let times = item.payments.into();
            item.amount.saturating_mul(times)
        });
        Self {
            request_id: batch.request_id.clone(),
            external_id: batch.external_id.clone(),
            request_ids,
            status: batch.status(now_ms),
            init_calls: batch.calls.init,
            auth_calls: batch.calls.auth,
            first_auth_us: batch.calls.first_auth_us,
            retrieve_calls: batch.calls.retrieve,
            cancel_calls: batch.calls.cancel,
            authorized_times: batch.authorized_times,
            is_altered: !batch.altered.is_empty(),
            total: batch.total(),
            paid_total: sum(paid),
            items: items.map(ItemBook::of).collect(),
        }
    }
}

impl ItemBook {
    fn of(item: &Item) -> Self {
        Self {
            item_id: item.external_id.clone(),
            amount: item.amount,
            currency: item.currency.clone(),
            status: item.status(),
            payments: item.payments,
        }
    }
}
