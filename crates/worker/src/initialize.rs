//! Initialize: store the batch at the provider, once.
//!
//! The provider is asked first whether it has the batch already: a ledger restored from a backup
//! may have forgotten, and a lost answer never told us. Initialize moves no money, so the worst of
//! repeating it is a second batch at the provider that is never authorized.

use onay_ledger::{Done, StepError};
use onay_payout::provider::{
    Authorized, Lookup, ProviderError, RemoteCopy, RemotePage, RemoteStatus,
};
use onay_payout::{Event, RequestId, State, Why, cadence};

use crate::job::Job;

/// What a look for the batch by our own id showed.
enum Found {
    /// Nothing.
    Nothing,
    /// The batch, waiting for authorize, and its request id if the provider tells it.
    Waiting(Option<RequestId>),
    /// The batch in any other state.
    Elsewhere(RemoteStatus, Option<RequestId>),
}

pub(crate) async fn run(mut job: Job<'_>) -> Result<Done, StepError> {
    let is_first = matches!(job.stored.batch.state(), State::Received);
    if !is_first || job.worker.policy.safety().look_before_init {
        match find(&job).await {
            // Never sent from here as far as this ledger knows: another batch beside it could be
            // paid as well.
            Ok(Found::Waiting(None)) if is_first => {
                let details = vec!["it was not initialized from this ledger".to_owned()];
                return job
                    .finish(Event::Froze {
                        why: Why::RequestIdUnknown,
                        details,
                    })
                    .await;
            }
            Ok(Found::Nothing | Found::Waiting(None)) => {}
            Ok(Found::Waiting(Some(request_id))) => return adopt(&job, request_id).await,
            Ok(Found::Elsewhere(status, request_id)) => {
                return job
                    .finish(Event::FoundPastInit { status, request_id })
                    .await;
            }
            Err(error) => return Ok(job.later("the look before initialize", &error)),
        }
    }
    if let State::Preparing(intent) = job.stored.batch.state()
        && let Ok(wait) = intent.deadline.signed_duration_since(job.now()).to_std()
    {
        // The first call may still arrive; looking is allowed meanwhile, writing is not.
        return Ok(Done::Later(wait.min(cadence::DOUBT_PAUSE)));
    }
    send(&mut job).await
}

async fn send(job: &mut Job<'_>) -> Result<Done, StepError> {
    let (intent, send_by) = job.intent();
    job.record(Event::InitializeStarted(intent)).await?;
    let answer = job
        .worker
        .provider
        .initialize(
            job.stored.batch.content(),
            job.stored.batch.content().external_id(),
            send_by,
        )
        .await;
    match answer {
        Ok(initialized) => job.finish_call(Event::Initialized(initialized)).await,
        Err(ProviderError::NotSent(cause)) => {
            let failure = job.not_sent(&cause);
            job.finish_call(Event::InitializeNotSent(failure)).await
        }
        Err(ProviderError::Refused(refusal)) => match find(job).await {
            // It may have refused a repetition of what it already has.
            Ok(Found::Waiting(Some(request_id))) => adopt(job, request_id).await,
            Ok(Found::Waiting(None)) => {
                let details = vec![refusal.to_string()];
                job.finish_call(Event::Froze {
                    why: Why::RequestIdUnknown,
                    details,
                })
                .await
            }
            Ok(Found::Nothing) => job.finish_call(Event::InitializeRefused(refusal)).await,
            Ok(Found::Elsewhere(status, request_id)) => {
                job.finish_call(Event::FoundPastInit { status, request_id })
                    .await
            }
            Err(error) => Ok(job.later("the look after a refused initialize", &error)),
        },
        Err(error @ ProviderError::InDoubt(_)) => Ok(job.later("initialize", &error)),
    }
}

async fn adopt(job: &Job<'_>, request_id: RequestId) -> Result<Done, StepError> {
    job.finish(Event::Adopted(request_id)).await
}

async fn find(job: &Job<'_>) -> Result<Found, ProviderError> {
    let external_id = job.stored.batch.content().external_id().clone();
    let page = match job.look(Lookup::External(external_id)).await {
        Ok(Some(page)) => page,
        // What iyzico answers for an unknown id is not documented; a refusal may be it.
        Ok(None) | Err(ProviderError::Refused(_)) => return Ok(Found::Nothing),
        Err(error) => return Err(error),
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
    let item = job.worker.provider.item(reference).await?;
    Ok(item.and_then(|item| item.request_id))
}
