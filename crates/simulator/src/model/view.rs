//! What the provider shows of what it holds.

use rust_decimal::Decimal;
use serde::Serialize;

use super::{
    batch::{Batch, BatchStatus, sum},
    item::{Item, ItemStatus},
};
use crate::{Behaviour, ItemType, RetrieveRequest, Settings, TotalOf, Word};

/// The eyes of a caller at one moment.
#[derive(Clone, Copy)]
pub struct View<'a> {
    pub(crate) behaviour: &'a Behaviour,
    seed: u64,
    now_ms: u64,
}

/// A status as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Shown<S> {
    /// As it is, or was a while ago.
    Status(S),
    /// As a [`Word`] has it.
    Word(String),
}

/// What retrieve shows.
pub struct Page<'a> {
    /// How it is shown.
    pub view: View<'a>,
    /// The batch asked for.
    pub batch: &'a Batch,
    /// The items of this page.
    pub items: Vec<&'a Item>,
    /// The most items of this page: as asked for, or fewer by [`Behaviour::page_size_max`].
    pub size: usize,
    /// How many items of the asked type the batch has.
    pub total: usize,
}

impl<'a> View<'a> {
    pub(super) fn new(settings: &'a Settings, now_ms: u64) -> Self {
        Self {
            behaviour: &settings.behaviour,
            seed: settings.seed,
            now_ms,
        }
    }

    /// The shown `massPayoutStatus`.
    pub fn batch_status(&self, batch: &Batch) -> Shown<BatchStatus> {
        let lag_ms = self.behaviour.batch_lag_ms;
        let status = batch.track.at(self.now_ms.saturating_sub(lag_ms));
        self.shown(status, &batch.external_id, &self.behaviour.batch_words)
    }

    /// The shown `itemStatus`.
    pub fn item_status(&self, item: &Item) -> Shown<ItemStatus> {
        let lag_ms = self.behaviour.item_lag_ms;
        let status = item.track.at(self.now_ms.saturating_sub(lag_ms));
        self.shown(status, &item.external_id, &self.behaviour.item_words)
    }

    fn shown<S: PartialEq>(&self, status: S, id: &str, words: &[Word<S>]) -> Shown<S> {
        match words.iter().find(|word| word.fits(&status, id, self.seed)) {
            Some(word) => Shown::Word(word.say.clone()),
            None => Shown::Status(status),
        }
    }

    /// The shown `totalAmount`.
    pub(crate) fn total(&self, batch: &Batch) -> Decimal {
        let valid = batch.total().saturating_add(batch.total_error);
        let more = match self.behaviour.total_of {
            TotalOf::Valid => Decimal::ZERO,
            TotalOf::All => sum(batch.refused.iter().map(|item| item.amount)),
            TotalOf::ValidWithCommission => sum(batch.items.iter().map(|item| item.commission)),
        };
        valid.saturating_add(more)
    }

    pub(super) fn can_read(&self, batch: &Batch) -> bool {
        let age_ms = self.now_ms.saturating_sub(batch.created_ms);
        age_ms >= self.behaviour.readable_after_ms
    }

    pub(super) fn page(self, batch: &'a Batch, request: &RetrieveRequest) -> Page<'a> {
        let (valid, refused): (&[Item], &[Item]) = match request.item_type {
            None => (self.valid(batch), &batch.refused),
            Some(ItemType::Valid) => (self.valid(batch), &[]),
            Some(ItemType::Invalid) => (&[], &batch.refused),
        };
        let size_max = self.behaviour.page_size_max.unwrap_or(usize::MAX);
        let size = request.size.min(size_max.max(1));
        let shown = valid.iter().chain(refused);
        Page {
            view: self,
            batch,
            items: shown
                .skip(request.page.saturating_mul(size))
                .take(size)
                .collect(),
            size,
            total: valid.len().saturating_add(refused.len()),
        }
    }

    fn valid(&self, batch: &'a Batch) -> &'a [Item] {
        let age_ms = self.now_ms.saturating_sub(batch.created_ms);
        if age_ms >= self.behaviour.items_readable_after_ms {
            &batch.items
        } else {
            batch.items.split_at(batch.items.len().div_euclid(2)).0
        }
    }
}

impl Page<'_> {
    /// Whether the caller has now seen the last valid item of the whole batch.
    pub(super) fn shows_the_last_item(&self) -> bool {
        let last = self.batch.items.last();
        last.is_some_and(|last| {
            let mut shown = self.items.iter();
            shown.any(|item| item.reference_code == last.reference_code)
        })
    }
}
