//! What retrieve and the item endpoint answer.

use serde::Serialize;

use super::Money;
use crate::{
    Batch, BatchStatus, Item, ItemErrorsAs, ItemStatus, Page, Paging, RecipientType,
    RetrieveRequest, Shown, View,
};

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
    total_amount: Money,
    total_successful_amount: Money,
    #[serde(rename = "massPayoutStatus")]
    status: Shown<BatchStatus>,
    total_commission_amount: Money,
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
    /// A success about a batch that is not there.
    pub(crate) fn nothing(request: &RetrieveRequest, paging: Paging) -> Self {
        let numbers = PageNumbers {
            page: request.page,
            size: request.size,
            total: 0,
        };
        Self::new(None, Vec::new(), numbers, paging)
    }

    pub(crate) fn of(page: &Page<'_>, number: usize) -> Self {
        let numbers = PageNumbers {
            page: number,
            size: page.size,
            total: page.total,
        };
        let items = page.items.iter();
        let items = items.map(|item| ItemShown::of(page.view, page.batch, item));
        let batch = MassPayout::of(page.view, page.batch);
        Self::new(
            Some(batch),
            items.collect(),
            numbers,
            page.view.behaviour.paging,
        )
    }

    fn new(
        mass_payout: Option<MassPayout>,
        items: Vec<ItemShown>,
        numbers: PageNumbers,
        paging: Paging,
    ) -> Self {
        let (inside, top) = match paging {
            Paging::Inside => (true, false),
            Paging::Top => (false, true),
            Paging::Both => (true, true),
            Paging::Missing => (false, false),
        };
        Self {
            mass_payout,
            mass_payout_items: MassPayoutItems {
                items,
                paging: inside.then_some(numbers),
            },
            paging: top.then_some(numbers),
        }
    }
}

impl MassPayout {
    fn of(view: View<'_>, batch: &Batch) -> Self {
        Self {
            external_id: batch.external_id.clone(),
            merchant_id: 123_456,
            total_amount: Money::of(view.total(batch), view.behaviour),
            total_successful_amount: Money::of(batch.paid, view.behaviour),
            status: view.batch_status(batch),
            total_commission_amount: Money::of(batch.commissions, view.behaviour),
            currency: batch.currency.clone(),
        }
    }
}

#[derive(Serialize)]
pub(crate) struct ItemDetail {
    item: ItemShown,
}

impl ItemDetail {
    pub(crate) fn of(view: View<'_>, batch: &Batch, item: &Item) -> Self {
        Self {
            item: ItemShown::of(view, batch, item),
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
    item_status: Shown<ItemStatus>,
    #[serde(flatten)]
    errors: ItemErrors,
    total_amount: Money,
    commission_amount: Money,
    currency_code: String,
}

#[derive(Serialize)]
#[serde(untagged)]
enum ItemErrors {
    Messages {
        #[serde(rename = "errorMessages")]
        messages: Vec<&'static str>,
    },
    Message {
        #[serde(rename = "errorMessage")]
        message: Option<&'static str>,
    },
    Missing {},
}

impl ItemErrors {
    fn of(item: &Item, shape: ItemErrorsAs) -> Self {
        let message = item.error.map(|error| error.message);
        match shape {
            ItemErrorsAs::Messages => Self::Messages {
                messages: message.into_iter().collect(),
            },
            ItemErrorsAs::Message => Self::Message { message },
            ItemErrorsAs::Missing => Self::Missing {},
        }
    }
}

impl ItemShown {
    fn of(view: View<'_>, batch: &Batch, item: &Item) -> Self {
        let behaviour = view.behaviour;
        Self {
            item_external_id: item.external_id.clone(),
            reference_code: item.reference_code.clone(),
            mass_payout_request_id: behaviour.show_request_id.then(|| batch.request_id.clone()),
            recipient_type: item.recipient_type,
            recipient_info: item.recipient_info.clone(),
            recipient_name: item.recipient_name.clone(),
            description: item.description.clone(),
            item_status: view.item_status(item),
            errors: ItemErrors::of(item, behaviour.item_errors_as),
            total_amount: Money::of(item.amount, behaviour),
            commission_amount: Money::of(item.commission, behaviour),
            currency_code: item.currency.clone(),
        }
    }
}
