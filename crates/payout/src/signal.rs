//! What people should look at before they decide.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::ItemId;

/// What was noticed about an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SignalKind {
    /// The same payee was asked to get the same amount a short time ago.
    Duplicate,
    /// The payee's name was last seen with other bank details.
    ChangedPayee,
    /// The payee was never certainly paid before.
    NewPayee,
}

impl SignalKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Duplicate, Self::ChangedPayee, Self::NewPayee];

    /// The word in the policy file and in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Duplicate => "duplicate",
            Self::ChangedPayee => "changed_payee",
            Self::NewPayee => "new_payee",
        }
    }

    /// The kind for one of these words.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.word() == word)
    }
}

/// Something people should look at.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Signal {
    /// What was noticed.
    pub kind: SignalKind,
    /// About which item.
    pub item: ItemId,
    /// A sentence for people, without personal data.
    pub detail: String,
}

/// Everything that was noticed about a batch.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Signals {
    counts: BTreeMap<SignalKind, usize>,
    listed: Vec<Signal>,
}

impl Signals {
    /// Puts together what a ledger kept.
    pub const fn restore(counts: BTreeMap<SignalKind, usize>, listed: Vec<Signal>) -> Self {
        Self { counts, listed }
    }

    /// How many items each kind was noticed about.
    pub const fn counts(&self) -> &BTreeMap<SignalKind, usize> {
        &self.counts
    }

    /// The first of them.
    pub fn listed(&self) -> &[Signal] {
        &self.listed
    }

    /// The kinds that were noticed.
    pub fn kinds(&self) -> BTreeSet<SignalKind> {
        self.counts.keys().copied().collect()
    }
}
