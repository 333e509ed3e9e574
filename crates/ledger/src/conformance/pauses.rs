//! Rules about pauses of releases.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::future::join_all;
use onay_payout::{
    Account, Batch, Digest, Head, HeldRule, HeldStep, Hold, Intent, Jobs, PauseEntry, PauseStep,
    Pauses, Proof, Releasing, Requirement, Shown, State, Transition,
};

use super::scene::{LEASE, Scene, worker};
use crate::commit::{Authority, Stored};
use crate::error::LedgerError;
use crate::pauses::add_pause;

fn entry(scene: &Scene<'_>, step: PauseStep, by: &str) -> PauseEntry {
    PauseEntry {
        step,
        by: by.parse().unwrap(),
        at: scene.now(),
        reason: "ödeme \"listesi\" yanlış: {\"paused\":false}".to_owned(),
    }
}

async fn add(scene: &Scene<'_>, step: PauseStep, by: &str) -> Pauses {
    let (known, entry) = (scene.pauses().await, entry(scene, step, by));
    let added = add_pause(&*scene.ledger, &known, &entry, ("library", Vec::new())).await;
    added.unwrap()
}

/// A change into another state, as a store sees it.
fn turned(scene: &Scene<'_>, stored: &Stored, state: State) -> Transition {
    let head = Head {
        state,
        ..stored.batch.head().clone()
    };
    let (content, outcomes) = (stored.batch.content(), stored.batch.outcomes());
    Transition {
        batch: Batch::restore(head, Arc::clone(content), outcomes.to_vec()),
        jobs: Jobs {
            worker: Some(scene.now()),
            reconciler: None,
        },
        event: "turned",
        before: stored.batch.state().name(),
        note: String::new(),
        changed: Vec::new(),
        is_new_state: true,
        decision: None,
    }
}

fn hold(scene: &Scene<'_>, stored: &Stored) -> Hold {
    Hold {
        request_id: Some("req-1".parse().unwrap()),
        account: Account::new("sandbox", "key"),
        digest: Digest::of(b"what was approved"),
        count: stored.batch.head().count,
        total: stored.batch.head().tie_out.requested,
        shown: Shown::default(),
        commission: None,
        largest: stored.batch.head().tie_out.requested,
        history: None,
        rules: Requirement {
            rules: vec![HeldRule {
                name: "everyday".to_owned(),
                steps: vec![HeldStep {
                    needed: 1,
                    asked: BTreeSet::from(["mehmet".parse().unwrap()]),
                }],
                proof: Proof::Token,
            }],
        },
        held_at: scene.now(),
        expires_at: scene.now() + LEASE,
        is_sent: false,
        short: None,
        judged: None,
    }
}

async fn approved(scene: &Scene<'_>, external_id: &str) -> Stored {
    let stored = scene.opened(external_id).await;
    let approved = turned(scene, &stored, State::Approved(hold(scene, &stored)));
    let approved = scene.commit(&stored, approved, Authority::Version);
    approved.await.unwrap()
}

fn releasing(scene: &Scene<'_>, stored: &Stored) -> Transition {
    let now = scene.now();
    let releasing = Releasing {
        hold: hold(scene, stored),
        intent: Intent {
            owner: worker("worker-1"),
            started_at: now,
            deadline: now + LEASE,
        },
        looks: 0,
        refusal: None,
    };
    turned(scene, stored, State::Releasing(releasing))
}

async fn release(
    scene: &Scene<'_>,
    stored: &Stored,
    authority: Authority<'_>,
) -> Result<Stored, LedgerError> {
    let releasing = releasing(scene, stored);
    scene.commit(stored, releasing, authority).await
}

pub(super) async fn a_paused_ledger_starts_no_release_and_does_everything_else(scene: &Scene<'_>) {
    let first = approved(scene, "payday").await;
    let (id, claim) = (first.batch.id(), scene.claim().await.unwrap());
    let other = approved(scene, "other").await;
    let pauses = add(scene, PauseStep::Paused, "mehmet").await;
    assert_eq!(scene.pauses().await, pauses);
    let before = scene.seen(id).await;
    for authority in [
        Authority::Version,
        Authority::Holding(&claim),
        Authority::Finishing(&claim),
    ] {
        let refused = release(scene, &first, authority).await;
        assert!(matches!(refused, Err(LedgerError::Paused)), "{refused:?}");
    }
    add(scene, PauseStep::ResumeProposed, "mehmet").await;
    let refused = release(scene, &first, Authority::Version).await;
    assert!(matches!(refused, Err(LedgerError::Paused)), "{refused:?}");
    assert_eq!(scene.seen(id).await, before, "no trace");
    scene.ledger.renew(&claim, LEASE).await.unwrap();

    let new = scene.opened("new").await;
    scene.step(&new).await;
    let ended = turned(scene, &other, State::Received);
    let ended = scene.commit(&other, ended, Authority::Version).await;
    ended.unwrap();

    add(scene, PauseStep::Resumed, "zeynep").await;
    let released = release(scene, &first, Authority::Holding(&claim)).await;
    assert!(matches!(
        released.unwrap().batch.state(),
        State::Releasing(_)
    ));
}

pub(super) async fn a_release_under_way_goes_on_while_releases_are_paused(scene: &Scene<'_>) {
    let first = approved(scene, "payday").await;
    let started = release(scene, &first, Authority::Version).await.unwrap();
    add(scene, PauseStep::Paused, "mehmet").await;
    let looked = releasing(scene, &started);
    let looked = scene.commit(&started, looked, Authority::Version).await;
    let looked = looked.unwrap();
    let processing = turned(scene, &looked, State::Processing(hold(scene, &looked)));
    let processing = scene.commit(&looked, processing, Authority::Version).await;
    assert!(matches!(
        processing.unwrap().batch.state(),
        State::Processing(_)
    ));
}

pub(super) async fn pauses_are_only_added_to_and_concurrent_ones_have_one_winner(
    scene: &Scene<'_>,
) {
    let none = scene.pauses().await;
    assert_eq!(none, Pauses::default());
    let adding = (0..8).map(|n| {
        let (ledger, none) = (Arc::clone(&scene.ledger), none.clone());
        let entry = entry(scene, PauseStep::Paused, &format!("person-{n}"));
        tokio::spawn(
            async move { add_pause(&*ledger, &none, &entry, ("library", Vec::new())).await },
        )
    });
    let added = join_all(adding).await.into_iter().map(Result::unwrap);
    let (won, lost): (Vec<_>, Vec<_>) = added.partition(Result::is_ok);
    assert_eq!(won.len(), 1, "{won:?}");
    let is_changed = |lost| matches!(lost, Err(LedgerError::Changed));
    assert!(lost.into_iter().all(is_changed));
    let first = scene.pauses().await;
    assert_eq!(Some(&first), won[0].as_ref().ok());
    let grown = add(scene, PauseStep::ResumeProposed, "mehmet").await;
    let grown = grown.entries();
    assert_eq!((grown.len(), &grown[..1]), (2, first.entries()));
}
