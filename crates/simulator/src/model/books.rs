//! The provider's own books: the truth that tests of a client count with.

use rust_decimal::Decimal;
use serde::Serialize;

use super::{
    account::Account,
    batch::{Batch, BatchStatus},
    item::{Item, ItemStatus},
};

/// The books at one moment. Amounts are decimal text.
///
/// Over all batches `initial_balance = balance + reserved + paid_total + commissions`.
#[derive(Clone, Debug, Serialize)]
pub struct Books {
    /// Oldest first.
    pub batches: Vec<BatchBook>,
    /// Calls that reached the provider, of all batches.
    pub calls: Calls,
    /// What the payees of the batches shown got; an item paid twice counts twice.
    pub paid_total: String,
    /// How many items of the batches shown were paid at least once.
    pub paid_items: usize,
    /// The most payments any item shown has had: above 1 means money was lost.
    pub payments_max_per_item: u32,
    /// The balance at the start.
    pub initial_balance: String,
    /// What is left to spend.
    pub balance: String,
    /// Taken from the balance for items that are open, or failed without refund.
    pub reserved: String,
    /// Commissions of paid items, kept by the provider.
    pub commissions: String,
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

/// One batch in [`Books`].
#[derive(Clone, Debug, Serialize)]
pub struct BatchBook {
    /// The provider's id.
    pub request_id: String,
    /// The caller's id.
    pub external_id: String,
    /// The provider's word.
    pub status: BatchStatus,
    /// Init calls that met this batch, its own included.
    pub init_calls: u64,
    /// Auth calls with this request id.
    pub auth_calls: u64,
    /// Cancel calls with this request id.
    pub cancel_calls: u64,
    /// How often the batch was charged.
    pub authorized_times: u64,
    /// Valid items in the order they came, then the refused ones.
    pub items: Vec<ItemBook>,
}

/// One item in [`Books`].
#[derive(Clone, Debug, Serialize)]
pub struct ItemBook {
    /// The caller's id.
    pub item_id: String,
    /// As it came.
    pub amount: String,
    /// As it came.
    pub currency: String,
    /// The provider's word.
    pub status: ItemStatus,
    /// How often the payee got the amount.
    pub payments: u32,
}

impl Books {
    pub(crate) fn new<'a>(
        shown: impl Iterator<Item = (&'a Batch, BatchStatus)>,
        calls: Calls,
        account: &Account,
    ) -> Self {
        let mut books = Self {
            batches: Vec::new(),
            calls,
            paid_total: String::new(),
            paid_items: 0,
            payments_max_per_item: 0,
            initial_balance: account.initial.to_string(),
            balance: account.balance.to_string(),
            reserved: account.reserved.to_string(),
            commissions: account.commissions.to_string(),
        };
        let mut paid_total = Decimal::ZERO;
        for (batch, status) in shown {
            for item in batch.items.iter().filter(|item| item.payments > 0) {
                let paid = item.amount.saturating_mul(item.payments.into());
                paid_total = paid_total.saturating_add(paid);
                books.paid_items = books.paid_items.saturating_add(1);
                books.payments_max_per_item = books.payments_max_per_item.max(item.payments);
            }
            books.batches.push(BatchBook::of(batch, status));
        }
        books.paid_total = paid_total.to_string();
        books
    }
}

impl BatchBook {
    fn of(batch: &Batch, status: BatchStatus) -> Self {
        let items = batch.items.iter().chain(&batch.refused);
        Self {
            request_id: batch.request_id.clone(),
            external_id: batch.external_id.clone(),
            status,
            init_calls: batch.calls.init,
            auth_calls: batch.calls.auth,
            cancel_calls: batch.calls.cancel,
            authorized_times: batch.authorized_times,
            items: items.map(ItemBook::of).collect(),
        }
    }
}

impl ItemBook {
    fn of(item: &Item) -> Self {
        Self {
            item_id: item.external_id.clone(),
            amount: item.amount.to_string(),
            currency: item.currency.clone(),
            status: item.status,
            payments: item.payments,
        }
    }
}
