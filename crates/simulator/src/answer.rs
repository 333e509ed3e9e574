//! What the provider answers, written as iyzico's samples are.

use rust_decimal::Decimal;
use serde::{Serialize, Serializer, ser::Error as _};
use serde_json::value::RawValue;

use crate::{
    BalanceAs, Batch, BatchStatus, Behaviour, Item, ItemStatus, Page, Paging, RecipientType,
    Refusal, RetrieveRequest,
};

/// What every answer begins with.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Envelope<T> {
    pub(crate) status: &'static str,
    pub(crate) system_time: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) locale: Option<String>,
    #[serde(flatten)]
    pub(crate) body: T,
}

/// The body of a failure.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Failure {
    error_code: &'static str,
    error_message: String,
}

impl Failure {
    pub(crate) fn of(refusal: &Refusal) -> Self {
        Self {
            error_code: refusal.code(),
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
#[serde(rename_all = "camelCase")]
pub(crate) struct Retrieved {
    #[serde(skip_serializing_if = "Option::is_none")]
    mass_payout: Option<MassPayout>,
    mass_payout_items: MassPayoutItems,
    #[serde(flatten)]
    paging: Option<PageNumbers>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MassPayout {
    external_id: String,
    merchant_id: u32,
    total_amount: Bare,
    total_successful_amount: Bare,
    #[serde(rename = "massPayoutStatus")]
    status: BatchStatus,
    total_commission_amount: Bare,
    currency: String,
}

#[derive(Serialize)]
struct MassPayoutItems {
    items: Vec<ItemShown>,
    #[serde(flatten)]
    paging: Option<PageNumbers>,
}

#[derive(Clone, Copy, Serialize)]
struct PageNumbers {
    page: usize,
    size: usize,
    total: usize,
}

impl Retrieved {
    pub(crate) fn of(
        page: Option<&Page<'_>>,
        request: &RetrieveRequest,
        behaviour: &Behaviour,
    ) -> Self {
        let numbers = PageNumbers {
            page: request.page,
            size: request.size,
            total: page.map_or(0, |page| page.total),
        };
        let inside = behaviour.paging != Paging::Top;
        let top = behaviour.paging != Paging::Inside;
        let items = page.into_iter().flat_map(|page| {
            let shown = page.items.iter();
            shown.map(|item| ItemShown::of(page.batch, item, behaviour))
        });
        Self {
            mass_payout: page.map(MassPayout::of),
            mass_payout_items: MassPayoutItems {
                items: items.collect(),
                paging: inside.then_some(numbers),
            },
            paging: top.then_some(numbers),
        }
    }
}

impl MassPayout {
    fn of(page: &Page<'_>) -> Self {
        let batch = page.batch;
        Self {
            external_id: batch.external_id.clone(),
            merchant_id: 123_456,
            total_amount: Bare(batch.total),
            total_successful_amount: Bare(batch.paid),
            status: page.status,
            total_commission_amount: Bare(batch.commissions),
            currency: batch.currency.clone(),
        }
    }
}

#[derive(Serialize)]
pub(crate) struct ItemDetail {
    item: ItemShown,
}

impl ItemDetail {
    pub(crate) fn of(batch: &Batch, item: &Item, behaviour: &Behaviour) -> Self {
        Self {
            item: ItemShown::of(batch, item, behaviour),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ItemShown {
    item_external_id: String,
    reference_code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    mass_payout_request_id: Option<String>,
    recipient_type: RecipientType,
    recipient_info: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    recipient_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    item_status: ItemStatus,
    error_messages: Vec<&'static str>,
    total_amount: Bare,
    commission_amount: Bare,
    currency_code: String,
}

impl ItemShown {
    fn of(batch: &Batch, item: &Item, behaviour: &Behaviour) -> Self {
        Self {
            item_external_id: item.external_id.clone(),
            reference_code: item.reference_code.clone(),
            mass_payout_request_id: behaviour.show_request_id.then(|| batch.request_id.clone()),
            recipient_type: item.recipient_type,
            recipient_info: item.recipient_info.clone(),
            recipient_name: item.recipient_name.clone(),
            description: item.description.clone(),
            item_status: item.status,
            error_messages: item.error.iter().map(|error| error.message).collect(),
            total_amount: Bare(item.amount),
            commission_amount: Bare(item.commission),
            currency_code: item.currency.clone(),
        }
    }
}

#[derive(Serialize)]
pub(crate) struct Balance {
    balance: Money,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Money {
    Text(String),
    Number(Bare),
}

impl Balance {
    pub(crate) fn of(balance: Decimal, behaviour: &Behaviour) -> Self {
        Self {
            balance: match behaviour.balance_as {
                BalanceAs::String => Money::Text(balance.to_string()),
                BalanceAs::Number => Money::Number(Bare(balance)),
            },
        }
    }
}

/// A decimal printed as a JSON number, digit by digit.
struct Bare(Decimal);

impl Serialize for Bare {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.0.to_string())
            .map_err(S::Error::custom)?
            .serialize(serializer)
    }
}
