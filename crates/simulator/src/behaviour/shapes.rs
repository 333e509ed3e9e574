//! Switches for how answers are written.

use serde::{Deserialize, Serialize};

/// See [`super::Behaviour::paging`].
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Paging {
    /// Inside `massPayoutItems`, as in the guide's sample.
    #[default]
    Inside,
    /// Beside it, as in the schema.
    Top,
    /// In both places.
    Both,
    /// Nowhere.
    Missing,
}

/// See [`super::Behaviour::total_of`]. Commission is left out in the guide's sample.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TotalOf {
    /// The valid items.
    #[default]
    Valid,
    /// All items, the refused ones too.
    All,
    /// The valid items and their commission.
    ValidWithCommission,
}

/// See [`super::Behaviour::failure_http_status`].
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureStatus {
    /// 200, as recorded from the live service in 2016.
    #[default]
    Ok,
    /// 400, as newer pages of the provider declare for init.
    BadRequest,
}

/// See [`super::Behaviour::bad_keys`].
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BadKeys {
    /// A failure like any other, code 1000, 1001 or 1009.
    #[default]
    Failure,
    /// `"status": 401` with code 5, as a gateway was seen to answer in 2025 (iyzipay-php, issue 215).
    Gateway,
}

/// See [`super::Behaviour::error_code_as`].
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCodeAs {
    /// As in most samples.
    #[default]
    String,
    /// As in the sample of the page on limits. A code that is no number stays a string.
    Number,
}

/// See [`super::Behaviour::item_errors_as`].
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemErrorsAs {
    /// `errorMessages`, an array, as in the pages.
    #[default]
    Messages,
    /// `errorMessage`, a text or null, as in iyzico's unmerged Java change.
    Message,
    /// Nowhere.
    Missing,
}

/// See [`super::Behaviour::balance_as`].
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BalanceAs {
    /// As in the sample.
    #[default]
    String,
    /// As in the schema.
    Number,
}

/// See [`super::Behaviour::amounts_as`].
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AmountsAs {
    /// Bare numbers, as in the samples.
    #[default]
    Number,
    /// Text, as the balance is.
    String,
    /// Bare numbers with an exponent, such as `10050E-2`: other endpoints of the provider print `0E-8`.
    Exponent,
}
