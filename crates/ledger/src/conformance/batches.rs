//! Rules about batches.

use std::time::Duration;

use onay_payout::{Account, BatchRef, ItemStatus, Jobs, Transition};

use super::scene::{ALL, Scene, batch_id, content, items};
use crate::commit::Authority;
use crate::error::LedgerError;
use crate::journal::GENESIS;
use crate::ledger::{Filter, Opened, Page};

pub(super) async fn a_new_batch_is_stored_with_its_first_entry_and_job(scene: &Scene<'_>) {
    let stored = scene.opened("payday").await;
    let id = stored.batch.id();
    assert_eq!(stored.version, 1);
    let journal = scene.ledger.journal(&id).await.unwrap();
    assert_eq!(journal.len(), 1);
    assert_eq!((journal[0].seq, journal[0].prev), (1, GENESIS));
    assert_eq!(journal[0].hash, stored.journal_head);
    assert_eq!(scene.claim().await.map(|claim| claim.batch), Some(id));
}

pub(super) async fn opening_twice_answers_existing_and_changes_nothing(scene: &Scene<'_>) {
    let first = scene.opened("payday").await;
    let before = scene.seen(first.batch.id()).await;
    let again = scene.accepted(content("payday", items(3)));
    assert_eq!(scene.open(again).await, Opened::Existing(first.clone()));
    assert_eq!(scene.seen(first.batch.id()).await, before);
}

pub(super) async fn an_external_id_is_never_forgotten(scene: &Scene<'_>) {
    let first = scene.opened("payday").await;
    let mut stored = scene.step(&first).await;
    for _ in 0..3 {
        stored = scene.step(&stored).await;
    }
    let last = scene
        .commit(&stored, scene.initialized(&stored), Authority::Version)
        .await
        .unwrap();
    scene.pass(Duration::from_hours(400 * 24)).await;
    let other_content = scene.accepted(content("payday", items(7)));
    assert_eq!(scene.open(other_content).await, Opened::Existing(last));
    assert_eq!(scene.load(batch_id(1)).await, None);
}

pub(super) async fn what_was_stored_loads_equal(scene: &Scene<'_>) {
    let stored = scene.opened("ödeme/2026-11").await;
    let id = stored.batch.id();
    assert_eq!(scene.load(id).await.as_ref(), Some(&stored));
    let stored = scene.step(&stored).await;
    assert_eq!(scene.load(id).await.as_ref(), Some(&stored));
    let stored = scene
        .commit(&stored, scene.initialized(&stored), Authority::Version)
        .await
        .unwrap();
    assert_eq!(stored.batch.outcomes()[1].status, ItemStatus::Invalid);
    assert_eq!(scene.load(id).await, Some(stored));
}

pub(super) async fn a_batch_of_5000_items_loads_equal(scene: &Scene<'_>) {
    let accepted = scene.accepted(content("big", items(5000)));
    let Opened::New(stored) = scene.open(accepted).await else {
        panic!("big is new")
    };
    assert_eq!(scene.load(stored.batch.id()).await, Some(stored));
}

pub(super) async fn a_batch_is_found_by_either_id(scene: &Scene<'_>) {
    let stored = scene.opened("payday").await;
    for name in [stored.batch.id().to_string(), "payday".to_owned()] {
        let by: BatchRef = name.parse().unwrap();
        assert_eq!(
            scene.ledger.load(&by).await.unwrap().as_ref(),
            Some(&stored),
            "{name}"
        );
    }
    for name in [batch_id(9).to_string(), "payday-2".to_owned()] {
        let by: BatchRef = name.parse().unwrap();
        assert_eq!(scene.ledger.load(&by).await.unwrap(), None, "{name}");
    }
    assert!(scene.ledger.journal(&batch_id(9)).await.unwrap().is_empty());
}

pub(super) async fn lists_show_one_state(scene: &Scene<'_>) {
    let first = scene.opened("first").await;
    let second = scene.opened("second").await;
    scene.step(&first).await;
    for (state, expected) in [
        ("received", Some(second.batch.id())),
        ("preparing", Some(first.batch.id())),
        ("frozen", None),
    ] {
        let filter = Filter {
            state: Some(state.to_owned()),
        };
        let heads = scene.ledger.list(&filter, &ALL).await.unwrap();
        assert_eq!(heads.first().map(|head| head.id), expected, "{state}");
        assert!(heads.len() <= 1, "{state}");
    }
}

pub(super) async fn lists_come_in_pages_newest_first(scene: &Scene<'_>) {
    for n in 0..5 {
        scene.opened(&format!("payday-{n}")).await;
    }
    let mut before = None;
    let mut pages = Vec::new();
    loop {
        let page = Page { before, size: 2 };
        let heads = scene.ledger.list(&Filter::default(), &page).await.unwrap();
        let Some(last) = heads.last() else { break };
        before = Some(last.id);
        pages.push(heads.into_iter().map(|head| head.id).collect::<Vec<_>>());
    }
    let id = batch_id;
    assert_eq!(pages, [vec![id(4), id(3)], vec![id(2), id(1)], vec![id(0)]]);
}

pub(super) async fn another_account_is_refused(scene: &Scene<'_>) {
    let (sandbox, live) = (Account::new("sandbox", "key"), Account::new("live", "key"));
    assert_eq!(scene.ledger.stats().await.unwrap().account, None);
    scene.ledger.bind(&sandbox).await.unwrap();
    scene.ledger.bind(&sandbox).await.unwrap();
    let refused = scene.ledger.bind(&live).await;
    assert!(
        matches!(&refused, Err(LedgerError::OtherAccount { ledger, ours }) if (ledger, ours) == (&sandbox, &live)),
        "{refused:?}"
    );
    assert_eq!(scene.ledger.stats().await.unwrap().account, Some(sandbox));
}

pub(super) async fn stats_count_states_and_due_jobs(scene: &Scene<'_>) {
    let first = scene.opened("first").await;
    scene.opened("second").await;
    let soon = Some(scene.now() + Duration::from_mins(1));
    let later = Transition {
        jobs: Jobs {
            worker: soon,
            reconciler: soon,
        },
        ..scene.started(&first)
    };
    scene
        .commit(&first, later, Authority::Version)
        .await
        .unwrap();
    let stats = scene.ledger.stats().await.unwrap();
    let by_state: Vec<(&str, u64)> = stats
        .by_state
        .iter()
        .map(|(k, n)| (k.as_str(), *n))
        .collect();
    assert_eq!(by_state, [("preparing", 1), ("received", 1)]);
    assert_eq!(
        stats.due.into_iter().collect::<Vec<_>>(),
        [("reconciler", 0), ("worker", 1)]
    );
    scene.pass(Duration::from_secs(61)).await;
    let due = scene.ledger.stats().await.unwrap().due;
    assert_eq!(
        due.into_iter().collect::<Vec<_>>(),
        [("reconciler", 1), ("worker", 2)]
    );
}
