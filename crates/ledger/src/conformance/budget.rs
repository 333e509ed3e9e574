//! Rules about the rate budget.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;

use super::scene::Scene;
use crate::budget::{Budget, Share, Spent};

const MINUTE: Duration = Duration::from_mins(1);

fn calls(n: u32) -> NonZeroU32 {
    NonZeroU32::new(n).unwrap()
}

pub(super) async fn no_minute_grants_more_than_the_budget(scene: &Scene<'_>) {
    assert_eq!(scene.spend(Share::Write, 6, 10).await, 6);
    assert_eq!(scene.spend(Share::Write, 6, 10).await, 4);
    let budget = Budget::per_minute(10).unwrap();
    let spent = scene.ledger.spend(Share::Write, calls(1), budget).await;
    let spent = spent.unwrap();
    let Spent::Wait(wait) = spent else {
        panic!("{spent:?}");
    };
    let next = scene.now() + wait;
    assert!(next.timestamp() % 60 < 2, "{next} is not the next minute");
    scene.pass(wait / 2).await;
    assert_eq!(scene.spend(Share::Write, 1, 10).await, 0);
}

pub(super) async fn a_storm_of_polls_leaves_the_rest_to_releases(scene: &Scene<'_>) {
    assert_eq!(scene.spend(Share::Poll, 100, 11).await, 5);
    assert_eq!(scene.spend(Share::Poll, 100, 11).await, 0);
    assert_eq!(scene.spend(Share::Look, 100, 11).await, 4);
    assert_eq!(scene.spend(Share::Write, 100, 11).await, 2);
}

pub(super) async fn looks_leave_calls_for_writes(scene: &Scene<'_>) {
    for (budget, kept) in [(5, 1), (10, 2), (50, 10)] {
        let free = budget - kept;
        assert_eq!(scene.spend(Share::Look, 100, budget).await, free);
        assert_eq!(scene.spend(Share::Look, 1, budget).await, 0);
        assert_eq!(scene.spend(Share::Poll, 1, budget).await, 0);
        assert_eq!(scene.spend(Share::Write, 100, budget).await, kept);
        scene.pass(MINUTE).await;
    }
    assert_eq!(scene.spend(Share::Write, 3, 10).await, 3);
    assert_eq!(scene.spend(Share::Look, 100, 10).await, 5);
    assert_eq!(scene.spend(Share::Write, 100, 10).await, 2);
}

pub(super) async fn writes_may_use_all_that_is_left(scene: &Scene<'_>) {
    assert_eq!(scene.spend(Share::Write, 7, 10).await, 7);
    assert_eq!(scene.spend(Share::Poll, 100, 10).await, 1);
    assert_eq!(scene.spend(Share::Write, 100, 10).await, 2);
    scene.pass(MINUTE).await;
    assert_eq!(scene.spend(Share::Write, 100, 10).await, 10);
    assert_eq!(scene.spend(Share::Look, 1, 10).await, 0);
    assert_eq!(scene.spend(Share::Poll, 1, 10).await, 0);
}

pub(super) async fn every_minute_begins_with_a_full_budget(scene: &Scene<'_>) {
    for _ in 0..3 {
        assert_eq!(scene.spend(Share::Poll, 100, 10).await, 5);
        assert_eq!(scene.spend(Share::Look, 100, 10).await, 3);
        assert_eq!(scene.spend(Share::Write, 100, 10).await, 2);
        scene.pass(MINUTE).await;
    }
}

pub(super) async fn a_closed_window_grants_nothing_to_anyone_before_the_next(scene: &Scene<'_>) {
    assert_eq!(scene.spend(Share::Write, 1, 10).await, 1);
    scene.ledger.close_window().await.unwrap();
    for share in [Share::Write, Share::Look, Share::Poll] {
        assert_eq!(scene.spend(share, 1, 10).await, 0);
    }
    scene.pass(MINUTE).await;
    assert_eq!(scene.spend(Share::Poll, 1, 10).await, 1);
    assert_eq!(scene.spend(Share::Write, 10, 10).await, 9);
}

pub(super) async fn concurrent_spenders_never_exceed_the_budget(scene: &Scene<'_>) {
    let spenders = (0..16).map(|n| {
        let ledger = Arc::clone(&scene.ledger);
        let share = [Share::Write, Share::Look, Share::Poll][n % 3];
        tokio::spawn(async move {
            let mut granted = 0;
            for _ in 0..10 {
                let budget = Budget::per_minute(50).unwrap();
                if let Spent::Granted { calls, .. } =
                    ledger.spend(share, calls(3), budget).await.unwrap()
                {
                    granted += calls;
                }
            }
            granted
        })
    });
    let granted = join_all(spenders).await;
    let granted: u32 = granted.into_iter().map(|joined| joined.unwrap()).sum();
    assert_eq!(granted, 50);
}
