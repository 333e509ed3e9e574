//! What an approver should look at first in a long list.

use std::collections::{BTreeSet, HashMap};

use onay_payout::{Batch, Item, ItemStatus, Money, Personal};

use super::shown::{Amount, payee};

/// A batch of at most this many items is read whole anyway.
const SHORT: usize = 10;

/// Most lines of each kind.
const LINES_MAX: usize = 5;

/// What stands out.
pub(super) struct Attention {
    /// Payees that are paid more than once, most money first.
    pub(super) repeated: Vec<Repeated>,
    /// How many such payees are not listed.
    pub(super) more_repeated: usize,
    /// The largest amounts of a long batch.
    pub(super) largest: Vec<Large>,
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
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.repeated.is_empty() && self.largest.is_empty()
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
