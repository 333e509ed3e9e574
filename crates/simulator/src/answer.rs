//! What the provider answers, written as iyzico's samples are.

mod retrieved;

use rust_decimal::Decimal;
use serde::{Serialize, Serializer, ser::Error as _};
use serde_json::value::RawValue;

use crate::{AmountsAs, BalanceAs, Batch, Behaviour, ErrorCodeAs, Refusal};
pub(crate) use retrieved::{ItemDetail, Retrieved};

/// What every answer begins with.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Envelope<T> {
    status: &'static str,
    system_time: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    locale: Option<String>,
    #[serde(flatten)]
    body: T,
}

impl<T> Envelope<T> {
    pub(crate) fn success(body: T, locale: Option<String>, system_time: u64) -> Self {
        let status = "success";
        Self {
            status,
            system_time,
            locale,
            body,
        }
    }
}

impl Envelope<Failure> {
    pub(crate) fn failure(body: Failure, locale: Option<String>, system_time: u64) -> Self {
        let status = "failure";
        Self {
            status,
            system_time,
            locale,
            body,
        }
    }
}

/// The body of a failure.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Failure {
    error_code: Code,
    error_message: String,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Code {
    Number(u64),
    Text(String),
}

impl Failure {
    pub(crate) fn of(refusal: &Refusal, behaviour: &Behaviour) -> Self {
        let code = refusal.code();
        let error_code = match (behaviour.error_code_as, code.parse()) {
            (ErrorCodeAs::Number, Ok(number)) => Code::Number(number),
            (ErrorCodeAs::Number, Err(_)) | (ErrorCodeAs::String, _) => Code::Text(code.to_owned()),
        };
        Self {
            error_code,
            error_message: refusal.to_string(),
        }
    }
}

/// Auth and cancel say no more than the envelope.
#[derive(Serialize)]
pub(crate) struct Done {}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Initialized {
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation_id: Option<String>,
    request_id: String,
    invalid_items: Vec<InvalidItem>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InvalidItem {
    external_id: String,
    error_code: &'static str,
    error_message: &'static str,
}

impl Initialized {
    pub(crate) fn of(batch: &Batch, conversation_id: Option<String>) -> Self {
        let invalid_items = batch.refused.iter().filter_map(|item| {
            let error = item.error?;
            Some(InvalidItem {
                external_id: item.external_id.clone(),
                error_code: error.code,
                error_message: error.message,
            })
        });
        Self {
            conversation_id,
            request_id: batch.request_id.clone(),
            invalid_items: invalid_items.collect(),
        }
    }
}

#[derive(Serialize)]
pub(crate) struct Balance {
    balance: Money,
}

impl Balance {
    pub(crate) fn of(balance: Decimal, behaviour: &Behaviour) -> Self {
        Self {
            balance: match behaviour.balance_as {
                BalanceAs::String => Money::Text(balance.to_string()),
                BalanceAs::Number => Money::Number(Bare(balance.to_string())),
            },
        }
    }
}

/// An amount as it is written.
#[derive(Serialize)]
#[serde(untagged)]
enum Money {
    Text(String),
    Number(Bare),
}

impl Money {
    fn of(amount: Decimal, behaviour: &Behaviour) -> Self {
        match behaviour.amounts_as {
            AmountsAs::Number => Self::Number(Bare(amount.to_string())),
            AmountsAs::String => Self::Text(amount.to_string()),
            AmountsAs::Exponent => {
                let (digits, decimals) = (amount.mantissa(), amount.scale());
                Self::Number(Bare(format!("{digits}E-{decimals}")))
            }
        }
    }
}

/// A JSON number, digit by digit.
struct Bare(String);

impl Serialize for Bare {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.0.clone())
            .map_err(S::Error::custom)?
            .serialize(serializer)
    }
}
