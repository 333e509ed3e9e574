//! Rules about jobs and claims.

use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{join, join_all};
use onay_payout::Jobs;
use tokio::time::Instant;

use super::scene::{LEASE, Scene, batch_id, worker};
use crate::commit::Authority;
use crate::error::LedgerError;
use crate::job::{Claim, Queue, Terms};

const SECOND: Duration = Duration::from_secs(1);

pub(super) async fn a_claim_is_held_by_one(scene: &Scene<'_>) {
    scene.opened("payday").await;
    assert!(scene.claim().await.is_some());
    assert_eq!(scene.claim().await, None);
}

pub(super) async fn an_expired_claim_can_be_claimed_again(scene: &Scene<'_>) {
    let stored = scene.opened("payday").await;
    let first = scene.claim().await.unwrap();
    scene.pass(LEASE + SECOND).await;
    let second = scene.claim().await.unwrap();
    assert_eq!(second.batch, first.batch);
    assert!(second.fence > first.fence);
    let late = scene
        .commit(
            &stored,
            scene.started(&stored),
            Authority::Finishing(&first),
        )
        .await;
    assert!(matches!(late, Err(LedgerError::LeaseLost)), "{late:?}");
    scene
        .commit(
            &stored,
            scene.started(&stored),
            Authority::Finishing(&second),
        )
        .await
        .unwrap();
}

pub(super) async fn a_planned_job_never_accepts_an_old_claim(scene: &Scene<'_>) {
    let stored = scene.opened("payday").await;
    let old = scene.claim().await.unwrap();
    let none = Jobs {
        worker: None,
        reconciler: None,
    };
    let stored = scene
        .commit(&stored, scene.planning(&stored, none), Authority::Version)
        .await
        .unwrap();
    let stored = scene.step(&stored).await;
    let new = scene.claim().await.unwrap();
    assert!(new.fence > old.fence, "{old:?} {new:?}");
    let late = scene
        .commit(&stored, scene.started(&stored), Authority::Finishing(&old))
        .await;
    assert!(matches!(late, Err(LedgerError::LeaseLost)), "{late:?}");
}

pub(super) async fn renewing_extends_a_lease(scene: &Scene<'_>) {
    scene.opened("payday").await;
    let claim = scene.claim().await.unwrap();
    for _ in 0..3 {
        scene.pass(LEASE * 2 / 3).await;
        scene.ledger.renew(&claim, LEASE).await.unwrap();
    }
    assert_eq!(scene.claim().await, None);
    scene.pass(LEASE + SECOND).await;
    assert!(scene.claim().await.is_some());
}

pub(super) async fn postponing_hides_a_job_until_its_time(scene: &Scene<'_>) {
    scene.opened("payday").await;
    let claim = scene.claim().await.unwrap();
    scene.ledger.postpone(claim, 10 * SECOND).await.unwrap();
    assert_eq!(scene.claim().await, None);
    scene.pass(10 * SECOND).await;
    let claim = scene.claim().await.unwrap();
    scene.ledger.postpone(claim, Duration::ZERO).await.unwrap();
    assert!(scene.claim().await.is_some());
}

pub(super) async fn a_lost_claim_can_neither_be_renewed_nor_given_back(scene: &Scene<'_>) {
    scene.opened("payday").await;
    let lost = scene.claim().await.unwrap();
    scene.pass(LEASE + SECOND).await;
    let held = scene.claim().await.unwrap();
    let renewed = scene.ledger.renew(&lost, LEASE).await;
    assert!(
        matches!(renewed, Err(LedgerError::LeaseLost)),
        "{renewed:?}"
    );
    let given_back = scene.ledger.postpone(lost, Duration::ZERO).await;
    assert!(
        matches!(given_back, Err(LedgerError::LeaseLost)),
        "{given_back:?}"
    );
    assert_eq!(scene.claim().await, None);
    scene.ledger.renew(&held, LEASE).await.unwrap();
}

pub(super) async fn the_job_due_longest_comes_first(scene: &Scene<'_>) {
    let mut by_due = Vec::new();
    for (n, due_in) in [30, 10, 20].into_iter().enumerate() {
        let stored = scene.opened(&format!("payday-{n}")).await;
        let jobs = Jobs {
            worker: Some(scene.now() + due_in * SECOND),
            reconciler: None,
        };
        let stored = scene
            .commit(&stored, scene.planning(&stored, jobs), Authority::Version)
            .await
            .unwrap();
        by_due.push((due_in, stored.batch.id()));
    }
    by_due.sort_unstable();
    scene.pass(60 * SECOND).await;
    for (_, batch) in by_due {
        assert_eq!(scene.claim().await.map(|claim| claim.batch), Some(batch));
    }
}

pub(super) async fn many_are_claimed_at_once_those_due_longest_first(scene: &Scene<'_>) {
    let mut expected = Vec::new();
    for n in 0..5 {
        expected.push(scene.opened(&format!("payday-{n}")).await.batch.id());
        scene.pass(SECOND).await;
    }
    let batches =
        |claims: Vec<Claim>| -> Vec<_> { claims.into_iter().map(|claim| claim.batch).collect() };
    assert_eq!(batches(scene.claims(2).await), expected[..2]);
    assert_eq!(batches(scene.claims(10).await), expected[2..]);
    assert_eq!(scene.claims(10).await, []);
}

pub(super) async fn nothing_is_due_early(scene: &Scene<'_>) {
    let stored = scene.opened("payday").await;
    let jobs = Jobs {
        worker: Some(scene.now() + 10 * SECOND),
        reconciler: None,
    };
    scene
        .commit(&stored, scene.planning(&stored, jobs), Authority::Version)
        .await
        .unwrap();
    scene.pass(9 * SECOND).await;
    assert_eq!(scene.claim().await, None);
    scene.pass(SECOND).await;
    assert!(scene.claim().await.is_some());
}

pub(super) async fn attempts_count_claims_since_the_plan(scene: &Scene<'_>) {
    let stored = scene.opened("payday").await;
    for attempt in 0..3 {
        let claim = scene.claim().await.unwrap();
        assert_eq!(claim.attempt, attempt);
        if attempt == 1 {
            scene.pass(LEASE + SECOND).await;
        } else {
            scene.ledger.postpone(claim, Duration::ZERO).await.unwrap();
        }
    }
    let claim = scene.claim().await.unwrap();
    let stored = scene
        .commit(&stored, scene.started(&stored), Authority::Holding(&claim))
        .await
        .unwrap();
    scene.ledger.postpone(claim, Duration::ZERO).await.unwrap();
    let claim = scene.claim().await.unwrap();
    assert_eq!(claim.attempt, 4, "holding plans nothing for its own job");
    scene
        .commit(
            &stored,
            scene.started(&stored),
            Authority::Finishing(&claim),
        )
        .await
        .unwrap();
    assert_eq!(scene.claim().await.unwrap().attempt, 0);
}

pub(super) async fn there_is_one_job_per_batch_and_queue(scene: &Scene<'_>) {
    let mut stored = scene.opened("payday").await;
    for _ in 0..3 {
        stored = scene.step(&stored).await;
    }
    scene.pass(60 * SECOND).await;
    assert!(scene.claim().await.is_some());
    assert_eq!(scene.claim().await, None);
    assert_eq!(scene.claim_of(Queue::Reconciler).await, None);
}

pub(super) async fn concurrent_claims_never_share_a_job(scene: &Scene<'_>) {
    let mut expected = BTreeSet::new();
    for n in 0..30 {
        expected.insert(scene.opened(&format!("payday-{n}")).await.batch.id());
    }
    let workers = (0..8).map(|n| {
        let (ledger, name) = (Arc::clone(&scene.ledger), worker(&format!("worker-{n}")));
        tokio::spawn(async move {
            let mut claims: Vec<Claim> = Vec::new();
            let most = NonZeroU32::new(3).unwrap();
            loop {
                let more = ledger
                    .claim(
                        Queue::Worker,
                        Terms::new(&name, LEASE, most),
                        Duration::ZERO,
                    )
                    .await
                    .unwrap();
                if more.is_empty() {
                    return claims;
                }
                claims.extend(more.into_iter().map(|claimed| claimed.claim));
            }
        })
    });
    let claims: Vec<Claim> = join_all(workers)
        .await
        .into_iter()
        .flat_map(|joined| joined.unwrap())
        .collect();
    assert_eq!(claims.len(), 30);
    let batches: BTreeSet<_> = claims.iter().map(|claim| claim.batch).collect();
    assert_eq!(batches, expected);
    let fences: BTreeSet<_> = claims.iter().map(|claim| claim.fence).collect();
    assert_eq!(fences.len(), 30);
}

/// Claims and waits for a good while, while `then` happens.
async fn claim_while(scene: &Scene<'_>, then: impl Future<Output = ()>) -> Option<Claim> {
    let (name, began) = (worker("waiting"), Instant::now());
    let claims = scene.ledger.claim(
        Queue::Worker,
        Terms::new(&name, LEASE, NonZeroU32::MIN),
        15 * SECOND,
    );
    let (claims, ()) = join(claims, then).await;
    assert!(
        began.elapsed() < 10 * SECOND,
        "it came by the way, not by giving up"
    );
    claims.unwrap().pop().map(|claimed| claimed.claim)
}

pub(super) async fn a_waiting_claim_is_woken_by_a_plan(scene: &Scene<'_>) {
    let opening = async { drop(scene.opened("payday").await) };
    let claim = claim_while(scene, opening).await.unwrap();
    let giving_back = async { scene.ledger.postpone(claim, Duration::ZERO).await.unwrap() };
    assert!(claim_while(scene, giving_back).await.is_some());
    let stored = scene.load(batch_id(0)).await.unwrap();
    let committing = async { drop(scene.step(&stored).await) };
    assert!(claim_while(scene, committing).await.is_some());
}

pub(super) async fn a_waiting_claim_sees_a_job_fall_due(scene: &Scene<'_>) {
    let stored = scene.opened("payday").await;
    let jobs = Jobs {
        worker: Some(scene.now() + SECOND),
        reconciler: None,
    };
    scene
        .commit(&stored, scene.planning(&stored, jobs), Authority::Version)
        .await
        .unwrap();
    assert!(claim_while(scene, scene.pass(SECOND)).await.is_some());
}

pub(super) async fn a_claim_waits_no_longer_than_it_was_told(scene: &Scene<'_>) {
    let began = Instant::now();
    let wait = Duration::from_millis(50);
    let name = worker("waiting");
    let claims = scene
        .ledger
        .claim(
            Queue::Worker,
            Terms::new(&name, LEASE, NonZeroU32::MIN),
            wait,
        )
        .await
        .unwrap();
    assert_eq!(claims, []);
    assert!(
        (wait..10 * SECOND).contains(&began.elapsed()),
        "{:?}",
        began.elapsed()
    );
}

pub(super) async fn what_is_planned_is_told_until_it_is_given_up(scene: &Scene<'_>) {
    let none = Jobs::default();
    assert_eq!(scene.ledger.planned(&batch_id(0)).await.unwrap(), none);
    let stored = scene.opened("payday").await;
    scene.opened("another").await;
    let jobs = Jobs {
        worker: Some(scene.now() + 10 * SECOND),
        reconciler: Some(scene.now() + 20 * SECOND),
    };
    let planning = scene.planning(&stored, jobs);
    let stored = scene
        .commit(&stored, planning, Authority::Version)
        .await
        .unwrap();
    let id = stored.batch.id();
    assert_eq!(scene.ledger.planned(&id).await.unwrap(), jobs);

    scene.pass(15 * SECOND).await;
    let another = scene.claim().await.unwrap();
    assert_ne!(another.batch, id, "it was due longer");
    let claim = scene.claim().await.unwrap();
    let planned = scene.ledger.planned(&id).await.unwrap();
    assert!(planned.worker.unwrap() > scene.now() + LEASE - SECOND);
    assert_eq!(planned.reconciler, jobs.reconciler);

    let finished = scene.planning(&stored, none);
    scene
        .commit(&stored, finished, Authority::Finishing(&claim))
        .await
        .unwrap();
    assert_eq!(scene.ledger.planned(&id).await.unwrap(), none);
}
