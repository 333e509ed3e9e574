//! What makers and workers make of a server that goes away, stands still, or refuses.

use std::fs::File;
use std::num::NonZeroU32;
use std::time::Duration;

use futures_util::future::{join, join_all};
use onay_ledger::conformance::redis_server::RedisServer;
use onay_ledger::conformance::{ALL, LEASE, Scene, batch_id, worker};
use onay_ledger::{Authority, Filter, LedgerError, Queue, Terms, verify_batch};
use onay_payout::{BatchRef, Jobs};
use tokio::time::{Instant, timeout};

use crate::traffic::{Live, Traffic, until};

const SECOND: Duration = Duration::from_secs(1);

/// Something happens to the server, and after a while it is over. Those who work notice, go on by
/// themselves, and nothing is lost that was answered.
async fn survives(
    settings: &[(&str, &str)],
    happens: impl AsyncFn(&RedisServer),
    is_over: impl Fn(&RedisServer),
) {
    let server = RedisServer::start_with(settings);
    let traffic = Traffic::start(&server.url()).await;
    traffic.until_flowing().await;
    happens(&server).await;
    traffic.until_failing().await;
    is_over(&server);
    traffic.until_flowing().await;
    traffic.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_loses_nothing_that_was_answered() {
    survives(&[], async |server| server.kill(), RedisServer::start_again).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_stopped_loses_nothing_that_was_answered() {
    survives(&[], async |server| server.stop(), RedisServer::start_again).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stands_still_is_waited_for() {
    survives(&[], async |server| server.freeze(), RedisServer::thaw).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_loads_is_waited_for() {
    let happens = async |server: &RedisServer| {
        // A tenth of a millisecond and more for each of so many keys, until it is told otherwise.
        let fill = "for n = 1, 50000 do redis.call('SET', 'filler' .. n, '') end";
        server.command(&["EVAL", fill, "0"]);
        server.kill();
        server.start_again_unseen();
        until("the server loads", async || {
            let refused = server.try_command(&["GET", "a"]);
            refused.is_err_and(|error| error.code() == Some("LOADING"))
        })
        .await;
    };
    let is_over = |server: &RedisServer| {
        server.command(&["CONFIG", "SET", "key-load-delay", "0"]);
    };
    survives(&[("key-load-delay", "100")], happens, is_over).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_became_a_replica_is_waited_for() {
    // Of nobody, so that it keeps its data.
    let happens = async |server: &RedisServer| {
        server.command(&["REPLICAOF", "127.0.0.1", "1"]);
    };
    let is_over = |server: &RedisServer| {
        server.command(&["REPLICAOF", "NO", "ONE"]);
    };
    survives(&[], happens, is_over).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_full_is_waited_for() {
    let happens = async |server: &RedisServer| {
        server.command(&["CONFIG", "SET", "maxmemory", "1"]);
    };
    let is_over = |server: &RedisServer| {
        server.command(&["CONFIG", "SET", "maxmemory", "0"]);
    };
    survives(&[], happens, is_over).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_forgot_its_scripts_is_told_them_again() {
    let server = RedisServer::start();
    let traffic = Traffic::start(&server.url()).await;
    traffic.until_flowing().await;
    let health = traffic.health();
    server.command(&["SCRIPT", "FLUSH"]);
    traffic.until_flowing().await;
    assert_eq!(traffic.health(), health, "nobody noticed");
    traffic.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_are_cut_are_made_again() {
    let server = RedisServer::start();
    let traffic = Traffic::start(&server.url()).await;
    for _ in 0..5 {
        for kind in ["normal", "pubsub"] {
            server.command(&["CLIENT", "KILL", "TYPE", kind]);
        }
        traffic.until_flowing().await;
    }
    traffic.end().await;
}

#[tokio::test]
async fn waiting_for_jobs_notices_a_server_that_takes_no_writes() {
    for happens in [
        ["CONFIG", "SET", "maxmemory", "1"].as_slice(),
        &["REPLICAOF", "127.0.0.1", "1"],
    ] {
        let server = RedisServer::start();
        let store = Live::open(&server.url()).await;
        server.command(happens);
        let (name, one) = (worker("waiting"), NonZeroU32::MIN);
        let claims = store
            .0
            .claim(Queue::Worker, Terms::new(&name, LEASE, one), Duration::ZERO);
        let refused = claims.await;
        assert!(
            matches!(refused, Err(LedgerError::Unavailable(_))),
            "{happens:?}: {refused:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_stands_in_line_for_a_server_that_does_not_answer() {
    let server = RedisServer::start();
    let store = Live::open(&server.url()).await;
    let by = BatchRef::Id(batch_id(0));
    assert_eq!(store.0.load(&by).await.unwrap(), None);
    server.freeze();
    let asked = (0..30).map(|_| timeout(15 * SECOND, store.0.load(&by)));
    for answered in join_all(asked).await {
        let answer = answered.expect("an answer in time");
        assert!(
            matches!(answer, Err(LedgerError::Unavailable(_))),
            "{answer:?}"
        );
    }
    server.thaw();
    assert_eq!(store.0.load(&by).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_message_costs_no_more_than_the_fallback() {
    let server = RedisServer::start();
    let store = Live::open(&server.url()).await;
    let scene = Scene::new(&store);
    let stored = scene.opened("payday").await;
    let later = Jobs {
        worker: Some(scene.now() + 600 * SECOND),
        reconciler: None,
    };
    let planning = scene.planning(&stored, later);
    scene
        .commit(&stored, planning, Authority::Version)
        .await
        .unwrap();
    let claim = async |wait| {
        let (name, one) = (worker("waiting"), NonZeroU32::MIN);
        let claims = store
            .0
            .claim(Queue::Worker, Terms::new(&name, LEASE, one), wait);
        claims.await.unwrap()
    };
    // The first look finds nothing; the next one is by the fallback.
    assert_eq!(claim(SECOND / 10).await, []);
    let began = Instant::now();
    let (claims, ()) = join(claim(20 * SECOND), async { make_due(&server) }).await;
    assert_eq!(claims.len(), 1);
    assert!(began.elapsed() < 7 * SECOND, "{:?}", began.elapsed());
}

/// Makes the only job of a ledger due now, as after a commit whose message was lost.
fn make_due(server: &RedisServer) {
    let script =
        "local id = redis.call('ZRANGE', KEYS[1], 0, 0)[1]; redis.call('ZADD', KEYS[1], 0, id)";
    server.command(&["EVAL", script, "1", "{onay}:due:worker"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_lost_its_last_writes_hands_out_no_fence_twice() {
    let server = RedisServer::start();
    let store = Live::open(&server.url()).await;
    Scene::new(&store).opened("payday").await;
    server.stop();
    let backup = server.backup();
    server.start_again();
    let store = Live::open(&server.url()).await;
    let claim = Scene::new(&store).claim().await.unwrap();
    server.stop();
    server.restore(&backup);
    server.start_again();
    let other = Live::open(&server.url()).await;
    let again = Scene::new(&other).claim().await.unwrap();
    assert_eq!(again.batch, claim.batch, "the first claim is forgotten");
    let lost = store.0.renew(&claim, LEASE).await;
    assert!(matches!(lost, Err(LedgerError::LeaseLost)), "{lost:?}");
    other.0.renew(&again, LEASE).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_append_only_file_that_is_cut_anywhere_is_the_ledger_of_a_moment() {
    let server = RedisServer::start();
    let traffic = Traffic::start(&server.url()).await;
    traffic.until_flowing().await;
    traffic.end().await;
    server.stop();
    let backup = server.backup();
    let size = written(&server).metadata().unwrap().len();
    for part in 1..16 {
        server.restore(&backup);
        written(&server).set_len(size * part / 16).unwrap();
        server.start_again();
        let store = Live::open(&server.url()).await;
        for head in store.0.list(&Filter::default(), &ALL).await.unwrap() {
            let problems = verify_batch(&*store.0, &head.id).await.unwrap();
            assert_eq!(problems, [], "{part} of 16");
            let stored = store.0.load(&BatchRef::Id(head.id)).await.unwrap();
            let planned = store.0.planned(&head.id).await.unwrap();
            let is_finished = stored.unwrap().version == 3;
            assert_eq!(planned.worker.is_none(), is_finished, "{part} of 16");
        }
        server.kill();
    }
}

/// What the server appends to.
fn written(server: &RedisServer) -> File {
    let files = server.append_only_folder().read_dir().unwrap();
    let mut files = files.map(|file| file.unwrap().path());
    let written = files.find(|file| file.to_string_lossy().ends_with(".incr.aof"));
    File::options().write(true).open(written.unwrap()).unwrap()
}
