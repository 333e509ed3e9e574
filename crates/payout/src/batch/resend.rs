//! A batch for what came back: its own approval, and never an item whose money may be elsewhere.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::{Batch, Transition};
use crate::content::Content;
use crate::head::Parent;
use crate::ids::{BatchId, ItemId, PersonName};
use crate::item::{Item, ItemStatus};
use crate::state::State;

/// Why nothing can be sent again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoResend {
    /// The batch is not closed with failed items.
    #[error(
        "the batch is {0}; only what a partly settled or failed batch got back can be sent again"
    )]
    State(&'static str),
    /// Nothing is certainly back, or everything was sent again already.
    #[error("no item's money is certainly back ({failed} failed items wait for their refund)")]
    Nothing {
        /// Items that failed and whose money may still be anywhere.
        failed: usize,
    },
    /// The items do not make up a batch.
    #[error("the items that came back do not make up a batch")]
    Unsummable,
}

impl Batch {
    /// What the `number`th batch that sends again what came back is made of: the items that are
    /// refunded, invalid or cancelled and in none of the `earlier` ones. The ids follow from this
    /// batch's, so that the same call makes the same batch.
    pub fn resend(&self, number: u32, earlier: &[Arc<Content>]) -> Result<Content, NoResend> {
        let (State::PartlySettled(_) | State::Failed(_)) = self.state() else {
            return Err(NoResend::State(self.state().name()));
        };
        let sent: HashSet<&ItemId> = earlier
            .iter()
            .flat_map(|content| content.items())
            .map(|item| &item.id)
            .collect();
        let is_sent =
            |item: &Item| (1..number).any(|earlier| sent.contains(&item.id.of_resend(earlier)));
        let items: Vec<Item> = self
            .content()
            .items()
            .iter()
            .zip(self.outcomes())
            .filter(|(item, outcome)| is_back(&outcome.status) && !is_sent(item))
            .map(|(item, _)| Item {
                id: item.id.of_resend(number),
                ..item.clone()
            })
            .collect();
        if items.is_empty() {
            let is_failed = |status: &ItemStatus| *status == ItemStatus::Failed;
            let failed = self
                .outcomes()
                .iter()
                .filter(|made| is_failed(&made.status));
            return Err(NoResend::Nothing {
                failed: failed.count(),
            });
        }
        let id = self.content().external_id().of_resend(number);
        let (purpose, currency) = (self.content().purpose(), self.content().currency());
        Content::new(id, None, purpose, currency, items).map_err(|_| NoResend::Unsummable)
    }

    /// Accepts a batch of `maker` that sends again what came back from this one.
    pub fn accept_resend(
        &self,
        id: BatchId,
        content: Arc<Content>,
        maker: PersonName,
        at: DateTime<Utc>,
    ) -> Transition {
        let mut transition = Self::accept(id, content, maker, at);
        let parent = Parent {
            external_id: self.content().external_id().clone(),
            maker: self.maker().clone(),
            earlier: self
                .head()
                .parent
                .iter()
                .flat_map(Parent::makers)
                .cloned()
                .collect(),
        };
        transition.note = format!("sends again what came back from {}", parent.external_id);
        transition.batch.head.parent = Some(parent);
        transition
    }
}

/// Whether the payee certainly has nothing and the money is certainly back, or was never taken.
const fn is_back(status: &ItemStatus) -> bool {
    match status {
        ItemStatus::Refunded | ItemStatus::Invalid | ItemStatus::Cancelled => true,
        ItemStatus::Pending
        | ItemStatus::Queued
        | ItemStatus::Processing
        | ItemStatus::Paid
        | ItemStatus::Failed
        | ItemStatus::RefundFailed
        | ItemStatus::Unknown(_) => false,
    }
}
