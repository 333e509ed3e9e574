//! What a status was at a given time.

/// Statuses and since when each holds, oldest first. Entries may lie in the future.
#[derive(Clone)]
pub(crate) struct Timeline<S> {
    first: S,
    later: Vec<(u64, S)>,
}

impl<S: Copy> Timeline<S> {
    pub(crate) fn new(first: S) -> Self {
        Self {
            first,
            later: Vec::new(),
        }
    }

    /// A status from `at_ms` on, at the earliest when the one before it begins.
    pub(crate) fn push(&mut self, at_ms: u64, status: S) {
        let earliest_ms = self.later.last().map_or(0, |(at_ms, _)| *at_ms);
        self.later.push((at_ms.max(earliest_ms), status));
    }

    pub(crate) fn at(&self, ms: u64) -> S {
        let past = self.later.iter().rev().find(|(at_ms, _)| *at_ms <= ms);
        past.map_or(self.first, |(_, status)| *status)
    }

    pub(crate) fn last(&self) -> S {
        self.at(u64::MAX)
    }
}
