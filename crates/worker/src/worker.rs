//! One step: what the state of a batch asks for.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use async_trait::async_trait;
use onay_ledger::{
    Actor, Claim, Clock, Done, Handler, Ledger, LedgerError, Queue, Role, RoleSettings, StepError,
    Stored, begin_policy, now, system_clock, with_past,
};
use onay_payout::{Event, Hold, Policy, Provider, State, WorkerName, cadence};

use tokio::sync::Mutex;

use crate::funds::Funds;
use crate::gate::Gate;
use crate::job::Job;
use crate::{authorize, cancel, initialize, read_back};

/// The hands: everything that may be written to a provider is written here.
pub struct Worker {
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) provider: Arc<dyn Provider>,
    pub(crate) policy: Arc<Policy>,
    pub(crate) name: WorkerName,
    pub(crate) call_timeout: Duration,
    pub(crate) clock: Clock,
    pub(crate) funds: Funds,
    pub(crate) gate: Gate,
    /// Held by whoever holds a batch with what other batches tell: they all change the sum of their
    /// maker, and at once they would only make each other begin anew.
    pub(crate) holding: Mutex<()>,
    /// Whether a look by our own id ever found a batch, so that one which finds nothing says
    /// something.
    pub(crate) lookups: AtomicBool,
}

impl Worker {
    /// A worker by this clock. A provider call ends `call_timeout` after it was sent at the latest;
    /// intents last twice as long.
    pub fn new(
        ledger: Arc<dyn Ledger>,
        provider: Arc<dyn Provider>,
        policy: Arc<Policy>,
        (name, call_timeout): (WorkerName, Duration),
        clock: Clock,
    ) -> Self {
        Self {
            ledger,
            provider,
            policy,
            name,
            call_timeout,
            clock,
            funds: Funds::default(),
            gate: Gate::default(),
            holding: Mutex::default(),
            lookups: AtomicBool::new(false),
        }
    }

    /// The worker as a role over a ledger, which it binds to the provider's account for ever.
    ///
    /// # Errors
    /// [`LedgerError::OtherAccount`] when the ledger belongs to another account.
    pub async fn role(
        ledger: Arc<dyn Ledger>,
        provider: Arc<dyn Provider>,
        policy: Arc<Policy>,
        call_timeout: Duration,
        settings: RoleSettings,
    ) -> Result<Role, LedgerError> {
        ledger.bind(provider.account()).await?;
        let name = settings.name.clone();
        let actor = Actor {
            name: name.to_string(),
            via: "worker",
        };
        begin_policy(ledger.as_ref(), &policy, &actor, now()).await?;
        let policy = with_past(ledger.as_ref(), &policy).await?;
        let called = (name, call_timeout);
        let worker = Self::new(
            Arc::clone(&ledger),
            provider,
            policy,
            called,
            system_clock(),
        );
        Ok(Role::new(ledger, Queue::Worker, Arc::new(worker), settings))
    }
}

#[async_trait]
impl Handler for Worker {
    async fn step(&self, claim: &Claim, stored: Stored) -> Result<Done, StepError> {
        if stored.batch.content().digest() != stored.batch.head().content_digest {
            let what = "the items are not those that were submitted; run `onay audit verify`";
            return Err(LedgerError::Corrupt(what.to_owned()).into());
        }
        let state = stored.batch.state().clone();
        let job = Job {
            worker: self,
            claim,
            stored,
        };
        match state {
            State::Received | State::Preparing(_) => initialize::run(job).await,
            State::Prepared(prepared) => read_back::run(job, prepared).await,
            State::PendingApproval(hold) => wait_for_people(job, &hold).await,
            State::Approved(hold) => authorize::release(job, hold).await,
            State::Releasing(releasing) => authorize::ask(job, releasing.hold).await,
            State::Cancelling(cancelling) => cancel::run(job, cancelling).await,
            State::Processing(_)
            | State::Settled(_)
            | State::PartlySettled(_)
            | State::Failed(_)
            | State::Rejected(_)
            | State::Withdrawn(_)
            | State::Expired(_)
            | State::Refused(_)
            | State::Frozen(_) => Ok(Done::Later(cadence::LATE_CHECK)),
        }
    }
}

/// Held: people are reminded of it, and when their time is over, that means no.
async fn wait_for_people(job: Job<'_>, hold: &Hold) -> Result<Done, StepError> {
    let now = job.now();
    if now >= hold.expires_at {
        return job.finish(Event::Expired).await;
    }
    // Its job is due at each reminder, so that one is due which was told already by nobody.
    match hold.reminded_from().signed_duration_since(now).to_std() {
        Ok(left) if !left.is_zero() => Ok(Done::Later(left)),
        Ok(_) | Err(_) => job.finish(Event::Reminded).await,
    }
}
