//! A batch against what is remembered.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::key::account;
use super::look::look;
use super::{
    History, HistoryScope, HistorySettings, MakerHistory, NameHistory, NameKey, PayeeHistory,
    PayeeKey, Remembered, Seen, Signals,
};
use crate::ids::{BatchId, PersonName};
use crate::item::Item;
use crate::money::{Money, MoneyError};

/// What a batch was counted with when it was held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// When.
    pub at: DateTime<Utc>,
    /// How much.
    pub total: Money,
}

/// A batch that is about to be held.
#[derive(Debug, Clone, Copy)]
pub struct Weighing<'a> {
    /// Its id.
    pub batch: BatchId,
    /// Who asked for it.
    pub maker: &'a PersonName,
    /// The items that would be paid.
    pub items: &'a [&'a Item],
    /// Their sum.
    pub total: Money,
    /// What it was counted with before, if it was held before and not forgotten since.
    pub previous: Option<Counted>,
    /// When it is held.
    pub at: DateTime<Utc>,
}

/// What comes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weighed {
    /// What was held for the maker in the last day, this batch included, in its currency. The hour
    /// that the day begins in counts whole.
    pub maker_day: Money,
    /// What was asked in the last day of the payee of whom most was asked, this batch included, in
    /// its currency. Under [`HistoryScope::Maker`] of this batch alone.
    pub payee_day: Money,
    /// What people should look at.
    pub signals: Signals,
    /// What is to be stored, in the commit that holds the batch: only what changed.
    pub after: History,
}

/// Weighs a batch with what was read for its keys ([`History::keys_for`]).
///
/// What this batch left there before is replaced, so weighing it twice is weighing it once.
///
/// # Errors
/// When a sum is too large to keep exactly.
pub fn weigh(
    weighing: &Weighing<'_>,
    history: &History,
    settings: HistorySettings,
) -> Result<Weighed, MoneyError> {
    let mut after = forget(weighing.batch, weighing.maker, weighing.previous, history);
    let known = Known {
        replaced: &after.clone(),
        read: history,
    };
    let signals = look(weighing, known, settings);
    let maker_day = count_maker(weighing, known, &mut after)?;
    let payee_day = count_payees(weighing, known, settings, &mut after)?;
    if settings.scope >= HistoryScope::Names {
        see_names(weighing, known, &mut after);
    }
    Ok(Weighed {
        maker_day,
        payee_day,
        signals,
        after: after.other_than(history),
    })
}

/// Takes back what a batch left, when it ended without being paid: what is to be stored, in the
/// commit that ends it.
///
/// What it was counted with is told, not remembered: to forget it twice would take it off the
/// maker's sum twice.
#[must_use]
pub fn forget(
    batch: BatchId,
    maker: &PersonName,
    counted: Option<Counted>,
    history: &History,
) -> History {
    let mut after = History::default();
    if let (Some(counted), Some(before)) = (counted, history.maker(maker)) {
        let mut value = before.clone();
        value.take(counted.total, counted.at);
        after.insert(Remembered::Maker(maker.clone(), value));
    }
    for (key, before) in &history.payees {
        if before.knows(batch) {
            let mut value = before.clone();
            value.forget(batch);
            after.insert(Remembered::Payee(*key, value));
        }
    }
    for (key, before) in &history.names {
        if before.knows(batch) {
            let mut value = before.clone();
            value.forget(batch);
            after.insert(Remembered::Name(*key, value));
        }
    }
    after.other_than(history)
}

/// Remembers that these items were certainly paid: what is to be stored.
#[must_use]
pub fn paid(items: &[&Item], history: &History, at: DateTime<Utc>) -> History {
    let mut after = History::default();
    for item in items {
        let key = PayeeKey::of(&item.recipient);
        let mut payee = history.payee(key).cloned().unwrap_or_default();
        payee.pay(at);
        after.insert(Remembered::Payee(key, payee));

        let Some(name) = NameKey::of(&item.recipient) else {
            continue;
        };
        let before = after.name(name).or_else(|| history.name(name));
        if let Some(mut value) = before.cloned() {
            value.pay(key);
            after.insert(Remembered::Name(name, value));
        }
    }
    after.other_than(history)
}

/// What is known without the batch's own traces.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    /// Where the batch had left traces.
    replaced: &'a History,
    /// Everything that was read.
    read: &'a History,
}

impl<'a> Known<'a> {
    fn maker(self, name: &PersonName) -> Option<&'a MakerHistory> {
        let replaced = self.replaced.maker(name);
        replaced.or_else(|| self.read.maker(name))
    }

    pub(super) fn payee(self, key: PayeeKey) -> Option<&'a PayeeHistory> {
        let replaced = self.replaced.payee(key);
        replaced.or_else(|| self.read.payee(key))
    }

    pub(super) fn name(self, key: NameKey) -> Option<&'a NameHistory> {
        let replaced = self.replaced.name(key);
        replaced.or_else(|| self.read.name(key))
    }
}

/// Counts the batch for its maker; the sum of the day.
fn count_maker(
    weighing: &Weighing<'_>,
    known: Known<'_>,
    after: &mut History,
) -> Result<Money, MoneyError> {
    let mut maker = known.maker(weighing.maker).cloned().unwrap_or_default();
    maker.add(weighing.total, weighing.at)?;
    maker.prune(weighing.at);
    let day = maker.day(weighing.total.currency(), weighing.at);
    after.insert(Remembered::Maker(weighing.maker.clone(), maker));
    day
}

/// Counts the items for their payees; the largest sum of the day.
fn count_payees(
    weighing: &Weighing<'_>,
    known: Known<'_>,
    settings: HistorySettings,
    after: &mut History,
) -> Result<Money, MoneyError> {
    let (currency, at) = (weighing.total.currency(), weighing.at);
    let are_remembered = settings.scope >= HistoryScope::Payees;
    let mut largest = Money::zero(currency);
    for (key, amounts) in amounts_by_payee(weighing.items) {
        let remembered = known.payee(key).filter(|_| are_remembered);
        let mut payee = remembered.cloned().unwrap_or_default();
        payee.add(&amounts, weighing.batch, at);
        let day = payee.day(currency, at)?;
        if day.amount() > largest.amount() {
            largest = day;
        }
        if are_remembered {
            payee.prune(settings, at)?;
            after.insert(Remembered::Payee(key, payee));
        }
    }
    Ok(largest)
}

/// Remembers the account each name has in this batch; of several, the last one.
fn see_names(weighing: &Weighing<'_>, known: Known<'_>, after: &mut History) {
    let named = weighing.items.iter();
    let last: BTreeMap<NameKey, &Item> = named
        .filter_map(|item| Some((NameKey::of(&item.recipient)?, *item)))
        .collect();
    for (key, item) in last {
        let mut name = known.name(key).cloned().unwrap_or_default();
        name.add(Seen {
            payee: PayeeKey::of(&item.recipient),
            shown: account(&item.recipient).to_string(),
            since: weighing.at,
            batch: weighing.batch,
            is_paid: false,
        });
        after.insert(Remembered::Name(key, name));
    }
}

fn amounts_by_payee(items: &[&Item]) -> BTreeMap<PayeeKey, Vec<Money>> {
    let mut amounts: BTreeMap<PayeeKey, Vec<Money>> = BTreeMap::new();
    for item in items {
        let of_payee = amounts.entry(PayeeKey::of(&item.recipient)).or_default();
        of_payee.push(item.amount);
    }
    amounts
}
