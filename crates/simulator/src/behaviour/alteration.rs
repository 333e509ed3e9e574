//! Batches of which the provider holds something else than was sent.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// One difference between what was sent and what is stored. It meets every batch once, while it is `INIT`;
/// what is authorized later is what is stored then.
///
/// `{"change": "amount", "external_id": "payroll-7", "when": "after_read"}`
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Alteration {
    /// What differs.
    pub change: Change,
    /// The caller's id of the batch. Default every batch.
    #[serde(default)]
    pub external_id: Option<String>,
    /// The caller's id of the item. Default the first item; for [`Change::Masked`] all of them.
    #[serde(default)]
    pub item_id: Option<String>,
    /// What [`Change::Amount`] and [`Change::Total`] add. Default 0.01.
    #[serde(default = "kurus", with = "crate::text::amount")]
    pub by: Decimal,
    /// From when on.
    #[serde(default)]
    pub when: When,
}

/// See [`Alteration::change`].
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// The amount of an item; the total follows.
    Amount,
    /// The last digit of a payee's account.
    Payee,
    /// The name of a payee.
    Name,
    /// An item is not there; the total follows.
    Missing,
    /// An item is there twice, the second time under another id; the total follows.
    Extra,
    /// The total shown, and nothing else.
    Total,
    /// The middle of payees' accounts is hidden.
    Masked,
}

/// See [`Alteration::when`].
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// As soon as the batch is stored.
    #[default]
    AtOnce,
    /// After its last valid item was shown once.
    AfterRead,
}

fn kurus() -> Decimal {
    Decimal::new(1, 2)
}
