//! What is remembered of makers and payees, and what a batch is told of it.

mod laws;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::world::{at, lira};
use crate::history::{
    ASKED_MAX, Counted, History, HistoryScope, HistorySettings, Remembered, SIGNALS_LISTED_MAX,
    SignalKind, Signals, Weighed, Weighing, forget, paid, weigh,
};
use crate::{BatchId, Currency, Item, Money, PersonName, Personal, Recipient, RecipientType};

const IBANS: [&str; 3] = [
    "TR920086402100005482986178",
    "TR330006100519786457841326",
    "TR470001001234567890123456",
];

fn id(number: u128) -> BatchId {
    BatchId::new(Uuid::from_u128(number))
}

fn item(number: usize, iban: &str, name: &str, units: i64) -> Item {
    Item {
        id: format!("item-{number}").parse().unwrap(),
        recipient: Recipient {
            kind: RecipientType::Iban,
            info: Personal::new(iban),
            name: Some(Personal::new(name)),
        },
        amount: lira(units),
        description: None,
        non_withdrawable: false,
    }
}

/// A batch, as its makers wrote it: when it is held, and whom it pays how much.
#[derive(Debug, Clone)]
struct Asked {
    number: u128,
    at: DateTime<Utc>,
    items: Vec<Item>,
}

impl Asked {
    fn new(number: u128, at: DateTime<Utc>, payments: &[(&str, &str, i64)]) -> Self {
        let items = payments.iter().enumerate();
        let items = items.map(|(index, (iban, name, units))| item(index, iban, name, *units));
        Self {
            number,
            at,
            items: items.collect(),
        }
    }

    fn counted(&self) -> Counted {
        let amounts = self.items.iter().map(|item| item.amount);
        Counted {
            at: self.at,
            total: Money::sum(Currency::Try, amounts).unwrap(),
        }
    }
}

/// What a ledger does with it: reads the keys of a batch, and stores what comes out.
#[derive(Debug, Clone, Default, PartialEq)]
struct Memory(History);

impl Memory {
    fn weigh_with(
        &mut self,
        asked: &Asked,
        previous: Option<Counted>,
        settings: HistorySettings,
    ) -> Weighed {
        let items: Vec<&Item> = asked.items.iter().collect();
        let weighing = Weighing {
            batch: id(asked.number),
            maker: &ayse(),
            items: &items,
            total: asked.counted().total,
            previous,
            at: asked.at,
        };
        let weighed = weigh(&weighing, &self.0, settings).unwrap();
        self.store(weighed.after.clone());
        weighed
    }

    fn weigh(&mut self, asked: &Asked) -> Weighed {
        self.weigh_with(asked, None, HistorySettings::default())
    }

    fn forget(&mut self, asked: &Asked) {
        self.store(forget(
            id(asked.number),
            &ayse(),
            Some(asked.counted()),
            &self.0,
        ));
    }

    fn paid(&mut self, asked: &Asked) {
        let items: Vec<&Item> = asked.items.iter().collect();
        self.store(paid(&items, &self.0, asked.at));
    }

    fn store(&mut self, after: History) {
        self.0.extend(after);
        let kept = std::mem::take(&mut self.0).into_iter();
        self.0 = kept.filter(|value| !value.is_empty()).collect();
    }
}

fn ayse() -> PersonName {
    "ayse".parse().unwrap()
}

fn counts(signals: &Signals) -> [usize; 3] {
    SignalKind::ALL.map(|kind| signals.count(kind))
}

fn details(signals: &Signals, kind: SignalKind) -> Vec<&str> {
    let listed = signals.listed().iter();
    let of_kind = listed.filter(|signal| signal.kind == kind);
    of_kind.map(|signal| signal.detail.as_str()).collect()
}

#[test]
fn a_duplicate_in_another_batch_is_told_within_the_window_only() {
    let mut memory = Memory::default();
    memory.weigh(&Asked::new(1, at(0), &[(IBANS[0], "Ayşe Yılmaz", 41_250)]));
    let again = |days: i64| Asked::new(2, at(days * 24 * 60), &[(IBANS[0], "AYŞE", 41_250)]);
    let late = memory.clone().weigh(&again(8));
    assert!(!late.signals.has(SignalKind::Duplicate));
    let other = Asked::new(2, at(60), &[(IBANS[0], "Ayşe Yılmaz", 41_251)]);
    let weighed = memory.clone().weigh(&other);
    assert!(!weighed.signals.has(SignalKind::Duplicate), "other amount");
    let weighed = memory.weigh(&again(7));
    assert_eq!(
        details(&weighed.signals, SignalKind::Duplicate),
        [
            "41\u{a0}250.00 TRY for this payee was also held on 2026-11-22 09:00 UTC, in batch \
          b_00000000000000000000000000000001"
        ]
    );
}

#[test]
fn a_duplicate_within_a_batch_is_told_at_each_repetition() {
    let twice = Asked::new(
        1,
        at(0),
        &[
            (IBANS[0], "Ayşe", 10),
            ("tr92 0086402100005482986178", "Ayşe", 10),
            (IBANS[0], "Ayşe", 11),
            (IBANS[1], "Can", 10),
        ],
    );
    let signals = Memory::default().weigh(&twice).signals;
    assert_eq!(
        details(&signals, SignalKind::Duplicate),
        ["10.00 TRY for this payee is also asked by item item-0 of this batch"]
    );
}

#[test]
fn a_changed_account_is_told_until_it_was_paid_under_that_name() {
    let mut memory = Memory::default();
    let pay = |number, minute, iban| Asked::new(number, at(minute), &[(iban, "Işıl", 10)]);
    let first = pay(1, 0, IBANS[0]);
    assert!(!memory.weigh(&first).signals.has(SignalKind::ChangedPayee));
    memory.paid(&first);
    // The new account is known, and was paid under another name.
    memory.paid(&Asked::new(9, at(0), &[(IBANS[1], "Can", 10)]));
    for number in 2..5 {
        let changed = Asked::new(number, at(60), &[(IBANS[1], " IŞIL ", 10)]);
        let signals = memory.weigh(&changed).signals;
        assert_eq!(
            details(&signals, SignalKind::ChangedPayee),
            ["this name has TR33…1326 here, and had TR92…6178 since 2026-11-22 09:00 UTC"]
        );
    }
    memory.paid(&pay(2, 60, IBANS[1]));
    let settled = memory.weigh(&pay(5, 120, IBANS[1])).signals;
    assert!(!settled.has(SignalKind::ChangedPayee));
    let back = memory.weigh(&pay(6, 180, IBANS[0])).signals;
    assert!(back.has(SignalKind::ChangedPayee));
}

#[test]
fn an_account_that_was_turned_down_is_not_what_a_name_was_last_seen_with() {
    let mut memory = Memory::default();
    let first = Asked::new(1, at(0), &[(IBANS[0], "Işıl", 10)]);
    memory.weigh(&first);
    memory.paid(&first);
    let wrong = Asked::new(2, at(60), &[(IBANS[1], "Işıl", 10)]);
    memory.weigh(&wrong);
    memory.forget(&wrong);
    let right = Asked::new(3, at(120), &[(IBANS[0], "Işıl", 11)]);
    assert_eq!(counts(&memory.weigh(&right).signals), [0, 0, 0]);
    let again = Asked::new(4, at(180), &[(IBANS[1], "Işıl", 10)]);
    assert_eq!(counts(&memory.weigh(&again).signals), [0, 1, 1]);
}

#[test]
fn one_name_with_two_accounts_in_a_batch_is_told() {
    let both = Asked::new(1, at(0), &[(IBANS[0], "Işıl", 10), (IBANS[1], "ışıl", 10)]);
    let signals = Memory::default().weigh(&both).signals;
    assert_eq!(
        details(&signals, SignalKind::ChangedPayee),
        ["this name has TR33…1326 here and TR92…6178 at item item-0 of this batch"]
    );
}

#[test]
fn a_payee_is_new_until_it_was_certainly_paid() {
    let mut memory = Memory::default();
    let of = |number| Asked::new(number, at(0), &[(IBANS[0], "Işıl", 10)]);
    for number in 1..3 {
        let signals = memory.weigh(&of(number)).signals;
        let told = details(&signals, SignalKind::NewPayee);
        assert_eq!(told, ["nothing was ever certainly paid to TR92…6178"]);
    }
    memory.paid(&of(1));
    let kept = memory.clone();
    memory.paid(&Asked::new(2, at(90), &[(IBANS[0], "Işıl", 10)]));
    assert_eq!(memory, kept, "the first time stands");
    assert!(!memory.weigh(&of(3)).signals.has(SignalKind::NewPayee));
}

#[test]
fn signals_are_counted_whole_and_listed_in_part_and_show_no_personal_data() {
    let payments = vec![(IBANS[0], "Ayşe Yılmaz", 10); SIGNALS_LISTED_MAX + 20];
    let signals = Memory::default()
        .weigh(&Asked::new(1, at(0), &payments))
        .signals;
    assert_eq!(counts(&signals), [payments.len() - 1, 0, payments.len()]);
    assert_eq!(signals.listed().len(), SIGNALS_LISTED_MAX * 2);
    let shown = format!("{signals:?}");
    assert!(!shown.contains(IBANS[0]) && !shown.contains("Ayşe"));
}

#[test]
fn what_is_out_of_scope_is_neither_judged_nor_stored() {
    let asked = Asked::new(1, at(0), &[(IBANS[0], "Işıl", 10), (IBANS[0], "Işıl", 20)]);
    for (scope, kinds, values) in [
        (HistoryScope::Maker, [0, 0, 0], 1),
        (HistoryScope::Payees, [0, 0, 2], 2),
        (HistoryScope::Names, [0, 0, 2], 3),
    ] {
        let settings = HistorySettings {
            scope,
            ..HistorySettings::default()
        };
        let weighed = Memory::default().weigh_with(&asked, None, settings);
        assert_eq!(counts(&weighed.signals), kinds, "{scope:?}");
        assert_eq!(weighed.payee_day, lira(30), "{scope:?}");
        let items: Vec<&Item> = asked.items.iter().collect();
        let keys = History::keys_for(&items, &ayse(), scope);
        let stored: Vec<_> = weighed.after.into_iter().map(|value| value.key()).collect();
        assert_eq!((stored.len(), stored), (values, keys), "{scope:?}");
    }
}

#[test]
fn sums_are_of_one_currency() {
    let mut memory = Memory::default();
    let mut euro = Asked::new(1, at(0), &[(IBANS[0], "Işıl", 10)]);
    let ten = Money::reported(10.into(), Currency::Eur);
    euro.items[0].amount = ten;
    let items = [&euro.items[0]];
    let weighing = Weighing {
        batch: id(1),
        maker: &ayse(),
        items: &items,
        total: ten,
        previous: None,
        at: at(0),
    };
    let weighed = weigh(&weighing, &memory.0, HistorySettings::default()).unwrap();
    assert_eq!((weighed.maker_day, weighed.payee_day), (ten, ten));
    memory.store(weighed.after);
    let weighed = memory.weigh(&Asked::new(2, at(1), &[(IBANS[0], "Işıl", 10)]));
    assert_eq!((weighed.maker_day, weighed.payee_day), (lira(10), lira(10)));
    assert!(!weighed.signals.has(SignalKind::Duplicate));
}

#[test]
fn a_payee_with_many_items_stays_small_and_its_day_stays_right() {
    let mut memory = Memory::default();
    let (items, batches) = (ASKED_MAX / 2, 8);
    for number in 0..batches {
        let minute = i64::try_from(number).unwrap();
        let asked = Asked::new(number, at(minute), &vec![(IBANS[0], "Işıl", 1); items]);
        let weighed = memory.weigh(&asked);
        let sum = i64::try_from(items).unwrap() * (minute + 1);
        assert_eq!(weighed.payee_day, lira(sum));
    }
    let payees = memory
        .0
        .clone()
        .into_iter()
        .filter_map(|value| match value {
            Remembered::Payee(_, payee) => Some(payee.asked.len()),
            Remembered::Maker(..) | Remembered::Name(..) => None,
        });
    assert!(payees.into_iter().all(|length| length <= ASKED_MAX));
}
