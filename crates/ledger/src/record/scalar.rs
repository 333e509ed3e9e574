//! Single values as text.

use std::fmt::Display;
use std::str::FromStr;

use chrono::{DateTime, SecondsFormat, Utc};
use onay_payout::{Money, ReasonCode, Resolution, SignalKind, Why};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A value whose `Display` and `FromStr` are its persisted form: ids, names, digests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Text<T>(pub(super) T);

impl<T: Display> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de, T: FromStr> Deserialize<'de> for Text<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse()
            .map(Self)
            .map_err(|_| D::Error::custom("not a value of this kind"))
    }
}

/// A moment, to the microsecond: `2026-11-22T09:30:00.000000Z`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Time(pub(super) DateTime<Utc>);

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_rfc3339_opts(SecondsFormat::Micros, true))
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Text::deserialize(deserializer).map(|Text(at)| Self(at))
    }
}

/// An amount with its currency, to the last decimal: `100.00 TRY`, `-0.125 USD`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Amount(pub(super) Money);

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{} {}", self.0.number(), self.0.currency()))
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let money = text.split_once(' ').and_then(|(number, currency)| {
            Some(Money::reported(
                Money::decimal(number).ok()?,
                currency.parse().ok()?,
            ))
        });
        money
            .map(Self)
            .ok_or_else(|| D::Error::custom("not an amount"))
    }
}

/// A value that is stored as its word.
macro_rules! by_word {
    ($(#[$meta:meta])* $name:ident, $of:ty, $read:expr) => {
        $(#[$meta])*
        pub(super) struct $name(pub(super) $of);

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.0.word())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let word = String::deserialize(deserializer)?;
                let read: fn(&str) -> Option<$of> = $read;
                read(&word)
                    .map(Self)
                    .ok_or_else(|| D::Error::custom("unknown word"))
            }
        }
    };
}

by_word!(
    /// The rule that broke.
    #[derive(Debug, Clone, Copy)]
    Reason,
    Why,
    |word| Why::ALL.into_iter().find(|why| why.word() == word)
);
by_word!(
    /// A resolution.
    Choice,
    Resolution,
    Resolution::from_word
);
by_word!(
    /// A kind of reason for a rejection.
    #[derive(Default, PartialEq)]
    Code,
    ReasonCode,
    ReasonCode::from_word
);
by_word!(
    /// A kind of what is noticed.
    Kind,
    SignalKind,
    SignalKind::from_word
);
