//! The ledger as a queue of apalis: hands out claims, one at a time, to an ordinary apalis worker.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use apalis_core::backend::{Backend, BackendConfig, finalize::Ephemeral};
use apalis_core::task::{Task, builder::TaskBuilder, task_id::TaskId};
use apalis_core::worker::context::WorkerContext;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use onay_payout::WorkerName;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tower_layer::Identity;
use tracing::warn;

use crate::health::Health;
use crate::job::{Claim, Queue};
use crate::ledger::Ledger;

/// How long one call waits for a job; bounds how long an idle worker takes to stop.
const CLAIM_WAIT: Duration = Duration::from_secs(1);

/// First and longest pause while the store is away.
const RETRY_PAUSE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(10));

/// The jobs of one queue, as an apalis backend.
///
/// A store that is away for a while never ends a worker: claiming is tried again, with growing
/// pauses, and [`Health`] tells. A claim is not renewed here; handlers hold a
/// [`crate::ClaimGuard`].
pub struct LedgerBackend {
    source: Source,
    claiming: Option<BoxFuture<'static, Option<Claim>>>,
    giving_back: Option<BoxFuture<'static, ()>>,
}

/// Where claims come from.
#[derive(Clone)]
struct Source {
    ledger: Arc<dyn Ledger>,
    queue: Queue,
    worker: WorkerName,
    lease: Duration,
    health: Health,
    closing: CancellationToken,
}

impl LedgerBackend {
    /// The jobs of `queue`, claimed for `lease` by `worker`, whose name is unique per start.
    pub fn new(ledger: Arc<dyn Ledger>, queue: Queue, worker: WorkerName, lease: Duration) -> Self {
        let (health, closing) = (Health::new(), CancellationToken::new());
        let source = Source {
            ledger,
            queue,
            worker,
            lease,
            health,
            closing,
        };
        Self {
            source,
            claiming: None,
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
    type Task = Task<Claim>;
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
    ) -> Poll<Option<Result<Task<Claim>, Infallible>>> {
        let source = &self.source;
        let claiming = self
            .claiming
            .get_or_insert_with(|| source.clone().claim().boxed());
        let claim = ready!(claiming.poll_unpin(cx));
        self.claiming = None;
        Poll::Ready(claim.map(|claim| Ok(task(claim))))
    }

    /// Lets a claim that is under way arrive and gives it back: nothing waits for a lease to end.
    fn poll_close(
        &mut self,
        cx: &mut Context<'_>,
        _: &WorkerContext,
    ) -> Poll<Result<(), Infallible>> {
        self.source.closing.cancel();
        if let Some(claiming) = &mut self.claiming {
            let claim = ready!(claiming.poll_unpin(cx));
            self.claiming = None;
            let source = self.source.clone();
            self.giving_back = claim.map(|claim| source.give_back(claim).boxed());
        }
        if let Some(giving_back) = &mut self.giving_back {
            ready!(giving_back.poll_unpin(cx));
            self.giving_back = None;
        }
        Poll::Ready(Ok(()))
    }
}

impl BackendConfig for LedgerBackend {
    type Args = Claim;
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
fn task(claim: Claim) -> Task<Claim> {
    let id = format!("{}:{}:{}", claim.queue, claim.batch, claim.fence);
    TaskBuilder::new(claim)
        .task_id(TaskId::from_string(id))
        .build()
}

impl Source {
    /// The next claim; `None` once the worker stops.
    async fn claim(self) -> Option<Claim> {
        let mut pause = RETRY_PAUSE.0;
        while !self.closing.is_cancelled() {
            let claimed = self
                .ledger
                .claim(self.queue, &self.worker, self.lease, CLAIM_WAIT)
                .await;
            match claimed {
                Ok(claim) => {
                    self.health.succeeded();
                    pause = RETRY_PAUSE.0;
                    if claim.is_some() {
                        return claim;
                    }
                }
                Err(error) => {
                    self.health.failed(error.to_string());
                    let _ = timeout(pause, self.closing.cancelled()).await;
                    pause = pause.saturating_mul(2).min(RETRY_PAUSE.1);
                }
            }
        }
        None
    }

    async fn give_back(self, claim: Claim) {
        let batch = claim.batch;
        if let Err(error) = self.ledger.postpone(claim, Duration::ZERO).await {
            warn!(batch.id = %batch, "the claim on batch {batch} ends with its lease: {error}");
        }
    }
}
