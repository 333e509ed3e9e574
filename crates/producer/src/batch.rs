//! Building a batch in code.

use onay_payout::{Currency, Draft, DraftItem, Purpose, RecipientType};
use rust_decimal::Decimal;

/// A batch under construction. Nothing is checked before [`crate::Producer::enqueue`], which then
/// reports everything at once.
#[derive(Debug, Clone)]
pub struct Batch {
    draft: Draft,
}

impl Batch {
    /// An empty batch. The external id is yours, one per batch for ever: submitting twice under one
    /// id pays once.
    pub fn new(external_id: impl Into<String>) -> Self {
        Self {
            draft: Draft {
                external_id: Some(external_id.into()),
                ..Draft::default()
            },
        }
    }

    /// What the money is for.
    #[must_use]
    pub fn purpose(mut self, purpose: Purpose) -> Self {
        self.draft.purpose = Some(purpose.word().to_owned());
        self
    }

    /// Adds an item.
    #[must_use]
    pub fn item(mut self, item: Item) -> Self {
        self.draft.items.push(item.0);
        self
    }

    /// Refuses the batch unless it has this many items of this sum: a guard against a truncated
    /// source.
    #[must_use]
    pub fn expect(mut self, count: usize, sum: Decimal) -> Self {
        self.draft.expected_count = Some(count);
        self.draft.expected_sum = Some(sum);
        self
    }
}

impl From<Batch> for Draft {
    fn from(batch: Batch) -> Self {
        batch.draft
    }
}

/// One payment of a batch.
#[derive(Debug, Clone)]
pub struct Item(DraftItem);

impl Item {
    /// To a bank account; iyzico requires the holder's name.
    pub fn to_iban(
        id: impl Into<String>,
        iban: impl Into<String>,
        name: impl Into<String>,
        amount: Decimal,
        currency: Currency,
    ) -> Self {
        let mut item = Self::to(id, RecipientType::Iban, iban, amount, currency);
        item.0.recipient_name = Some(name.into());
        item
    }

    /// To a recipient named in another way.
    pub fn to(
        id: impl Into<String>,
        kind: RecipientType,
        info: impl Into<String>,
        amount: Decimal,
        currency: Currency,
    ) -> Self {
        Self(DraftItem {
            id: Some(id.into()),
            recipient_type: Some(kind.word().to_owned()),
            recipient_info: Some(info.into()),
            amount: Some(amount.to_string()),
            currency: Some(currency.code().to_owned()),
            ..DraftItem::default()
        })
    }

    /// What for.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.0.description = Some(text.into());
        self
    }
}
