//! The money step.
//!
//! Approved: count the approvals again, weigh the balance, look at the provider once more, record the intent, send
//! authorize, record what became of it. Releasing: the answer is missing, so the provider is asked
//! and the domain's status table decides; nothing is sent from here.

use onay_ledger::{Done, StepError};
use onay_payout::provider::{Lookup, ProviderError, Refusal, RemoteCopy, RemoteStatus};
use onay_payout::{
    Event, Funds, Hold, PastInit, Quorum, ReleaseLook, Shortage, Shown, Why, cadence,
};

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
    match funds(&job, &hold).await {
        Ok(None) => {}
        Ok(Some(shortage)) => return wait_for_funds(&job, &hold, shortage).await,
        Err(error) => return job.later("the look at the payout balance", &error).await,
    }
    match look_once_more(&job, &hold).await {
        Ok(Seen::AsApproved) => send(&mut job, hold, quorum).await,
        Ok(Seen::PastInit(status)) => {
            let found = PastInit {
                status,
                request_id: Some(hold.request_id),
                account: job.worker.provider.account().clone(),
            };
            job.finish(Event::FoundPastInit(found)).await
        }
        Ok(Seen::Earlier(what)) => job.freeze(Why::PastInit, vec![what]).await,
        Ok(Seen::Differs(details)) => job.freeze(Why::CopyDiffers, details).await,
        Err(error) => job.later("the look before the release", &error).await,
    }
}

async fn funds(job: &Job<'_>, hold: &Hold) -> Result<Option<Shortage>, ProviderError> {
    if job.worker.policy.safety().funds == Funds::Off {
        return Ok(None);
    }
    let provider = job.worker.provider.as_ref();
    job.worker.funds.shortage(provider, hold, job.now()).await
}

/// The batch stays approved and goes on by itself; only what changed is written down.
async fn wait_for_funds(job: &Job<'_>, hold: &Hold, shortage: Shortage) -> Result<Done, StepError> {
    if hold.short != Some(shortage) {
        return job.finish(Event::FundsShort(shortage)).await;
    }
    let left = hold.expires_at.signed_duration_since(job.now()).to_std();
    let pause = cadence::funds_check_after(job.claim.batch, job.claim.attempt);
    Ok(Done::Later(pause.min(left.unwrap_or_default())))
}

/// What the provider shows right before the release.
enum Seen {
    AsApproved,
    PastInit(RemoteStatus),
    Earlier(String),
    Differs(Vec<String>),
}

async fn look_once_more(job: &Job<'_>, hold: &Hold) -> Result<Seen, ProviderError> {
    if let Some(what) = job.started_earlier().await? {
        return Ok(Seen::Earlier(what));
    }
    let page = job.look(Lookup::Request(hold.request_id.clone())).await?;
    let Some(copy) = page.map(RemoteCopy::from) else {
        return Err(ProviderError::InDoubt(
            "the provider does not show the batch".to_owned(),
        ));
    };
    if !copy.is_waiting(hold.judged.as_ref()) {
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
        Ok(()) => {
            job.worker.funds.spend(&hold);
            job.finish_call(Event::Released(hold.request_id)).await
        }
        Err(ProviderError::NotSent(cause)) => {
            let failure = job.not_sent(&cause);
            job.finish_call(Event::ReleaseNotSent(failure)).await
        }
        // A repeated authorize may well be answered with an error, so a no is believed only after
        // a look.
        Err(ProviderError::Refused(refusal)) => look(job, hold, Some(refusal)).await,
        Err(error @ ProviderError::InDoubt(_)) => {
            job.worker.funds.spend(&hold);
            job.later("the release", &error).await
        }
    }
}

/// Asks the provider what became of an authorize whose answer is missing.
pub(crate) async fn ask(job: Job<'_>, hold: Hold) -> Result<Done, StepError> {
    look(&job, hold, None).await
}

async fn look(job: &Job<'_>, hold: Hold, refusal: Option<Refusal>) -> Result<Done, StepError> {
    let page = match job.look(Lookup::Request(hold.request_id)).await {
        Ok(page) => page,
        Err(error) => return job.later("the look after the release", &error).await,
    };
    let Some(page) = page else {
        let error = ProviderError::InDoubt("the provider does not show the batch".to_owned());
        return job.later("the look after the release", &error).await;
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
