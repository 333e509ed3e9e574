//! The batches and the ways to find them.

use std::collections::{HashMap, HashSet};

use super::{account::Account, batch::Batch, item::Item};
use crate::{Alteration, Behaviour};

/// The batch's place, and the item's place among its valid and then its refused items, by reference code.
type References = HashMap<String, (usize, usize)>;

#[derive(Default)]
pub(super) struct Shelf {
    batches: Vec<Batch>,
    by_request: HashMap<String, usize>,
    /// Oldest first.
    by_external: HashMap<String, Vec<usize>>,
    by_reference: References,
    /// The places of the batches whose items run.
    running: HashSet<usize>,
}

impl Shelf {
    pub(super) fn add(&mut self, batch: Batch) {
        let place = self.batches.len();
        self.by_request.insert(batch.request_id.clone(), place);
        self.by_external
            .entry(batch.external_id.clone())
            .or_default()
            .push(place);
        enter(&mut self.by_reference, place, &batch);
        self.batches.push(batch);
    }

    /// Lets the steps of a batch happen from now on, once it has any.
    pub(super) fn follow(&mut self, request_id: &str) {
        self.running.extend(self.by_request.get(request_id));
    }

    /// The same for every batch.
    pub(super) fn follow_all(&mut self) {
        self.running.extend(0..self.batches.len());
    }

    /// Takes every step that is due. Batches that only wait cost nothing, unless they expire.
    pub(super) fn advance(&mut self, account: &mut Account, behaviour: &Behaviour, now_ms: u64) {
        if behaviour.expires_after_ms.is_some() {
            for batch in &mut self.batches {
                batch.advance(account, behaviour, now_ms);
            }
        }
        let batches = &mut self.batches;
        self.running.retain(|place| {
            batches.get_mut(*place).is_some_and(|batch| {
                batch.advance(account, behaviour, now_ms);
                batch.is_running()
            })
        });
    }

    /// Lets the alterations meet the batches.
    pub(super) fn alter(&mut self, alterations: &[Alteration]) {
        if alterations.is_empty() {
            return;
        }
        for (place, batch) in self.batches.iter_mut().enumerate() {
            if batch.alter(alterations) {
                enter(&mut self.by_reference, place, batch);
            }
        }
    }

    /// Of every batch under an external id, the oldest first.
    pub(super) fn request_ids(&self, external_id: &str) -> Vec<String> {
        let batches = self.batches_of(Some(external_id));
        batches.map(|batch| batch.request_id.clone()).collect()
    }

    /// The batches under an external id, or all; the oldest first.
    pub(super) fn batches_of(&self, external_id: Option<&str>) -> impl Iterator<Item = &Batch> {
        let all = external_id.is_none().then_some(self.batches.iter());
        let places = external_id.and_then(|id| self.by_external.get(id));
        let named = places.into_iter().flatten();
        let named = named.filter_map(|place| self.batches.get(*place));
        all.into_iter().flatten().chain(named)
    }

    pub(super) fn batches_mut(&mut self) -> impl Iterator<Item = &mut Batch> {
        self.batches.iter_mut()
    }

    pub(super) fn by_request_mut(&mut self, request_id: &str) -> Option<&mut Batch> {
        self.batches.get_mut(*self.by_request.get(request_id)?)
    }

    pub(super) fn count_of(&self, external_id: &str) -> usize {
        self.by_external.get(external_id).map_or(0, Vec::len)
    }

    pub(super) fn newest_mut(&mut self, external_id: &str) -> Option<&mut Batch> {
        self.batches
            .get_mut(*self.by_external.get(external_id)?.last()?)
    }

    pub(super) fn by_reference(&self, reference_code: &str) -> Option<(&Batch, &Item)> {
        let (place, item_place) = *self.by_reference.get(reference_code)?;
        let batch = self.batches.get(place)?;
        // A removed item leaves its code behind.
        let item = items(batch)
            .nth(item_place)
            .filter(|item| item.reference_code == reference_code);
        Some((batch, item?))
    }
}

fn enter(references: &mut References, place: usize, batch: &Batch) {
    for (item_place, item) in items(batch).enumerate() {
        references.insert(item.reference_code.clone(), (place, item_place));
    }
}

fn items(batch: &Batch) -> impl Iterator<Item = &Item> {
    batch.items.iter().chain(&batch.refused)
}
