//! Batches that stand for all others: one on either side of every bound a rule has.
//!
//! Rules only ask whether a sum is above a bound, and for words. So two batches between the same
//! bounds, with the same words, are matched by the same rules, and looking at one tells of both.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use super::{Conditions, Facts, HistoryFacts};
use crate::content::{ITEMS_PER_BATCH_MAX, Purpose};
use crate::history::SignalKind;
use crate::money::{Currency, Money};

/// How many batches are looked at in one currency. A policy with more bounds than that tells apart
/// is looked at in part, and whoever asks is told. Takes a second or so with a hundred rules.
const POINTS_MAX: usize = 20_000;

/// The smallest step from a bound to what is above it.
const STEP: Decimal = Decimal::from_parts(1, 0, 0, false, 2);

/// Batches of one currency, smaller totals first.
pub(super) struct Points {
    /// What rules see of each.
    pub(super) facts: Vec<Facts>,
    /// Whether there would have been more.
    pub(super) is_cut: bool,
}

/// What the batches are put together from.
struct Axes {
    currency: Currency,
    totals: Vec<Decimal>,
    /// Largest items to try beside the total itself; none, where no rule asks.
    items: Vec<Decimal>,
    makers: Vec<Decimal>,
    payees: Vec<Decimal>,
    purposes: Vec<Option<Purpose>>,
    /// None, where no rule asks for other batches.
    signals: Vec<BTreeSet<SignalKind>>,
}

impl Points {
    /// Batches on either side of every bound of these conditions, and of `more` bounds of the total.
    pub(super) fn of(all: &[&Conditions], currency: Currency, more: &[Money]) -> Self {
        let axes = Axes::of(all, currency, more);
        let mut points = Self {
            facts: Vec::new(),
            is_cut: false,
        };
        for total in &axes.totals {
            for largest in axes.items_of(*total) {
                for history in axes.histories(*total, largest) {
                    points.add(&axes, *total, largest, history.as_ref());
                }
            }
        }
        points
    }

    fn add(
        &mut self,
        axes: &Axes,
        total: Decimal,
        largest: Decimal,
        history: Option<&HistoryFacts>,
    ) {
        for purpose in &axes.purposes {
            if self.facts.len() >= POINTS_MAX {
                self.is_cut = true;
                return;
            }
            self.facts.push(Facts {
                total: axes.money(total),
                largest: axes.money(largest),
                purpose: *purpose,
                history: history.cloned(),
            });
        }
    }
}

impl Axes {
    fn of(all: &[&Conditions], currency: Currency, more: &[Money]) -> Self {
        let of_totals = |one: &Conditions| vec![one.up_to, one.above];
        let totals = bounds(all, currency, of_totals);
        let items = bounds(all, currency, |one| vec![one.item_above]);
        let makers = bounds(all, currency, |one| vec![one.maker_day_above]);
        let payees = bounds(all, currency, |one| vec![one.payee_day_above]);
        let more = more.iter().filter(|bound| bound.currency() == currency);
        let mut sums: BTreeSet<Decimal> = more.map(|bound| bound.amount()).collect();
        sums.extend([&totals, &items, &makers, &payees].into_iter().flatten());
        let above = sums.iter().filter_map(|sum| sum.checked_add(STEP));
        let mut sums: Vec<Decimal> = sums.iter().copied().chain(above).collect();
        sums.sort_unstable();
        sums.dedup();
        if sums.is_empty() {
            sums.push(Decimal::ONE);
        }
        let if_asked = |is_asked: bool| {
            if is_asked { sums.clone() } else { Vec::new() }
        };
        Self {
            currency,
            // What one payee gets is no less than the largest item, so that one must vary, too.
            items: if_asked(!items.is_empty() || !payees.is_empty()),
            makers: if_asked(!makers.is_empty()),
            payees: if_asked(!payees.is_empty()),
            purposes: purposes(all),
            signals: signals(all),
            totals: sums,
        }
    }

    fn money(&self, amount: Decimal) -> Money {
        Money::reported(amount, self.currency)
    }

    /// The largest items a batch of this total could have.
    fn items_of(&self, total: Decimal) -> Vec<Decimal> {
        let most = Decimal::from(ITEMS_PER_BATCH_MAX);
        let is_enough = |item: &Decimal| item.checked_mul(most).is_none_or(|sum| sum >= total);
        let smaller = self.items.iter().copied().filter(|item| *item < total);
        smaller.filter(is_enough).chain([total]).collect()
    }

    /// What other batches could tell of one. Its own money is in their sums.
    fn histories(&self, total: Decimal, largest: Decimal) -> Vec<Option<HistoryFacts>> {
        if self.signals.is_empty() {
            return vec![None];
        }
        let above = |sums: &[Decimal], least: Decimal| -> Vec<Decimal> {
            let more = sums.iter().copied().filter(|sum| *sum > least);
            [least].into_iter().chain(more).collect()
        };
        let payees = above(&self.payees, largest);
        let mut all = Vec::new();
        for maker_day in above(&self.makers, total) {
            for payee_day in &payees {
                all.extend(self.signals.iter().map(|signals| {
                    Some(HistoryFacts {
                        maker_day: self.money(maker_day),
                        payee_day: self.money(*payee_day),
                        signals: signals.clone(),
                    })
                }));
            }
        }
        all
    }
}

/// What these conditions say in one currency.
fn bounds(
    all: &[&Conditions],
    currency: Currency,
    of: impl Fn(&Conditions) -> Vec<Option<Money>>,
) -> Vec<Decimal> {
    let bounds = all.iter().flat_map(|one| of(one)).flatten();
    bounds
        .filter(|bound| bound.currency() == currency)
        .map(Money::amount)
        .collect()
}

/// Every purpose that is named, and none, which is like every other one.
fn purposes(all: &[&Conditions]) -> Vec<Option<Purpose>> {
    let named: BTreeSet<Purpose> = all
        .iter()
        .filter_map(|one| one.purposes.as_ref())
        .flatten()
        .copied()
        .collect();
    [None]
        .into_iter()
        .chain(named.into_iter().map(Some))
        .collect()
}

/// Every way in which signals that are named may come together.
fn signals(all: &[&Conditions]) -> Vec<BTreeSet<SignalKind>> {
    if !all.iter().any(|one| one.needs_history()) {
        return Vec::new();
    }
    let named = all.iter().filter_map(|one| one.signals.as_ref()).flatten();
    let named: BTreeSet<SignalKind> = named.copied().collect();
    named.iter().fold(vec![BTreeSet::new()], |sets, kind| {
        let with = sets.iter().map(|set| {
            let mut set = set.clone();
            set.insert(*kind);
            set
        });
        let with: Vec<_> = with.collect();
        [sets, with].concat()
    })
}

/// A batch as an example, for people.
pub(super) fn told(facts: &Facts) -> String {
    let mut parts = vec![format!("{} in all", facts.total)];
    if facts.largest != facts.total {
        parts.push(format!("the largest item {}", facts.largest));
    }
    if let Some(purpose) = facts.purpose {
        parts.push(format!("for {purpose}"));
    }
    if let Some(known) = &facts.history {
        if known.maker_day != facts.total {
            parts.push(format!("its maker's 24 hours {}", known.maker_day));
        }
        if known.payee_day != facts.largest {
            parts.push(format!("one payee's 24 hours {}", known.payee_day));
        }
        let words: Vec<&str> = known.signals.iter().map(|kind| kind.word()).collect();
        if !words.is_empty() {
            parts.push(format!("noticed: {}", words.join(" and ")));
        }
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    type Sum = fn(&Facts) -> Money;

    fn lira(text: &str) -> Money {
        text.parse().unwrap()
    }

    #[test]
    fn every_bound_has_a_batch_on_either_side_and_sums_agree_with_each_other() {
        let conditions = Conditions {
            above: Some(lira("100.00 TRY")),
            item_above: Some(lira("50.00 TRY")),
            maker_day_above: Some(lira("200.00 TRY")),
            payee_day_above: Some(lira("60.00 TRY")),
            signals: Some(SignalKind::ALL.into_iter().collect()),
            ..Conditions::default()
        };
        let points = Points::of(&[&conditions], Currency::Try, &[]);
        assert!(!points.is_cut);
        for facts in &points.facts {
            let known = facts.history.as_ref().unwrap();
            assert!(facts.largest.amount() <= facts.total.amount());
            assert!(known.maker_day.amount() >= facts.total.amount());
            assert!(known.payee_day.amount() >= facts.largest.amount());
        }
        // Each condition is seen to hold and not to hold, whatever the others are.
        let sums: [(u32, Sum); 4] = [
            (100, |facts| facts.total),
            (50, |facts| facts.largest),
            (200, |facts| facts.history.as_ref().unwrap().maker_day),
            (60, |facts| facts.history.as_ref().unwrap().payee_day),
        ];
        for (bound, sum) in sums {
            let bound = Decimal::from(bound);
            let above = points
                .facts
                .iter()
                .filter(|facts| sum(facts).amount() > bound);
            let above = above.count();
            assert!(above > 0 && above < points.facts.len(), "{bound}");
        }
    }

    #[test]
    fn more_bounds_than_can_be_looked_at_are_cut_and_told() {
        let many: Vec<Conditions> = (1..200)
            .map(|units| Conditions {
                above: Some(Money::reported(Decimal::from(units), Currency::Try)),
                item_above: Some(Money::reported(Decimal::from(units), Currency::Try)),
                ..Conditions::default()
            })
            .collect();
        let points = Points::of(&many.iter().collect::<Vec<_>>(), Currency::Try, &[]);
        assert!(points.is_cut);
        assert_eq!(points.facts.len(), POINTS_MAX);
    }
}
