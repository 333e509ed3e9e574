//! Rules about pauses of releases.

use std::sync::Arc;

use futures_util::future::join_all;
use onay_payout::{PauseEntry, PauseStep, Pauses, State};

use super::scene::{LEASE, Scene};
use crate::commit::Authority;
use crate::error::LedgerError;

fn entry(scene: &Scene<'_>, step: PauseStep, by: &str) -> PauseEntry {
    PauseEntry {
        step,
        by: by.parse().unwrap(),
        at: scene.now(),
        reason: "ödeme \"listesi\" yanlış: {\"paused\":false}".to_owned(),
    }
}

async fn add(scene: &Scene<'_>, step: PauseStep, by: &str) -> Pauses {
    let known = scene.ledger.pauses().await.unwrap();
    let entry = entry(scene, step, by);
    scene.ledger.add_pause(&known, entry).await.unwrap()
}

pub(super) async fn a_paused_ledger_starts_no_release_and_does_everything_else(scene: &Scene<'_>) {
    let approved = scene.approved("payday").await;
    let held = scene.approved("held").await;
    let pauses = add(scene, PauseStep::Paused, "mehmet").await;
    assert_eq!(scene.ledger.pauses().await.unwrap(), pauses);
    let claim = scene.claim().await.unwrap();
    let before = scene.seen(approved.batch.id()).await;
    for authority in [Authority::Version, Authority::Holding(&claim)] {
        let refused = scene.commit(&approved, scene.releasing(&approved), authority);
        let refused = refused.await;
        assert!(matches!(refused, Err(LedgerError::Paused)), "{refused:?}");
    }
    add(scene, PauseStep::ResumeProposed, "mehmet").await;
    let refused = scene.commit(&approved, scene.releasing(&approved), Authority::Version);
    assert!(matches!(refused.await, Err(LedgerError::Paused)));
    assert_eq!(scene.seen(approved.batch.id()).await, before, "no trace");
    scene.ledger.renew(&claim, LEASE).await.unwrap();

    let other = scene.opened("other").await;
    scene.step(&other).await;
    let expired = scene.expired(&held);
    scene.commit(&held, expired, Authority::Version).await.unwrap();

    add(scene, PauseStep::Resumed, "zeynep").await;
    let released = scene.commit(&approved, scene.releasing(&approved), Authority::Version);
    let released = released.await.unwrap();
    assert!(matches!(released.batch.state(), State::Releasing(_)));
}

pub(super) async fn a_release_under_way_goes_on_while_releases_are_paused(scene: &Scene<'_>) {
    let approved = scene.approved("payday").await;
    let started = scene.releasing(&approved);
    let started = scene.commit(&approved, started, Authority::Version);
    let started = started.await.unwrap();
    add(scene, PauseStep::Paused, "mehmet").await;
    let released = scene.released(&started);
    let released = scene.commit(&started, released, Authority::Version);
    assert!(matches!(
        released.await.unwrap().batch.state(),
        State::Processing(_)
    ));
}

pub(super) async fn pauses_are_only_added_to_and_concurrent_ones_have_one_winner(
    scene: &Scene<'_>,
) {
    let none = scene.ledger.pauses().await.unwrap();
    assert_eq!(none, Pauses::default());
    let adding = (0..8).map(|n| {
        let (ledger, none) = (Arc::clone(&scene.ledger), none.clone());
        let entry = entry(scene, PauseStep::Paused, &format!("person-{n}"));
        tokio::spawn(async move { ledger.add_pause(&none, entry).await })
    });
    let added = join_all(adding).await.into_iter().map(Result::unwrap);
    let (won, lost): (Vec<_>, Vec<_>) = added.partition(Result::is_ok);
    assert_eq!(won.len(), 1, "{won:?}");
    let is_stale = |lost| matches!(lost, Err(LedgerError::Stale));
    assert!(lost.into_iter().all(is_stale));
    let first = scene.ledger.pauses().await.unwrap();
    assert_eq!(Some(&first), won[0].as_ref().ok());
    let grown = add(scene, PauseStep::ResumeProposed, "mehmet").await;
    let grown = grown.entries();
    assert_eq!((grown.len(), &grown[..1]), (2, first.entries()));
}
