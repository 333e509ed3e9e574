//! Laws of what is remembered, whatever batches there were.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::collection::vec;
use proptest::prelude::*;

use super::{Asked, IBANS, Memory};
use crate::Item;
use crate::history::{HistorySettings, SignalKind, Weighed};
use crate::tests::world::{at, lira};

/// Batches of one maker over three days, in the order they are held.
fn batches() -> impl Strategy<Value = Vec<Asked>> {
    let payment = (0..IBANS.len(), 0..2_usize, 1..4_i64);
    let batch = (0..3 * 24 * 60_i64, vec(payment, 1..4));
    vec(batch, 1..7).prop_map(|mut batches| {
        batches.sort_by_key(|(minute, _)| *minute);
        let numbered = (1_u128..).zip(batches);
        numbered
            .map(|(number, (minute, payments))| {
                let named = payments.iter().map(|(iban, name, units)| {
                    (IBANS[*iban], ["Işıl Kaya", "İbrahim"][*name], *units)
                });
                Asked::new(number, at(minute), &named.collect::<Vec<_>>())
            })
            .collect()
    })
}

/// What was held from `first` on, of all batches: for the maker, and for each account.
fn sums(batches: &[Asked], first: DateTime<Utc>) -> (i64, [i64; IBANS.len()]) {
    let units = |item: &Item| i64::try_from(item.amount.amount()).unwrap();
    let items = batches.iter().filter(|asked| asked.at >= first);
    let items: Vec<&Item> = items.flat_map(|asked| &asked.items).collect();
    let of = |iban: &str| {
        let to = items
            .iter()
            .filter(|item| item.recipient.info.expose() == iban);
        to.map(|item| units(item)).sum()
    };
    (items.iter().map(|item| units(item)).sum(), IBANS.map(of))
}

proptest! {
    #[test]
    fn the_sums_are_those_of_all_that_was_held_in_the_day(batches in batches()) {
        let mut memory = Memory::default();
        for (index, asked) in batches.iter().enumerate() {
            let weighed = memory.weigh(asked);
            let until_now = &batches[..=index];
            let day = asked.at - TimeDelta::days(1);
            let (least, of_payees) = sums(until_now, day);
            let (most, _) = sums(until_now, day - TimeDelta::hours(1));
            prop_assert!((lira(least).amount()..=lira(most).amount()).contains(&weighed.maker_day.amount()));
            let asked_here = IBANS.iter().zip(of_payees).filter(|(iban, _)| {
                asked.items.iter().any(|item| item.recipient.info.expose() == **iban)
            });
            let largest = asked_here.map(|(_, sum)| sum).max().unwrap();
            prop_assert_eq!(weighed.payee_day, lira(largest));
        }
    }

    #[test]
    fn the_order_of_other_batches_changes_no_sum(batches in batches(), turn in 0..6_usize) {
        let (last, others) = batches.split_last().unwrap();
        let mut turned = others.to_vec();
        turned.rotate_left(turn.min(others.len()));
        // Within an hour, so that clocks may differ; a day before the last one.
        let held = |others: &[Asked]| {
            let mut memory = Memory::default();
            for asked in others {
                let minute = asked.at.timestamp() / 60 % 50;
                memory.weigh(&Asked { at: at(minute), ..asked.clone() });
            }
            let weighed = memory.weigh(&Asked { at: at(24 * 60 + 25), ..last.clone() });
            (weighed.maker_day, weighed.payee_day, weighed.signals.count(SignalKind::Duplicate))
        };
        prop_assert_eq!(held(others), held(&turned));
    }

    #[test]
    fn to_weigh_twice_is_to_weigh_once(batches in batches(), later in 0..90_i64) {
        let mut memory = Memory::default();
        let (last, others) = batches.split_last().unwrap();
        for asked in others {
            memory.weigh(asked);
        }
        let mut once = memory.clone();
        let retried = Asked { at: last.at + TimeDelta::minutes(later), ..last.clone() };
        let expected = once.weigh(&retried);
        memory.weigh(last);
        let weighed =
            memory.weigh_with(&retried, Some(last.counted()), HistorySettings::default());
        prop_assert_eq!(weighed.maker_day, expected.maker_day);
        prop_assert_eq!(weighed.payee_day, expected.payee_day);
        prop_assert_eq!(weighed.signals, expected.signals);
        prop_assert_eq!(&memory, &once);
        let repeated =
            memory.weigh_with(&retried, Some(retried.counted()), HistorySettings::default());
        prop_assert!(repeated.after.is_empty(), "nothing is other than it was");
    }

    #[test]
    fn to_forget_undoes_to_weigh(batches in batches(), which in any::<prop::sample::Index>()) {
        let mut memory = Memory::default();
        let mut without = Memory::default();
        let (last, others) = batches.split_last().unwrap();
        let forgotten = which.index(batches.len());
        for (index, asked) in others.iter().enumerate() {
            memory.weigh(asked);
            if index != forgotten {
                without.weigh(asked);
            }
        }
        if let Some(forgotten) = others.get(forgotten) {
            memory.forget(forgotten);
        }
        let (weighed, expected) = (memory.weigh(last), without.weigh(last));
        prop_assert_eq!(weighed.maker_day, expected.maker_day);
        prop_assert_eq!(weighed.payee_day, expected.payee_day);
        let duplicates = |weighed: &Weighed| weighed.signals.count(SignalKind::Duplicate);
        prop_assert_eq!(duplicates(&weighed), duplicates(&expected));
    }

    #[test]
    fn an_amount_split_into_many_batches_comes_to_the_same_day(parts in vec(1..100_i64, 1..20)) {
        let mut memory = Memory::default();
        let days: Vec<_> = (1_u128..).zip(&parts).map(|(number, units)| {
            let minute = i64::try_from(number).unwrap();
            let weighed = memory.weigh(&Asked::new(number, at(minute), &[(IBANS[0], "Işıl", *units)]));
            (weighed.maker_day, weighed.payee_day)
        }).collect();
        let sum: i64 = parts.iter().sum();
        let whole = Memory::default().weigh(&Asked::new(1, at(0), &[(IBANS[0], "Işıl", sum)]));
        prop_assert_eq!(days.last(), Some(&(whole.maker_day, whole.payee_day)));
    }

    #[test]
    fn pruning_drops_nothing_inside_the_window(minutes in vec(0..20_i64 * 24 * 60, 2..12), days in 0..10_u64) {
        let settings = HistorySettings {
            window: Duration::from_hours(days * 24),
            ..HistorySettings::default()
        };
        let mut minutes = minutes;
        minutes.sort_unstable();
        let mut memory = Memory::default();
        let last = *minutes.last().unwrap();
        for (number, minute) in (1_u128..).zip(&minutes) {
            let units = i64::try_from(number).unwrap();
            memory.weigh_with(&Asked::new(number, at(*minute), &[(IBANS[0], "Işıl", units)]), None, settings);
        }
        let span = i64::try_from(days).unwrap() * 24 * 60;
        for (units, minute) in (1_i64..).zip(&minutes) {
            let again = Asked::new(99, at(last), &[(IBANS[0], "Işıl", units)]);
            let weighed = memory.clone().weigh_with(&again, None, settings);
            let is_within = last - minute <= span;
            prop_assert_eq!(weighed.signals.has(SignalKind::Duplicate), is_within);
        }
    }
}
