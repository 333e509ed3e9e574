//! Read back: what the provider stored must be what was submitted, before anyone decides on it.

use std::sync::atomic::Ordering;

use chrono::TimeDelta;
use onay_ledger::{Done, StepError};
use onay_payout::cadence::READ_BACK_PATIENCE;
use onay_payout::provider::{
    Authorized, Lookup, ProviderError, RemoteCopy, RemoteStatus, none_if_refused,
};
use onay_payout::{Comparison, Prepared, ReadBack, RequestId, Why, cadence};

use crate::job::Job;
use crate::terms::hold;

pub(crate) async fn run(job: Job<'_>, prepared: Prepared) -> Result<Done, StepError> {
    let request_id = prepared.request_id;
    let depth = if prepared.is_adopted {
        // What was found at the provider may hold anything.
        ReadBack::Full
    } else {
        job.worker.policy.safety().read_back
    };
    let copy = match read(&job, depth, &request_id).await {
        Ok(copy) => copy,
        Err(error) => return job.later("reading back", &error).await,
    };
    match look_by_our_id(&job).await {
        Ok(ByOurId::Waiting) => {}
        Ok(ByOurId::Nothing) => {
            let what = "the provider does not show the batch under our own id";
            return wait(&job, what.to_owned()).await;
        }
        Ok(ByOurId::Started(status)) => return job.finish(job.past_init(status, None)).await,
        Err(error) => return job.later("the look by our own id", &error).await,
    }
    match copy {
        Read::Nothing => wait(&job, "the provider does not show the batch yet".to_owned()).await,
        Read::NotAsked => hold(&job, None, depth).await,
        Read::Copy(copy) if copy.authorized() != Authorized::NotYet => {
            job.finish(job.past_init(copy.batch.status, Some(request_id)))
                .await
        }
        Read::Copy(copy) => match job.stored.batch.compare(&copy, depth) {
            Comparison::Incomplete(what) => wait(&job, what).await,
            Comparison::Same | Comparison::Differs(_) => hold(&job, Some(copy), depth).await,
        },
    }
}

/// What the provider shows under our own id.
enum ByOurId {
    Waiting,
    Nothing,
    Started(RemoteStatus),
}

/// The look before initialize found nothing. That says something only where such looks find what
/// is there, which is proved once by each worker.
async fn look_by_our_id(job: &Job<'_>) -> Result<ByOurId, ProviderError> {
    let is_trusted = !job.worker.policy.safety().look_before_init;
    if is_trusted || job.worker.lookups.load(Ordering::Relaxed) {
        return Ok(ByOurId::Waiting);
    }
    let page = job.look_for(&job.stored.batch.head().remote_id()).await?;
    Ok(match page.map(RemoteCopy::from) {
        None => ByOurId::Nothing,
        Some(copy) if copy.authorized() == Authorized::NotYet => ByOurId::Waiting,
        Some(copy) => ByOurId::Started(copy.batch.status),
    })
}

enum Read {
    NotAsked,
    Nothing,
    Copy(RemoteCopy),
}

async fn read(job: &Job<'_>, depth: ReadBack, id: &RequestId) -> Result<Read, ProviderError> {
    let by = Lookup::Request(id.clone());
    let copy = match depth {
        ReadBack::Off => return Ok(Read::NotAsked),
        ReadBack::Totals => job.look(by).await.map(|page| page.map(RemoteCopy::from)),
        ReadBack::Full => {
            // A batch that was adopted never had an answer that names what was refused.
            let sent = job.stored.batch.content().items().len();
            job.worker.provider.retrieve_whole(&by, sent).await
        }
    };
    // It may refuse what it does not show yet.
    Ok(none_if_refused(copy)?.map_or(Read::Nothing, Read::Copy))
}

/// The provider may take a moment to show what it stored; nobody knows how long.
async fn wait(job: &Job<'_>, what: String) -> Result<Done, StepError> {
    let patience = TimeDelta::from_std(READ_BACK_PATIENCE).unwrap_or(TimeDelta::MAX);
    let waited = job
        .now()
        .signed_duration_since(job.stored.batch.head().since);
    if waited > patience {
        return job.freeze(Why::CopyIncomplete, vec![what]).await;
    }
    Ok(Done::Later(cadence::retry_after(
        job.claim.batch,
        job.claim.attempt,
    )))
}
