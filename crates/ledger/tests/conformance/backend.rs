//! Ordinary apalis workers on a ledger.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use apalis::prelude::WorkerBuilderExt;
use apalis_core::backend::Backend;
use apalis_core::error::{BoxDynError, WorkerError};
use apalis_core::task::data::Data;
use apalis_core::worker::builder::WorkerBuilder;
use apalis_core::worker::context::WorkerContext;
use apalis_core::worker::ext::parallelize::ParallelizeExt;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use onay_ledger::conformance::{Harness, LEASE, Scene, actor, worker};
use onay_ledger::{
    Authority, Commit, HealthState, Ledger, LedgerBackend, Queue, RoleSettings, Taken,
};
use onay_payout::{BatchId, BatchRef, Jobs, Transition};
use rusqlite::Connection;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::harness::{Memory, Sqlite};

/// What handlers did, and with what.
#[derive(Clone)]
struct Desk {
    ledger: Arc<dyn Ledger>,
    begun: Arc<Mutex<BTreeMap<BatchId, u32>>>,
    done: watch::Sender<usize>,
}

impl Desk {
    fn new(ledger: Arc<dyn Ledger>) -> Self {
        Self {
            ledger,
            begun: Arc::default(),
            done: watch::Sender::new(0),
        }
    }

    async fn until_done(&self, jobs: usize) {
        let mut done = self.done.subscribe();
        let all = done.wait_for(|done| *done >= jobs);
        tokio::time::timeout(Duration::from_secs(20), all)
            .await
            .unwrap()
            .unwrap();
    }
}

/// Finishes a job; panics at the first attempt on every third batch.
async fn handle(taken: Taken, desk: Data<Desk>) -> Result<(), BoxDynError> {
    let claim = &taken.claimed.claim;
    let count = {
        let mut begun = desk.begun.lock().unwrap();
        let count = begun.entry(claim.batch).or_default();
        *count += 1;
        *count
    };
    let stored = desk.ledger.load(&BatchRef::Id(claim.batch)).await?.unwrap();
    let external_id = stored.batch.head().external_id.to_string();
    assert!(
        count > 1 || !external_id.starts_with("bad"),
        "this one panics the first time"
    );
    let at = stored.batch.head().since;
    let transition = Transition {
        batch: stored.batch.clone(),
        jobs: Jobs {
            worker: None,
            reconciler: None,
        },
        event: "handled",
        before: stored.batch.state().name(),
        note: String::new(),
        changed: Vec::new(),
        is_new_state: false,
        decision: None,
    };
    let commit = Commit::new(
        &stored,
        transition,
        &actor(),
        at,
        Authority::Finishing(claim),
    );
    desk.ledger.commit(commit).await?;
    desk.done.send_modify(|done| *done += 1);
    Ok(())
}

/// The worker as a role builds it. A plain function: the type of a worker inside an async one is
/// more than the compiler likes.
fn run(
    backend: LedgerBackend,
    desk: Desk,
    stop: CancellationToken,
) -> BoxFuture<'static, Result<(), WorkerError>> {
    WorkerBuilder::new("worker")
        .backend(backend)
        .data(desk)
        .enable_tracing()
        .parallelize(tokio::spawn)
        .build(handle)
        .run_until(async move {
            stop.cancelled().await;
            Ok::<(), WorkerError>(())
        })
        .boxed()
}

fn backend(ledger: &Arc<dyn Ledger>) -> LedgerBackend {
    let settings = RoleSettings {
        name: worker("worker-1"),
        lease: LEASE,
        concurrency: 4,
    };
    LedgerBackend::new(Arc::clone(ledger), Queue::Worker, settings)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_job_is_done_once_and_a_panic_stops_nobody() {
    let file = Sqlite::fresh();
    let scene = Scene::new(&file);
    for n in 0..30 {
        let kind = if n % 3 == 0 { "bad" } else { "good" };
        scene.opened(&format!("{kind}-{n}")).await;
    }
    let (desk, stop) = (
        Desk::new(Arc::clone(&scene.ledger)),
        CancellationToken::new(),
    );
    let running = tokio::spawn(run(backend(&scene.ledger), desk.clone(), stop.clone()));
    desk.until_done(20).await;
    // Those that panicked come back when their lease ends.
    while desk.begun.lock().unwrap().len() < 30 {
        tokio::task::yield_now().await;
    }
    file.pass(LEASE * 2).await;
    desk.until_done(30).await;
    stop.cancel();
    running.await.unwrap().unwrap();
    let begun: u32 = desk.begun.lock().unwrap().values().sum();
    assert_eq!(begun, 40);
    assert_eq!(scene.claim().await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_away_ends_no_worker() {
    let file = Sqlite::impatient();
    let scene = Scene::new(&file);
    scene.opened("payday").await;
    let away = Connection::open(file.path()).unwrap();
    away.execute_batch("BEGIN IMMEDIATE").unwrap();
    let (desk, stop) = (
        Desk::new(Arc::clone(&scene.ledger)),
        CancellationToken::new(),
    );
    let backend = backend(&scene.ledger);
    let health = backend.health();
    assert_eq!(health.state(), HealthState::Starting);
    let running = tokio::spawn(run(backend, desk.clone(), stop.clone()));
    while !matches!(health.state(), HealthState::Failing { .. }) {
        tokio::task::yield_now().await;
    }
    away.execute_batch("ROLLBACK").unwrap();
    desk.until_done(1).await;
    assert!(
        matches!(health.state(), HealthState::Answering { .. }),
        "{:?}",
        health.state()
    );
    stop.cancel();
    running.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_worker_stops_when_told() {
    let file = Sqlite::fresh();
    let scene = Scene::new(&file);
    let (desk, stop) = (
        Desk::new(Arc::clone(&scene.ledger)),
        CancellationToken::new(),
    );
    let running = tokio::spawn(run(backend(&scene.ledger), desk, stop.clone()));
    stop.cancel();
    tokio::time::timeout(Duration::from_secs(10), running)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn a_claim_nobody_started_is_given_back() {
    let harness = Memory::fresh();
    let scene = Scene::new(&harness);
    let (mut backend, context) = (backend(&scene.ledger), WorkerContext::from("worker"));
    let is_waiting = poll_fn(|cx| Poll::Ready(backend.poll_next(cx, &context).is_pending())).await;
    assert!(is_waiting, "nothing is due yet");
    scene.opened("payday").await;
    poll_fn(|cx| backend.poll_close(cx, &context))
        .await
        .unwrap();
    let claim = scene
        .claim()
        .await
        .expect("due at once, not at the end of a lease");
    assert_eq!(claim.attempt, 1, "it was claimed before");
}

#[tokio::test]
async fn no_more_is_claimed_than_is_worked_on_at_once() {
    let harness = Memory::fresh();
    let scene = Scene::new(&harness);
    for n in 0..6 {
        scene.opened(&format!("payday-{n}")).await;
    }
    let (mut backend, context) = (backend(&scene.ledger), WorkerContext::from("worker"));
    let mut under_way = Vec::new();
    for _ in 0..4 {
        let next = poll_fn(|cx| backend.poll_next(cx, &context)).await;
        under_way.push(next.unwrap().unwrap());
    }
    let is_full = poll_fn(|cx| Poll::Ready(backend.poll_next(cx, &context).is_pending())).await;
    assert!(is_full, "four are worked on at once");
    assert_eq!(scene.ledger.stats().await.unwrap().due["worker"], 2);
    drop(under_way.pop());
    let next = poll_fn(|cx| backend.poll_next(cx, &context)).await;
    drop(next.unwrap().unwrap());
}
