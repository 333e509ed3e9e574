//! Batches that look like a payroll: no two items alike, so that no store packs them better than real
//! ones, and the same ones in every run.

use onay_payout::{Currency, Purpose};
use onay_producer::{Batch, Item};
use rust_decimal::Decimal;

const FIRST_NAMES: [&str; 8] = [
    "Ayşe", "Mehmet", "Zeynep", "Emre", "Elif", "Okan", "Fatma", "Can",
];
const LAST_NAMES: [&str; 7] = [
    "Yılmaz", "Kaya", "Demir", "Çelik", "Şahin", "Öztürk", "Arslan",
];

/// An odd number near 2⁶⁴ divided by the golden ratio: its multiples are spread evenly.
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

/// The batch of this number.
pub(super) fn batch(number: u32, items: u32) -> Batch {
    let first = u64::from(number).saturating_mul(items.into());
    let batch = Batch::new(format!("bench-{number}")).purpose(Purpose::Salary);
    (0..items).fold(batch, |batch, place| {
        batch.item(item(first.saturating_add(place.into())))
    })
}

fn item(number: u64) -> Item {
    let random = number.wrapping_add(1).wrapping_mul(SPREAD);
    let name = format!(
        "{} {}",
        pick(&FIRST_NAMES, random >> 40),
        pick(&LAST_NAMES, random >> 50)
    );
    let kurus = i64::try_from(random >> 16 & 0xF_FFFF).unwrap_or_default();
    let amount = Decimal::new(kurus.saturating_add(100_000), 2);
    Item::to_iban(
        format!("line-{number}"),
        iban(random),
        name,
        amount,
        Currency::Try,
    )
    .description(format!("Maaş 2026-11, sicil {number}"))
}

fn pick(names: &[&'static str], random: u64) -> &'static str {
    let count = u64::try_from(names.len()).unwrap_or(1).max(1);
    let place = usize::try_from(random.checked_rem(count).unwrap_or_default());
    names
        .get(place.unwrap_or_default())
        .copied()
        .unwrap_or_default()
}

/// A Turkish IBAN with right check digits: bank, a zero, sixteen digits of account.
fn iban(random: u64) -> String {
    let account = random % 10_000_000_000_000_000;
    let bban = format!("000620{account:016}");
    // ISO 13616: T is 29, R is 27, and the check digits count as 00.
    let number: u128 = format!("{bban}292700").parse().unwrap_or_default();
    let check = 98_u128.saturating_sub(number % 97);
    format!("TR{check:02}{bban}")
}

#[cfg(test)]
mod tests {
    use onay_payout::{Checksums, Draft};

    #[test]
    fn every_item_passes_the_checks_of_a_real_one() {
        let checked = Draft::from(super::batch(3, 500)).check(Checksums::Enforce);
        assert!(checked.content.is_some(), "{:?}", checked.findings);
        assert!(checked.findings.is_empty(), "{:?}", checked.findings);
    }
}
