//! Batches that are handed in and finished all the time, while something happens to their store.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use apalis::prelude::{Monitor, MonitorError};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use onay_ledger::conformance::{Harness, Scene, actor, batch_id, content, items, worker};
use onay_ledger::{
    Access, Authority, Claim, Done, Handler, Health, HealthState, Ledger, LedgerError, Opened,
    Opening, Queue, Role, RoleSettings, StepError, Stored, now, verify_batch,
};
use onay_payout::{BatchId, BatchRef, Jobs};
use tokio::task::JoinHandle;
use tokio::time::{Instant, interval};
use tokio_util::sync::CancellationToken;

/// How long a store may take to be used again after it came back.
const PATIENCE: Duration = Duration::from_secs(40);

/// How long a claim lasts whose owner could not reach the store.
const LEASE: Duration = Duration::from_secs(1);

/// After which time a role looks for work that it was not woken for.
const FALLBACK: Duration = Duration::from_secs(5);

/// How many batches are under way at most.
const UNDER_WAY_MAX: usize = 8;

/// A store in real time, for scenes.
#[derive(Clone)]
pub(crate) struct Live(pub(crate) Arc<dyn Ledger>);

impl Live {
    pub(crate) async fn open(url: &str) -> Self {
        Self(onay_ledger::open(url, Access::Create).await.unwrap())
    }
}

#[async_trait]
impl Harness for Live {
    fn ledger(&self) -> Arc<dyn Ledger> {
        Arc::clone(&self.0)
    }

    fn now(&self) -> DateTime<Utc> {
        now()
    }

    async fn pass(&self, time: Duration) {
        let mut ticks = interval(time);
        ticks.tick().await;
        ticks.tick().await;
    }
}

/// Waits until `happened`.
pub(crate) async fn until(what: &str, mut happened: impl AsyncFnMut() -> bool) {
    let (began, mut ticks) = (Instant::now(), interval(Duration::from_millis(10)));
    while !happened().await {
        assert!(began.elapsed() < PATIENCE, "this did not happen: {what}");
        ticks.tick().await;
    }
}

/// What the store answered, and so must keep.
#[derive(Default)]
struct Books {
    handed_in: Vec<BatchId>,
    /// The version of each finished batch.
    finished: BTreeMap<BatchId, u64>,
    /// Batches whose step had no answer: it may or may not have been stored.
    in_doubt: BTreeSet<BatchId>,
    /// Answers that no outage explains.
    wrong: Vec<String>,
}

impl Books {
    /// One may be finished before its maker was answered.
    fn under_way(&self) -> usize {
        let through = self.finished.len() + self.in_doubt.len();
        self.handed_in.len().saturating_sub(through)
    }
}

/// A maker and a role at work, each with a connection of its own, as in two processes.
pub(crate) struct Traffic {
    store: Live,
    books: Arc<Mutex<Books>>,
    health: Health,
    closing: CancellationToken,
    maker: JoinHandle<()>,
    role_stops: CancellationToken,
    role: JoinHandle<Result<(), MonitorError>>,
}

impl Traffic {
    /// Starts both on the ledger of `url`.
    pub(crate) async fn start(url: &str) -> Self {
        let (store, books) = (Live::open(url).await, Arc::<Mutex<Books>>::default());
        let closing = CancellationToken::new();
        let maker = Maker {
            store: store.clone(),
            books: Arc::clone(&books),
        };
        let finisher = Finisher {
            store: Live::open(url).await,
            books: Arc::clone(&books),
        };
        let settings = RoleSettings {
            name: worker("worker-1"),
            lease: LEASE,
            concurrency: 4,
        };
        let ledger = finisher.store.ledger();
        let role = Role::new(ledger, Queue::Worker, Arc::new(finisher), settings);
        let health = role.health();
        let monitor = role.register(Monitor::new());
        let role_stops = CancellationToken::new();
        let told = role_stops.clone();
        let role = monitor.run_with_signal(async move {
            told.cancelled().await;
            Ok(())
        });
        Self {
            store,
            books,
            health,
            maker: tokio::spawn(maker.hand_in(closing.clone())),
            closing,
            role_stops,
            role: tokio::spawn(role),
        }
    }

    /// What the role knows of its store.
    pub(crate) fn health(&self) -> HealthState {
        self.health.state()
    }

    /// Waits until the role knows that its store is away.
    pub(crate) async fn until_failing(&self) {
        until("the role says that its store is away", async || {
            matches!(self.health(), HealthState::Failing { .. })
        })
        .await;
    }

    /// Waits until batches go all the way again that are handed in from now on, and go quickly: the
    /// role is woken for each and does not come by for them now and then.
    pub(crate) async fn until_flowing(&self) {
        self.until_more().await;
        until("the role says that its store answers", async || {
            matches!(self.health(), HealthState::Answering { .. })
        })
        .await;
        let began = Instant::now();
        self.until_more().await;
        assert!(began.elapsed() < FALLBACK, "{:?}", began.elapsed());
    }

    async fn until_more(&self) {
        let handed_in = || self.books.lock().unwrap().handed_in.len();
        let goal = handed_in() + 2 * UNDER_WAY_MAX;
        until("batches are handed in and finished", async || {
            handed_in() >= goal
        })
        .await;
    }

    /// Ends both, and checks that everything that was answered is there, and that nothing else is.
    pub(crate) async fn end(self) {
        self.closing.cancel();
        self.maker.await.unwrap();
        let handed_in = self.books.lock().unwrap().handed_in.clone();
        for id in &handed_in {
            until(&format!("batch {id} is finished"), async || {
                self.store.0.planned(id).await.unwrap() == Jobs::default()
            })
            .await;
        }
        self.role_stops.cancel();
        self.role.await.unwrap().unwrap();
        let books = std::mem::take(&mut *self.books.lock().unwrap());
        assert_eq!(books.wrong, Vec::<String>::new());
        for id in handed_in {
            let stored = self.store.0.load(&BatchRef::Id(id)).await.unwrap();
            match books.finished.get(&id) {
                Some(version) => assert_eq!(stored.unwrap().version, *version),
                None => assert!(
                    books.in_doubt.contains(&id),
                    "a change of {id} was refused, but it is stored"
                ),
            }
            let problems = verify_batch(&*self.store.0, &id).await.unwrap();
            assert_eq!(problems, []);
        }
    }
}

/// Hands in batches, each until it is answered.
struct Maker {
    store: Live,
    books: Arc<Mutex<Books>>,
}

impl Maker {
    async fn hand_in(self, closing: CancellationToken) {
        let (scene, mut ticks) = (Scene::new(&self.store), interval(Duration::from_millis(5)));
        for n in 0.. {
            let content = content(&format!("payday-{n}"), items(3));
            let accepted = scene.accepted(content);
            let stored = loop {
                ticks.tick().await;
                if closing.is_cancelled() {
                    return;
                }
                if self.books.lock().unwrap().under_way() >= UNDER_WAY_MAX {
                    continue;
                }
                let opening = Opening::new(accepted.clone(), &actor(), scene.now());
                match self.store.0.open(opening).await {
                    Ok(Opened::New(stored) | Opened::Existing(stored)) => break stored,
                    Err(error) => assert!(
                        matches!(error, LedgerError::Unavailable(_)),
                        "handing in {n}: {error}"
                    ),
                }
            };
            assert_eq!(stored.batch.id(), batch_id(n));
            self.books.lock().unwrap().handed_in.push(batch_id(n));
        }
    }
}

/// Takes each batch two steps on: one that keeps the claim, and one that ends the work.
struct Finisher {
    store: Live,
    books: Arc<Mutex<Books>>,
}

impl Finisher {
    async fn finish(&self, claim: &Claim, stored: &Stored) -> Result<u64, LedgerError> {
        let scene = Scene::new(&self.store);
        let step = scene.planning(stored, Jobs::default());
        let authority = Authority::Holding(claim);
        let stored = scene.commit(stored, step, authority).await?;
        let step = scene.planning(&stored, Jobs::default());
        let authority = Authority::Finishing(claim);
        let finished = scene.commit(&stored, step, authority).await?;
        Ok(finished.version)
    }
}

#[async_trait]
impl Handler for Finisher {
    async fn step(&self, claim: &Claim, stored: Stored) -> Result<Done, StepError> {
        let finished = self.finish(claim, &stored).await;
        let mut books = self.books.lock().unwrap();
        match &finished {
            Ok(version) => {
                books.in_doubt.remove(&claim.batch);
                books.finished.insert(claim.batch, *version);
            }
            Err(LedgerError::Unavailable(_)) => {
                books.in_doubt.insert(claim.batch);
            }
            Err(LedgerError::LeaseLost | LedgerError::Stale) => {}
            Err(error) => books.wrong.push(format!("{}: {error}", claim.batch)),
        }
        drop(books);
        Ok(finished.map(|_| Done::Committed)?)
    }
}
