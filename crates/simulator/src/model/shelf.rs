//! The batches and the ways to find them.

use std::collections::HashMap;

use super::{batch::Batch, item::Item};

#[derive(Default)]
pub(super) struct Shelf {
    batches: Vec<Batch>,
    by_request: HashMap<String, usize>,
    /// Oldest first.
    by_external: HashMap<String, Vec<usize>>,
    /// The batch, and the item's place among its valid and then its refused items.
    by_reference: HashMap<String, (usize, usize)>,
}

impl Shelf {
    pub(super) fn add(&mut self, batch: Batch) {
        let place = self.batches.len();
        self.by_request.insert(batch.request_id.clone(), place);
        self.by_external
            .entry(batch.external_id.clone())
            .or_default()
            .push(place);
        for (item_place, item) in items(&batch).enumerate() {
            self.by_reference
                .insert(item.reference_code.clone(), (place, item_place));
        }
        self.batches.push(batch);
    }

    pub(super) fn batches(&self) -> impl Iterator<Item = &Batch> {
        self.batches.iter()
    }

    pub(super) fn batches_mut(&mut self) -> impl Iterator<Item = &mut Batch> {
        self.batches.iter_mut()
    }

    pub(super) fn by_request(&self, request_id: &str) -> Option<&Batch> {
        self.batches.get(*self.by_request.get(request_id)?)
    }

    pub(super) fn by_request_mut(&mut self, request_id: &str) -> Option<&mut Batch> {
        self.batches.get_mut(*self.by_request.get(request_id)?)
    }

    pub(super) fn count_of(&self, external_id: &str) -> usize {
        self.by_external.get(external_id).map_or(0, Vec::len)
    }

    pub(super) fn newest(&self, external_id: &str) -> Option<&Batch> {
        self.batches
            .get(*self.by_external.get(external_id)?.last()?)
    }

    pub(super) fn newest_mut(&mut self, external_id: &str) -> Option<&mut Batch> {
        self.batches
            .get_mut(*self.by_external.get(external_id)?.last()?)
    }

    pub(super) fn by_reference(&self, reference_code: &str) -> Option<(&Batch, &Item)> {
        let (place, item_place) = *self.by_reference.get(reference_code)?;
        let batch = self.batches.get(place)?;
        Some((batch, items(batch).nth(item_place)?))
    }
}

fn items(batch: &Batch) -> impl Iterator<Item = &Item> {
    batch.items.iter().chain(&batch.refused)
}
