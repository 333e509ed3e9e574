//! What to look at first, and what other batches told; why a batch was turned down.

use std::collections::BTreeMap;

use onay_payout as payout;
use payout::{HeldHistory, Money, ReasonCode, SignalKind};
use serde::Serialize;

/// What people should look at before they decide.
#[derive(Debug, Serialize)]
pub struct Signals {
    /// How many of each kind there are.
    counts: BTreeMap<&'static str, usize>,
    /// The first ones of each kind; not in a list of batches.
    #[serde(skip_serializing_if = "Option::is_none")]
    listed: Option<Vec<Signal>>,
}

#[derive(Debug, Serialize)]
struct Signal {
    kind: &'static str,
    item: String,
    /// Never shows personal data whole.
    detail: String,
}

impl Signals {
    /// What is shown of them, if there are any.
    pub(super) fn of(history: Option<&HeldHistory>) -> Option<Self> {
        let signals = &history?.signals;
        let counts = signals.counts().iter();
        let listed = signals.listed().iter().map(|signal| Signal {
            kind: signal.kind.word(),
            item: signal.item.to_string(),
            detail: signal.detail.clone(),
        });
        (!signals.is_empty()).then(|| Self {
            counts: counts.map(|(kind, count)| (kind.word(), *count)).collect(),
            listed: Some(listed.collect()),
        })
    }

    /// Only how many there are.
    pub(super) fn counted(self) -> Self {
        Self {
            listed: None,
            ..self
        }
    }
}

/// A kind of signal for people: `3 likely duplicates`.
pub fn counted(kind: SignalKind, count: usize) -> String {
    let (one, many) = match kind {
        SignalKind::Duplicate => ("likely duplicate", "likely duplicates"),
        SignalKind::ChangedPayee => (
            "payee with a changed account",
            "payees with changed accounts",
        ),
        SignalKind::NewPayee => ("new payee", "new payees"),
    };
    format!("{count} {}", if count == 1 { one } else { many })
}

/// What a maker and a payee came to in a day.
#[derive(Debug, Serialize)]
pub struct History {
    /// What its maker's batches of 24 hours came to, this one included.
    maker_day: String,
    /// The most that one of its payees was to get within 24 hours, this batch included.
    payee_day: String,
}

impl History {
    pub(super) fn of(history: Option<&HeldHistory>) -> Option<Self> {
        history.map(|known| Self {
            maker_day: Money::number(known.maker_day),
            payee_day: Money::number(known.payee_day),
        })
    }
}

/// Why a batch was turned down.
#[derive(Debug, Serialize)]
pub struct Rejection {
    /// Null, when no person gave one.
    code: Option<&'static str>,
    reason: String,
    /// Null, when the policy did.
    by: Option<String>,
}

impl Rejection {
    pub(super) fn of(head: &payout::Head) -> Option<Self> {
        let rejection = head.rejection()?;
        Some(Self {
            code: rejection.code.map(ReasonCode::word),
            reason: rejection.reason.to_owned(),
            by: rejection.by.map(ToString::to_string),
        })
    }
}
