//! `serve`, `worker`, `reconciler`, `console`: the roles that run until they are stopped.

use std::sync::Arc;

use anyhow::Context as _;
use onay_console::Desk;
use onay_ledger::{Access, Ledger, LedgerError};
use onay_payout::Policy;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::args::Serve;
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::roles::{self, Crew, House, Kind};

/// Console, worker and reconciler in one process.
pub(crate) async fn all(config: &Config, args: &Serve) -> anyhow::Result<Exit> {
    let shared = Shared::open(config).await?;
    let kinds = [Kind::Worker, Kind::Reconciler];
    let crew = Crew::new(shared.house(config)?, &kinds)
        .await
        .map_err(explained)?;
    let stop = roles::stop_signal()?;
    let desk = shared.desk().ready_when(crew.readiness());
    let console = console_on(config, args, desk, stop.clone()).await?;
    // Whichever ends first takes the others with it: half a process helps nobody.
    let both = tokio::join!(
        ending(console, &stop),
        ending(crew.work(stop.clone()), &stop)
    );
    both.0.and(both.1)?;
    Ok(Exit::Done)
}

/// One role that works on jobs.
pub(crate) async fn work(config: &Config, kind: Kind) -> anyhow::Result<Exit> {
    let house = Shared::open(config).await?.house(config)?;
    let crew = Crew::new(house, &[kind]).await.map_err(explained)?;
    crew.work(roles::stop_signal()?).await?;
    Ok(Exit::Done)
}

/// The console alone. It needs no provider keys.
pub(crate) async fn console(config: &Config, args: &Serve) -> anyhow::Result<Exit> {
    let desk = Shared::open(config).await?.desk();
    console_on(config, args, desk, roles::stop_signal()?)
        .await?
        .await?;
    Ok(Exit::Done)
}

async fn ending(
    role: impl Future<Output = anyhow::Result<()>>,
    stop: &CancellationToken,
) -> anyhow::Result<()> {
    let outcome = role.await;
    stop.cancel();
    outcome
}

/// A ledger of another account is a matter of configuration, not of this program.
fn explained(error: anyhow::Error) -> anyhow::Error {
    match error.downcast_ref::<LedgerError>() {
        Some(other @ LedgerError::OtherAccount { .. }) => {
            Failure::refused(other.to_string()).into()
        }
        _ => error,
    }
}

struct Shared {
    ledger: Arc<dyn Ledger>,
    policy: Arc<Policy>,
}

impl Shared {
    async fn open(config: &Config) -> anyhow::Result<Self> {
        Ok(Self {
            policy: config.policy()?,
            ledger: config.ledger(Access::Create).await?,
        })
    }

    fn house(&self, config: &Config) -> Result<House, Failure> {
        Ok(House {
            ledger: Arc::clone(&self.ledger),
            policy: Arc::clone(&self.policy),
            provider: Arc::new(config.provider()?),
            budget: config.budget,
            call_timeout: config.call_timeout,
            lease: config.lease,
            concurrency: config.concurrency,
        })
    }

    fn desk(&self) -> Desk {
        Desk::new(Arc::clone(&self.ledger), Arc::clone(&self.policy))
    }
}

/// Takes the address at once, so that a taken port is found before anything runs.
async fn console_on(
    config: &Config,
    args: &Serve,
    desk: Desk,
    stop: CancellationToken,
) -> anyhow::Result<impl Future<Output = anyhow::Result<()>> + use<>> {
    let address = args.listen.unwrap_or(config.listen);
    let listener = TcpListener::bind(address).await.with_context(|| {
        format!("the console cannot listen on {address}; choose another with --listen")
    })?;
    Ok(roles::serve_console(desk, listener, stop))
}
