//! How many jobs a role works on at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::join_all;
use onay_ledger::conformance::{LEASE, Scene, worker};
use onay_ledger::{
    Claim, Claimed, Done, Handler, Queue, Role, RoleSettings, Size, StepError, Stored,
};

use crate::harness::Memory;

/// Counts how many steps are under way.
#[derive(Default)]
struct Counting {
    now: AtomicUsize,
    most: AtomicUsize,
}

#[async_trait]
impl Handler for Counting {
    async fn step(&self, _: &Claim, _: Stored) -> Result<Done, StepError> {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        self.now.fetch_sub(1, Ordering::SeqCst);
        Ok(Done::Later(Duration::ZERO))
    }
}

/// The most steps that were under way at once, of twelve batches of a size.
async fn most_at_once(size: Size) -> usize {
    let harness = Memory::fresh();
    let scene = Scene::new(&harness);
    for n in 0..12 {
        scene.opened(&format!("payday-{n}")).await;
    }
    let counting = Arc::new(Counting::default());
    let handler: Arc<dyn Handler> = Arc::<Counting>::clone(&counting);
    let settings = RoleSettings {
        name: worker("worker-1"),
        lease: LEASE,
        concurrency: 12,
    };
    let role = Role::new(Arc::clone(&scene.ledger), Queue::Worker, handler, settings);
    let claimed = scene.claims(12).await.into_iter().map(|claim| Claimed {
        size,
        ..Claimed::from(claim)
    });
    join_all(claimed.map(|claimed| role.work_on(claimed))).await;
    assert_eq!(scene.claims(12).await.len(), 12, "each was given back");
    counting.most.load(Ordering::SeqCst)
}

#[tokio::test]
async fn few_large_batches_are_worked_on_at_once() {
    assert_eq!(most_at_once(Size::Usual).await, 12);
    assert_eq!(most_at_once(Size::Large).await, 4);
}
