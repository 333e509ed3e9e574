//! Wiring: which roles run in this process, and how they stop.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use apalis::prelude::Monitor;
use onay_console::Desk;
use onay_ledger::{Budget, Health, HealthState, Ledger, Metered, Role, RoleSettings, Share};
use onay_payout::{Policy, Provider, WorkerName};
use onay_reconciler::Reconciler;
use onay_worker::Worker;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing::info;
use uuid::Uuid;

/// How long a stopping process waits for what is under way, beyond one provider call.
const DRAIN: Duration = Duration::from_secs(30);

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
    drain: Duration,
}

impl Crew {
    /// Puts the roles together, under one name that no other start of any process has.
    pub(crate) async fn new(house: House, kinds: &[Kind]) -> anyhow::Result<Self> {
        let name = new_name()?;
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
            drain: house.call_timeout.saturating_add(DRAIN),
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

    /// Works until `stop`, then lets calls under way finish.
    pub(crate) async fn work(self, stop: CancellationToken) -> anyhow::Result<()> {
        let monitor = Monitor::new().shutdown_timeout(self.drain);
        let monitor = self
            .roles
            .into_iter()
            .fold(monitor, |monitor, role| role.register(monitor));
        monitor
            .run_with_signal(async {
                stop.cancelled().await;
                Ok(())
            })
            .await
            .context("the workers ended with an error")
    }
}

/// Serves the console until `stop`.
pub(crate) async fn serve_console(
    desk: Desk,
    listener: TcpListener,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let address = listener.local_addr()?;
    info!("console on http://{address}");
    axum::serve(listener, onay_console::router(desk))
        .with_graceful_shutdown(stop.cancelled_owned())
        .await
        .context("the console ended with an error")
}

/// Cancelled by the first SIGINT or SIGTERM.
pub(crate) fn stop_signal() -> anyhow::Result<CancellationToken> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (
        signal(SignalKind::interrupt())?,
        signal(SignalKind::terminate())?,
    );
    let stop = CancellationToken::new();
    let cancel = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        info!("stopping; calls under way are finished first");
        cancel.cancel();
    });
    Ok(stop)
}

/// A name no other start of any process has.
fn new_name() -> anyhow::Result<WorkerName> {
    let unique = Uuid::new_v4().simple().to_string();
    let short: String = unique.chars().take(12).collect();
    Ok(format!("{}-{short}", std::process::id()).parse()?)
}
