//! Read back: what the provider stored must be what was submitted, before anyone decides on it.

use std::collections::HashSet;
use std::sync::atomic::Ordering;

use chrono::TimeDelta;
use onay_ledger::{Done, StepError};
use onay_payout::cadence::{EXPIRES_AFTER, READ_BACK_PATIENCE};
use onay_payout::provider::{
    Authorized, Lookup, ProviderError, RemoteCopy, RemoteStatus, none_if_refused,
};
use onay_payout::{
    Batch, Comparison, CopyRead, Event, Facts, ItemStatus, Money, MoneyError, Prepared, ReadBack,
    RequestId, Why, cadence,
};

use crate::job::Job;

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

async fn hold(job: &Job<'_>, copy: Option<RemoteCopy>, depth: ReadBack) -> Result<Done, StepError> {
    let policy = &job.worker.policy;
    let facts = facts(&job.stored.batch, copy.as_ref()).ok();
    let head = job.stored.batch.head();
    let rules = facts.as_ref().map(|facts| policy.requirement(facts, head));
    let expires_after = facts.as_ref().and_then(|facts| policy.expires_after(facts));
    let read = CopyRead {
        copy,
        depth,
        account: job.worker.provider.account().clone(),
        expires_after: expires_after.unwrap_or(EXPIRES_AFTER),
        rules: rules.unwrap_or_default(),
        history: None,
        on_invalid: policy.safety().on_invalid,
    };
    job.finish(Event::ReadBack(Box::new(read))).await
}

/// What rules see in what would be paid: in everything that neither initialize nor the copy shows as
/// refused.
fn facts(batch: &Batch, copy: Option<&RemoteCopy>) -> Result<Facts, MoneyError> {
    let shown_refused: HashSet<_> = copy
        .iter()
        .flat_map(|copy| &copy.items)
        .filter(|item| item.status == ItemStatus::Invalid)
        .map(|item| &item.id)
        .collect();
    let valid = batch
        .content()
        .items()
        .iter()
        .zip(batch.outcomes())
        .filter(|(item, outcome)| {
            outcome.status != ItemStatus::Invalid && !shown_refused.contains(&item.id)
        })
        .map(|(item, _)| item.amount);
    let amounts: Vec<Money> = valid.collect();
    let total = Money::sum(batch.content().currency(), amounts.iter().copied())?;
    let largest = amounts.into_iter().max_by_key(|amount| amount.amount());
    Ok(Facts {
        total,
        largest: largest.unwrap_or(total),
        ..batch.content().facts()
    })
}
