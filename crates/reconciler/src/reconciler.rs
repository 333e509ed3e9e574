//! One look at one batch.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::FutureExt as _;
use onay_ledger::{Actor, Authority, Claim, ClaimGuard, Commit, Ledger, LedgerError, Stored};
use onay_payout::provider::{ItemKind, Lookup, ProviderError, RemoteCopy, RemoteStatus};
use onay_payout::{
    BatchRef, Event, Finality, IllegalTransition, ItemStatus, Provider, State, WorkerName, cadence,
};
use tracing::{debug, error, info, warn};

/// Pause before a job is tried again that broke in a way nobody foresaw.
const BROKEN_PAUSE: Duration = Duration::from_mins(1);

/// How a reconciler works.
#[derive(Debug, Clone)]
pub struct Settings {
    /// One incarnation of this process; unique per start.
    pub name: WorkerName,
    /// How long a claim lasts without being renewed.
    pub lease: Duration,
}

/// The eyes: reads the provider's copy of authorized batches.
pub struct Reconciler {
    pub(crate) ledger: Arc<dyn Ledger>,
    provider: Arc<dyn Provider>,
    pub(crate) settings: Settings,
}

#[derive(Debug, thiserror::Error)]
enum StepError {
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Illegal(#[from] IllegalTransition),
}

/// What is left to do with the claim.
enum Done {
    Committed,
    Later(Duration),
}

impl Reconciler {
    /// Binds the ledger to the provider's account, for ever.
    ///
    /// # Errors
    /// [`LedgerError::OtherAccount`] when the ledger belongs to another account.
    pub async fn new(
        ledger: Arc<dyn Ledger>,
        provider: Arc<dyn Provider>,
        settings: Settings,
    ) -> Result<Self, LedgerError> {
        ledger.bind(provider.account()).await?;
        Ok(Self {
            ledger,
            provider,
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
            Ok(Err(StepError::Ledger(error))) => {
                warn!(batch.id = %batch, "a report on batch {batch} was not stored, it is read again: {error}");
                return;
            }
            Ok(Err(StepError::Illegal(illegal))) => {
                warn!(batch.id = %batch, "batch {batch} was not ready for this report: {illegal}");
                cadence::poll_after(batch, 0)
            }
            Err(_panic) => {
                error!(batch.id = %batch, "a look at batch {batch} panicked; this is a bug, please report it");
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
        match self.read(&stored).await {
            Ok(Some(copy)) => self.report(claim, &stored, copy).await,
            Ok(None) => {
                warn!(batch.id = %claim.batch, "the provider does not show batch {}", claim.batch);
                Ok(Done::Later(next_look(claim, &stored)))
            }
            Err(error) => {
                warn!(batch.id = %claim.batch, "batch {} could not be read, looking again: {error}", claim.batch);
                Ok(Done::Later(cadence::retry_after(
                    claim.batch,
                    claim.attempt,
                )))
            }
        }
    }

    /// The items that would be paid, over all pages. Refused items are final before the hold.
    async fn read(&self, stored: &Stored) -> Result<Option<RemoteCopy>, ProviderError> {
        let state = stored.batch.state();
        let by = state.request_id().map_or_else(
            || Lookup::External(stored.batch.content().external_id().clone()),
            |id| Lookup::Request(id.clone()),
        );
        self.provider.retrieve_all(&by, ItemKind::Valid).await
    }

    async fn report(
        &self,
        claim: &Claim,
        stored: &Stored,
        copy: RemoteCopy,
    ) -> Result<Done, StepError> {
        let at = now();
        tell_of_unknown_words(stored, &copy);
        if stored.batch.is_news(&copy) {
            self.finish(claim, stored, Event::Reported(copy), at).await
        } else if stored.batch.state().is_final() && watch_is_over(stored, at) {
            self.finish(claim, stored, Event::WatchEnded, at).await
        } else {
            tell_of_age(stored, at);
            Ok(Done::Later(next_look(claim, stored)))
        }
    }

    async fn finish(
        &self,
        claim: &Claim,
        stored: &Stored,
        event: Event,
        at: DateTime<Utc>,
    ) -> Result<Done, StepError> {
        let transition = stored.batch.apply(event, at)?;
        tell_of_refund_failures(&transition);
        let (changed, note) = (transition.changed.len(), transition.note.clone());
        let actor = Actor {
            name: self.name().to_string(),
            via: "reconciler",
        };
        let commit = Commit::new(stored, transition, &actor, at, Authority::Finishing(claim));
        let now = self.ledger.commit(commit).await?;
        let (batch, state) = (claim.batch, now.batch.state().name());
        if state == "frozen" && stored.batch.state().name() != "frozen" {
            error!(batch.id = %batch, "batch {batch} is frozen, a person must look: {note}");
        } else {
            info!(batch.id = %batch, state, changed, "batch {batch}: {changed} items changed, now {state}");
        }
        Ok(Done::Committed)
    }
}

/// Growing intervals while nothing changes.
fn next_look(claim: &Claim, stored: &Stored) -> Duration {
    match stored.batch.state() {
        State::Settled(_) | State::PartlySettled(_) | State::Failed(_) => {
            cadence::refund_check_after(claim.batch, claim.attempt)
        }
        State::Received
        | State::Preparing(_)
        | State::Prepared(_)
        | State::PendingApproval(_)
        | State::Approved(_)
        | State::Releasing(_)
        | State::Processing(_)
        | State::Cancelling(_)
        | State::Rejected(_)
        | State::Withdrawn(_)
        | State::Expired(_)
        | State::Refused(_)
        | State::Frozen(_) => cadence::poll_after(claim.batch, claim.attempt),
    }
}

/// A closed batch is looked at once more; one with failed items until the refund watch ends.
fn watch_is_over(stored: &Stored, at: DateTime<Utc>) -> bool {
    let closed_for = at.signed_duration_since(stored.batch.head().since);
    let watch = TimeDelta::from_std(cadence::REFUND_WATCH).unwrap_or(TimeDelta::MAX);
    !stored.batch.head().awaits_refund() || closed_for >= watch
}

fn tell_of_age(stored: &Stored, at: DateTime<Utc>) {
    let expected = TimeDelta::from_std(cadence::SETTLING_EXPECTED).unwrap_or(TimeDelta::MAX);
    let age = at.signed_duration_since(stored.batch.head().since);
    if matches!(stored.batch.state(), State::Processing(_)) && age > expected {
        let batch = stored.batch.id();
        error!(batch.id = %batch, age_hours = age.num_hours(), "batch {batch} has open items for {} hours; ask iyzico", age.num_hours());
    }
}

fn tell_of_unknown_words(stored: &Stored, copy: &RemoteCopy) {
    let batch = stored.batch.id();
    if let RemoteStatus::Unknown(word) = &copy.batch.status {
        error!(batch.id = %batch, word, "batch {batch} has a status we do not know: {word}");
    }
    for item in &copy.items {
        if let ItemStatus::Unknown(word) = &item.status {
            error!(batch.id = %batch, item.id = %item.id, word, "item {} of batch {batch} has a status we do not know: {word}", item.id);
        }
    }
}

fn tell_of_refund_failures(transition: &onay_payout::Transition) {
    let batch = &transition.batch;
    for index in &transition.changed {
        let item = batch.content().items().get(*index);
        let outcome = batch.outcomes().get(*index);
        if let (Some(item), Some(outcome)) = (item, outcome)
            && outcome.status.finality() == Finality::NeedsPerson
        {
            error!(batch.id = %batch.id(), item.id = %item.id, "item {} of batch {} failed and its refund failed too; ask iyzico where the money is", item.id, batch.id());
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the reconciler's one look at the clock"
)]
fn now() -> DateTime<Utc> {
    Utc::now()
}
