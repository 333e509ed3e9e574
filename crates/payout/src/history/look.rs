//! What people should look at in a batch, item by item.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use chrono::{DateTime, Utc};

use super::key::account;
use super::weigh::Known;
use super::{HistoryScope, HistorySettings, NameKey, PayeeKey, SignalKind, Signals, Weighing};
use crate::ids::ItemId;
use crate::item::Item;
use crate::money::Money;

/// What a batch is looked at with, and what was seen of it so far.
struct Look<'a> {
    known: Known<'a>,
    duplicates_since: DateTime<Utc>,
    /// The first item of this batch for a payee and an amount.
    asked: HashMap<(PayeeKey, Money), &'a ItemId>,
    /// The first item of this batch for a name.
    named: HashMap<NameKey, &'a Item>,
    signals: Signals,
}

/// Looks at every item.
pub(super) fn look(
    weighing: &Weighing<'_>,
    known: Known<'_>,
    settings: HistorySettings,
) -> Signals {
    let mut look = Look {
        known,
        duplicates_since: settings.duplicates_since(weighing.at),
        asked: HashMap::new(),
        named: HashMap::new(),
        signals: Signals::default(),
    };
    if settings.scope >= HistoryScope::Payees {
        for item in weighing.items {
            let payee = PayeeKey::of(&item.recipient);
            look.at_amount(item, payee);
            if settings.scope >= HistoryScope::Names {
                look.at_name(item, payee);
            }
            look.at_account(item, payee);
        }
    }
    look.signals
}

impl<'a> Look<'a> {
    /// An item that repeats one of another batch, or an earlier one of this batch.
    fn at_amount(&mut self, item: &'a Item, payee: PayeeKey) {
        let earlier = match self.asked.entry((payee, item.amount)) {
            Entry::Occupied(first) => Some(*first.get()),
            Entry::Vacant(place) => {
                place.insert(&item.id);
                None
            }
        };
        let known = self.known.payee(payee);
        let other = known.and_then(|payee| payee.same(item.amount, self.duplicates_since));
        let (amount, kind) = (item.amount, SignalKind::Duplicate);
        if let Some(other) = other {
            let (at, batch) = (day(other.at), other.batch);
            self.signals.push(kind, &item.id, || {
                format!("{amount} for this payee was also held on {at}, in batch {batch}")
            });
        } else if let Some(earlier) = earlier {
            self.signals.push(kind, &item.id, || {
                format!("{amount} for this payee is also asked by item {earlier} of this batch")
            });
        }
    }

    /// An item whose name was seen with another account, in another batch or earlier in this one.
    fn at_name(&mut self, item: &'a Item, payee: PayeeKey) {
        let Some(key) = NameKey::of(&item.recipient) else {
            return;
        };
        let first = *self.named.entry(key).or_insert(item);
        let kind = SignalKind::ChangedPayee;
        let known = self.known.name(key).filter(|name| !name.seen.is_empty());
        let Some(known) = known else {
            if PayeeKey::of(&first.recipient) != payee {
                let (was, id) = (account(&first.recipient), &first.id);
                self.signals.push(kind, &item.id, || {
                    let now = account(&item.recipient);
                    format!("this name has {now} here and {was} at item {id} of this batch")
                });
            }
            return;
        };
        if let Some(other) = known.changed_from(payee) {
            let (was, since) = (&other.shown, day(other.since));
            self.signals.push(kind, &item.id, || {
                let now = account(&item.recipient);
                format!("this name has {now} here, and had {was} since {since}")
            });
        }
    }

    /// An item whose account was never paid.
    fn at_account(&mut self, item: &Item, payee: PayeeKey) {
        let known = self.known.payee(payee);
        if known.is_none_or(|payee| payee.paid_at.is_none()) {
            self.signals.push(SignalKind::NewPayee, &item.id, || {
                let account = account(&item.recipient);
                format!("nothing was ever certainly paid to {account}")
            });
        }
    }
}

fn day(at: DateTime<Utc>) -> String {
    at.format("%F %H:%M UTC").to_string()
}
