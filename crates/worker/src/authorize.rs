//! The money step.
//!
//! Approved: count the approvals again, look at the provider once more, record the intent, send
//! authorize, record what became of it. Releasing: the answer is missing, so the provider is asked
//! and the domain's status table decides; nothing is sent from here.

use onay_ledger::{Done, StepError};
use onay_payout::provider::{Authorized, Lookup, ProviderError, Refusal, RemoteCopy, RemoteStatus};
use onay_payout::{Event, Hold, Quorum, ReleaseLook, Shown, Why, cadence};

use crate::job::Job;

/// Releases an approved batch.
pub(crate) async fn release(mut job: Job<'_>, hold: Hold) -> Result<Done, StepError> {
    if job.now() >= hold.expires_at {
        return job.finish(Event::Expired).await;
    }
    let quorum = match job.worker.policy.quorum(job.stored.batch.head()) {
        Ok(quorum) => quorum,
        Err(short) => return job.finish(Event::ApprovalShort(short.to_string())).await,
    };
    match look_once_more(&job, &hold).await {
        Ok(Seen::AsApproved) => send(&mut job, hold, quorum).await,
        Ok(Seen::PastInit(status)) => {
            let request_id = Some(hold.request_id);
            job.finish(Event::FoundPastInit { status, request_id })
                .await
        }
        Ok(Seen::Differs(details)) => {
            job.finish(Event::Froze {
                why: Why::CopyDiffers,
                details,
            })
            .await
        }
        Err(error) => Ok(job.later("the look before the release", &error)),
    }
}

/// What the provider shows right before the release.
enum Seen {
    AsApproved,
    PastInit(RemoteStatus),
    Differs(Vec<String>),
}

async fn look_once_more(job: &Job<'_>, hold: &Hold) -> Result<Seen, ProviderError> {
    let page = job.look(Lookup::Request(hold.request_id.clone())).await?;
    let Some(copy) = page.map(RemoteCopy::from) else {
        return Err(ProviderError::InDoubt(
            "the provider does not show the batch".to_owned(),
        ));
    };
    if copy.authorized() != Authorized::NotYet {
        return Ok(Seen::PastInit(copy.batch.status));
    }
    let now = Shown {
        total: copy.batch.total,
        count: copy.total_items,
    };
    Ok(if now == hold.shown || hold.shown == Shown::default() {
        Seen::AsApproved
    } else {
        let (then, now) = (figures(hold.shown), figures(now));
        Seen::Differs(vec![format!(
            "the provider shows {now}, and showed {then} when it was held"
        )])
    })
}

fn figures(shown: Shown) -> String {
    let count = shown
        .count
        .map_or_else(|| "some".to_owned(), |count| count.to_string());
    let total = shown
        .total
        .map_or_else(|| "no total".to_owned(), |total| total.to_string());
    format!("{total} in {count} items")
}

async fn send(job: &mut Job<'_>, hold: Hold, quorum: Quorum) -> Result<Done, StepError> {
    let (intent, send_by) = job.intent();
    let started = Event::ReleaseStarted {
        intent,
        quorum: quorum.clone(),
    };
    job.record(started).await?;
    let permit = job
        .stored
        .batch
        .release_permit(&quorum, &job.owner(), send_by);
    let Some(permit) = permit else {
        // The record and the proof disagree: the lookups of a release in doubt take it from here.
        return Ok(Done::Later(cadence::DOUBT_PAUSE));
    };
    match job.worker.provider.authorize(permit).await {
        Ok(()) => job.finish_call(Event::Released).await,
        Err(ProviderError::NotSent(cause)) => {
            let failure = job.not_sent(&cause);
            job.finish_call(Event::ReleaseNotSent(failure)).await
        }
        // A repeated authorize may well be answered with an error, so a no is believed only after
        // a look.
        Err(ProviderError::Refused(refusal)) => look(job, hold, Some(refusal)).await,
        Err(error @ ProviderError::InDoubt(_)) => Ok(job.later("the release", &error)),
    }
}

/// Asks the provider what became of an authorize whose answer is missing.
pub(crate) async fn resolve(job: Job<'_>, hold: Hold) -> Result<Done, StepError> {
    look(&job, hold, None).await
}

async fn look(job: &Job<'_>, hold: Hold, refusal: Option<Refusal>) -> Result<Done, StepError> {
    let page = match job.look(Lookup::Request(hold.request_id)).await {
        Ok(page) => page,
        Err(error) => return Ok(job.later("the look after the release", &error)),
    };
    let Some(page) = page else {
        let error = ProviderError::InDoubt("the provider does not show the batch".to_owned());
        return Ok(job.later("the look after the release", &error));
    };
    let safety = job.worker.policy.safety();
    let look = ReleaseLook {
        copy: page.into(),
        refusal,
        quiet_period: safety.quiet_period,
        on_doubt: safety.on_release_doubt,
    };
    job.finish(Event::ReleaseLooked(look)).await
}
