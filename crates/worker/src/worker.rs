//! One step: load the batch, do what its state asks for, leave the claim.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::FutureExt as _;
use onay_ledger::{Claim, ClaimGuard, Ledger, LedgerError};
use onay_payout::{BatchRef, Event, Policy, Provider, State, WorkerName, cadence};
use tracing::{debug, error, warn};

use crate::job::{Done, Job, StepError};
use crate::{authorize, cancel, initialize, read_back};

/// Pause before a job is tried again that broke in a way nobody foresaw.
const BROKEN_PAUSE: Duration = Duration::from_mins(1);

/// How a worker works.
#[derive(Debug, Clone)]
pub struct Settings {
    /// One incarnation of this process; unique per start.
    pub name: WorkerName,
    /// The whole time one provider call can take; intents last twice as long.
    pub call_timeout: Duration,
    /// How long a claim lasts without being renewed: the time after which the jobs of a dead
    /// worker come back.
    pub lease: Duration,
}

/// The hands: everything that may be written to a provider is written here.
pub struct Worker {
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) provider: Arc<dyn Provider>,
    pub(crate) policy: Arc<Policy>,
    pub(crate) settings: Settings,
}

impl Worker {
    /// Binds the ledger to the provider's account, for ever.
    ///
    /// # Errors
    /// [`LedgerError::OtherAccount`] when the ledger belongs to another account.
    pub async fn new(
        ledger: Arc<dyn Ledger>,
        provider: Arc<dyn Provider>,
        policy: Arc<Policy>,
        settings: Settings,
    ) -> Result<Self, LedgerError> {
        ledger.bind(provider.account()).await?;
        Ok(Self {
            ledger,
            provider,
            policy,
            settings,
        })
    }

    /// This incarnation's name.
    pub const fn name(&self) -> &WorkerName {
        &self.settings.name
    }

    /// Works on one claimed job. Never fails: what cannot be done now comes back.
    pub async fn handle(&self, claim: Claim) {
        let batch = claim.batch;
        let guard = ClaimGuard::new(Arc::clone(&self.ledger), claim, self.settings.lease);
        let step = AssertUnwindSafe(self.step(guard.claim()))
            .catch_unwind()
            .await;
        let pause = match step {
            Ok(Ok(Done::Committed)) => return,
            Ok(Ok(Done::Later(pause))) => pause,
            Ok(Err(StepError::Ledger(LedgerError::Stale | LedgerError::LeaseLost))) => {
                debug!(batch.id = %batch, "batch {batch} changed under this job; whoever changed it planned what is next");
                return;
            }
            Ok(Err(StepError::Ledger(error))) => {
                warn!(batch.id = %batch, "the ledger failed under batch {batch}, the job comes back: {error}");
                return;
            }
            Ok(Err(StepError::Illegal(illegal))) => {
                warn!(batch.id = %batch, "batch {batch} was not ready for this step: {illegal}");
                cadence::DOUBT_PAUSE
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

    async fn step(&self, claim: &Claim) -> Result<Done, StepError> {
        let stored = self.ledger.load(&BatchRef::Id(claim.batch)).await?;
        let stored = stored.ok_or(LedgerError::NotFound)?;
        let state = stored.batch.state().clone();
        let job = Job {
            worker: self,
            claim,
            stored,
        };
        match state {
            State::Received | State::Preparing(_) => initialize::run(job).await,
            State::Prepared(request_id) => read_back::run(job, request_id).await,
            State::PendingApproval(hold) => {
                match hold.expires_at.signed_duration_since(self.now()).to_std() {
                    Ok(left) if !left.is_zero() => Ok(Done::Later(left)),
                    Ok(_) | Err(_) => job.finish(Event::Expired).await,
                }
            }
            State::Approved(hold) => authorize::release(job, hold).await,
            State::Releasing(releasing) => authorize::resolve(job, releasing.hold).await,
            State::Cancelling(cancelling) => cancel::run(job, cancelling).await,
            State::Processing(_)
            | State::Settled(_)
            | State::PartlySettled(_)
            | State::Failed(_)
            | State::Rejected(_)
            | State::Withdrawn(_)
            | State::Expired(_)
            | State::Refused(_)
            | State::Frozen(_) => Ok(Done::Later(cadence::LATE_CHECK)),
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the worker's one look at the clock"
    )]
    #[expect(
        clippy::unused_self,
        reason = "reads like the property of a worker that it is"
    )]
    pub(crate) fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}
