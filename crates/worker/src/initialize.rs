//! Initialize: store the batch at the provider, once.
//!
//! The provider is asked first whether it has the batch already: a ledger restored from a backup
//! may have forgotten, and a lost answer never told us. Initialize moves no money, so the worst of
//! repeating it is a second batch at the provider that is never authorized.

use onay_ledger::{Done, StepError};
use onay_payout::provider::{
    Authorized, ProviderError, Refusal, RemoteCopy, RemotePage, RemoteStatus, none_if_refused,
};
use onay_payout::{Event, ExternalId, RequestId, State, Why, cadence};

use crate::job::Job;

/// What a look for the batch by our own id showed.
enum Found {
    /// Nothing.
    Nothing,
    /// The batch, waiting for authorize, and its request id if the provider tells it.
    Waiting(Option<RequestId>),
    /// The batch in any other state.
    Elsewhere(RemoteStatus, Option<RequestId>),
    /// An earlier attempt that was started after all.
    Earlier(Event),
}

pub(crate) async fn run(mut job: Job<'_>) -> Result<Done, StepError> {
    let is_first = matches!(job.stored.batch.state(), State::Received);
    if !is_first || job.worker.policy.safety().look_before_init {
        match look(&job).await {
            // Never sent from here as far as this ledger knows: another batch beside it could be
            // paid as well.
            Ok(Found::Waiting(None)) if is_first => {
                let details = vec!["it was not initialized from this ledger".to_owned()];
                return job.freeze(Why::RequestIdUnknown, details).await;
            }
            Ok(Found::Nothing | Found::Waiting(None)) => {}
            Ok(Found::Waiting(Some(request_id))) => {
                return job.finish(Event::Adopted(request_id)).await;
            }
            Ok(Found::Elsewhere(status, request_id)) => {
                return job.finish(job.past_init(status, request_id)).await;
            }
            Ok(Found::Earlier(found)) => return job.finish(found).await,
            Err(error) => return job.later("the look before initialize", &error).await,
        }
    }
    if let State::Preparing(preparing) = job.stored.batch.state() {
        let wait = preparing.intent.deadline.signed_duration_since(job.now());
        if let Ok(wait) = wait.to_std()
            && !wait.is_zero()
        {
            // The first call may still arrive; looking is allowed meanwhile, writing is not.
            return Ok(Done::Later(wait.min(cadence::DOUBT_PAUSE)));
        }
        if preparing.tries >= cadence::INITIALIZE_TRIES_MAX {
            let details = vec![format!(
                "called {} times without an answer",
                preparing.tries
            )];
            return job.freeze(Why::InitializeUnconfirmed, details).await;
        }
    }
    send(&mut job).await
}

async fn send(job: &mut Job<'_>) -> Result<Done, StepError> {
    let (intent, send_by) = job.intent();
    let started = Event::InitializeStarted(intent);
    job.intend(started, Event::InitializeNotSent).await?;
    let batch = &job.stored.batch;
    let as_id = batch.head().remote_id();
    let provider = &job.worker.provider;
    match provider.initialize(batch.content(), &as_id, send_by).await {
        Ok(initialized) => job.finish_call(Event::Initialized(initialized)).await,
        Err(ProviderError::NotSent(cause)) => {
            let failure = job.not_sent(&cause);
            job.finish_call(Event::InitializeNotSent(failure)).await
        }
        Err(ProviderError::Refused(refusal)) => refused(job, &as_id, refusal).await,
        Err(error @ ProviderError::InDoubt(_)) => job.later("initialize", &error).await,
    }
}

/// It may have refused a repetition of what it already has.
async fn refused(
    job: &mut Job<'_>,
    as_id: &ExternalId,
    refusal: Refusal,
) -> Result<Done, StepError> {
    let event = match find(job, as_id).await {
        Ok(Found::Waiting(Some(request_id))) => Event::Adopted(request_id),
        Ok(Found::Waiting(None)) if is_repetition(job) => Event::Orphaned(refusal),
        Ok(Found::Waiting(None)) => Event::Froze {
            why: Why::RequestIdUnknown,
            details: vec![refusal.to_string()],
        },
        // It may be a repetition of what is not shown yet.
        Ok(Found::Nothing) if is_repetition(job) => Event::Froze {
            why: Why::InitializeUnconfirmed,
            details: vec![refusal.to_string()],
        },
        Ok(Found::Nothing) => Event::InitializeRefused(refusal),
        Ok(Found::Elsewhere(status, request_id)) => job.past_init(status, request_id),
        Ok(Found::Earlier(found)) => found,
        Err(error) => {
            return job
                .later("the look after a refused initialize", &error)
                .await;
        }
    };
    job.finish_call(event).await
}

/// Whether what the provider has can be from an earlier call of ours.
fn is_repetition(job: &Job<'_>) -> bool {
    matches!(job.stored.batch.state(), State::Preparing(preparing) if preparing.tries > 1)
}

/// Looks for this attempt, and at what earlier ones left behind.
async fn look(job: &Job<'_>) -> Result<Found, ProviderError> {
    if let Some(found) = job.started_earlier().await? {
        return Ok(Found::Earlier(found));
    }
    find(job, &job.stored.batch.head().remote_id()).await
}

async fn find(job: &Job<'_>, as_id: &ExternalId) -> Result<Found, ProviderError> {
    let Some(page) = job.look_for(as_id).await? else {
        return Ok(Found::Nothing);
    };
    let request_id = request_id(job, &page).await?;
    let is_waiting = page.batch.status == RemoteStatus::Init
        && RemoteCopy::from(page.clone()).authorized() == Authorized::NotYet;
    Ok(if is_waiting {
        Found::Waiting(request_id)
    } else {
        Found::Elsewhere(page.batch.status, request_id)
    })
}

/// The request id as an item shows it, on the page or by itself. Only iyzico's unmerged client
/// has the field; it may never be shown.
async fn request_id(job: &Job<'_>, page: &RemotePage) -> Result<Option<RequestId>, ProviderError> {
    let Some(item) = page.items.first() else {
        return Ok(None);
    };
    if item.request_id.is_some() {
        return Ok(item.request_id.clone());
    }
    let Some(reference) = &item.reference else {
        return Ok(None);
    };
    let item = none_if_refused(job.worker.provider.item(reference).await)?;
    Ok(item.and_then(|item| item.request_id))
}
