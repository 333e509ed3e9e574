//! What people should look at before they decide.

use std::collections::BTreeMap;

use crate::ids::ItemId;

/// How many signals of one kind are told in full; the rest is counted.
pub const SIGNALS_LISTED_MAX: usize = 50;

/// What kind of thing it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SignalKind {
    /// The same payee was asked the same amount lately.
    Duplicate,
    /// The name was last seen with another account.
    ChangedPayee,
    /// Nothing was ever certainly paid to the account.
    NewPayee,
}

impl SignalKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Duplicate, Self::ChangedPayee, Self::NewPayee];

    /// The word in records, rules and outputs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Duplicate => "duplicate",
            Self::ChangedPayee => "changed_payee",
            Self::NewPayee => "new_payee",
        }
    }

    /// The kind for a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// One thing to look at.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Signal {
    /// What kind of thing.
    pub kind: SignalKind,
    /// At which item.
    pub item: ItemId,
    /// A sentence for people. Never shows personal data whole.
    pub detail: String,
}

/// Everything to look at in one batch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Signals {
    counts: BTreeMap<SignalKind, usize>,
    listed: Vec<Signal>,
}

impl Signals {
    /// Puts together what a ledger kept.
    pub fn restore(counts: BTreeMap<SignalKind, usize>, listed: Vec<Signal>) -> Self {
        Self { counts, listed }
    }

    /// Whether there is one of this kind.
    pub fn has(&self, kind: SignalKind) -> bool {
        self.count(kind) > 0
    }

    /// How many there are of this kind: every one, not only those that are listed.
    pub fn count(&self, kind: SignalKind) -> usize {
        self.counts.get(&kind).copied().unwrap_or_default()
    }

    /// How many there are of each kind that there is.
    pub const fn counts(&self) -> &BTreeMap<SignalKind, usize> {
        &self.counts
    }

    /// The first ones of each kind, at most [`SIGNALS_LISTED_MAX`], in the order of the items.
    pub fn listed(&self) -> &[Signal] {
        &self.listed
    }

    /// Whether there is nothing to look at.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// Counts one, and lists it if there is room.
    pub(super) fn push(
        &mut self,
        kind: SignalKind,
        item: &ItemId,
        detail: impl FnOnce() -> String,
    ) {
        let count = self.counts.entry(kind).or_default();
        if *count < SIGNALS_LISTED_MAX {
            self.listed.push(Signal {
                kind,
                item: item.clone(),
                detail: detail(),
            });
        }
        *count = count.saturating_add(1);
    }
}
