//! What callers send, read from the raw bytes.

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, de::Error};
use serde_json::value::RawValue;

use crate::Refusal;

/// Body of `POST /v1/mass/payout/init`. Fields the simulator has no use for are ignored.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InitRequest {
    /// The caller's id of the batch.
    pub external_id: String,
    /// Echoed in the answer.
    pub conversation_id: Option<String>,
    /// At least one.
    pub items: Vec<NewItem>,
}

/// One payee of [`InitRequest`].
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewItem {
    /// The caller's id of the item.
    pub item_external_id: String,
    /// How `recipient_info` is to be read.
    pub recipient_type: RecipientType,
    /// The payee's account.
    pub recipient_info: String,
    /// The account holder; needed for an IBAN.
    pub recipient_name: Option<String>,
    /// What the payee gets.
    pub amount: Amount,
    /// Mandatory by the schema, missing from the provider's own sample; so its absence is accepted.
    pub description: Option<String>,
}

/// An amount and its currency.
#[derive(Clone, Debug, Deserialize)]
pub struct Amount {
    /// Exact, from a JSON number or string, exponents included.
    #[serde(deserialize_with = "exact")]
    pub value: Decimal,
    /// `TRY`, `USD` or `EUR` by one page, any text by another; the simulator takes any.
    pub currency: String,
}

/// The provider's `recipientType`.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RecipientType {
    /// A wallet by phone number.
    Phone,
    /// A bank account.
    Iban,
    /// A wallet by citizen or tax number.
    IdentityNumber,
    /// A wallet by iyzico's member number.
    MemberId,
}

/// Body of `POST /v1/mass/payout/auth`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuthRequest {
    pub(crate) request_id: String,
}

/// Body of `POST /v1/mass/payout/retrieve`; at least one of the ids must be given.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RetrieveRequest {
    /// The provider's id of the batch.
    pub request_id: Option<String>,
    /// The caller's id of the batch.
    pub external_mass_payout_id: Option<String>,
    /// Which items to show; absent means all, a judgement.
    pub item_type: Option<ItemType>,
    /// Counted from 0.
    pub page: usize,
    /// Items per page, at least one.
    pub size: usize,
}

/// The provider's `itemType`.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ItemType {
    /// Items accepted at init.
    Valid,
    /// Items refused at init.
    Invalid,
}

/// Reads a JSON body. The text of serde's other errors may quote values of the body, so only a missing
/// field is named.
pub(crate) fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| {
        let text = error.to_string();
        if text.starts_with("missing field") {
            Refusal::FieldMissing(text)
        } else {
            Refusal::Invalid("the body is not the JSON this endpoint reads")
        }
    })
}

fn exact<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    let text = raw.get().trim_matches('"');
    if text.contains(['e', 'E']) {
        Decimal::from_scientific(text)
    } else {
        Decimal::from_str_exact(text)
    }
    .map_err(|_| D::Error::custom("not a decimal"))
}
