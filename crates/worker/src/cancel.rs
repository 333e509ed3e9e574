//! Cancel: look first, cancel, and end only when the provider shows it cancelled.

use onay_ledger::{Done, StepError};
use onay_payout::provider::{Lookup, ProviderError, RemoteStatus};
use onay_payout::{Cancelling, Event};

use crate::job::Job;

pub(crate) async fn run(mut job: Job<'_>, cancelling: Cancelling) -> Result<Done, StepError> {
    let status = match look(&job, &cancelling).await {
        Ok(status) => status,
        Err(error) => return Ok(job.later("the look before the cancel", &error)),
    };
    let may_send = cancelling
        .intent
        .as_ref()
        .is_none_or(|intent| job.worker.now() >= intent.deadline);
    if status != RemoteStatus::Init || !may_send {
        return job.finish(Event::CancelLooked(status)).await;
    }
    let (intent, send_by) = job.intent();
    job.record(Event::CancelStarted(intent)).await?;
    let answer = job
        .worker
        .provider
        .cancel(&cancelling.request_id, send_by)
        .await;
    if let Err(error @ ProviderError::NotSent(_)) = &answer {
        return Ok(job.later("the cancel", error));
    }
    // Whatever was answered, only what the provider shows counts.
    match look(&job, &cancelling).await {
        Ok(status) => job.finish_call(Event::CancelLooked(status)).await,
        Err(error) => Ok(job.later("the look after the cancel", &error)),
    }
}

async fn look(job: &Job<'_>, cancelling: &Cancelling) -> Result<RemoteStatus, ProviderError> {
    let page = job
        .look(Lookup::Request(cancelling.request_id.clone()))
        .await?;
    page.map(|page| page.batch.status)
        .ok_or_else(|| ProviderError::InDoubt("the provider does not show the batch".to_owned()))
}
