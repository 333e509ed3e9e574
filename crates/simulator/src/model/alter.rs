//! Stored batches that differ from what was sent.

use super::batch::{Batch, Stage};
use crate::{Alteration, Change, When};

/// What stands in the place of a payee's name.
const OTHER_NAME: &str = "Somebody Else";

impl Batch {
    /// Lets the alterations meet a batch in `INIT`, each once. True when its items may be others now.
    pub(super) fn alter(&mut self, alterations: &[Alteration]) -> bool {
        let mut is_altered = false;
        for alteration in alterations {
            let is_meant = alteration.external_id.as_ref();
            if self.stage == Stage::Init
                && is_meant.is_none_or(|id| *id == self.external_id)
                && (alteration.when == When::AtOnce || self.is_read)
                && !self.altered.contains(alteration)
            {
                self.apply(alteration);
                self.altered.push(alteration.clone());
                is_altered = true;
            }
        }
        is_altered
    }

    fn apply(&mut self, alteration: &Alteration) {
        let is_meant = |id: &str| alteration.item_id.as_ref().is_none_or(|item| item == id);
        match alteration.change {
            Change::Total => self.total_error = self.total_error.saturating_add(alteration.by),
            Change::Masked => {
                for item in &mut self.items {
                    if is_meant(&item.external_id) {
                        item.recipient_info = masked(&item.recipient_info);
                    }
                }
            }
            Change::Amount | Change::Payee | Change::Name | Change::Missing | Change::Extra => {
                let place = self.items.iter().position(|i| is_meant(&i.external_id));
                if let Some(place) = place {
                    self.apply_to(place, alteration);
                }
            }
        }
    }

    fn apply_to(&mut self, place: usize, alteration: &Alteration) {
        let Some(item) = self.items.get_mut(place) else {
            return;
        };
        match alteration.change {
            Change::Amount => {
                let amount = item.amount.saturating_add(alteration.by);
                // Books that pay less than nothing would be no books.
                item.amount = amount.max(rust_decimal::Decimal::ZERO);
            }
            Change::Payee => item.recipient_info = other_account(&item.recipient_info),
            Change::Name => item.recipient_name = Some(OTHER_NAME.to_owned()),
            Change::Missing => {
                self.items.remove(place);
            }
            Change::Extra => {
                let mut extra = item.clone();
                extra.external_id.push_str("-extra");
                extra.reference_code.push_str("-extra");
                self.items.push(extra);
            }
            Change::Total | Change::Masked => {}
        }
    }
}

fn other_account(info: &str) -> String {
    let mut info = info.to_owned();
    let last = info.pop();
    info.push(if last == Some('0') { '1' } else { '0' });
    info
}

/// The first four and the last two characters of an account.
fn masked(info: &str) -> String {
    let letters: Vec<char> = info.chars().collect();
    let from_end = letters.len().saturating_sub(2);
    let shown = letters.iter().enumerate().map(|(place, letter)| {
        let is_shown = place < 4 || place >= from_end;
        if is_shown { *letter } else { '*' }
    });
    shown.collect()
}
