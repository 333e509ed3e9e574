//! Sending again what came back: a batch of its own, with an approval of its own.

use std::sync::Arc;

use onay_ledger::{Ledger, LedgerError, Opened, Opening, Stored, now};
use onay_payout::{Batch, BatchId, BatchRef, Content, Head, NoResend};
use uuid::Uuid;

use crate::error::EnqueueError;
use crate::producer::{Enqueued, Producer, no_rule};

/// What was sent again of a batch, and what can be.
#[derive(Debug)]
pub struct Resends {
    /// The batches that send again what came back, oldest first.
    pub children: Vec<Stored>,
    /// What the next one would be made of, or why there is none.
    pub next: Result<Content, NoResend>,
}

impl Resends {
    /// Looks the children up by the ids that follow from their parent's.
    pub async fn of(ledger: &dyn Ledger, parent: &Batch) -> Result<Self, LedgerError> {
        let (mut children, mut number) = (Vec::new(), 1_u32);
        loop {
            let id = parent.head().external_id.of_resend(number);
            match ledger.load(&BatchRef::External(id)).await? {
                Some(child) if is_child(child.batch.head(), parent) => children.push(child),
                // Somebody gave the id to a batch of their own.
                Some(_) => {}
                None => break,
            }
            number = number.saturating_add(1);
        }
        // What ended unpaid sends nothing, so its items may be sent by another.
        let earlier: Vec<Arc<Content>> = children
            .iter()
            .filter(|child| !child.batch.state().is_turned_down())
            .map(|child| Arc::clone(child.batch.content()))
            .collect();
        let next = parent.resend(number, &earlier);
        Ok(Self { children, next })
    }
}

/// Why nothing was sent again.
#[derive(Debug, thiserror::Error)]
pub enum ResendError {
    /// There is nothing to send.
    #[error(transparent)]
    Nothing(#[from] NoResend),
    /// No rule of the policy covers what came back.
    #[error(transparent)]
    Refused(#[from] EnqueueError),
    /// The ledger did not take it; try again.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl Producer {
    /// Makes a batch of everything in `parent` whose money is certainly back, or was never taken,
    /// and that no earlier such batch has. Once more changes nothing: when nothing came back since,
    /// the newest one is the answer.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`] when there is no such batch.
    pub async fn resend(&self, parent: &BatchRef) -> Result<Enqueued, ResendError> {
        self.in_force().await?;
        loop {
            let stored = self.ledger().load(parent).await?;
            let parent = stored.ok_or(LedgerError::NotFound)?.batch;
            let Resends { mut children, next } = Resends::of(self.ledger(), &parent).await?;
            let content = match (next, children.pop()) {
                (Ok(content), _) => Arc::new(content),
                (Err(NoResend::Nothing { .. }), Some(newest)) => return Ok(replayed(&newest)),
                (Err(no), _) => return Err(no.into()),
            };
            if self.policy().rules_for(&content.facts()).is_empty() {
                let finding = no_rule(content.total());
                return Err(EnqueueError::Invalid(vec![finding]).into());
            }
            let (id, at) = (BatchId::new(Uuid::now_v7()), now());
            let child = parent.accept_resend(id, Arc::clone(&content), self.maker().clone(), at);
            let opening = Opening::new(child, &self.actor(), at);
            match self.ledger().open(opening).await? {
                Opened::New(stored) => {
                    let (head, findings) = (stored.batch.head().clone(), Vec::new());
                    return Ok(Enqueued::New { head, findings });
                }
                // Somebody else took the id just now, most likely for the same batch.
                Opened::Existing(_) => {}
            }
        }
    }
}

fn is_child(head: &Head, parent: &Batch) -> bool {
    let said = head.parent.as_ref();
    said.is_some_and(|said| said.external_id == parent.head().external_id)
}

fn replayed(newest: &Stored) -> Enqueued {
    Enqueued::Replayed {
        head: newest.batch.head().clone(),
        findings: Vec::new(),
    }
}
