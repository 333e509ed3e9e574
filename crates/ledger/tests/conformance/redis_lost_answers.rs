//! A server that did what it was told, and whose answer got lost, is told once more and does it once.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use onay_ledger::conformance::redis_server::RedisServer;
use onay_ledger::conformance::{actor, batch_id, content, items};
use onay_ledger::{
    Access, Authority, Commit, Ledger, LedgerError, Opened, Opening, RedisLedger, Swap, now,
};
use onay_payout::{Batch, Event, Intent};

/// Whether the answer to the next call of a script gets lost.
static LOSES: AtomicBool = AtomicBool::new(false);

/// Hands on what is said, in both directions, until an answer gets lost: then the line is cut.
fn hand_on(client: TcpStream, port: u16) {
    let server = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let is_lost = Arc::new(AtomicBool::new(false));
    let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    let loses = Arc::clone(&is_lost);
    std::thread::spawn(move || {
        told(&mut from, |words| {
            let is_call = words.windows(7).any(|word| word == b"EVALSHA");
            if is_call && LOSES.swap(false, Ordering::Relaxed) {
                loses.store(true, Ordering::Relaxed);
            }
            to.write_all(words).is_ok()
        });
    });
    std::thread::spawn(move || {
        let (mut from, mut to) = (server, client);
        told(&mut from, |words| {
            !is_lost.load(Ordering::Relaxed) && to.write_all(words).is_ok()
        });
        let _ = to.shutdown(Shutdown::Both);
    });
}

/// Reads until nothing comes any more, or nobody wants it.
fn told(from: &mut TcpStream, mut wants: impl FnMut(&[u8]) -> bool) {
    let mut words = vec![0; 1 << 16];
    while let Ok(read @ 1..) = from.read(&mut words) {
        if !wants(words.get(..read).unwrap()) {
            return;
        }
    }
}

/// A ledger whose answers can get lost.
async fn ledger(server: &RedisServer) -> RedisLedger {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (at, port) = (listener.local_addr().unwrap(), server.port());
    std::thread::spawn(move || {
        for client in listener.incoming() {
            hand_on(client.unwrap(), port);
        }
    });
    let url = format!("redis://{at}");
    RedisLedger::open(&url, Access::Create).await.unwrap()
}

/// The server knows every script by now, so that the next call is the one that counts.
async fn losing<T>(call: impl AsyncFn() -> Result<T, LedgerError>) -> Result<T, LedgerError> {
    LOSES.store(true, Ordering::Relaxed);
    let answer = call().await;
    assert!(!LOSES.load(Ordering::Relaxed), "an answer got lost");
    answer
}

fn swap(before: Option<&str>, after: &str) -> Swap {
    let (before, after) = (before.map(str::to_owned), Some(after.to_owned()));
    Swap::new("sum", before, after)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_though_its_answer_got_lost_is_done_once() {
    let server = RedisServer::start();
    let ledger = ledger(&server).await;
    ledger.swap(&[swap(None, "1")]).await.unwrap();
    losing(async || ledger.swap(&[swap(Some("1"), "2")]).await)
        .await
        .unwrap();
    let wrong = losing(async || ledger.swap(&[swap(Some("1"), "3")]).await).await;
    assert!(matches!(wrong, Err(LedgerError::Changed)), "{wrong:?}");

    let accepted = Batch::accept(
        batch_id(1),
        content("payday", items(3)),
        "ayse".parse().unwrap(),
        now(),
    );
    let opened = ledger.open(Opening::new(accepted, &actor(), now())).await;
    let Ok(Opened::New(mut stored)) = opened else {
        panic!("{opened:?}");
    };
    for (before, after) in [("2", "3"), ("3", "4")] {
        let commit = || {
            let at = stored.batch.head().since + Duration::from_secs(1);
            let intent = Intent {
                owner: "worker-1".parse().unwrap(),
                started_at: at,
                deadline: at,
            };
            let started = stored.batch.apply(Event::InitializeStarted(intent), at);
            Commit::new(&stored, started.unwrap(), &actor(), at, Authority::Version)
                .with_swaps(vec![swap(Some(before), after)])
        };
        let next = if before == "2" {
            ledger.commit(commit()).await
        } else {
            losing(async || ledger.commit(commit()).await).await
        };
        stored = next.unwrap();
    }
    assert_eq!(stored.version, 3);
    let sum = ledger.cells(&["sum".to_owned()]).await.unwrap();
    assert_eq!(sum, [Some("4".to_owned())]);
}
