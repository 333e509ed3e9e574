//! What only a file can get wrong.

use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join;
use onay_ledger::conformance::{LEASE, Scene, batch_id, worker};
use onay_ledger::{
    Access, Authority, Budget, Claimed, Ledger, LedgerError, Queue, Share, Spent, SqliteLedger,
    Terms,
};
use rusqlite::Connection;

use crate::harness::Sqlite;

#[tokio::test]
async fn everything_survives_a_restart() {
    let file = Sqlite::fresh();
    let seen = {
        let scene = Scene::new(&file);
        let stored = scene.opened("payday").await;
        let initialized = scene.initialized(&stored);
        scene
            .commit(&stored, initialized, Authority::Version)
            .await
            .unwrap();
        scene.seen(batch_id(0)).await
    };
    let file = file.restarted();
    let scene = Scene::new(&file);
    assert_eq!(scene.seen(batch_id(0)).await, seen);
    assert!(scene.claim().await.is_some());
}

#[tokio::test]
async fn the_file_itself_refuses_to_forget() {
    let file = Sqlite::fresh();
    let scene = Scene::new(&file);
    scene.opened("payday").await;
    let connection = Connection::open(file.path()).unwrap();
    for statement in [
        "UPDATE journal SET note = 'x'",
        "DELETE FROM journal",
        "UPDATE content SET record = '{}'",
        "DELETE FROM content",
        "UPDATE batch SET external_id = 'x'",
        "DELETE FROM batch",
    ] {
        let refused = connection.execute(statement, []);
        assert!(refused.is_err(), "{statement}");
    }
}

#[tokio::test]
async fn looking_never_makes_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("not/there.db");
    let refused = SqliteLedger::open(&path, Access::Existing).unwrap_err();
    assert!(
        refused.to_string().contains("there is no ledger at"),
        "{refused}"
    );
    assert!(!path.parent().unwrap().exists());
}

#[test]
fn many_processes_may_make_the_file_at_once() {
    for _ in 0..20 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/onay.db");
        std::thread::scope(|scope| {
            let opening = || SqliteLedger::open(&path, Access::Create);
            let opened: Vec<_> = (0..4).map(|_| scope.spawn(opening)).collect();
            for ledger in opened {
                ledger.join().unwrap().unwrap();
            }
        });
    }
}

#[cfg(unix)]
#[tokio::test]
async fn only_its_owner_can_read_the_file() {
    use std::os::unix::fs::PermissionsExt;
    let file = Sqlite::fresh();
    Scene::new(&file).opened("payday").await;
    let folder = file.path().parent().unwrap().to_owned();
    let files: Vec<_> = folder
        .read_dir()
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    assert!(files.len() > 1, "the write-ahead log is there: {files:?}");
    for path in files {
        let mode = path.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{} has mode {mode:o}", path.display());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_wake_each_other() {
    let file = Sqlite::fresh();
    let (scene, other) = (Scene::new(&file), file.another());
    let name = worker("other");
    let (one, patience) = (NonZeroU32::MIN, Duration::from_secs(10));
    let waiting = other.claim(Queue::Worker, Terms::new(&name, LEASE, one), patience);
    let (claims, stored) = join(waiting, scene.opened("payday")).await;
    let claim = claims.unwrap().pop();
    assert_eq!(
        claim.map(|claimed| claimed.claim.batch),
        Some(stored.batch.id())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_never_share_a_claim() {
    let file = Sqlite::fresh();
    let scene = Scene::new(&file);
    for n in 0..20 {
        scene.opened(&format!("payday-{n}")).await;
    }
    let drain = |ledger: Arc<dyn Ledger>, name| {
        tokio::spawn(async move {
            let mut claims = Vec::new();
            let (name, one) = (worker(name), NonZeroU32::MIN);
            loop {
                let claim =
                    ledger.claim(Queue::Worker, Terms::new(&name, LEASE, one), Duration::ZERO);
                match claim.await.unwrap().pop() {
                    Some(Claimed { claim, .. }) => claims.push((claim.batch, claim.fence)),
                    None => return claims,
                }
            }
        })
    };
    let other: Arc<dyn Ledger> = Arc::new(file.another());
    let (one, two) = join(drain(Arc::clone(&scene.ledger), "one"), drain(other, "two")).await;
    let claims = [one.unwrap(), two.unwrap()].concat();
    assert_eq!(claims.len(), 20);
    assert_eq!(
        claims
            .iter()
            .map(|(batch, _)| batch)
            .collect::<BTreeSet<_>>()
            .len(),
        20
    );
    assert_eq!(
        claims
            .iter()
            .map(|(_, fence)| fence)
            .collect::<BTreeSet<_>>()
            .len(),
        20
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_share_one_budget() {
    let file = Sqlite::fresh();
    let other = file.another();
    let (one, budget) = (NonZeroU32::MIN, Budget::per_minute(5).unwrap());
    Scene::new(&file).spend(Share::Write, 5, 5).await;
    let spent = other.spend(Share::Write, one, budget).await.unwrap();
    assert!(matches!(spent, Spent::Wait(_)), "{spent:?}");
}

#[tokio::test]
async fn a_locked_file_is_unavailable_until_it_is_free() {
    let file = Sqlite::impatient();
    let scene = Scene::new(&file);
    let stored = scene.opened("payday").await;
    let other = Connection::open(file.path()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refused = scene
        .commit(&stored, scene.started(&stored), Authority::Version)
        .await;
    assert!(
        matches!(refused, Err(LedgerError::Unavailable(_))),
        "{refused:?}"
    );
    assert_eq!(
        scene.load(stored.batch.id()).await.as_ref(),
        Some(&stored),
        "reading goes on"
    );
    other.execute_batch("ROLLBACK").unwrap();
    scene.step(&stored).await;
}

#[tokio::test]
async fn what_cannot_have_been_written_is_corrupt() {
    for damage in [
        "UPDATE batch SET head = '{}'",
        "UPDATE batch SET state = 'settled'",
        "UPDATE batch SET journal_head = replace(journal_head, substr(journal_head, 1, 1), 'x')",
        "UPDATE batch SET head = replace(head, '\"count\":3', '\"count\":9000000000000000000')",
        "INSERT INTO outcome SELECT id, 3, '{\"v\":1,\"status\":\"SUCCESS\"}' FROM batch",
        "INSERT INTO outcome SELECT id, 0, '{\"v\":9}' FROM batch",
    ] {
        let file = Sqlite::fresh();
        let scene = Scene::new(&file);
        let stored = scene.opened("payday").await;
        Connection::open(file.path())
            .unwrap()
            .execute(damage, [])
            .unwrap();
        let by = onay_payout::BatchRef::Id(stored.batch.id());
        let refused = scene.ledger.load(&by).await;
        assert!(
            matches!(refused, Err(LedgerError::Corrupt(_))),
            "{damage}: {refused:?}"
        );
    }
}

#[tokio::test]
async fn a_file_that_is_not_ours_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("theirs.db");
    let theirs = Connection::open(&path).unwrap();
    theirs.execute_batch("CREATE TABLE theirs (a)").unwrap();
    let refused = SqliteLedger::open(&path, Access::Create).unwrap_err();
    assert!(refused.to_string().contains("another program"), "{refused}");

    let path = folder.path().join("text.db");
    std::fs::write(
        &path,
        "not a database at all, but long enough to look like a header",
    )
    .unwrap();
    let refused = SqliteLedger::open(&path, Access::Create).unwrap_err();
    assert!(matches!(refused, LedgerError::Corrupt(_)), "{refused}");
}

#[tokio::test]
async fn a_newer_format_is_not_touched_and_an_older_one_not_by_looking() {
    let file = Sqlite::fresh();
    let connection = Connection::open(file.path()).unwrap();
    for (version, access, expected) in [
        (6, Access::Create, "newer version"),
        (6, Access::Existing, "newer version"),
        (4, Access::Existing, "older format"),
        (0, Access::Existing, "older format"),
    ] {
        connection
            .pragma_update(None, "user_version", version)
            .unwrap();
        let refused = SqliteLedger::open(&file.path(), access).unwrap_err();
        assert!(refused.to_string().contains(expected), "{refused}");
    }
}

/// Takes away what later formats added.
const FIRST_FORMAT: &str = "
    DROP TRIGGER a_paused_ledger_starts_no_release;
    DROP TABLE cell;
    ALTER TABLE journal DROP COLUMN decision;
    DROP TRIGGER a_closed_ledger_opens_no_batch;
    DROP TRIGGER a_closed_ledger_changes_no_batch;
    DROP TRIGGER a_closed_ledger_changes_no_job;
    DROP TABLE budget;
    DROP TABLE stage;
    PRAGMA user_version = 1";

#[tokio::test]
async fn a_file_of_the_first_format_is_brought_to_the_newest_and_keeps_everything() {
    let file = Sqlite::fresh();
    let seen = {
        let scene = Scene::new(&file);
        scene.opened("payday").await;
        scene.seen(batch_id(0)).await
    };
    Connection::open(file.path())
        .unwrap()
        .execute_batch(FIRST_FORMAT)
        .unwrap();
    let file = file.restarted();
    let scene = Scene::new(&file);
    assert_eq!(scene.seen(batch_id(0)).await, seen);
    assert_eq!(scene.spend(Share::Write, 9, 50).await, 9);
}

#[tokio::test]
async fn a_store_is_named_by_its_url() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/a/onay.db", folder.path().display());
    drop(onay_ledger::open(&url, Access::Create).await.unwrap());
    drop(onay_ledger::open(&url, Access::Existing).await.unwrap());
    for (url, expected) in [
        ("sqlite://onay.db", "absolute"),
        ("redis+sentinel://localhost", "redis+sentinel://host"),
        ("onay.db", "URL"),
    ] {
        let refused = onay_ledger::open(url, Access::Create).await.unwrap_err();
        assert!(refused.to_string().contains(expected), "{refused}");
    }
    assert!(!Path::new("onay.db").exists());
}

#[tokio::test]
async fn a_restored_copy_keeps_its_log_again() {
    let file = Sqlite::fresh();
    let scene = Scene::new(&file);
    scene.opened("payday").await;
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("restored.db");
    let connection = Connection::open(file.path()).unwrap();
    connection
        .execute("VACUUM INTO ?1", [copy.to_str().unwrap()])
        .unwrap();
    let mode = || -> String {
        let connection = Connection::open(&copy).unwrap();
        let mode = connection.query_row("PRAGMA journal_mode", [], |row| row.get(0));
        mode.unwrap()
    };
    assert_eq!(mode(), "delete");
    drop(SqliteLedger::open(&copy, Access::Create).unwrap());
    assert_eq!(mode(), "wal");
}
