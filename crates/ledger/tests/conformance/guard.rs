//! A claim is kept while its job is worked on, and a lost one is noticed.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use onay_ledger::ClaimGuard;
use onay_ledger::conformance::{Harness, LEASE, Scene, batch_id};
use tokio::time::timeout;

use crate::harness::Memory;

/// Lets the runtime's (paused) clock and the store's clock run on together.
async fn pass(harness: &Memory, time: Duration) {
    let _ = timeout(time, pending::<()>()).await;
    harness.pass(time).await;
}

#[tokio::test(start_paused = true)]
async fn a_guarded_claim_outlives_its_lease() {
    let harness = Memory::fresh();
    let scene = Scene::new(&harness);
    scene.opened("payday").await;
    let claim = scene.claim().await.unwrap();
    let guard = ClaimGuard::new(Arc::clone(&scene.ledger), claim, LEASE);
    for _ in 0..20 {
        pass(&harness, LEASE / 4).await;
        assert_eq!(scene.claim().await, None);
        assert!(!guard.is_lost());
    }
    assert_eq!(guard.into_claim().batch, batch_id(0));
    for _ in 0..6 {
        pass(&harness, LEASE / 4).await;
    }
    assert!(scene.claim().await.is_some(), "nobody renews it any more");
}

#[tokio::test(start_paused = true)]
async fn a_claim_that_was_taken_away_is_noticed() {
    let harness = Memory::fresh();
    let scene = Scene::new(&harness);
    let stored = scene.opened("payday").await;
    let claim = scene.claim().await.unwrap();
    let guard = ClaimGuard::new(Arc::clone(&scene.ledger), claim, LEASE);
    scene.step(&stored).await;
    pass(&harness, LEASE / 2).await;
    assert!(guard.is_lost());
}
