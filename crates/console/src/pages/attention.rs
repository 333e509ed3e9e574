//! What an approver should look at first in a long list.

use std::collections::{BTreeSet, HashMap};

use onay_payout::{
    Batch, HeldHistory, Hold, Item, ItemId, ItemStatus, Money, Personal, SignalKind,
};

use super::shown::{Amount, payee, prose};
use crate::view::counted;

/// A batch of at most this many items is read whole anyway.
const SHORT: usize = 10;

/// Most lines of each kind.
const LINES_MAX: usize = 5;

/// Most signals of each kind that are not folded away.
const TOLD_AT_ONCE: usize = 3;

/// What stands out.
pub(super) struct Attention {
    /// Payees that are paid more than once, most money first.
    pub(super) repeated: Vec<Repeated>,
    /// How many such payees are not listed.
    pub(super) more_repeated: usize,
    /// The largest amounts of a long batch.
    pub(super) largest: Vec<Large>,
    /// What other batches told, a list for each kind.
    pub(super) noticed: Vec<Noticed>,
    /// What a maker and a payee came to in a day.
    pub(super) day: Option<Day>,
}

/// One kind of thing to look at.
pub(super) struct Noticed {
    /// `3 likely duplicates`.
    pub(super) what: String,
    pub(super) meaning: &'static str,
    pub(super) listed: Vec<Told>,
    /// What is shown on demand.
    pub(super) rest: Vec<Told>,
    /// How many are only counted.
    pub(super) unlisted: usize,
}

pub(super) struct Told {
    pub(super) item: String,
    pub(super) name: String,
    pub(super) amount: Option<Amount>,
    pub(super) detail: String,
}

pub(super) struct Day {
    pub(super) maker: Amount,
    pub(super) payee: Amount,
}

pub(super) struct Repeated {
    pub(super) payee: String,
    /// Several, when one account goes by several names.
    pub(super) names: Vec<String>,
    pub(super) count: usize,
    pub(super) sum: Amount,
}

pub(super) struct Large {
    pub(super) id: String,
    pub(super) payee: String,
    pub(super) name: String,
    pub(super) amount: Amount,
}

impl Attention {
    pub(super) fn of(batch: &Batch) -> Self {
        let hold = batch.state().hold();
        let history = hold.and_then(|hold| hold.history.as_ref());
        let pairs = batch.content().items().iter().zip(batch.outcomes());
        let to_pay = pairs.filter(|(_, outcome)| outcome.status != ItemStatus::Invalid);
        let mut items: Vec<&Item> = to_pay.map(|(item, _)| item).collect();
        let mut repeated = repeated(&items);
        let more_repeated = repeated.len().saturating_sub(LINES_MAX);
        repeated.truncate(LINES_MAX);
        let count = if items.len() > SHORT { LINES_MAX } else { 0 };
        items.sort_by_key(|item| std::cmp::Reverse(item.amount.amount()));
        Self {
            repeated,
            more_repeated,
            largest: items.into_iter().take(count).map(large).collect(),
            noticed: history
                .map(|known| noticed(known, batch.content().items()))
                .unwrap_or_default(),
            day: history.map(|known| Day {
                maker: known.maker_day.into(),
                payee: known.payee_day.into(),
            }),
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.repeated.is_empty()
            && self.largest.is_empty()
            && self.noticed.is_empty()
            && self.day.is_none()
    }
}

/// The worst first.
fn noticed(known: &HeldHistory, items: &[Item]) -> Vec<Noticed> {
    let by_id: HashMap<&ItemId, &Item> = items.iter().map(|item| (&item.id, item)).collect();
    let kinds = SignalKind::ALL.into_iter();
    let kinds = kinds.filter(|kind| known.signals.has(*kind));
    kinds
        .map(|kind| {
            let listed = known.signals.listed().iter();
            let listed = listed.filter(|signal| signal.kind == kind);
            let mut listed: Vec<Told> = listed
                .map(|signal| Told {
                    item: signal.item.to_string(),
                    name: by_id
                        .get(&signal.item)
                        .map(|item| name(item))
                        .unwrap_or_default(),
                    amount: by_id.get(&signal.item).map(|item| item.amount.into()),
                    detail: prose(&signal.detail),
                })
                .collect();
            let count = known.signals.count(kind);
            let unlisted = count.saturating_sub(listed.len());
            let rest = listed.split_off(listed.len().min(TOLD_AT_ONCE));
            Noticed {
                what: counted(kind, count),
                meaning: meaning(kind),
                listed,
                rest,
                unlisted,
            }
        })
        .collect()
}

/// What there is to look at, by kind and number.
pub(super) fn signals(hold: &Hold) -> String {
    let known = hold.history.iter();
    let counts = known.flat_map(|known| known.signals.counts());
    let words: Vec<String> = counts.map(|(kind, count)| counted(*kind, *count)).collect();
    words.join(", ")
}

const fn meaning(kind: SignalKind) -> &'static str {
    match kind {
        SignalKind::Duplicate => "The same payee was asked the same amount lately.",
        SignalKind::ChangedPayee => "The name was last seen with another account.",
        SignalKind::NewPayee => "Nothing was ever certainly paid to the account.",
    }
}

fn repeated(items: &[&Item]) -> Vec<Repeated> {
    let mut by_payee: HashMap<(&str, &str), Vec<&Item>> = HashMap::new();
    for item in items {
        let key = (item.recipient.kind.word(), item.recipient.info.expose());
        by_payee.entry(key).or_default().push(item);
    }
    let mut found: Vec<(Money, Vec<&Item>)> = by_payee
        .into_values()
        .filter(|same| same.len() > 1)
        .filter_map(|same| {
            let currency = same.first()?.amount.currency();
            Some((
                Money::sum(currency, same.iter().map(|item| item.amount)).ok()?,
                same,
            ))
        })
        .collect();
    found.sort_by_key(|(sum, same)| {
        (
            std::cmp::Reverse(sum.amount()),
            same.first().map(|item| item.id.clone()),
        )
    });
    found
        .into_iter()
        .filter_map(|(sum, same)| {
            let names: BTreeSet<String> = same.iter().map(|item| name(item)).collect();
            Some(Repeated {
                payee: payee(&same.first()?.recipient),
                names: names.into_iter().collect(),
                count: same.len(),
                sum: sum.into(),
            })
        })
        .collect()
}

fn large(item: &Item) -> Large {
    Large {
        id: item.id.to_string(),
        payee: payee(&item.recipient),
        name: name(item),
        amount: item.amount.into(),
    }
}

fn name(item: &Item) -> String {
    item.recipient
        .name
        .as_ref()
        .map(Personal::expose)
        .unwrap_or_default()
        .to_owned()
}
