//! Switches for what calls do.

use serde::{Deserialize, Serialize};

/// See [`super::Behaviour::repeated_init`].
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RepeatedInit {
    /// The first answer again, whatever the second body says.
    #[default]
    SameRequestId,
    /// A failure that does not tell the request id.
    Refuse,
    /// A second batch under the same external id; retrieve by external id then shows the newest.
    NewBatch,
}

/// See [`super::Behaviour::all_invalid`].
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AllInvalid {
    /// The batch is stored with its `INVALID` items; it cannot be authorized.
    #[default]
    Stored,
    /// A failure; nothing is stored.
    Refused,
}

/// See [`super::Behaviour::repeated_auth`].
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RepeatedAuth {
    /// Success without effect.
    #[default]
    SameAnswer,
    /// A failure without effect.
    Refuse,
    /// Every good item is paid once more, at once: the disaster that the caller must not provoke.
    PaysTwice,
}

/// See [`super::Behaviour::late_cancel`].
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LateCancel {
    /// A failure without effect.
    #[default]
    Refuse,
    /// Success without effect: the batch goes on.
    Ignore,
}

/// See [`super::Behaviour::repeated_cancel`].
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RepeatedCancel {
    /// Success without effect.
    #[default]
    SameAnswer,
    /// A failure without effect.
    Refuse,
}

/// See [`super::Behaviour::unknown_id`].
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownId {
    /// A failure.
    #[default]
    Failure,
    /// A success without `massPayout` and with no items.
    Empty,
}

/// See [`super::Behaviour::funds`]. The whole batch with its commission is weighed at once, at auth.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Funds {
    /// Auth succeeds, then the batch shows [`super::Behaviour::shortage`], as the status list suggests.
    #[default]
    LaterStatus,
    /// Auth fails and the batch stays `INIT`, so that a later auth may work.
    AuthRefuses,
}

/// See [`super::Behaviour::shortage`].
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Shortage {
    /// `INSUFFICIENT_BALANCE`: the merchant's balance.
    #[default]
    InsufficientBalance,
    /// `IYZICO_INSUFFICIENT_BALANCE`, seen only in iyzico's unmerged Java change.
    IyzicoInsufficientBalance,
}

/// See [`super::Behaviour::short_batch`].
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ShortBatch {
    /// It never moves again.
    #[default]
    Stays,
    /// It goes on as soon as added funds cover it, without another auth.
    RevivesOnFunds,
    /// Another auth is weighed like the first.
    RevivesOnAuth,
}

/// See [`super::Behaviour::mixed_result`].
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MixedResult {
    /// `COMPLETED`.
    #[default]
    Completed,
    /// `FAIL`.
    Fail,
    /// `PUBLISHED_TO_QUEUE` for ever.
    StaysPublished,
}

/// See [`super::Behaviour::after_failed`].
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AfterFailed {
    /// Amount and commission go back to the balance: `DEPOSIT_SUCCESS`.
    #[default]
    DepositSuccess,
    /// They do not: `DEPOSIT_FAIL`.
    DepositFail,
    /// The item stays `FAILED`.
    Stays,
}
