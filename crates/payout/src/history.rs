//! What the ledger remembers of makers and payees, beyond any one batch.
//!
//! Read before a batch is held and weighed with it ([`weigh`]): how much a maker and a payee have
//! come to in a day, and what people should look at. What comes out is stored in the same commit
//! as the batch's new state, so that a batch counts once however often it is tried.

mod key;
mod look;
mod maker;
mod name;
mod payee;
mod signal;
mod weigh;

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::cadence::DUPLICATE_WINDOW;
use crate::ids::PersonName;
use crate::item::Item;

pub use key::{HistoryKey, HistoryKeyError, NameKey, PayeeKey};
pub use maker::{HeldHour, MakerHistory};
pub use name::{NameHistory, SEEN_MAX, Seen};
pub use payee::{ASKED_MAX, Asked, PayeeHistory};
pub use signal::{SIGNALS_LISTED_MAX, Signal, SignalKind, Signals};
pub use weigh::{Counted, Weighed, Weighing, forget, paid, weigh};

/// How far back the sums of a maker and of a payee go.
const DAY: TimeDelta = TimeDelta::days(1);

/// How much longer than needed things are kept: clocks of several machines differ.
const SLACK: TimeDelta = TimeDelta::hours(1);

/// How much is remembered, and so has to be read. Each step includes the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HistoryScope {
    /// The maker's sum only: one value a batch.
    Maker,
    /// The payees too: one value more for each; their sums, duplicates, new payees.
    Payees,
    /// The payees' names too: changed payees.
    Names,
}

/// What is weighed, and how far back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HistorySettings {
    /// A payment is a likely duplicate of another one not older than this.
    pub window: Duration,
    /// What is remembered. The same for reading, weighing and forgetting a batch.
    pub scope: HistoryScope,
}

impl Default for HistorySettings {
    fn default() -> Self {
        Self {
            window: DUPLICATE_WINDOW,
            scope: HistoryScope::Names,
        }
    }
}

impl HistorySettings {
    /// The oldest moment at which a payment is a likely duplicate of one asked for at `at`.
    fn duplicates_since(self, at: DateTime<Utc>) -> DateTime<Utc> {
        before(at, span(self.window))
    }

    /// The oldest moment of which anything asked of a payee is kept at `at`.
    fn kept_since(self, at: DateTime<Utc>) -> DateTime<Utc> {
        let span = span(self.window).max(DAY);
        before(before(at, span), SLACK)
    }
}

fn span(window: Duration) -> TimeDelta {
    TimeDelta::from_std(window).unwrap_or(TimeDelta::MAX)
}

/// `at`, earlier by `span`; the beginning of time instead of an overflow.
fn before(at: DateTime<Utc>, span: TimeDelta) -> DateTime<Utc> {
    at.checked_sub_signed(span)
        .unwrap_or(DateTime::<Utc>::MIN_UTC)
}

/// One thing that is remembered, and of whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remembered {
    /// What was held for a maker.
    Maker(PersonName, MakerHistory),
    /// What was asked of a payee, and whether it was ever paid.
    Payee(PayeeKey, PayeeHistory),
    /// The accounts a name was seen with.
    Name(NameKey, NameHistory),
}

impl Remembered {
    /// Where it is kept.
    pub fn key(&self) -> HistoryKey {
        match self {
            Self::Maker(name, _) => HistoryKey::Maker(name.clone()),
            Self::Payee(key, _) => HistoryKey::Payee(*key),
            Self::Name(key, _) => HistoryKey::Name(*key),
        }
    }

    /// Whether there is nothing left to remember: it need not be kept.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Maker(_, maker) => *maker == MakerHistory::default(),
            Self::Payee(_, payee) => *payee == PayeeHistory::default(),
            Self::Name(_, name) => *name == NameHistory::default(),
        }
    }
}

/// What was read, or is to be written. What is not in it was never remembered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    makers: BTreeMap<PersonName, MakerHistory>,
    payees: BTreeMap<PayeeKey, PayeeHistory>,
    names: BTreeMap<NameKey, NameHistory>,
}

impl History {
    /// What has to be read to weigh a batch, each key once. To weigh it again or to forget it, take
    /// the keys of all items it ever had.
    pub fn keys_for(items: &[&Item], maker: &PersonName, scope: HistoryScope) -> Vec<HistoryKey> {
        let mut keys = vec![HistoryKey::Maker(maker.clone())];
        for item in items {
            if scope >= HistoryScope::Payees {
                keys.push(HistoryKey::Payee(PayeeKey::of(&item.recipient)));
            }
            if scope >= HistoryScope::Names {
                keys.extend(NameKey::of(&item.recipient).map(HistoryKey::Name));
            }
        }
        keys.sort();
        keys.dedup();
        keys
    }

    /// Adds one value, in place of what was known.
    pub fn insert(&mut self, value: Remembered) {
        match value {
            Remembered::Maker(name, maker) => drop(self.makers.insert(name, maker)),
            Remembered::Payee(key, payee) => drop(self.payees.insert(key, payee)),
            Remembered::Name(key, name) => drop(self.names.insert(key, name)),
        }
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.makers.is_empty() && self.payees.is_empty() && self.names.is_empty()
    }

    /// What of this is other than what was known.
    fn other_than(mut self, known: &Self) -> Self {
        self.makers
            .retain(|name, maker| known.makers.get(name) != Some(maker));
        self.payees
            .retain(|key, payee| known.payees.get(key) != Some(payee));
        self.names
            .retain(|key, name| known.names.get(key) != Some(name));
        self
    }

    /// What is known of a maker.
    pub fn maker(&self, name: &PersonName) -> Option<&MakerHistory> {
        self.makers.get(name)
    }

    /// What is known of a payee.
    pub fn payee(&self, key: PayeeKey) -> Option<&PayeeHistory> {
        self.payees.get(&key)
    }

    /// What is known of a name.
    pub fn name(&self, key: NameKey) -> Option<&NameHistory> {
        self.names.get(&key)
    }
}

impl IntoIterator for History {
    type Item = Remembered;
    type IntoIter = std::vec::IntoIter<Remembered>;

    /// Each value, in the order of the keys.
    fn into_iter(self) -> Self::IntoIter {
        let makers = self.makers.into_iter();
        let payees = self.payees.into_iter();
        let names = self.names.into_iter();
        let values: Vec<Remembered> = makers
            .map(|(name, maker)| Remembered::Maker(name, maker))
            .chain(payees.map(|(key, payee)| Remembered::Payee(key, payee)))
            .chain(names.map(|(key, name)| Remembered::Name(key, name)))
            .collect();
        values.into_iter()
    }
}

impl Extend<Remembered> for History {
    fn extend<I: IntoIterator<Item = Remembered>>(&mut self, values: I) {
        for value in values {
            self.insert(value);
        }
    }
}

impl FromIterator<Remembered> for History {
    fn from_iter<I: IntoIterator<Item = Remembered>>(values: I) -> Self {
        let mut history = Self::default();
        history.extend(values);
        history
    }
}
