//! The money step.
//!
//! Approved: wait while releases are paused, look whether the ledger was edited, count the approvals
//! again, weigh the balance, look at
//! the provider once more, record the intent, send authorize, record what became of it. Releasing:
//! the answer is missing, so the provider is asked and the domain's status table decides; nothing is
//! sent from here.

use std::collections::HashSet;

use chrono::TimeDelta;
use onay_ledger::{Done, LedgerError, StepError, Swap, expect_policy};
use onay_payout::provider::{ItemKind, Lookup, ProviderError, RemoteCopy, RemoteStatus};
use onay_payout::{
    Comparison, Event, Funds, Hold, ItemId, OnReleaseDoubt, Quorum, ReadBack, ReleaseLook,
    Shortage, Shown, Why, cadence,
};

use tracing::error;

use crate::gate::{OTHER_POLICY_LOOK, PAUSED_LOOK};
use crate::job::{Job, not_shown};
use crate::soundness;

/// How often a balance that is still short is told anew.
const SHORTAGE_TOLD: TimeDelta = TimeDelta::minutes(10);

/// Releases an approved batch.
pub(crate) async fn release(mut job: Job<'_>, hold: Hold) -> Result<Done, StepError> {
    if job.now() >= hold.expires_at {
        return job.finish(Event::Expired).await;
    }
    let worker = job.worker;
    let (gate, ledger) = (&worker.gate, worker.ledger.as_ref());
    if gate.is_shut(ledger).await? {
        return Ok(Done::Later(PAUSED_LOOK));
    }
    let in_force = match expect_policy(ledger, worker.policy.hash()).await {
        Ok(in_force) => in_force,
        Err(error @ LedgerError::OtherPolicy { .. }) => {
            error!(batch.id = %job.claim.batch, "batch {} is not released: {error}", job.claim.batch);
            return Ok(Done::Later(OTHER_POLICY_LOOK));
        }
        Err(error) => return Err(error.into()),
    };
    let problems = soundness::problems(&job).await?;
    if !problems.is_empty() {
        return job.freeze(Why::Tampered, problems).await;
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
        Ok(Seen::AsApproved) => match send(&mut job, hold, (quorum, in_force)).await {
            // The intent was refused, so nothing was sent.
            Err(StepError::Ledger(LedgerError::Changed)) => Ok(Done::Later(PAUSED_LOOK)),
            Err(StepError::Ledger(LedgerError::Paused)) => {
                gate.look(ledger).await?;
                Ok(Done::Later(PAUSED_LOOK))
            }
            done => done,
        },
        Ok(Seen::PastInit(status)) => job.finish(job.past_init(status, hold.request_id)).await,
        Ok(Seen::Earlier(found)) => job.finish(found).await,
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

/// One page is enough for what was never sent; after a release in doubt every item counts.
async fn look_at(job: &Job<'_>, hold: &Hold) -> Result<RemoteCopy, ProviderError> {
    let id = hold.request_id.clone().ok_or_else(not_shown)?;
    let by = Lookup::Request(id);
    if !hold.is_sent {
        return job
            .look(by)
            .await?
            .map(RemoteCopy::from)
            .ok_or_else(not_shown);
    }
    let copy = job
        .worker
        .provider
        .retrieve_all(&by, ItemKind::Valid)
        .await?;
    let copy = copy.ok_or_else(not_shown)?;
    let shown: HashSet<&ItemId> = copy.items.iter().map(|item| &item.id).collect();
    if shown.len() < hold.count {
        let what = "the provider does not show every item";
        return Err(ProviderError::InDoubt(what.to_owned()));
    }
    Ok(copy)
}

/// The batch stays approved and goes on by itself; only what is news is written down.
async fn wait_for_funds(job: &Job<'_>, hold: &Hold, shortage: Shortage) -> Result<Done, StepError> {
    let is_news = hold.short.is_none_or(|told| {
        let is_old = shortage.at.signed_duration_since(told.at) >= SHORTAGE_TOLD;
        is_old && told.balance != shortage.balance
    });
    if is_news {
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
    Earlier(Event),
    Differs(Vec<String>),
}

async fn look_once_more(job: &Job<'_>, hold: &Hold) -> Result<Seen, ProviderError> {
    if let Some(found) = job.started_earlier().await? {
        return Ok(Seen::Earlier(found));
    }
    let copy = look_at(job, hold).await?;
    if !copy.is_waiting(hold.judged.as_ref()) {
        return Ok(Seen::PastInit(copy.batch.status));
    }
    if let Some(differences) = compared(job, hold).await? {
        return Ok(Seen::Differs(differences));
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

/// Where signatures are asked for, who owns the ledger must not choose what is released by them either:
/// the provider's copy is compared once more with what was approved, in full.
async fn compared(job: &Job<'_>, hold: &Hold) -> Result<Option<Vec<String>>, ProviderError> {
    let policy = &job.worker.policy;
    let depth = policy.safety().read_back;
    if !policy.asks_for_signatures() || depth == ReadBack::Off {
        return Ok(None);
    }
    let by = Lookup::Request(hold.request_id.clone().ok_or_else(not_shown)?);
    let sent = job.stored.batch.content().items().len();
    let copy = job.worker.provider.retrieve_whole(&by, sent).await?;
    match job
        .stored
        .batch
        .compare(&copy.ok_or_else(not_shown)?, depth)
    {
        Comparison::Same => Ok(None),
        Comparison::Differs(differences) => Ok(Some(differences)),
        Comparison::Incomplete(what) => Err(ProviderError::InDoubt(what)),
    }
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

async fn send(
    job: &mut Job<'_>,
    hold: Hold,
    (quorum, in_force): (Quorum, Swap),
) -> Result<Done, StepError> {
    let (intent, send_by) = job.intent();
    let started = Event::ReleaseStarted {
        intent,
        quorum: quorum.clone(),
    };
    job.intend_where(started, Event::ReleaseNotSent, vec![in_force])
        .await?;
    let permit = job
        .stored
        .batch
        .release_permit(&quorum, &job.owner(), send_by);
    let Some(permit) = permit else {
        // The record and the proof disagree: the lookups of a release in doubt take it from here.
        return Ok(Done::Later(cadence::DOUBT_PAUSE));
    };
    let request_id = permit.request_id().clone();
    match job.worker.provider.authorize(permit).await {
        Ok(()) => {
            job.worker.funds.spend(&hold);
            let account = job.worker.provider.account().clone();
            job.finish_call(Event::Released {
                request_id,
                account,
            })
            .await
        }
        Err(ProviderError::NotSent(cause)) => {
            let failure = job.not_sent(&cause);
            job.finish_call(Event::ReleaseNotSent(failure)).await
        }
        // A repeated authorize may well be answered with an error: a look comes next.
        Err(ProviderError::Refused(refusal)) => {
            job.finish_call(Event::ReleaseRefused(refusal)).await
        }
        Err(error @ ProviderError::InDoubt(_)) => {
            job.worker.funds.spend(&hold);
            job.later("the release", &error).await
        }
    }
}

/// Asks the provider what became of an authorize whose answer is missing, or was a no.
pub(crate) async fn ask(job: Job<'_>, hold: Hold) -> Result<Done, StepError> {
    let looked = match hold.request_id {
        Some(id) => job.look(Lookup::Request(id)).await,
        None => Ok(None),
    };
    let page = match looked.and_then(|page| page.ok_or_else(not_shown)) {
        Ok(page) => page,
        Err(error) => return job.later("the look after the release", &error).await,
    };
    let (policy, ledger) = (&job.worker.policy, job.worker.ledger.as_ref());
    let safety = policy.safety();
    // Only the active policy allows to send again.
    let (on_doubt, cells) = match expect_policy(ledger, policy.hash()).await {
        Ok(in_force) => (safety.on_release_doubt, vec![in_force]),
        Err(LedgerError::OtherPolicy { .. }) => (OnReleaseDoubt::Ask, Vec::new()),
        Err(error) => return Err(error.into()),
    };
    let look = ReleaseLook {
        copy: page.into(),
        quiet_period: safety.quiet_period,
        on_doubt,
    };
    job.finish_where(Event::ReleaseLooked(look), cells).await
}
