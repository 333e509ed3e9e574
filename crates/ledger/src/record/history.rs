//! What is remembered of makers and payees. One is read for every payee of a batch, so they are
//! short: rows without names.

use onay_payout::BatchId;
use onay_payout::history::{
    Asked, HeldHour, MakerHistory, NameHistory, PayeeHistory, PayeeKey, Seen,
};
use serde::{Deserialize, Serialize};

use super::V1;
use super::scalar::{Amount, Text, Time};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MakerRecord {
    v: V1,
    /// Which hour since 1970, and what was held in it.
    hours: Vec<(i64, Amount)>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PayeeRecord {
    v: V1,
    #[serde(skip_serializing_if = "Option::is_none")]
    paid_at: Option<Time>,
    /// When, how much, which batch.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    asked: Vec<(Time, Amount, Text<BatchId>)>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NameRecord {
    v: V1,
    seen: Vec<SeenRecord>,
}

/// Which account, its ends for people, since when, which batch, and whether it was paid since.
#[derive(Serialize, Deserialize)]
struct SeenRecord(Text<PayeeKey>, String, Time, Text<BatchId>, bool);

impl From<&MakerHistory> for MakerRecord {
    fn from(maker: &MakerHistory) -> Self {
        let hours = maker.hours.iter();
        Self {
            v: V1,
            hours: hours.map(|held| (held.hour, Amount(held.held))).collect(),
        }
    }
}

impl From<MakerRecord> for MakerHistory {
    fn from(record: MakerRecord) -> Self {
        let hours = record.hours.into_iter();
        Self {
            hours: hours
                .map(|(hour, Amount(held))| HeldHour { hour, held })
                .collect(),
        }
    }
}

impl From<&PayeeHistory> for PayeeRecord {
    fn from(payee: &PayeeHistory) -> Self {
        let asked = payee.asked.iter();
        Self {
            v: V1,
            paid_at: payee.paid_at.map(Time),
            asked: asked
                .map(|asked| (Time(asked.at), Amount(asked.amount), Text(asked.batch)))
                .collect(),
        }
    }
}

impl From<PayeeRecord> for PayeeHistory {
    fn from(record: PayeeRecord) -> Self {
        let asked = record.asked.into_iter();
        Self {
            paid_at: record.paid_at.map(|Time(at)| at),
            asked: asked
                .map(|(Time(at), Amount(amount), Text(batch))| Asked { at, amount, batch })
                .collect(),
        }
    }
}

impl From<&NameHistory> for NameRecord {
    fn from(name: &NameHistory) -> Self {
        let seen = name.seen.iter().map(|seen| {
            let (payee, batch) = (Text(seen.payee), Text(seen.batch));
            let (shown, since) = (seen.shown.clone(), Time(seen.since));
            SeenRecord(payee, shown, since, batch, seen.is_paid)
        });
        Self {
            v: V1,
            seen: seen.collect(),
        }
    }
}

impl From<NameRecord> for NameHistory {
    fn from(record: NameRecord) -> Self {
        let seen = record.seen.into_iter().map(
            |SeenRecord(Text(payee), shown, Time(since), Text(batch), is_paid)| Seen {
                payee,
                shown,
                since,
                batch,
                is_paid,
            },
        );
        Self {
            seen: seen.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use onay_payout::history::{HistoryKey, NameKey, Remembered};
    use proptest::collection::vec;
    use proptest::option;
    use proptest::prelude::*;

    use crate::error::LedgerError;
    use crate::history::{decode, encode};
    use crate::record::tests::{fixtures, id, money, time};

    use super::*;

    fn batch() -> impl Strategy<Value = BatchId> {
        any::<[u8; 16]>().prop_map(BatchId::from_bytes)
    }

    fn payee() -> impl Strategy<Value = PayeeKey> {
        "[0-9a-f]{32}".prop_map(|text| text.parse().unwrap())
    }

    fn asked() -> impl Strategy<Value = Asked> {
        (time(), money(), batch()).prop_map(|(at, amount, batch)| Asked { at, amount, batch })
    }

    fn seen() -> impl Strategy<Value = Seen> {
        (payee(), any::<String>(), time(), batch(), any::<bool>()).prop_map(
            |(payee, shown, since, batch, is_paid)| Seen {
                payee,
                shown,
                since,
                batch,
                is_paid,
            },
        )
    }

    fn remembered() -> impl Strategy<Value = Remembered> {
        let held = (any::<i64>(), money()).prop_map(|(hour, held)| HeldHour { hour, held });
        let maker = vec(held, 0..4).prop_map(|hours| MakerHistory { hours });
        let of_payee = (option::of(time()), vec(asked(), 0..4))
            .prop_map(|(paid_at, asked)| PayeeHistory { paid_at, asked });
        let name = "[0-9a-f]{32}".prop_map(|text| text.parse::<NameKey>().unwrap());
        let of_name = vec(seen(), 0..3).prop_map(|seen| NameHistory { seen });
        prop_oneof![
            (id(), maker).prop_map(|(name, maker)| Remembered::Maker(name, maker)),
            (payee(), of_payee).prop_map(|(key, payee)| Remembered::Payee(key, payee)),
            (name, of_name).prop_map(|(key, name)| Remembered::Name(key, name)),
        ]
    }

    proptest! {
        #[test]
        fn histories_round_trip(value in remembered()) {
            let text = encode(&value);
            let back = decode(&value.key(), &text).unwrap();
            prop_assert_eq!(&back, &value);
            prop_assert_eq!(encode(&back), text);
        }
    }

    fn keys() -> [HistoryKey; 3] {
        let digits = "b3208e993870412050e42f013d6f2c20";
        [
            "maker:ayse".to_owned(),
            format!("payee:{digits}"),
            format!("name:{digits}"),
        ]
        .map(|text| text.parse().unwrap())
    }

    #[test]
    fn every_history_of_version_1_can_be_read_under_its_own_kind_of_key_only() {
        let kinds = ["history-maker", "history-payee", "history-name"];
        for (kind, key) in kinds.into_iter().zip(keys()) {
            let kept = fixtures(kind);
            assert!(!kept.is_empty(), "{kind}");
            for (path, text) in kept {
                let value = decode(&key, &text).unwrap();
                assert_eq!(encode(&value), text, "{}", path.display());
                assert!(!value.is_empty(), "{}", path.display());
                let others = keys().into_iter().filter(|other| *other != key);
                for other in others {
                    assert!(decode(&other, &text).is_err(), "{other} {text}");
                }
            }
        }
    }

    #[test]
    fn a_history_nobody_would_write_is_refused_without_being_shown() {
        let [maker, payee, name] = keys();
        let row = r#""2026-11-22T09:00:00.000000Z","TR92 TRY","b_1""#;
        for (key, text) in [
            (&maker, r#"{"v":2,"hours":[]}"#.to_owned()),
            (&maker, r#"{"v":1,"hours":[[1]]}"#.to_owned()),
            (&maker, r#"{"v":1,"hours":[[1.5,"1.00 TRY"]]}"#.to_owned()),
            (&payee, format!(r#"{{"v":1,"asked":[[{row}]]}}"#)),
            (&payee, r#"{"v":1,"TR92":1}"#.to_owned()),
            (&name, r#"{"v":1,"seen":[["TR92"]]}"#.to_owned()),
            (&name, String::new()),
        ] {
            let error = decode(key, &text).unwrap_err();
            assert!(matches!(error, LedgerError::Corrupt(_)), "{key} {text}");
            assert!(!format!("{error} {error:?}").contains("TR92"), "{error}");
        }
    }
}
