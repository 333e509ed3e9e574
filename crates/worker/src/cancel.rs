//! Cancel: look first, cancel, and end only when the provider shows it cancelled.

use onay_ledger::{Done, StepError};
use onay_payout::provider::{Lookup, ProviderError, RemoteCopy, RemoteStatus};
use onay_payout::{Cancelling, Event};

use crate::job::{Job, not_shown};
use crate::terms::finish_and_forget;

pub(crate) async fn run(mut job: Job<'_>, cancelling: Cancelling) -> Result<Done, StepError> {
    let copy = match look(&job, &cancelling).await {
        Ok(copy) => copy,
        Err(error) => return job.later("the look before the cancel", &error).await,
    };
    let may_send = cancelling
        .intent
        .as_ref()
        .is_none_or(|intent| job.now() >= intent.deadline);
    let judged = cancelling
        .hold
        .as_ref()
        .and_then(|hold| hold.judged.as_ref());
    if !copy.is_waiting(judged) || !may_send {
        return finish_and_forget(&job, looked(&job, copy)).await;
    }
    let (intent, send_by) = job.intent();
    job.record(Event::CancelStarted(intent), Vec::new()).await?;
    let answer = job
        .worker
        .provider
        .cancel(&cancelling.request_id, send_by)
        .await;
    if let Err(error @ ProviderError::NotSent(_)) = &answer {
        return job.later("the cancel", error).await;
    }
    // Whatever was answered, only what the provider shows counts.
    match look(&job, &cancelling).await {
        Ok(copy) => finish_and_forget(&job, looked(&job, copy)).await,
        Err(error) => job.later("the look after the cancel", &error).await,
    }
}

fn looked(job: &Job<'_>, copy: RemoteCopy) -> Event {
    let account = job.worker.provider.account().clone();
    Event::CancelLooked { copy, account }
}

/// One page while the batch waits; every item once it shows as cancelled, because a batch is only
/// cancelled as far as its items are.
async fn look(job: &Job<'_>, cancelling: &Cancelling) -> Result<RemoteCopy, ProviderError> {
    let by = Lookup::Request(cancelling.request_id.clone());
    let page = job.look(by.clone()).await?.ok_or_else(not_shown)?;
    if page.batch.status != RemoteStatus::Canceled {
        return Ok(page.into());
    }
    let sent = job.stored.batch.content().items().len();
    let copy = job.worker.provider.retrieve_whole(&by, sent).await?;
    copy.ok_or_else(not_shown)
}
