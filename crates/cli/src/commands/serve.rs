//! `serve`, `worker`, `reconciler`, `console`: the roles that run until they are stopped.

use std::sync::Arc;

use onay_console::Desk;
use onay_ledger::{Access, Ledger, LedgerError, Weakness};
use onay_payout::{Policy, Provider};
use tokio_util::sync::CancellationToken;

use crate::args::{Serve, Work};
use crate::config::Config;
use crate::door::{Door, Front, Sign};
use crate::exit::Exit;
use crate::roles::{self, Crew, House, Kind};
use crate::store;

/// Console, worker and reconciler in one process.
pub(crate) async fn all(config: &Config, args: &Serve) -> anyhow::Result<Exit> {
    let door = Door::open(Front::Console, args.listen.unwrap_or(config.listen));
    run(config, Some(door), &[Kind::Worker, Kind::Reconciler]).await
}

/// One role that works on jobs.
pub(crate) async fn work(config: &Config, args: &Work, kind: Kind) -> anyhow::Result<Exit> {
    let address = args.listen.or(config.worker_listen);
    let door = address.map(|address| Door::open(Front::Probes, address));
    run(config, door, &[kind]).await
}

/// The console alone. It needs no provider keys.
pub(crate) async fn console(config: &Config, args: &Serve) -> anyhow::Result<Exit> {
    let door = Door::open(Front::Console, args.listen.unwrap_or(config.listen));
    run(config, Some(door), &[]).await
}

async fn run(
    config: &Config,
    door: Option<impl Future<Output = anyhow::Result<Door>>>,
    kinds: &[Kind],
) -> anyhow::Result<Exit> {
    let duty = Duty::new(config, kinds)?;
    let door = match door {
        Some(door) => Some(door.await?),
        None => None,
    };
    let stop = roles::stop_signal()?;
    let sign = door.as_ref().map(Door::sign);
    let serving = async {
        match door {
            Some(door) => door.serve(stop.clone(), config.drain).await,
            None => idle(&stop).await,
        }
    };
    let working = Box::pin(async {
        match stop.run_until_cancelled(duty.begin()).await {
            Some(begun) => begun?.work(&duty, sign, &stop).await,
            None => Ok(()),
        }
    });
    // Whichever ends first takes the other with it: half a process helps nobody.
    let both = tokio::join!(ending(serving, &stop), ending(working, &stop));
    both.0.and(both.1)?;
    Ok(Exit::Done)
}

async fn idle(stop: &CancellationToken) -> anyhow::Result<()> {
    stop.cancelled().await;
    Ok(())
}

async fn ending(
    part: impl Future<Output = anyhow::Result<()>>,
    stop: &CancellationToken,
) -> anyhow::Result<()> {
    let outcome = part.await;
    stop.cancel();
    outcome
}

/// What a process is to do, as far as it is known without the store. What is wrong with the
/// settings is found here, at once.
struct Duty<'a> {
    config: &'a Config,
    kinds: &'a [Kind],
    policy: Arc<Policy>,
    provider: Option<Arc<dyn Provider>>,
}

/// What there is once the store answers.
struct Begun {
    ledger: Arc<dyn Ledger>,
    /// With those that were active before it.
    policy: Arc<Policy>,
    weaknesses: Vec<Weakness>,
    crew: Option<Crew>,
}

impl<'a> Duty<'a> {
    fn new(config: &'a Config, kinds: &'a [Kind]) -> anyhow::Result<Self> {
        let provider: Option<Arc<dyn Provider>> = match kinds {
            [] => None,
            _ => Some(Arc::new(config.provider()?)),
        };
        Ok(Self {
            config,
            kinds,
            policy: config.policy()?,
            provider,
        })
    }

    /// Waits for the store, and puts the roles together on it.
    async fn begin(&self) -> anyhow::Result<Begun> {
        let config = self.config;
        let refused = |error: LedgerError| config.refused(&error);
        let open = async || {
            let ledger = config.open(Access::Create).await?;
            let weaknesses = ledger.stats().await?.weaknesses;
            Ok((ledger, weaknesses))
        };
        let opened = store::patiently(&config.store, open).await;
        let (ledger, weaknesses) = opened.map_err(refused)?;
        if self.kinds.contains(&Kind::Worker) {
            store::admit(config.durability, &weaknesses)?;
        }
        store::tell(config.durability, &weaknesses);
        let crew = match &self.provider {
            None => None,
            Some(provider) => {
                let name = roles::new_name()?;
                let crew = async || {
                    let house = self.house(&ledger, provider);
                    Crew::new(house, &name, self.kinds).await
                };
                Some(
                    store::patiently(&config.store, crew)
                        .await
                        .map_err(refused)?,
                )
            }
        };
        let policy = async || onay_ledger::with_past(ledger.as_ref(), &self.policy).await;
        let policy = store::patiently(&config.store, policy)
            .await
            .map_err(refused)?;
        Ok(Begun {
            ledger,
            policy,
            weaknesses,
            crew,
        })
    }

    fn house(&self, ledger: &Arc<dyn Ledger>, provider: &Arc<dyn Provider>) -> House {
        House {
            ledger: Arc::clone(ledger),
            policy: Arc::clone(&self.policy),
            provider: Arc::clone(provider),
            budget: self.config.budget,
            call_timeout: self.config.call_timeout,
            lease: self.config.lease,
            drain: self.config.drain,
            concurrency: self.config.concurrency,
        }
    }
}

impl Begun {
    /// Works until `stop`.
    async fn work(
        self,
        duty: &Duty<'_>,
        sign: Option<Sign>,
        stop: &CancellationToken,
    ) -> anyhow::Result<()> {
        let durability = duty.config.durability;
        let desk = Desk::new(Arc::clone(&self.ledger), Arc::clone(&self.policy));
        let desk = desk.asking_for(durability);
        let desk = match &self.crew {
            Some(crew) => desk.ready_when(crew.readiness()),
            None => desk,
        };
        if let Some(sign) = sign {
            sign.show(desk);
        }
        let working = async {
            match self.crew {
                Some(crew) => Box::pin(crew.work(stop.clone())).await,
                None => idle(stop).await,
            }
        };
        tokio::select! {
            worked = working => worked,
            never = store::watch(self.ledger.as_ref(), durability, self.weaknesses) => match never {},
        }
    }
}
