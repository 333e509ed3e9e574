//! Batches to submit.

use serde_json::{Value, json};

/// An IBAN with the right check digits.
pub(crate) const IBAN: &str = "TR330006100519786457841326";

/// A batch in iyzico's own shape: items `<id>-1` to `<id>-<count>` of 100.01, 100.02, … TRY.
pub(crate) fn batch(external_id: &str, count: usize) -> Value {
    let items: Vec<Value> = (1..=count)
        .map(|n| item(&format!("{external_id}-{n}"), n))
        .collect();
    json!({
        "externalId": external_id,
        "conversationId": external_id,
        "purpose": "SALARY",
        "items": items,
    })
}

fn item(id: &str, n: usize) -> Value {
    let value = format!("{}.{:02}", 100 + n / 100, n % 100);
    let amount = json!({ "value": value, "currency": "TRY" });
    if n.is_multiple_of(2) {
        json!({
            "itemExternalId": id, "recipientType": "MEMBER_ID", "recipientInfo": "2228853",
            "amount": amount,
        })
    } else {
        json!({
            "itemExternalId": id, "recipientType": "IBAN", "recipientInfo": IBAN,
            "recipientName": "Çağrı Öztürk", "amount": amount, "description": "Kasım maaşı",
        })
    }
}

/// An amount with at most two decimals, in the smallest unit.
pub(crate) fn kurus(amount: &Value) -> u64 {
    let amount = amount.as_str().unwrap();
    let (whole, part) = amount.split_once('.').unwrap_or((amount, ""));
    format!("{whole}{part:0<2}").parse().unwrap()
}
