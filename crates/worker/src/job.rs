//! One claimed job: the batch as it was loaded, and the two ways to leave it.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use backon::{ExponentialBuilder, Retryable as _};
use chrono::{DateTime, TimeDelta, Utc};
use onay_ledger::{Actor, Authority, Claim, Commit, Done, LedgerError, StepError, Stored, Swap};
use onay_payout::provider::{
    ItemKind, Lookup, NotSent, ProviderError, Query, RemoteCopy, RemotePage, RemoteStatus,
    none_if_refused,
};
use onay_payout::{
    BatchRef, Event, ExternalId, Intent, NotSentBy, PastInit, Policy, RequestId, SendBy, State,
    Why, WorkerName, cadence,
};
use tracing::{debug, error, info, warn};

use crate::worker::Worker;

/// How long to wait before a write is tried again that could not be sent. Longer than for a look:
/// each try stands in the journal.
const NOT_SENT_PAUSE: Duration = Duration::from_secs(10);

/// A job under way.
pub(crate) struct Job<'w> {
    pub(crate) worker: &'w Worker,
    pub(crate) claim: &'w Claim,
    pub(crate) stored: Stored,
}

impl Job<'_> {
    /// Records a step and keeps the claim, if these cells are what they must be.
    pub(crate) async fn record(&mut self, event: Event, cells: Vec<Swap>) -> Result<(), StepError> {
        let holding = (Authority::Holding(self.claim), cells);
        self.stored = self.commit(&self.stored, event, holding).await?;
        Ok(())
    }

    /// Records the intent of a call, and keeps the claim. A store that did not answer may have it all
    /// the same: then it is told, once it answers, that nothing was sent, lest the call be taken for
    /// one in doubt.
    pub(crate) async fn intend(
        &mut self,
        started: Event,
        not_sent: fn(NotSentBy) -> Event,
    ) -> Result<(), StepError> {
        self.intend_where(started, not_sent, Vec::new()).await
    }

    /// The same, if these cells are what they must be.
    pub(crate) async fn intend_where(
        &mut self,
        started: Event,
        not_sent: fn(NotSentBy) -> Event,
        cells: Vec<Swap>,
    ) -> Result<(), StepError> {
        let recorded = self.record(started, cells).await;
        if recorded.as_ref().is_err_and(is_passing) {
            let event = not_sent(self.not_sent(&NotSent::TooLate));
            let tell = || self.finish_by_version(event.clone());
            let told = tell
                .retry(patience())
                .when(|error| is_passing(error) || is_stale(error))
                .await;
            if let Err(error) = told {
                debug!(batch.id = %self.claim.batch, "no intent of this call stands: {error}");
            }
        }
        recorded
    }

    /// Records the last step of this job and gives the claim up.
    pub(crate) async fn finish(&self, event: Event) -> Result<Done, StepError> {
        self.finish_where(event, Vec::new()).await
    }

    /// The same, if these cells are what they must be, together with what they become.
    pub(crate) async fn finish_where(
        &self,
        event: Event,
        cells: Vec<Swap>,
    ) -> Result<Done, StepError> {
        let finishing = Authority::Finishing(self.claim);
        self.commit(&self.stored, event, (finishing, cells)).await?;
        Ok(Done::Committed)
    }

    /// Stops the batch: people must look.
    pub(crate) async fn freeze(&self, why: Why, details: Vec<String>) -> Result<Done, StepError> {
        self.finish(Event::Froze { why, details }).await
    }

    /// Records what became of a call this worker made. The owner of an intent may always do so,
    /// even when its lease is gone; a store that is away for a moment is waited for.
    pub(crate) async fn finish_call(&mut self, event: Event) -> Result<Done, StepError> {
        let record = || self.finish(event.clone());
        let outcome = record.retry(patience()).when(is_passing).await;
        match outcome {
            Err(StepError::Ledger(LedgerError::LeaseLost | LedgerError::Stale)) => {
                let record = || self.finish_by_version(event.clone());
                record
                    .retry(patience())
                    .when(|error| is_passing(error) || is_stale(error))
                    .await
            }
            other => other,
        }
    }

    /// Records an outcome on the batch as it is now, if it is still about this job's own call. That
    /// the provider confirmed a release is a fact whoever's turn it is.
    async fn finish_by_version(&self, event: Event) -> Result<Done, StepError> {
        let batch = BatchRef::Id(self.claim.batch);
        let stored = self
            .worker
            .ledger
            .load(&batch)
            .await?
            .ok_or(LedgerError::NotFound)?;
        let owner = stored.batch.state().intent().map(|intent| &intent.owner);
        let is_fact = matches!(event, Event::Released { .. });
        if owner != Some(&self.owner()) && !is_fact {
            return Err(LedgerError::LeaseLost.into());
        }
        let by_version = (Authority::Version, Vec::new());
        self.commit(&stored, event, by_version).await?;
        Ok(Done::Committed)
    }

    async fn commit(
        &self,
        base: &Stored,
        event: Event,
        (authority, cells): (Authority<'_>, Vec<Swap>),
    ) -> Result<Stored, StepError> {
        let at = self.now();
        let is_release =
            matches!(event, Event::Released { .. }) && !base.batch.state().is_released();
        let transition = base.batch.apply(event, at).inspect_err(|illegal| {
            if is_release {
                let batch = base.batch.id();
                error!(batch.id = %batch, "the provider confirmed a release of batch {batch}, which could not be recorded, a person must look: {illegal}");
            }
        })?;
        let (before, after) = (transition.before, transition.batch.state().name());
        let (event, note) = (transition.event, transition.note.clone());
        let actor = Actor {
            name: self.worker.name.to_string(),
            via: "worker",
        };
        let commit = Commit::new(base, transition, &actor, at, authority).with_swaps(cells);
        let stored = self.worker.ledger.commit(commit).await?;
        let batch = stored.batch.id();
        let name = &stored.batch.head().external_id;
        let why = if note.is_empty() {
            String::new()
        } else {
            format!(": {note}")
        };
        if after == "frozen" {
            error!(batch.id = %batch, event, before, "{name} is frozen, a person must look{why}");
        } else if event == "found_past_init" {
            error!(batch.id = %batch, event, before, "{name} shows as started although no release is under way, a person must look{why}");
        } else if let Some(rule) = blocked(&self.worker.policy, &stored) {
            error!(batch.id = %batch, event, before, "{name} is {after}, and nobody who may approve it is left that rule `{rule}` asks; withdraw it or change the policy{why}");
        } else if event == "remind" {
            warn!(batch.id = %batch, event, before, "{name} waits for people{why}");
        } else if event == "approval_short" {
            warn!(batch.id = %batch, event, before, "{name} is not released{why}");
        } else {
            info!(batch.id = %batch, event, before, "{name} is {after}{why}");
        }
        Ok(stored)
    }

    /// The time.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        (self.worker.clock)()
    }

    /// Who owns the calls of this job: this worker under this very claim.
    pub(crate) fn owner(&self) -> WorkerName {
        self.worker.name.with_fence(self.claim.fence)
    }

    /// An intent that starts now, and the moment until which its call may be sent.
    ///
    /// The call ends a whole time-out after it was sent at the latest, which is before the
    /// deadline: after that, others may write.
    pub(crate) fn intent(&self) -> (Intent, SendBy) {
        let timeout = self.worker.call_timeout;
        let start = Instant::now();
        // A time-out beyond the end of time leaves no time to send.
        let monotonic = start.checked_add(timeout).unwrap_or(start);
        let started_at = self.now();
        let after = |time| {
            let time = TimeDelta::from_std(time).unwrap_or(TimeDelta::MAX);
            let moment = started_at.checked_add_signed(time);
            moment.unwrap_or(DateTime::<Utc>::MAX_UTC)
        };
        let wall = after(timeout);
        let deadline = after(timeout.saturating_mul(2));
        (
            Intent {
                owner: self.owner(),
                started_at,
                deadline,
            },
            SendBy { monotonic, wall },
        )
    }

    /// The batch under an id of ours, if the provider shows one.
    pub(crate) async fn look_for(
        &self,
        id: &ExternalId,
    ) -> Result<Option<RemotePage>, ProviderError> {
        let page = none_if_refused(self.look(Lookup::External(id.clone())).await)?;
        if page.is_some() {
            self.worker.lookups.store(true, Ordering::Relaxed);
        }
        Ok(page)
    }

    /// What was started of an earlier attempt, if anything was: what such an attempt leaves behind
    /// waits for ever or is cancelled. Not being shown what is certainly there is no answer.
    pub(crate) async fn started_earlier(&self) -> Result<Option<Event>, ProviderError> {
        let head = self.stored.batch.head();
        for left in &head.left {
            let page = match &left.request_id {
                Some(id) => self.look(Lookup::Request(id.clone())).await?,
                None => {
                    self.look_for(&head.external_id.of_attempt(left.attempt))
                        .await?
                }
            };
            let Some(copy) = page.map(RemoteCopy::from) else {
                if left.is_seen {
                    let what = "the provider does not show what an earlier attempt left behind";
                    return Err(ProviderError::InDoubt(what.to_owned()));
                }
                continue;
            };
            let status = copy.batch.status.clone();
            let is_left = matches!(status, RemoteStatus::Init | RemoteStatus::Canceled);
            if !is_left || copy.shows_started_items() {
                return Ok(Some(Event::FoundPastInit(PastInit {
                    attempt: left.attempt,
                    status,
                    request_id: left.request_id.clone(),
                    account: self.worker.provider.account().clone(),
                })));
            }
        }
        Ok(None)
    }

    /// The batch itself was found started or ended.
    pub(crate) fn past_init(&self, status: RemoteStatus, request_id: Option<RequestId>) -> Event {
        Event::FoundPastInit(PastInit {
            attempt: self.stored.batch.head().attempt,
            status,
            request_id,
            account: self.worker.provider.account().clone(),
        })
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

    /// Comes back to this job after a pause that grows with every failure. Running out of patience
    /// with a call in doubt freezes the batch; it never fails it and never pays.
    pub(crate) async fn later(&self, what: &str, error: &ProviderError) -> Result<Done, StepError> {
        let batch = self.claim.batch;
        let since = self.stored.batch.head().since;
        let waited = self.now().signed_duration_since(since).to_std();
        if let Some(why) = self.stored.batch.state().doubt()
            && waited.is_ok_and(|waited| waited > cadence::DOUBT_PATIENCE)
            && self.claim.attempt >= cadence::DOUBT_TRIES_MIN
        {
            let since = since.format("%F %T UTC");
            let details = vec![format!("tried since {since}, last {what}: {error}")];
            return self.freeze(why, details).await;
        }
        let pause = cadence::pause_after(batch, self.claim.attempt, error);
        if let ProviderError::NotSent(NotSent::Credentials(_)) = error {
            error!(batch.id = %batch, "{what} of batch {batch} waits: {error}; check the API key, the secret key and the address");
        } else {
            warn!(batch.id = %batch, "{what} of batch {batch} did not work, trying again in {} s: {error}", pause.as_secs());
        }
        Ok(Done::Later(pause))
    }

    /// The journal's form of a call that certainly changed nothing.
    pub(crate) fn not_sent(&self, cause: &NotSent) -> NotSentBy {
        let error = ProviderError::NotSent(cause.clone());
        NotSentBy {
            owner: self.owner(),
            cause: cause.to_string(),
            retry_after: cadence::pause_after(self.claim.batch, 0, &error).max(NOT_SENT_PAUSE),
        }
    }
}

/// The rule that nobody can meet, of a batch that waits for people.
fn blocked(policy: &Policy, stored: &Stored) -> Option<String> {
    let is_waiting = matches!(stored.batch.state(), State::PendingApproval(_));
    is_waiting
        .then(|| policy.blocked(stored.batch.head()))
        .flatten()
}

/// What is certainly there is not shown: no answer to act on.
pub(crate) fn not_shown() -> ProviderError {
    ProviderError::InDoubt("the provider does not show the batch".to_owned())
}

fn patience() -> ExponentialBuilder {
    ExponentialBuilder::default().with_max_times(6)
}

/// A store that cannot be used may be mended, too: for what is known, trying costs nothing.
const fn is_passing(error: &StepError) -> bool {
    matches!(
        error,
        StepError::Ledger(LedgerError::Unavailable(_) | LedgerError::Unusable(_))
    )
}

const fn is_stale(error: &StepError) -> bool {
    matches!(error, StepError::Ledger(LedgerError::Stale))
}
