//! Rules about commits.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use onay_payout::{Decision, Digest, Jobs, Transition, Verdict};

use super::scene::{LEASE, Scene, actor, batch_id, content, items};
use crate::audit::verify_chain;
use crate::commit::{Authority, Commit, Opening};
use crate::error::LedgerError;
use crate::job::Queue;
use crate::journal::GENESIS;
use crate::record;

pub(super) async fn a_stale_commit_is_refused_and_leaves_no_trace(scene: &Scene<'_>) {
    let old = scene.opened("payday").await;
    let claim = scene.claim().await.unwrap();
    scene
        .commit(&old, scene.started(&old), Authority::Holding(&claim))
        .await
        .unwrap();
    let before = scene.seen(old.batch.id()).await;
    let jobs = Jobs {
        worker: None,
        reconciler: Some(scene.now()),
    };
    for authority in [
        Authority::Version,
        Authority::Holding(&claim),
        Authority::Finishing(&claim),
    ] {
        let refused = scene
            .commit(&old, scene.planning(&old, jobs), authority)
            .await;
        assert!(matches!(refused, Err(LedgerError::Stale)), "{refused:?}");
    }
    assert_eq!(scene.seen(old.batch.id()).await, before);
    scene.ledger.renew(&claim, LEASE).await.unwrap();
}

pub(super) async fn a_commit_after_a_lost_lease_is_refused_and_leaves_no_trace(scene: &Scene<'_>) {
    let stored = scene.opened("payday").await;
    let lost = scene.claim().await.unwrap();
    scene.pass(LEASE * 2).await;
    let newest = scene.claim().await.unwrap();
    let before = scene.seen(stored.batch.id()).await;
    for authority in [Authority::Holding(&lost), Authority::Finishing(&lost)] {
        let refused = scene
            .commit(&stored, scene.started(&stored), authority)
            .await;
        assert!(
            matches!(refused, Err(LedgerError::LeaseLost)),
            "{refused:?}"
        );
    }
    assert_eq!(scene.seen(stored.batch.id()).await, before);
    scene.ledger.renew(&newest, LEASE).await.unwrap();
}

pub(super) async fn a_commit_to_an_unknown_batch_is_refused(scene: &Scene<'_>) {
    let accepted = scene.accepted(content("never-stored", items(1)));
    let base = Opening::new(accepted, &actor(), scene.now()).seal().stored;
    let refused = scene
        .commit(&base, scene.started(&base), Authority::Version)
        .await;
    assert!(matches!(refused, Err(LedgerError::NotFound)), "{refused:?}");
    assert_eq!(scene.load(batch_id(0)).await, None);
    assert_eq!(scene.claim().await, None);
}

pub(super) async fn a_lost_lease_still_allows_a_commit_by_version(scene: &Scene<'_>) {
    let stored = scene.opened("payday").await;
    let _lost = scene.claim().await.unwrap();
    scene.pass(LEASE * 2).await;
    let _newest = scene.claim().await.unwrap();
    let stored = scene.step(&stored).await;
    assert_eq!(scene.load(stored.batch.id()).await, Some(stored));
}

pub(super) async fn a_commit_by_version_takes_the_claim_away(scene: &Scene<'_>) {
    let stored = scene.opened("payday").await;
    let claim = scene.claim().await.unwrap();
    let stored = scene.step(&stored).await;
    let refused = scene
        .commit(
            &stored,
            scene.started(&stored),
            Authority::Finishing(&claim),
        )
        .await;
    assert!(
        matches!(refused, Err(LedgerError::LeaseLost)),
        "{refused:?}"
    );
    assert!(scene.claim().await.unwrap().fence > claim.fence);
}

pub(super) async fn holding_keeps_the_claim(scene: &Scene<'_>) {
    let stored = scene.opened("payday").await;
    let claim = scene.claim().await.unwrap();
    let jobs = Jobs {
        worker: None,
        reconciler: Some(scene.now()),
    };
    let stored = scene
        .commit(
            &stored,
            scene.planning(&stored, jobs),
            Authority::Holding(&claim),
        )
        .await
        .unwrap();
    assert_eq!(scene.claim().await, None, "the claimed job stays claimed");
    assert!(
        scene.claim_of(Queue::Reconciler).await.is_some(),
        "the other queue is planned"
    );
    let stored = scene
        .commit(
            &stored,
            scene.started(&stored),
            Authority::Finishing(&claim),
        )
        .await
        .unwrap();
    assert_eq!(stored.version, 3);
    assert_eq!(
        scene.claim_of(Queue::Reconciler).await,
        None,
        "its job was not planned again"
    );
}

pub(super) async fn holding_needs_a_lease_that_lasts(scene: &Scene<'_>) {
    let mut stored = scene.opened("payday").await;
    for queue in Queue::ALL {
        let due = Some(scene.now());
        let jobs = match queue {
            Queue::Worker => Jobs {
                worker: due,
                reconciler: None,
            },
            Queue::Reconciler => Jobs {
                worker: None,
                reconciler: due,
            },
        };
        let planning = scene.planning(&stored, jobs);
        stored = scene
            .commit(&stored, planning, Authority::Version)
            .await
            .unwrap();
        let claim = scene.claim_of(queue).await.unwrap();
        scene.pass(LEASE + Duration::from_secs(1)).await;
        let before = scene.seen(stored.batch.id()).await;
        let holding = Authority::Holding(&claim);
        let late = scene.commit(&stored, scene.started(&stored), holding).await;
        assert!(
            matches!(late, Err(LedgerError::LeaseLost)),
            "{queue}: {late:?}"
        );
        let renewed = scene.ledger.renew(&claim, LEASE).await;
        assert!(
            matches!(renewed, Err(LedgerError::LeaseLost)),
            "{queue}: {renewed:?}"
        );
        assert_eq!(scene.seen(stored.batch.id()).await, before);
        let finishing = Authority::Finishing(&claim);
        let finished = scene.started(&stored);
        stored = scene.commit(&stored, finished, finishing).await.unwrap();
    }
}

pub(super) async fn finishing_gives_the_claim_up(scene: &Scene<'_>) {
    let stored = scene.opened("payday").await;
    let claim = scene.claim().await.unwrap();
    scene
        .commit(
            &stored,
            scene.started(&stored),
            Authority::Finishing(&claim),
        )
        .await
        .unwrap();
    let lost = scene.ledger.renew(&claim, LEASE).await;
    assert!(matches!(lost, Err(LedgerError::LeaseLost)), "{lost:?}");
    let next = scene.claim().await.unwrap();
    assert_eq!((next.batch, next.attempt), (claim.batch, 0));
}

pub(super) async fn a_commit_plans_exactly_its_jobs(scene: &Scene<'_>) {
    let now = Some(scene.now());
    let mut stored = scene.opened("payday").await;
    for (worker, reconciler) in [(None, now), (now, None), (now, now), (None, None)] {
        let jobs = Jobs { worker, reconciler };
        let planning = scene.planning(&stored, jobs);
        stored = scene
            .commit(&stored, planning, Authority::Version)
            .await
            .unwrap();
        let is_due = |queue| async move { scene.claim_of(queue).await.is_some() };
        assert_eq!(is_due(Queue::Worker).await, worker.is_some(), "{jobs:?}");
        assert_eq!(
            is_due(Queue::Reconciler).await,
            reconciler.is_some(),
            "{jobs:?}"
        );
    }
    scene.pass(LEASE * 2).await;
    assert_eq!(scene.claim().await, None);
    assert_eq!(scene.claim_of(Queue::Reconciler).await, None);
}

pub(super) async fn changed_outcomes_are_stored_and_others_stay(scene: &Scene<'_>) {
    let stored = scene.opened("payday").await;
    let refused = scene.initialized(&stored);
    assert_eq!(refused.changed, [1]);
    let stored = scene
        .commit(&stored, refused, Authority::Version)
        .await
        .unwrap();
    let loaded = scene.load(stored.batch.id()).await.unwrap();
    assert_eq!(loaded.batch.outcomes(), stored.batch.outcomes());
    assert_eq!(loaded.batch.outcomes()[1].errors.len(), 1);
    assert!(loaded.batch.outcomes()[0].errors.is_empty());
}

pub(super) async fn the_journal_is_append_only_chained_and_in_order(scene: &Scene<'_>) {
    let mut stored = scene.opened("payday").await;
    let mut grown = Vec::new();
    for _ in 0..4 {
        stored = scene.step(&stored).await;
        let journal = scene.ledger.journal(&stored.batch.id()).await.unwrap();
        assert_eq!(journal[..grown.len()], grown, "what was written stays");
        grown = journal;
    }
    let mut prev = GENESIS;
    for (entry, seq) in grown.iter().zip(1..) {
        assert_eq!((entry.seq, entry.prev), (seq, prev));
        assert_eq!(entry.hash, entry.expected_hash());
        prev = entry.hash;
    }
    assert_eq!(prev, stored.journal_head);
    let record = record::encode_head(stored.batch.head());
    assert_eq!(grown.last().unwrap().record, Digest::of(record.as_bytes()));
}

pub(super) async fn a_decision_stands_in_its_entry_and_nowhere_else(scene: &Scene<'_>) {
    let stored = scene.opened("payday").await;
    let decision = Decision {
        person: "ayse".parse().unwrap(),
        verdict: Verdict::Approve {
            comment: Some("Kasım \"maaş\"".to_owned()),
        },
        digest: Digest::of(b"what was approved"),
        policy: Digest::of(b"the policy"),
        on_behalf: None,
        request_id: None,
        revision: 1,
        signed: None,
        at: scene.now(),
    };
    let decided = Transition {
        decision: Some(decision.clone()),
        ..scene.started(&stored)
    };
    let stored = scene.commit(&stored, decided, Authority::Version).await;
    let stored = scene.step(&stored.unwrap()).await;
    let journal = scene.ledger.journal(&stored.batch.id()).await.unwrap();
    let text = record::encode_decision(&decision);
    let told: Vec<_> = journal
        .iter()
        .map(|entry| entry.decision.as_deref())
        .collect();
    assert_eq!(told, [None, Some(text.as_str()), None]);
    assert_eq!(verify_chain(&journal, (1, GENESIS)), []);
}

pub(super) async fn concurrent_commits_of_one_version_have_one_winner(scene: &Scene<'_>) {
    let base = Arc::new(scene.opened("payday").await);
    let commits = (0..16).map(|_| {
        let (ledger, base) = (Arc::clone(&scene.ledger), Arc::clone(&base));
        let (transition, at) = (scene.started(&base), scene.now());
        tokio::spawn(async move {
            ledger
                .commit(Commit::new(
                    &base,
                    transition,
                    &actor(),
                    at,
                    Authority::Version,
                ))
                .await
        })
    });
    let results: Vec<_> = join_all(commits)
        .await
        .into_iter()
        .map(|joined| joined.unwrap())
        .collect();
    assert_eq!(
        results.iter().filter(|result| result.is_ok()).count(),
        1,
        "{results:?}"
    );
    assert!(
        results
            .iter()
            .all(|result| matches!(result, Ok(_) | Err(LedgerError::Stale)))
    );
    assert_eq!(scene.load(base.batch.id()).await.unwrap().version, 2);
    assert_eq!(
        scene.ledger.journal(&base.batch.id()).await.unwrap().len(),
        2
    );
}

pub(super) async fn a_refused_commit_does_not_touch_those_it_came_with(scene: &Scene<'_>) {
    let mut bases = Vec::new();
    for n in 0..20 {
        let base = scene.opened(&format!("payday-{n}")).await;
        if n % 2 == 1 {
            scene.step(&base).await;
        }
        bases.push(base);
    }
    // Half of these commits are stale; a store that writes several at once must keep them apart.
    let commits = bases
        .iter()
        .map(|base| scene.commit(base, scene.started(base), Authority::Version));
    for (n, result) in join_all(commits).await.into_iter().enumerate() {
        let is_stale = matches!(result, Err(LedgerError::Stale));
        assert_eq!(is_stale, n % 2 == 1, "{n}: {result:?}");
        let loaded = scene.load(bases[n].batch.id()).await.unwrap();
        assert_eq!(loaded.version, 2);
        assert_eq!(
            scene
                .ledger
                .journal(&loaded.batch.id())
                .await
                .unwrap()
                .len(),
            2
        );
    }
    scene.pass(Duration::from_secs(1)).await;
    assert_eq!(scene.ledger.stats().await.unwrap().due["worker"], 20);
}
