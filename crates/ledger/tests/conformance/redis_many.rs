//! Many processes and many jobs on one server.

use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join;

use onay_ledger::conformance::redis_server::RedisServer;
use onay_ledger::conformance::{LEASE, Scene, content, items, worker};
use onay_ledger::{Budget, Claim, Queue, Share, Spent, Terms};

use tokio::time::Instant;

use crate::traffic::Live;

const SECOND: Duration = Duration::from_secs(1);

/// Everything that is due now, one by one.
async fn drain(store: Live, name: &'static str) -> Vec<Claim> {
    let (name, one, mut claims) = (worker(name), NonZeroU32::MIN, Vec::new());
    loop {
        let claim = store
            .0
            .claim(Queue::Worker, Terms::new(&name, LEASE, one), Duration::ZERO);
        match claim.await.unwrap().pop() {
            Some(claimed) => claims.push(claimed.claim),
            None => return claims,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_never_share_a_claim() {
    let server = RedisServer::start();
    let (one, two) = (
        Live::open(&server.url()).await,
        Live::open(&server.url()).await,
    );
    let scene = Scene::new(&one);
    for n in 0..40 {
        scene.opened(&format!("payday-{n}")).await;
    }
    let two = tokio::spawn(drain(two, "two"));
    let claims = [drain(one.clone(), "one").await, two.await.unwrap()].concat();
    assert_eq!(claims.len(), 40);
    let batches: BTreeSet<_> = claims.iter().map(|claim| claim.batch).collect();
    let fences: BTreeSet<_> = claims.iter().map(|claim| claim.fence).collect();
    assert_eq!((batches.len(), fences.len()), (40, 40));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_wake_each_other_at_once() {
    let server = RedisServer::start();
    let (one, two) = (
        Live::open(&server.url()).await,
        Live::open(&server.url()).await,
    );
    let scene = Scene::new(&one);
    let (name, most) = (worker("two"), NonZeroU32::MIN);
    // The first look finds nothing; the next one would be by the fallback.
    let claim = |wait| {
        two.0
            .claim(Queue::Worker, Terms::new(&name, LEASE, most), wait)
    };
    assert_eq!(claim(SECOND / 10).await.unwrap(), []);
    let opening = async {
        let began = Instant::now();
        (scene.opened("payday").await.batch.id(), began)
    };
    let (claims, (id, began)) = join(claim(20 * SECOND), opening).await;
    let claimed = claims.unwrap().pop();
    assert_eq!(claimed.map(|claimed| claimed.claim.batch), Some(id));
    assert!(began.elapsed() < SECOND, "{:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_job_of_a_dead_process_is_claimed_by_another_when_its_lease_ends() {
    let server = RedisServer::start();
    let (one, two) = (
        Live::open(&server.url()).await,
        Live::open(&server.url()).await,
    );
    Scene::new(&one).opened("payday").await;
    let (name, most) = (worker("one"), NonZeroU32::MIN);
    let claims = one.0.claim(
        Queue::Worker,
        Terms::new(&name, SECOND, most),
        Duration::ZERO,
    );
    assert_eq!(claims.await.unwrap().len(), 1);
    let began = Instant::now();
    let claims = two
        .0
        .claim(Queue::Worker, Terms::new(&name, LEASE, most), 20 * SECOND);
    assert_eq!(claims.await.unwrap().len(), 1);
    assert!(began.elapsed() < 3 * SECOND, "{:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_share_one_budget() {
    let server = RedisServer::start();
    let (one, two) = (
        Live::open(&server.url()).await,
        Live::open(&server.url()).await,
    );
    let budget = Budget::per_minute(5).unwrap();
    let mut granted = 0;
    for store in [&one, &two, &one, &two] {
        let three = NonZeroU32::new(3).unwrap();
        if let Spent::Granted { calls, .. } =
            store.0.spend(Share::Write, three, budget).await.unwrap()
        {
            granted += calls;
        }
    }
    // A new minute may have begun in between.
    assert!((5..=10).contains(&granted), "{granted}");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_items_and_batches_are_few_keys() {
    let server = RedisServer::start();
    let store = Live::open(&server.url()).await;
    let scene = Scene::new(&store);
    for n in 0..100 {
        scene.opened(&format!("payday-{n}")).await;
    }
    let keys = || -> u64 { redis::from_redis_value(server.command(&["DBSIZE"])).unwrap() };
    let before = keys();
    scene
        .open(scene.accepted(content("big", items(5000))))
        .await;
    assert_eq!(keys(), before);
    assert!(before < 40, "{before} keys");
}

/// How long the server was deaf at most, until `done`.
async fn longest_silence(server: &RedisServer, done: impl Future<Output = ()>) -> Duration {
    let client = redis::Client::open(server.url()).unwrap();
    let mut connection = client.get_connection().unwrap();
    let (ended, mut longest) = (Arc::new(()), Duration::ZERO);
    let alive = Arc::downgrade(&ended);
    let probing = std::thread::spawn(move || {
        while alive.strong_count() > 0 {
            let asked = Instant::now();
            redis::cmd("PING").exec(&mut connection).unwrap();
            longest = longest.max(asked.elapsed());
            std::thread::sleep(Duration::from_millis(1));
        }
        longest
    });
    done.await;
    drop(ended);
    probing.join().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_thousand_jobs_that_fall_due_at_once_block_nobody() {
    let server = RedisServer::start();
    let store = Live::open(&server.url()).await;
    let scene = Scene::new(&store);
    // Claiming asks for nothing else of a job than that it is due.
    let fill = "for n = 1, 100000 do redis.call('ZADD', KEYS[1], 0, string.format('%016d', n)) end";
    server.command(&["EVAL", fill, "1", "{onay}:due:worker"]);
    server.command(&["CONFIG", "RESETSTAT"]);
    let claiming = async {
        for _ in 0..200 {
            assert_eq!(scene.claims(31).await.len(), 31);
        }
        assert_eq!(store.0.stats().await.unwrap().due["worker"], 100_000 - 6200);
    };
    let silence = longest_silence(&server, claiming).await;
    assert!(silence < SECOND, "{silence:?}");
    // Reading all that is due would take many milliseconds, claiming all of it a good second.
    let script_us = usec_per_script(&server);
    assert!(script_us < 5000, "{script_us} microseconds");
}

/// How long a script took the server, on average.
fn usec_per_script(server: &RedisServer) -> u64 {
    let stats = server.info("commandstats");
    let stats: String = stats.get("cmdstat_evalsha").unwrap();
    let number = |name: &str| {
        let found = stats.split(',').find_map(|stat| stat.strip_prefix(name));
        found.unwrap().parse::<u64>().unwrap()
    };
    number("usec=") / number("calls=")
}
