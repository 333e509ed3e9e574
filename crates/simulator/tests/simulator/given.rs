//! What the tests of the pure provider begin with.

use std::time::Duration;

use onay_simulator::{Behaviour, Books, Credentials, InitRequest, ItemStatus, Provider, Settings};
use rust_decimal::Decimal;
use serde_json::json;

pub(crate) const SETTLE_MS: u64 = 10_000;
pub(crate) const START_MS: u64 = 1_759_231_970_716;

pub(crate) fn settings(behaviour: Behaviour) -> Settings {
    Settings {
        settle_after: Duration::from_millis(SETTLE_MS),
        behaviour,
        ..Settings::new(Credentials::new("key", "secret"))
    }
}

/// Items `i-0`, `i-1`, … of 100.50 each, bank accounts and phones by turns.
pub(crate) fn batch(external_id: &str, items: usize) -> InitRequest {
    let items: Vec<_> = (0..items)
        .map(|place| {
            let (kind, info) = [
                ("IBAN", "TR920086402100005482986178"),
                ("PHONE", "+905555856935"),
            ][place % 2];
            json!({
                "itemExternalId": format!("i-{place}"), "recipientType": kind,
                "recipientInfo": info, "recipientName": "Jane Example", "description": "share",
                "amount": { "value": "100.50", "currency": "TRY" },
            })
        })
        .collect();
    let request = json!({ "externalId": external_id, "conversationId": "c", "items": items });
    serde_json::from_str(&request.to_string()).unwrap()
}

pub(crate) fn init(provider: &mut Provider, external_id: &str, items: usize) -> String {
    let stored = provider.init(batch(external_id, items), START_MS);
    stored.unwrap().request_id().to_owned()
}

pub(crate) fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

pub(crate) fn statuses(books: &Books) -> Vec<ItemStatus> {
    let items = books.batches.iter().flat_map(|batch| &batch.items);
    items.map(|item| item.status).collect()
}

#[track_caller]
pub(crate) fn assert_tied_out(books: &Books) {
    let sums = [
        books.balance,
        books.reserved,
        books.paid_total,
        books.commissions,
    ];
    assert_eq!(
        books.initial_balance + books.funds_added,
        sums.iter().sum::<Decimal>(),
        "{books:?}"
    );
    assert!(sums.iter().all(|sum| !sum.is_sign_negative()));
}
