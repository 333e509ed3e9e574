//! What one kind of store sees of a move.

use std::num::NonZeroU32;
use std::time::Duration;

use onay_ledger::conformance::{LEASE, Scene, batch_id, worker};
use onay_ledger::moving::{MoveError, Stage};
use onay_ledger::{Ledger as _, Queue, Terms};

use super::{House as _, assert_same, furnish, move_house};
use crate::harness::{Redis, Sqlite};

#[tokio::test]
async fn a_file_is_not_moved_while_another_process_has_it_open() {
    let (from, to) = (Sqlite::fresh(), Sqlite::fresh());
    let ids = furnish(&from).await;
    let another = from.another();
    let refused = move_house(&from, &to).await.unwrap_err();
    let text = refused.to_string();
    assert!(
        text.contains("fuser") && text.contains("onay.db.lock"),
        "{text}"
    );
    drop(another);
    move_house(&from, &to).await.unwrap();
    let _another = from.another();
    assert_same(&from, &to, &ids).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_ledger_is_not_moved_while_a_worker_waits_for_jobs() {
    not_while_a_worker_waits(Redis::fresh().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_on_a_cluster_is_not_moved_while_a_worker_waits_for_jobs() {
    not_while_a_worker_waits(Redis::on_cluster().await).await;
}

async fn not_while_a_worker_waits(from: Redis) {
    let to = Sqlite::fresh();
    let ids = furnish(&from).await;
    // Nothing is due any more, so the worker only waits.
    let scene = Scene::new(&from);
    while let Some(claim) = scene.claim_of(Queue::Reconciler).await {
        let later = Duration::from_hours(1);
        scene.ledger.postpone(claim, later).await.unwrap();
    }
    let another = from.another().await;
    let waiting = tokio::spawn(async move {
        let (name, one, patience) = (worker("worker-2"), NonZeroU32::MIN, Duration::from_hours(1));
        let claims = another.claim(Queue::Reconciler, Terms::new(&name, LEASE, one), patience);
        claims.await
    });
    let why_not = async || {
        let idle = from.house().check_idle().await;
        idle.err().map(|why| why.to_string())
    };
    until(async || why_not().await.is_some()).await;
    let refused = move_house(&from, &to).await.unwrap_err().to_string();
    assert!(refused.contains("wait for its jobs"), "{refused}");
    waiting.abort();
    until(async || why_not().await.is_none()).await;
    move_house(&from, &to).await.unwrap();
    assert_same(&from, &to, &ids).await;
}

/// Looks until it is so.
async fn until(is_so: impl AsyncFn() -> bool) {
    let looking = async {
        while !is_so().await {
            tokio::task::yield_now().await;
        }
    };
    let patience = Duration::from_secs(20);
    tokio::time::timeout(patience, looking).await.unwrap();
}

#[tokio::test]
async fn a_process_of_an_older_version_cannot_change_a_file_that_moved() {
    let (from, to) = (Sqlite::fresh(), Sqlite::fresh());
    furnish(&from).await;
    let older = rusqlite::Connection::open(from.path()).unwrap();
    move_house(&from, &to).await.unwrap();
    for statement in [
        "UPDATE job SET fence = 99, owner = 'older'",
        "UPDATE batch SET state = 'releasing'",
        "UPDATE budget SET polls = 1",
        "UPDATE cell SET value = '9' WHERE key = 'paused'",
        "DELETE FROM cell WHERE key = 'paused'",
        "INSERT INTO cell VALUES ('new', '1')",
        "INSERT INTO batch SELECT 'b_x', 'x', version, state, head, journal_head FROM batch LIMIT 1",
    ] {
        let refused = older.execute(statement, []).unwrap_err().to_string();
        assert!(refused.contains("this ledger"), "{refused}");
    }
}

#[tokio::test]
async fn a_batch_that_was_edited_is_found_before_anything_is_closed() {
    let (from, to) = (Sqlite::fresh(), Sqlite::fresh());
    furnish(&from).await;
    let editor = rusqlite::Connection::open(from.path()).unwrap();
    let edit = format!(
        "UPDATE batch SET head = replace(head, 'ayse', 'veli') WHERE id = '{}'",
        batch_id(3)
    );
    editor.execute(&edit, []).unwrap();
    let refused = move_house(&from, &to).await.unwrap_err();
    assert!(
        matches!(refused, MoveError::Unsound(id, _) if id == batch_id(3)),
        "{refused}"
    );
    for house in [&from, &to] {
        assert_eq!(
            house.house().standing().await.unwrap().stage,
            Stage::Open(None)
        );
    }
}

#[tokio::test]
async fn an_empty_ledger_and_the_same_ledger_are_not_moved() {
    let (from, to) = (Sqlite::fresh(), Sqlite::fresh());
    let refused = move_house(&from, &to).await.unwrap_err();
    assert!(matches!(refused, MoveError::Nothing), "{refused}");
    furnish(&from).await;
    let refused = move_house(&from, &from).await.unwrap_err();
    assert!(matches!(refused, MoveError::NotEmpty), "{refused}");
    assert!(Scene::new(&from).claim().await.is_some());
}
