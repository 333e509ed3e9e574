//! Rules about cells.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use onay_payout::{Batch, ItemStatus, Transition};

use super::scene::{Scene, actor, content, items};
use crate::cell::Swap;
use crate::commit::{Authority, Commit, Stored};
use crate::error::LedgerError;
use crate::ledger::Opened;

/// The cell becomes another, where nothing stands for none.
fn swap(key: &str, before: &str, after: &str) -> Swap {
    let value = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Swap::new(key, value(before), value(after))
}

async fn set(scene: &Scene<'_>, key: &str, value: &str) {
    let set = scene.ledger.swap(&[swap(key, "", value)]).await;
    set.unwrap();
}

fn words(values: Vec<Option<String>>) -> Vec<String> {
    let values = values.into_iter();
    values.map(Option::unwrap_or_default).collect()
}

fn is_changed<T>(answer: &Result<T, LedgerError>) -> bool {
    matches!(answer, Err(LedgerError::Changed))
}

/// The next step of a batch, with these cells.
fn step<'a>(scene: &Scene<'_>, base: &Stored, swaps: &[Swap]) -> Commit<'a> {
    let started = scene.started(base);
    let commit = Commit::new(base, started, &actor(), scene.now(), Authority::Version);
    commit.with_swaps(swaps.to_vec())
}

pub(super) async fn a_swap_sets_all_cells_or_none(scene: &Scene<'_>) {
    let keys = ["a", "ö:\"{\'}", "c", "never"];
    let odd = "+\n\0 ödeme";
    let first = [swap(keys[0], "", "1"), swap(keys[1], "", odd)];
    scene.ledger.swap(&first).await.unwrap();
    assert_eq!(words(scene.cells(&keys).await), ["1", odd, "", ""]);
    let next = [
        swap(keys[0], "1", "2"),
        swap(keys[1], odd, ""),
        swap(keys[2], "", "3"),
    ];
    for (place, wrong) in [
        (0, swap(keys[0], "", "9")),
        (1, swap(keys[1], "x", "")),
        (2, swap(keys[2], "3", "4")),
        (2, swap(keys[2], "3", "3")),
    ] {
        let mut refused = next.clone();
        refused[place] = wrong;
        let refused = scene.ledger.swap(&refused).await;
        assert!(is_changed(&refused), "{refused:?}");
        assert_eq!(words(scene.cells(&keys).await), ["1", odd, "", ""]);
    }
    scene.ledger.swap(&next).await.unwrap();
    assert_eq!(words(scene.cells(&keys).await), ["2", "", "3", ""]);
}

pub(super) async fn a_swap_of_nothing_changes_nothing(scene: &Scene<'_>) {
    scene.ledger.swap(&[]).await.unwrap();
    assert_eq!(scene.cells(&[]).await, []);
    set(scene, "a", "1").await;
    let as_it_is = [swap("a", "1", "1"), swap("b", "", "")];
    scene.ledger.swap(&as_it_is).await.unwrap();
    assert_eq!(words(scene.cells(&["b", "a", "a"]).await), ["", "1", "1"]);
}

pub(super) async fn two_swaps_at_once_have_one_winner(scene: &Scene<'_>) {
    let swapping = (0..8).map(|n| {
        let (ledger, own) = (Arc::clone(&scene.ledger), format!("own-{n}"));
        let swaps = [swap("shared", "", &n.to_string()), swap(&own, "", "1")];
        tokio::spawn(async move { ledger.swap(&swaps).await })
    });
    let swapped = join_all(swapping).await.into_iter().map(Result::unwrap);
    let (won, lost): (Vec<_>, Vec<_>) = swapped.enumerate().partition(|(_, done)| done.is_ok());
    assert_eq!((won.len(), lost.len()), (1, 7));
    assert!(lost.iter().all(|(_, lost)| is_changed(lost)), "{lost:?}");
    for n in 0..8 {
        let own = words(scene.cells(&["shared", &format!("own-{n}")]).await);
        let is_winner = won[0].0 == n;
        assert_eq!(own[0] == n.to_string(), is_winner);
        assert_eq!(own[1] == "1", is_winner);
    }
}

pub(super) async fn a_commit_sets_its_cells_in_the_same_step(scene: &Scene<'_>) {
    let stored = scene.opened("payday").await;
    set(scene, "sum", "100").await;
    let swaps = [
        swap("sum", "100", "250"),
        swap("rule", "", ""),
        swap("new", "", "1"),
    ];
    let commit = step(scene, &stored, &swaps);
    assert_eq!(commit.swaps(), swaps);
    let stored = scene.ledger.commit(commit).await.unwrap();
    assert_eq!(stored.version, 2);
    let cells = ["sum", "rule", "new"];
    assert_eq!(words(scene.cells(&cells).await), ["250", "", "1"]);
    let gone = step(scene, &stored, &[swap("new", "1", "")]);
    scene.ledger.commit(gone).await.unwrap();
    assert_eq!(words(scene.cells(&cells).await), ["250", "", ""]);
}

pub(super) async fn a_commit_whose_cells_changed_is_refused_and_leaves_no_trace(scene: &Scene<'_>) {
    let stored = scene.opened("payday").await;
    let (id, claim) = (stored.batch.id(), scene.claim().await.unwrap());
    set(scene, "sum", "100").await;
    let before = scene.seen(id).await;
    for wrong in [
        swap("sum", "99", "250"),
        swap("sum", "", "250"),
        swap("sum", "99", "99"),
        swap("rule", "1", "1"),
    ] {
        let swaps = [swap("new", "", "1"), wrong];
        for authority in [
            Authority::Version,
            Authority::Holding(&claim),
            Authority::Finishing(&claim),
        ] {
            let (now, started) = (scene.now(), scene.started(&stored));
            let commit = Commit::new(&stored, started, &actor(), now, authority);
            let refused = scene.ledger.commit(commit.with_swaps(swaps.to_vec())).await;
            assert!(is_changed(&refused), "{refused:?}");
        }
    }
    assert_eq!(scene.seen(id).await, before);
    assert_eq!(words(scene.cells(&["sum", "new"]).await), ["100", ""]);
    let lease = Duration::from_secs(30);
    scene.ledger.renew(&claim, lease).await.unwrap();
}

pub(super) async fn a_refused_commit_sets_no_cell(scene: &Scene<'_>) {
    let old = scene.opened("payday").await;
    let stored = scene.step(&old).await;
    let stale = step(scene, &old, &[swap("sum", "", "1")]);
    let refused = scene.ledger.commit(stale).await;
    assert!(matches!(refused, Err(LedgerError::Stale)), "{refused:?}");
    // What is stale is told first: it is to be loaded again anyway.
    let both = step(scene, &old, &[swap("sum", "9", "1")]);
    let refused = scene.ledger.commit(both).await;
    assert!(matches!(refused, Err(LedgerError::Stale)), "{refused:?}");
    assert_eq!(words(scene.cells(&["sum"]).await), [""]);
    assert_eq!(scene.load(stored.batch.id()).await, Some(stored));
}

pub(super) async fn two_commits_that_share_a_cell_have_one_winner(scene: &Scene<'_>) {
    let mut commits = Vec::new();
    for n in 0..6 {
        let stored = scene.opened(&format!("payday-{n}")).await;
        let swaps = [swap("sum", "", &n.to_string())];
        let (ledger, commit) = (Arc::clone(&scene.ledger), step(scene, &stored, &swaps));
        commits.push(async move { ledger.commit(commit).await });
    }
    let committed = join_all(commits.into_iter().map(tokio::spawn)).await;
    let committed = committed.into_iter().map(Result::unwrap);
    let (won, lost): (Vec<_>, Vec<_>) = committed.partition(Result::is_ok);
    assert_eq!(won.len(), 1, "{won:?}");
    assert!(lost.iter().all(is_changed), "{lost:?}");
    let won = won.into_iter().next().unwrap().unwrap();
    let external_id = format!("payday-{}", words(scene.cells(&["sum"]).await)[0]);
    assert_eq!(won.batch.head().external_id.as_str(), external_id);
}

/// A change of what became of every item.
fn changing_everything(scene: &Scene<'_>, stored: &Stored) -> Transition {
    let (batch, started) = (&stored.batch, scene.started(stored));
    let mut outcomes = batch.outcomes().to_vec();
    for outcome in &mut outcomes {
        outcome.status = ItemStatus::Queued;
    }
    Transition {
        changed: (0..outcomes.len()).collect(),
        batch: Batch::restore(
            started.batch.head().clone(),
            Arc::clone(batch.content()),
            outcomes,
        ),
        ..started
    }
}

pub(super) async fn a_commit_of_5000_items_sets_20000_cells(scene: &Scene<'_>) {
    let large = scene.accepted(content("payday", items(5000)));
    let Opened::New(stored) = scene.open(large).await else {
        panic!("it is new");
    };
    let keys: Vec<String> = (0..20_000).map(|n| format!("payee:{n}")).collect();
    let first: Vec<Swap> = keys.iter().map(|key| swap(key, "", "1")).collect();
    let commit = step(scene, &stored, &first);
    let stored = scene.ledger.commit(commit).await.unwrap();
    let is = async |value: &str| {
        let values = scene.ledger.cells(&keys).await.unwrap();
        values.iter().all(|found| found.as_deref() == Some(value))
    };
    assert!(is("1").await);
    let mut next: Vec<Swap> = keys.iter().map(|key| swap(key, "1", "2")).collect();
    let changed = changing_everything(scene, &stored);
    let commit = |swaps: &[Swap]| {
        let changed = changed.clone();
        Commit::new(&stored, changed, &actor(), scene.now(), Authority::Version)
            .with_swaps(swaps.to_vec())
    };
    next.push(swap("last", "9", "1"));
    let refused = scene.ledger.commit(commit(&next)).await;
    assert!(is_changed(&refused), "{:?}", refused.err());
    assert!(is("1").await);
    next.pop();
    let stored = scene.ledger.commit(commit(&next)).await.unwrap();
    assert!(is("2").await);
    assert_eq!(scene.load(stored.batch.id()).await, Some(stored));
}
