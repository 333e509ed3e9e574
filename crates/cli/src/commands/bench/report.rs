//! What was measured, as JSON and as a table.

use std::time::Duration;

use comfy_table::Table;
use rust_decimal::Decimal;
use serde_json::{Map, Number, Value};

use crate::output;

/// Decimal places of a number that is not whole.
const PLACES: u32 = 3;

/// One row per measure, in the order they were taken.
#[derive(Default)]
pub(super) struct Report {
    rows: Vec<(&'static str, &'static str, Number)>,
}

impl Report {
    /// Adds a measure: its JSON key, its name with the unit for people, its value.
    pub(super) fn add(&mut self, key: &'static str, what: &'static str, value: impl Into<Number>) {
        self.rows.push((key, what, value.into()));
    }

    /// One object.
    pub(super) fn json(&self) -> Value {
        let pairs = self.rows.iter();
        let pairs = pairs.map(|(key, _, value)| ((*key).to_owned(), Value::from(value.clone())));
        Value::Object(pairs.collect::<Map<_, _>>())
    }

    pub(super) fn table(&self) -> Table {
        let mut table = output::new_table(["measure", "value"]);
        for (_, what, value) in &self.rows {
            table.add_row([(*what).to_owned(), value.to_string()]);
        }
        output::right_align(&mut table, &[1]);
        table
    }
}

/// `total` shared by `count`.
pub(super) fn per(total: u64, count: u64) -> Number {
    let shared = Decimal::from(total).checked_div(count.into());
    let text = shared.unwrap_or_default().round_dp(PLACES).to_string();
    text.parse().unwrap_or_else(|_| 0.into())
}

/// The value below which this part of the sorted values lies.
pub(super) fn percentile(sorted: &[u64], per_mille: usize) -> u64 {
    let last = sorted.len().saturating_sub(1);
    let place = last.saturating_mul(per_mille) / 1000;
    sorted.get(place).copied().unwrap_or_default()
}

/// Whole milliseconds.
pub(super) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::{per, percentile};

    #[test]
    fn a_share_has_three_places_at_most() {
        for (total, count, text) in [(10, 4, "2.5"), (2, 3, "0.667"), (6, 3, "2"), (1, 0, "0")] {
            assert_eq!(per(total, count).to_string(), text);
        }
    }

    #[test]
    fn a_percentile_is_one_of_the_values() {
        let sorted: Vec<u64> = (1..=100).collect();
        assert_eq!(
            [500, 990, 1000].map(|part| percentile(&sorted, part)),
            [50, 99, 100]
        );
        assert_eq!(percentile(&[], 500), 0);
    }
}
