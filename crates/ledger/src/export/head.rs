//! One hash that links all journals.

use onay_payout::{BatchId, Canonical, Digest};

use crate::house::HOUSE;

/// The head of a ledger while its batches are added: SHA-256 over the account, then every batch's
/// id, version and journal head, then the totals.
pub struct LedgerHead {
    canonical: Canonical,
    batches: u64,
    entries: u64,
}

/// What a ledger holds: a head and what it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Totals {
    /// How many batches.
    pub batches: u64,
    /// How many journal entries they have, those of the ledger's own journal included.
    pub entries: u64,
    /// The hash that links them all.
    pub head: Digest,
}

impl LedgerHead {
    /// Starts with the account the ledger belongs to, if it is bound to one.
    pub fn new(account: Option<&str>) -> Self {
        let mut canonical = Canonical::new("onay audit head 1");
        canonical.optional(account);
        Self {
            canonical,
            batches: 0,
            entries: 0,
        }
    }

    /// Adds a batch; the newest comes first. The journal of the ledger itself comes last, and is no
    /// batch.
    pub fn add(&mut self, batch: &BatchId, version: u64, journal_head: Digest) {
        self.canonical.field(&batch.to_string());
        self.canonical.field(&version.to_string());
        self.canonical.field(&journal_head.to_string());
        if *batch != HOUSE {
            self.batches = self.batches.saturating_add(1);
        }
        self.entries = self.entries.saturating_add(version);
    }

    /// How many batches were added.
    pub const fn batches(&self) -> u64 {
        self.batches
    }

    /// The head of all that was added.
    pub fn finish(mut self) -> Totals {
        let (batches, entries) = (self.batches, self.entries);
        self.canonical.field(&batches.to_string());
        self.canonical.field(&entries.to_string());
        Totals {
            batches,
            entries,
            head: self.canonical.finish(),
        }
    }
}
