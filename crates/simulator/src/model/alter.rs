//! Stored batches that differ from what was sent.

use rust_decimal::Decimal;

use super::{
    batch::{Batch, Stage},
    item::Item,
};
use crate::{Alteration, Change, When};

/// What stands in the place of a payee's name.
const OTHER_NAME: &str = "Somebody Else";

impl Batch {
    /// Lets the alterations meet a batch in `INIT`, each once. True when its items may be others now.
    pub(super) fn alter(&mut self, alterations: &[Alteration]) -> bool {
        let mut is_altered = false;
        for alteration in alterations {
            let only = alteration.external_id.as_ref();
            if self.stage == Stage::Init
                && only.is_none_or(|id| *id == self.external_id)
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
        let is_meant = |item: &Item| {
            let only = alteration.item_id.as_ref();
            only.is_none_or(|id| *id == item.external_id)
        };
        let mut meant = self.items.iter_mut().filter(|item| is_meant(item));
        match alteration.change {
            Change::Amount => {
                if let Some(item) = meant.next() {
                    // Books that pay less than nothing would be no books.
                    let amount = item.amount.saturating_add(alteration.by);
                    item.amount = amount.max(Decimal::ZERO);
                }
            }
            Change::Payee => {
                if let Some(item) = meant.next() {
                    item.recipient_info = other_account(&item.recipient_info);
                }
            }
            Change::Name => {
                if let Some(item) = meant.next() {
                    item.recipient_name = Some(OTHER_NAME.to_owned());
                }
            }
            Change::Masked => {
                meant.for_each(|item| item.recipient_info = masked(&item.recipient_info));
            }
            Change::Missing => {
                if let Some(place) = self.items.iter().position(is_meant) {
                    self.items.remove(place);
                }
            }
            Change::Extra => {
                let extra = meant.next().map(|item| once_more(item));
                self.items.extend(extra);
            }
            Change::Total => self.total_error = self.total_error.saturating_add(alteration.by),
        }
    }
}

fn once_more(item: &Item) -> Item {
    let mut extra = item.clone();
    extra.external_id.push_str("-extra");
    extra.reference_code.push_str("-extra");
    extra
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
