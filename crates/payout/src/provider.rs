//! The port to the provider: six calls, what they answer, and errors that say what is known.

mod failure;
mod status;

use std::collections::HashSet;

use async_trait::async_trait;

use crate::account::Account;
use crate::content::{Content, ITEMS_PER_BATCH_MAX};
use crate::ids::{ExternalId, ItemId, ReferenceCode, RequestId};
use crate::item::ItemStatus;
use crate::money::Money;
use crate::recipient::{Personal, RecipientType};
use crate::release::ReleasePermit;
use crate::send_by::SendBy;
use rust_decimal::Decimal;

pub use failure::{NotSent, ProviderError, Refusal, none_if_refused};
pub use status::{Authorized, RemoteStatus};

/// A provider of mass payouts.
///
/// Calls that change something at the provider take a moment after which they may no longer be
/// sent; an implementation checks it right before the first byte and never repeats or redirects
/// such a call on its own.
#[async_trait]
pub trait Provider: Send + Sync {
    /// The account every call is made for.
    fn account(&self) -> &Account;

    /// Stores a batch at the provider, under an id of ours. Moves no money.
    async fn initialize(
        &self,
        content: &Content,
        as_id: &ExternalId,
        send_by: SendBy,
    ) -> Result<Initialized, ProviderError>;

    /// Starts a stored batch. **The only call that moves money**; it takes proof that this is allowed.
    async fn authorize(&self, permit: ReleasePermit) -> Result<(), ProviderError>;

    /// One page of the provider's copy of a batch; `None` when the answer holds no batch.
    ///
    /// What iyzico answers for an unknown id is not documented (read 2026-11-22): it may be an
    /// answer without a batch, or a refusal.
    async fn retrieve(&self, query: &Query) -> Result<Option<RemotePage>, ProviderError>;

    /// All pages of the provider's copy of a batch; `None` when the answer holds no batch.
    ///
    /// Ends at the count the provider names, at an empty page, or at a page that brings nothing
    /// new: the largest page it gives is not documented, and may be smaller than the one asked for.
    async fn retrieve_all(
        &self,
        by: &Lookup,
        items: ItemKind,
    ) -> Result<Option<RemoteCopy>, ProviderError> {
        let mut query = Query {
            by: by.clone(),
            items,
            page: 0,
            size: PAGE_SIZE,
        };
        let Some(first) = self.retrieve(&query).await? else {
            return Ok(None);
        };
        let mut copy = RemoteCopy::from(first);
        let mut seen: HashSet<ItemId> = copy.items.iter().map(|item| item.id.clone()).collect();
        while !copy.is_complete() {
            query.page = query.page.saturating_add(1);
            let Some(next) = self.retrieve(&query).await? else {
                break;
            };
            let seen_before = seen.len();
            seen.extend(next.items.iter().map(|item| item.id.clone()));
            if seen.len() == seen_before || seen.len() > ITEMS_PER_BATCH_MAX {
                break;
            }
            // The newest word on the whole counts: reading many pages takes time.
            copy.batch = next.batch;
            copy.items.extend(next.items);
        }
        Ok(Some(copy))
    }

    /// All pages of the valid items, and of the refused ones too when fewer than `expected` are
    /// valid; `None` when the answer holds no batch.
    async fn retrieve_whole(
        &self,
        by: &Lookup,
        expected: usize,
    ) -> Result<Option<RemoteCopy>, ProviderError> {
        let Some(mut copy) = self.retrieve_all(by, ItemKind::Valid).await? else {
            return Ok(None);
        };
        if copy.items.len() < expected {
            let refused = none_if_refused(self.retrieve_all(by, ItemKind::Invalid).await)?;
            let shown: HashSet<ItemId> = copy.items.iter().map(|item| item.id.clone()).collect();
            let more = refused.into_iter().flat_map(|copy| copy.items);
            // A provider that does not know the question shows the valid ones again.
            copy.items
                .extend(more.filter(|item| !shown.contains(&item.id)));
        }
        Ok(Some(copy))
    }

    /// One item by the provider's own id; `None` when it knows no such item.
    async fn item(&self, reference: &ReferenceCode) -> Result<Option<RemoteItem>, ProviderError>;

    /// Cancels a batch that was not authorized.
    async fn cancel(&self, request: &RequestId, send_by: SendBy) -> Result<(), ProviderError>;

    /// What the merchant's payout account holds. iyzico's answer names no currency.
    async fn balance(&self) -> Result<Decimal, ProviderError>;
}

/// The answer to initialize.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Initialized {
    /// The provider's id of the batch.
    pub request_id: RequestId,
    /// Items the provider refused while it took the batch.
    pub invalid: Vec<InvalidItem>,
}

/// An item refused at initialize.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct InvalidItem {
    /// Our id of the item.
    pub id: ItemId,
    /// The provider's code, if it gave one.
    pub code: Option<String>,
    /// The provider's words, if it gave any.
    pub message: Option<String>,
}

/// Which batch to retrieve, and which part of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Query {
    /// The batch.
    pub by: Lookup,
    /// Which of its items.
    pub items: ItemKind,
    /// The page; the first is 0.
    pub page: u32,
    /// Items on a page.
    pub size: u32,
}

/// How a batch is looked up.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Lookup {
    /// By the provider's id.
    Request(RequestId),
    /// By ours.
    External(ExternalId),
}

/// Which items of a batch to retrieve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ItemKind {
    /// Those that are or will be paid (`VALID`).
    Valid,
    /// Those the provider refused (`INVALID`).
    Invalid,
}

/// One page of the provider's copy of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RemotePage {
    /// The batch as a whole.
    pub batch: RemoteBatch,
    /// The items of this page.
    pub items: Vec<RemoteItem>,
    /// How many items there are over all pages, if the provider says so.
    pub total_items: Option<u64>,
}

/// Items asked for on one page. iyzico documents no maximum (read 2026-11-22).
pub const PAGE_SIZE: u32 = 100;

/// The provider's copy of a batch, over all the pages that were read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RemoteCopy {
    /// The batch as a whole.
    pub batch: RemoteBatch,
    /// Every item that was shown.
    pub items: Vec<RemoteItem>,
    /// How many items of the asked kind the provider says there are.
    pub total_items: Option<u64>,
}

impl RemoteCopy {
    /// What the copy says about authorize: the batch's status, unless items tell of more.
    ///
    /// iyzico's sample shows a batch and its items at odds, so either may lag the other.
    pub fn authorized(&self) -> Authorized {
        let said = self.batch.status.authorized();
        if said == Authorized::NotYet && self.shows_started_items() {
            Authorized::Unclear
        } else {
            said
        }
    }

    /// Whether the batch still waits for authorize: by its status, or although it shows one that
    /// people have judged.
    pub fn is_waiting(&self, judged: Option<&RemoteStatus>) -> bool {
        let is_judged = judged == Some(&self.batch.status);
        (is_judged && !self.shows_started_items()) || self.authorized() == Authorized::NotYet
    }

    /// Whether any item is past what it can be without authorize.
    pub fn shows_started_items(&self) -> bool {
        self.items.iter().any(|item| item.status.is_started())
    }

    fn is_complete(&self) -> bool {
        let shown = u64::try_from(self.items.len()).unwrap_or(u64::MAX);
        self.items.is_empty() || self.total_items.is_some_and(|total| shown >= total)
    }
}

impl From<RemotePage> for RemoteCopy {
    fn from(page: RemotePage) -> Self {
        Self {
            batch: page.batch,
            items: page.items,
            total_items: page.total_items,
        }
    }
}

/// The provider's view of a whole batch.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RemoteBatch {
    /// The id we gave it, if it is shown.
    pub external_id: Option<String>,
    /// Where it stands.
    pub status: RemoteStatus,
    /// The sum of its valid items, without commission (inferred from samples), if shown.
    pub total: Option<Money>,
    /// Commission so far, if shown; by its samples a running sum of finished items.
    pub commission: Option<Money>,
}

/// The provider's view of one item.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RemoteItem {
    /// Our id.
    pub id: ItemId,
    /// The provider's id.
    pub reference: Option<ReferenceCode>,
    /// Where it stands.
    pub status: ItemStatus,
    /// How its recipient is named.
    pub recipient_kind: Option<RecipientType>,
    /// The recipient, as the provider stored it.
    pub recipient_info: Option<Personal>,
    /// The recipient's name, as the provider stored it.
    pub recipient_name: Option<Personal>,
    /// What for.
    pub description: Option<String>,
    /// How much, without commission.
    pub amount: Option<Money>,
    /// The fee for it.
    pub commission: Option<Money>,
    /// What went wrong, in the provider's words.
    pub errors: Vec<String>,
    /// The batch it belongs to. In iyzico's unmerged Java client only; may be absent.
    pub request_id: Option<RequestId>,
}
