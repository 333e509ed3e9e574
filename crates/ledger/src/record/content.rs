//! What a maker asked for.

use onay_payout::{
    Content, Currency, ExternalId, Item, ItemId, MoneyError, Personal, Purpose, Recipient,
    RecipientType,
};
use serde::{Deserialize, Serialize};

use super::V1;
use super::scalar::{Amount, Text};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ContentRecord {
    v: V1,
    external_id: Text<ExternalId>,
    conversation_id: String,
    purpose: Option<Text<Purpose>>,
    /// Kept beside the amounts: a batch without items has a currency too.
    currency: Text<Currency>,
    items: Vec<ItemRecord>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ItemRecord {
    id: Text<ItemId>,
    kind: Text<RecipientType>,
    info: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    amount: Amount,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    non_withdrawable: bool,
}

impl From<&Content> for ContentRecord {
    fn from(content: &Content) -> Self {
        Self {
            v: V1,
            external_id: Text(content.external_id().clone()),
            conversation_id: content.conversation_id().to_owned(),
            purpose: content.purpose().map(Text),
            currency: Text(content.currency()),
            items: content.items().iter().map(ItemRecord::from).collect(),
        }
    }
}

impl TryFrom<ContentRecord> for Content {
    type Error = MoneyError;

    fn try_from(record: ContentRecord) -> Result<Self, MoneyError> {
        Self::new(
            record.external_id.0,
            Some(record.conversation_id),
            record.purpose.map(|Text(purpose)| purpose),
            record.currency.0,
            record.items.into_iter().map(Item::from).collect(),
        )
    }
}

impl From<&Item> for ItemRecord {
    fn from(item: &Item) -> Self {
        Self {
            id: Text(item.id.clone()),
            kind: Text(item.recipient.kind),
            info: item.recipient.info.expose().to_owned(),
            name: item
                .recipient
                .name
                .as_ref()
                .map(|name| name.expose().to_owned()),
            amount: Amount(item.amount),
            description: item.description.clone(),
            non_withdrawable: item.non_withdrawable,
        }
    }
}

impl From<ItemRecord> for Item {
    fn from(record: ItemRecord) -> Self {
        let Amount(amount) = record.amount;
        let recipient = Recipient {
            kind: record.kind.0,
            info: Personal::new(record.info),
            name: record.name.map(Personal::new),
        };
        Self {
            id: record.id.0,
            recipient,
            amount,
            description: record.description,
            non_withdrawable: record.non_withdrawable,
        }
    }
}
