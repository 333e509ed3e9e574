//! The ledger as a queue of apalis: hands out claims, as many as there is room for, to an ordinary
//! apalis worker.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use apalis_core::backend::{Backend, BackendConfig, finalize::Ephemeral};
use apalis_core::task::{Task, builder::TaskBuilder, task_id::TaskId};
use apalis_core::worker::context::WorkerContext;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use onay_payout::WorkerName;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tower_layer::Identity;
use tracing::warn;

use crate::health::Health;
use crate::job::{Claim, Claimed, Queue, Terms};
use crate::ledger::Ledger;
use crate::role::RoleSettings;

/// How long one call waits for a job; bounds how long an idle worker takes to stop.
const CLAIM_WAIT: Duration = Duration::from_secs(1);

/// Most jobs that one call claims beyond the first: a store answers in one short step.
const CLAIMS_MAX: usize = 31;

/// First and longest pause while the store is away.
const RETRY_PAUSE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(10));

/// A claimed job with its place among those that are worked on at once. The place is free again
/// when this is dropped.
#[derive(Debug)]
pub struct Taken {
    /// The claim.
    pub claimed: Claimed,
    pub(crate) place: OwnedSemaphorePermit,
}

/// The jobs of one queue, as an apalis backend.
///
/// Never more are claimed than are worked on at once, so that none waits under a lease. A store
/// that is away for a while never ends a worker: claiming is tried again, with growing pauses, and
/// [`Health`] tells. A claim is not renewed here; handlers hold a [`crate::ClaimGuard`].
pub struct LedgerBackend {
    source: Source,
    claiming: Option<BoxFuture<'static, Vec<Taken>>>,
    taken: VecDeque<Taken>,
    giving_back: Option<BoxFuture<'static, ()>>,
}

/// Where claims come from.
#[derive(Clone)]
struct Source {
    ledger: Arc<dyn Ledger>,
    queue: Queue,
    worker: WorkerName,
    lease: Duration,
    /// Room for jobs that are worked on at once.
    places: Arc<Semaphore>,
    health: Health,
    closing: CancellationToken,
}

impl LedgerBackend {
    /// The jobs of `queue`, claimed as `settings` say.
    pub fn new(ledger: Arc<dyn Ledger>, queue: Queue, settings: RoleSettings) -> Self {
        let RoleSettings {
            name,
            lease,
            concurrency,
        } = settings;
        let source = Source {
            ledger,
            queue,
            worker: name,
            lease,
            places: Arc::new(Semaphore::new(concurrency)),
            health: Health::new(),
            closing: CancellationToken::new(),
        };
        Self {
            source,
            claiming: None,
            taken: VecDeque::new(),
            giving_back: None,
        }
    }

    /// Reports to `health` instead of one of its own.
    #[must_use]
    pub fn reporting_to(mut self, health: Health) -> Self {
        self.source.health = health;
        self
    }

    /// Tells whether the store answers, also after the backend went into its worker.
    pub fn health(&self) -> Health {
        self.source.health.clone()
    }
}

impl std::fmt::Debug for LedgerBackend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LedgerBackend")
            .field("queue", &self.source.queue)
            .field("worker", &self.source.worker)
            .finish_non_exhaustive()
    }
}

impl Backend for LedgerBackend {
    type Task = Task<Taken>;
    type Error = Infallible;

    fn poll_ready(
        &mut self,
        _: &mut Context<'_>,
        _: &WorkerContext,
    ) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
        _: &WorkerContext,
    ) -> Poll<Option<Result<Task<Taken>, Infallible>>> {
        if self.taken.is_empty() {
            let source = &self.source;
            let claiming = self
                .claiming
                .get_or_insert_with(|| source.clone().claim().boxed());
            self.taken.extend(ready!(claiming.poll_unpin(cx)));
            self.claiming = None;
        }
        let next = self.taken.pop_front();
        Poll::Ready(next.map(|taken| Ok(task(taken))))
    }

    /// Lets claims that are under way arrive and gives them back: nothing waits for a lease to end.
    fn poll_close(
        &mut self,
        cx: &mut Context<'_>,
        _: &WorkerContext,
    ) -> Poll<Result<(), Infallible>> {
        self.source.closing.cancel();
        if let Some(claiming) = &mut self.claiming {
            self.taken.extend(ready!(claiming.poll_unpin(cx)));
            self.claiming = None;
        }
        if !self.taken.is_empty() {
            let (source, taken) = (self.source.clone(), std::mem::take(&mut self.taken));
            self.giving_back = Some(source.give_back(taken).boxed());
        }
        if let Some(giving_back) = &mut self.giving_back {
            ready!(giving_back.poll_unpin(cx));
            self.giving_back = None;
        }
        Poll::Ready(Ok(()))
    }
}

impl BackendConfig for LedgerBackend {
    type Args = Taken;
    type Id = TaskId;
    type Kind = Ephemeral;
    type Config = ();
    type Layer = Identity;

    fn config(&self) -> &() {
        &()
    }

    fn middleware(&mut self, _: &mut WorkerContext) -> Identity {
        Identity::new()
    }
}

/// The task of a claim. The tracing layer needs an id; the fence makes it unique.
fn task(taken: Taken) -> Task<Taken> {
    let Claim {
        queue,
        batch,
        fence,
        ..
    } = taken.claimed.claim;
    TaskBuilder::new(taken)
        .task_id(TaskId::from_string(format!("{queue}:{batch}:{fence}")))
        .build()
}

impl Source {
    /// The next claims, at least one; none once the worker stops.
    async fn claim(self) -> Vec<Taken> {
        let mut pause = RETRY_PAUSE.0;
        while let Some(places) = self.free_places().await {
            let most = u32::try_from(places.num_permits()).ok();
            let most = most.and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MIN);
            let claimed = self
                .ledger
                .claim(
                    self.queue,
                    Terms::new(&self.worker, self.lease, most),
                    CLAIM_WAIT,
                )
                .await;
            match claimed {
                Ok(claims) => {
                    self.health.succeeded();
                    pause = RETRY_PAUSE.0;
                    if !claims.is_empty() {
                        return seated(claims, places);
                    }
                }
                Err(error) => {
                    self.health.failed(error.to_string());
                    let _ = timeout(pause, self.closing.cancelled()).await;
                    pause = pause.saturating_mul(2).min(RETRY_PAUSE.1);
                }
            }
        }
        Vec::new()
    }

    /// Waits for a free place, and takes all that are free; `None` once the worker stops.
    async fn free_places(&self) -> Option<OwnedSemaphorePermit> {
        let first = Arc::clone(&self.places).acquire_owned();
        let first = self.closing.run_until_cancelled(first).await?;
        let mut places = first.ok()?;
        let others = self.places.available_permits().min(CLAIMS_MAX);
        let others = u32::try_from(others).unwrap_or(u32::MAX);
        if let Ok(others) = Arc::clone(&self.places).try_acquire_many_owned(others) {
            places.merge(others);
        }
        Some(places)
    }

    async fn give_back(self, taken: VecDeque<Taken>) {
        for Taken { claimed, .. } in taken {
            let claim = claimed.claim;
            let batch = claim.batch;
            if let Err(error) = self.ledger.postpone(claim, Duration::ZERO).await {
                warn!(batch.id = %batch, "the claim on batch {batch} ends with its lease: {error}");
            }
        }
    }
}

/// Gives every claim its place; places that are left are free again.
fn seated(claims: Vec<Claimed>, mut places: OwnedSemaphorePermit) -> Vec<Taken> {
    let seat = |claimed| places.split(1).map(|place| Taken { claimed, place });
    claims.into_iter().filter_map(seat).collect()
}
