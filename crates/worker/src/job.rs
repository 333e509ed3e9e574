//! One claimed job: the batch as it was loaded, and the two ways to leave it.

use std::time::{Duration, Instant};

use backon::{ExponentialBuilder, Retryable as _};
use chrono::{DateTime, TimeDelta, Utc};
use onay_ledger::{Actor, Authority, Claim, Commit, Done, LedgerError, StepError, Stored};
use onay_payout::provider::{ItemKind, Lookup, NotSent, ProviderError, Query, RemotePage};
use onay_payout::{BatchRef, Event, Intent, NotSentBy, WorkerName, cadence};
use tracing::{error, info, warn};

use crate::worker::Worker;

/// How long a rate-limited caller waits: iyzico counts calls by the minute.
const RATE_LIMIT_PAUSE: Duration = Duration::from_mins(1);

/// How long to wait when the provider does not accept our credentials: a person must act.
const CREDENTIALS_PAUSE: Duration = Duration::from_mins(5);

/// A job under way.
pub(crate) struct Job<'w> {
    pub(crate) worker: &'w Worker,
    pub(crate) claim: &'w Claim,
    pub(crate) stored: Stored,
}

impl Job<'_> {
    /// Records a step and keeps the claim.
    pub(crate) async fn record(&mut self, event: Event) -> Result<(), StepError> {
        self.stored = self.commit(event, Authority::Holding(self.claim)).await?;
        Ok(())
    }

    /// Records the last step of this job and gives the claim up.
    pub(crate) async fn finish(&self, event: Event) -> Result<Done, StepError> {
        self.commit(event, Authority::Finishing(self.claim)).await?;
        Ok(Done::Committed)
    }

    /// Records what became of a call this worker made. The owner of an intent may always do so,
    /// even when its lease is gone; a store that is away for a moment is waited for.
    pub(crate) async fn finish_call(&mut self, event: Event) -> Result<Done, StepError> {
        let attempt = || self.finish(event.clone());
        let outcome = attempt
            .retry(ExponentialBuilder::default().with_max_times(6))
            .when(|error| matches!(error, StepError::Ledger(LedgerError::Unavailable(_))))
            .await;
        match outcome {
            Err(StepError::Ledger(LedgerError::LeaseLost | LedgerError::Stale)) => {
                let batch = BatchRef::Id(self.claim.batch);
                let stored = self.worker.ledger.load(&batch).await?;
                self.stored = stored.ok_or(LedgerError::NotFound)?;
                self.commit(event, Authority::Version).await?;
                Ok(Done::Committed)
            }
            other => other,
        }
    }

    async fn commit(&self, event: Event, authority: Authority<'_>) -> Result<Stored, StepError> {
        let at = self.worker.now();
        let transition = self.stored.batch.apply(event, at)?;
        let (before, after) = (transition.before, transition.batch.state().name());
        let (event, note) = (transition.event, transition.note.clone());
        let actor = Actor {
            name: self.worker.name.to_string(),
            via: "worker",
        };
        let commit = Commit::new(&self.stored, transition, &actor, at, authority);
        let stored = self.worker.ledger.commit(commit).await?;
        let batch = stored.batch.id();
        if after == "frozen" {
            error!(batch.id = %batch, event, before, "batch {batch} is frozen, a person must look: {note}");
        } else {
            info!(batch.id = %batch, event, before, after, "batch {batch}: {event}, now {after}");
        }
        Ok(stored)
    }

    /// Who owns the calls of this job: this worker under this very claim.
    pub(crate) fn owner(&self) -> WorkerName {
        self.worker.name.with_fence(self.claim.fence)
    }

    /// An intent that starts now, and the moment until which its call may be sent.
    ///
    /// The call ends a whole time-out after it was sent at the latest, which is before the
    /// deadline: after that, others may write.
    pub(crate) fn intent(&self) -> (Intent, Instant) {
        let timeout = self.worker.call_timeout;
        #[expect(
            clippy::arithmetic_side_effects,
            reason = "an instant and a short time-out"
        )]
        let send_by = Instant::now() + timeout;
        let started_at = self.worker.now();
        let patience = TimeDelta::from_std(timeout.saturating_mul(2)).unwrap_or(TimeDelta::MAX);
        let deadline = started_at
            .checked_add_signed(patience)
            .unwrap_or(DateTime::<Utc>::MAX_UTC);
        (
            Intent {
                owner: self.owner(),
                started_at,
                deadline,
            },
            send_by,
        )
    }

    /// One page of the provider's copy: enough to see where the batch stands.
    pub(crate) async fn look(&self, by: Lookup) -> Result<Option<RemotePage>, ProviderError> {
        let query = Query {
            by,
            items: ItemKind::Valid,
            page: 0,
            size: 1,
        };
        self.worker.provider.retrieve(&query).await
    }

    /// Comes back to this job after a pause that grows with every failure.
    pub(crate) fn later(&self, what: &str, error: &ProviderError) -> Done {
        let batch = self.claim.batch;
        let pause = self.pause_after(error);
        if let ProviderError::NotSent(NotSent::Credentials(_)) = error {
            error!(batch.id = %batch, "{what} of batch {batch} waits: {error}; check the API key, the secret key and the address");
        } else {
            warn!(batch.id = %batch, "{what} of batch {batch} did not work, trying again in {} s: {error}", pause.as_secs());
        }
        Done::Later(pause)
    }

    /// The journal's form of a call that certainly changed nothing.
    pub(crate) fn not_sent(&self, cause: &NotSent) -> NotSentBy {
        NotSentBy {
            owner: self.owner(),
            cause: cause.to_string(),
            retry_after: self.pause_after(&ProviderError::NotSent(cause.clone())),
        }
    }

    fn pause_after(&self, error: &ProviderError) -> Duration {
        match error {
            ProviderError::NotSent(NotSent::RateLimited) => RATE_LIMIT_PAUSE,
            ProviderError::NotSent(NotSent::Credentials(_)) => CREDENTIALS_PAUSE,
            ProviderError::NotSent(_) | ProviderError::Refused(_) | ProviderError::InDoubt(_) => {
                cadence::retry_after(self.claim.batch, self.claim.attempt)
            }
        }
    }
}
