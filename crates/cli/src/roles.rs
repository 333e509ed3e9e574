//! Wiring: which roles run in this process, and how they stop.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use apalis::prelude::{Monitor, WorkerContext};
use onay_ledger::{
    Budget, Health, HealthState, Ledger, LedgerError, Metered, Role, RoleSettings, Share,
};
use onay_payout::{Policy, Provider, WorkerName};
use onay_reconciler::Reconciler;
use onay_worker::Worker;
use tokio_util::sync::CancellationToken;
use tracing::info;
use uuid::Uuid;

/// What a process can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Initialize, authorize, cancel.
    Worker,
    /// Retrieve.
    Reconciler,
}

/// What the roles of one process share.
pub(crate) struct House {
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) policy: Arc<Policy>,
    pub(crate) provider: Arc<dyn Provider>,
    pub(crate) budget: Option<Budget>,
    pub(crate) call_timeout: Duration,
    pub(crate) lease: Duration,
    pub(crate) drain: Duration,
    pub(crate) concurrency: usize,
}

impl House {
    /// The provider as one kind of role may call it.
    fn provider_for(&self, kind: Kind) -> Arc<dyn Provider> {
        let provider = Arc::clone(&self.provider);
        let Some(budget) = self.budget else {
            return provider;
        };
        let reads = match kind {
            Kind::Worker => Share::Look,
            Kind::Reconciler => Share::Poll,
        };
        let ledger = Arc::clone(&self.ledger);
        Arc::new(Metered::new(provider, ledger, reads, budget))
    }
}

/// The roles of one process that work on jobs.
pub(crate) struct Crew {
    roles: Vec<Role>,
    lease: Duration,
    drain: Duration,
}

impl Crew {
    /// Puts the roles together, under one [`new_name`].
    pub(crate) async fn new(
        house: House,
        name: &WorkerName,
        kinds: &[Kind],
    ) -> Result<Self, LedgerError> {
        let mut roles = Vec::new();
        for kind in kinds {
            let (ledger, provider) = (Arc::clone(&house.ledger), house.provider_for(*kind));
            let settings = RoleSettings {
                name: name.clone(),
                lease: house.lease,
                concurrency: house.concurrency,
            };
            roles.push(match kind {
                Kind::Worker => {
                    let policy = Arc::clone(&house.policy);
                    Worker::role(ledger, provider, policy, house.call_timeout, settings).await?
                }
                Kind::Reconciler => Reconciler::role(ledger, provider, settings).await?,
            });
            info!(worker = %name, "{kind:?} started");
        }
        Ok(Self {
            roles,
            lease: house.lease,
            drain: house.drain,
        })
    }

    /// Says whether every role can claim jobs, for `/readyz`.
    pub(crate) fn readiness(&self) -> impl Fn() -> Result<(), String> + Send + Sync + 'static {
        let healths: Vec<Health> = self.roles.iter().map(Role::health).collect();
        move || {
            let failing = healths.iter().find_map(|health| match health.state() {
                HealthState::Failing { error, .. } => Some(error),
                HealthState::Starting | HealthState::Answering { .. } => None,
            });
            failing.map_or(Ok(()), |error| {
                Err(format!("no jobs can be claimed: {error}"))
            })
        }
    }

    /// Works until `stop`. What is under way then is finished, within the time to drain; what has
    /// not begun is given back.
    ///
    /// # Errors
    /// Also when something was still under way at the end of that time. It is not lost: its claim
    /// ends, and somebody else takes it over.
    pub(crate) async fn work(self, stop: CancellationToken) -> anyhow::Result<()> {
        let (lease, drain) = (self.lease.as_secs(), self.drain);
        let monitor = self
            .roles
            .into_iter()
            .fold(Monitor::new(), |monitor, role| role.register(monitor));
        let context = monitor.context();
        let stopping = async {
            stop.cancelled().await;
            // Fails only for a monitor that has ended already.
            let _ = context.shutdown();
            pass(drain).await;
        };
        tokio::select! {
            ended = monitor.run() => ended.context("the workers ended with an error"),
            () = stopping => {
                let left: usize = context.workers().iter().map(WorkerContext::task_count).sum();
                bail!(
                    "jobs still under way {} s after the stop: {left}; nothing is lost: others \
                     take them over within {lease} s, and ask about calls that were cut",
                    drain.as_secs()
                )
            }
        }
    }
}

/// Cancelled by the first SIGINT or SIGTERM. More of them change nothing, so that an impatient hand
/// never cuts a call to the provider.
pub(crate) fn stop_signal() -> anyhow::Result<CancellationToken> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (
        signal(SignalKind::interrupt())?,
        signal(SignalKind::terminate())?,
    );
    let stop = CancellationToken::new();
    let cancel = stop.clone();
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            if cancel.is_cancelled() {
                info!("stopping already; calls under way are finished first");
            } else {
                info!("stopping; calls under way are finished first");
                cancel.cancel();
            }
        }
    });
    Ok(stop)
}

/// Lets time pass that what is under way may still take.
#[expect(
    clippy::disallowed_methods,
    reason = "the end of this time is what is waited for"
)]
pub(crate) async fn pass(time: Duration) {
    tokio::time::sleep(time).await;
}

/// A name no other start of any process has.
pub(crate) fn new_name() -> anyhow::Result<WorkerName> {
    let unique = Uuid::new_v4().simple().to_string();
    let short: String = unique.chars().take(12).collect();
    Ok(format!("{}-{short}", std::process::id()).parse()?)
}
