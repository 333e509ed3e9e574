//! Rules about the journal of the ledger itself.

use std::sync::Arc;

use futures_util::future::join_all;
use onay_payout::Digest;

use super::scene::{Scene, actor};
use crate::audit::verify_chain;
use crate::cell::Swap;
use crate::error::LedgerError;
use crate::house::{self, HOUSE, HouseEvent, verify_house};
use crate::journal::GENESIS;

fn event(scene: &Scene<'_>, after: &str) -> HouseEvent {
    HouseEvent {
        actor: actor(),
        event: "changed",
        before: "running".to_owned(),
        after: after.to_owned(),
        note: "ödeme \"listesi\"".to_owned(),
        digest: Some(Digest::of(after.as_bytes())),
        at: scene.now(),
    }
}

async fn assert_sound(scene: &Scene<'_>, version: u64) {
    let (tip, problems) = verify_house(&*scene.ledger).await.unwrap();
    assert_eq!((tip.version, problems), (version, Vec::new()));
}

pub(super) async fn the_house_journal_is_chained_and_its_cells_are_set_with_it(scene: &Scene<'_>) {
    assert_eq!(house::journal(&*scene.ledger).await.unwrap(), []);
    assert_sound(scene, 0).await;
    let mut written = Vec::new();
    for n in 1..4_u64 {
        let before = (n > 1).then(|| (n - 1).to_string());
        let swap = Swap::new("rule", before, Some(n.to_string()));
        let event = event(scene, &n.to_string());
        let entry = house::record(&*scene.ledger, event, vec![swap])
            .await
            .unwrap();
        assert_eq!((entry.batch, entry.seq), (HOUSE, n));
        written.push(entry);
    }
    assert_eq!(house::journal(&*scene.ledger).await.unwrap(), written);
    assert_eq!(verify_chain(&written, (1, GENESIS)), []);
    assert_eq!(scene.cells(&["rule"]).await, [Some("3".to_owned())]);
    assert_sound(scene, 3).await;
}

pub(super) async fn two_who_write_into_the_house_journal_at_once_lose_nothing(scene: &Scene<'_>) {
    let writing = (0..6).map(|n| {
        let (ledger, event) = (Arc::clone(&scene.ledger), event(scene, &n.to_string()));
        tokio::spawn(async move {
            loop {
                match house::record(&*ledger, event.clone(), Vec::new()).await {
                    Ok(entry) => return entry,
                    Err(error) => assert!(matches!(error, LedgerError::Changed), "{error}"),
                }
            }
        })
    });
    let written = join_all(writing).await.into_iter().map(Result::unwrap);
    let mut written: Vec<_> = written.collect();
    written.sort_by_key(|entry| entry.seq);
    assert_eq!(house::journal(&*scene.ledger).await.unwrap(), written);
    assert_sound(scene, 6).await;
}

pub(super) async fn a_house_event_whose_cells_changed_leaves_no_trace(scene: &Scene<'_>) {
    let tip = house::tip(&*scene.ledger).await.unwrap();
    let first = event(scene, "first");
    house::record(&*scene.ledger, first, Vec::new())
        .await
        .unwrap();
    let swaps = vec![Swap::new("rule", None, Some("1".to_owned()))];
    let late = house::append(&*scene.ledger, tip, event(scene, "late"), swaps).await;
    let wrong = vec![Swap::expect("rule", Some("1".to_owned()))];
    let wrong = house::record(&*scene.ledger, event(scene, "wrong"), wrong).await;
    for refused in [late, wrong] {
        assert!(matches!(refused, Err(LedgerError::Changed)), "{refused:?}");
    }
    assert_eq!(scene.cells(&["rule"]).await, [None]);
    assert_sound(scene, 1).await;
}
