//! A role: one claimed job after the other, each under a guard, each left in order.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use apalis::layers::WorkerBuilderExt as _;
use apalis::prelude::{Data, Monitor, WorkerBuilder};
use apalis_core::worker::ext::parallelize::ParallelizeExt as _;
use async_trait::async_trait;
use futures_util::FutureExt as _;
use onay_payout::{BatchRef, IllegalTransition, WorkerName};
use tokio::sync::Semaphore;
use tracing::{debug, error, warn};

use crate::backend::{LedgerBackend, Taken};
use crate::commit::Stored;
use crate::error::LedgerError;
use crate::guard::ClaimGuard;
use crate::health::Health;
use crate::job::{Claim, Claimed, Queue, Size};
use crate::ledger::Ledger;

/// Pause before a job is tried again whose step was not possible yet.
const EARLY_PAUSE: Duration = Duration::from_secs(2);

/// Pause before a job is tried again that broke in a way nobody foresaw.
const BROKEN_PAUSE: Duration = Duration::from_mins(1);

/// Large batches that one role works on at once: they bound its memory.
const LARGE_AT_ONCE: usize = 4;

/// What a role does with one claimed job. What is to be done follows from the batch's state, so a
/// job may come twice, late, or after a crash.
#[async_trait]
pub trait Handler: Send + Sync {
    /// Does what the batch, as it is stored, needs now, and says what is left to do with the claim.
    async fn step(&self, claim: &Claim, stored: Stored) -> Result<Done, StepError>;
}

/// What is left to do with a claim after a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// A commit gave the claim up.
    Committed,
    /// Nothing changed; look again after a while.
    Later(Duration),
}

/// Why a step ended early. Nothing is lost: the job comes back.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// The store refused or could not be reached.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The batch is not in a state for this any more.
    #[error(transparent)]
    Illegal(#[from] IllegalTransition),
}

/// How a role works.
#[derive(Debug, Clone)]
pub struct RoleSettings {
    /// One incarnation of this process; unique per start.
    pub name: WorkerName,
    /// How long a claim lasts without being renewed: the time after which the jobs of a dead
    /// process come back.
    pub lease: Duration,
    /// How many jobs are worked on at once.
    pub concurrency: usize,
}

/// A handler and the queue it works on.
pub struct Role {
    ledger: Arc<dyn Ledger>,
    queue: Queue,
    handler: Arc<dyn Handler>,
    settings: RoleSettings,
    health: Health,
    room_for_large: Semaphore,
}

impl Role {
    /// A handler for the jobs of `queue`.
    pub fn new(
        ledger: Arc<dyn Ledger>,
        queue: Queue,
        handler: Arc<dyn Handler>,
        settings: RoleSettings,
    ) -> Self {
        Self {
            ledger,
            queue,
            handler,
            settings,
            health: Health::new(),
            room_for_large: Semaphore::new(LARGE_AT_ONCE),
        }
    }

    /// Tells whether the role can claim jobs, also after it went under its monitor.
    pub fn health(&self) -> Health {
        self.health.clone()
    }

    /// Puts the role under a monitor, as an ordinary apalis worker. Each job runs on a task of its
    /// own, so that a worker that stops never cuts a call in the middle.
    #[must_use]
    pub fn register(self, monitor: Monitor) -> Monitor {
        let role = Arc::new(self);
        monitor.register(move |_restarts| {
            let settings = role.settings.clone();
            let worker = format!("{}-{}", role.queue, settings.name);
            let backend = LedgerBackend::new(Arc::clone(&role.ledger), role.queue, settings)
                .reporting_to(role.health.clone());
            WorkerBuilder::new(worker)
                .backend(backend)
                .enable_tracing()
                .parallelize(tokio::spawn)
                .data(Arc::clone(&role))
                .build(handle)
        })
    }

    /// Works on one claimed job. Never fails: what cannot be done now comes back.
    pub async fn work_on(&self, claimed: Claimed) {
        let Claimed {
            claim,
            stored,
            size,
        } = claimed;
        let batch = claim.batch;
        let guard = ClaimGuard::new(Arc::clone(&self.ledger), claim, self.settings.lease);
        let step = AssertUnwindSafe(self.step(guard.claim(), stored, size))
            .catch_unwind()
            .await;
        let pause = match step {
            Ok(Ok(Done::Committed)) => return,
            Ok(Ok(Done::Later(pause))) => pause,
            Ok(Err(StepError::Ledger(LedgerError::Stale | LedgerError::LeaseLost))) => {
                debug!(batch.id = %batch, "batch {batch} changed under this job; whoever changed it planned what is next");
                return;
            }
            Ok(Err(StepError::Ledger(
                error @ (LedgerError::Corrupt(_) | LedgerError::NotFound),
            ))) => {
                error!(batch.id = %batch, "batch {batch} cannot be worked on, a person must look: {error}");
                BROKEN_PAUSE
            }
            // Nobody planned what is next, so this job is to decide anew.
            Ok(Err(StepError::Ledger(error @ LedgerError::Changed))) => {
                debug!(batch.id = %batch, "batch {batch} is decided on anew: {error}");
                EARLY_PAUSE
            }
            Ok(Err(StepError::Ledger(error))) => {
                warn!(batch.id = %batch, "the ledger failed under batch {batch}, the job comes back: {error}");
                return;
            }
            Ok(Err(StepError::Illegal(illegal))) => {
                warn!(batch.id = %batch, "batch {batch} was not ready for this step: {illegal}");
                EARLY_PAUSE
            }
            Err(_panic) => {
                error!(batch.id = %batch, "a step on batch {batch} panicked; this is a bug, please report it");
                BROKEN_PAUSE
            }
        };
        if let Err(error) = self.ledger.postpone(guard.into_claim(), pause).await {
            debug!(batch.id = %batch, "the job of batch {batch} was not given back: {error}");
        }
    }

    /// Under a guard, so that waiting for room costs no lease.
    async fn step(
        &self,
        claim: &Claim,
        stored: Option<Stored>,
        size: Size,
    ) -> Result<Done, StepError> {
        let _room = match size {
            Size::Usual => None,
            Size::Large => self.room_for_large.acquire().await.ok(),
        };
        let stored = if let Some(stored) = stored {
            stored
        } else {
            let loaded = self.ledger.load(&BatchRef::Id(claim.batch)).await?;
            loaded.ok_or(LedgerError::NotFound)?
        };
        self.handler.step(claim, stored).await
    }
}

async fn handle(taken: Taken, role: Data<Arc<Role>>) {
    let Taken { claimed, place } = taken;
    role.work_on(claimed).await;
    drop(place);
}
