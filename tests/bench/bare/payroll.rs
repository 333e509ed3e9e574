//! The same batches that `onay bench` submits, as the provider's init wants them.

use serde_json::{Value, json};

const FIRST_NAMES: [&str; 8] = [
    "Ayşe", "Mehmet", "Zeynep", "Emre", "Elif", "Okan", "Fatma", "Can",
];
const LAST_NAMES: [&str; 7] = [
    "Yılmaz", "Kaya", "Demir", "Çelik", "Şahin", "Öztürk", "Arslan",
];

/// See `crates/cli/src/commands/bench/payroll.rs`.
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

/// The init request of the batch of this number.
pub(crate) fn request(number: usize, items: usize) -> String {
    let items = (number * items..(number + 1) * items).map(|number| item(number as u64));
    json!({
        "externalId": format!("bench-{number}"),
        "conversationId": format!("bench-{number}"),
        "purpose": "SALARY",
        "items": items.collect::<Vec<Value>>(),
    })
    .to_string()
}

fn item(number: u64) -> Value {
    let random = number.wrapping_add(1).wrapping_mul(SPREAD);
    let first = FIRST_NAMES[(random >> 40) as usize % FIRST_NAMES.len()];
    let last = LAST_NAMES[(random >> 50) as usize % LAST_NAMES.len()];
    let kurus = (random >> 16 & 0xF_FFFF) + 100_000;
    json!({
        "itemExternalId": format!("line-{number}"),
        "recipientType": "IBAN",
        "recipientInfo": iban(random),
        "amount": { "value": format!("{}.{:02}", kurus / 100, kurus % 100), "currency": "TRY" },
        "description": format!("Maaş 2026-11, sicil {number}"),
        "recipientName": format!("{first} {last}"),
    })
}

fn iban(random: u64) -> String {
    let bban = format!("000620{:016}", random % 10_000_000_000_000_000);
    let number: u128 = format!("{bban}292700").parse().expect("digits");
    format!("TR{:02}{bban}", 98 - number % 97)
}
