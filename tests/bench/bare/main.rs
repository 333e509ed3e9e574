//! The bare flow: the floor that Onay is measured against.
//!
//! The same five durable transitions for a batch, in Redis and with three calls of the provider, as
//! anybody would write them in an afternoon: straight down, no recovery, no checks. **Not to be copied**:
//! a crash or a lost answer between two lines pays twice or never.
//!
//! `bare REDIS_URL PROVIDER_URL BATCHES ITEMS AT_ONCE settle|hold` prints what it took as JSON.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::float_arithmetic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a measure that goes wrong should stop there"
)]

mod payroll;
mod provider;
mod used;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use chrono::Utc;
use redis::AsyncCommands as _;
use redis::aio::MultiplexedConnection;
use serde_json::json;
use tokio::task::JoinSet;

use provider::Provider;
use used::Used;

/// What a run is told.
struct Run {
    store: MultiplexedConnection,
    provider: Provider,
    batches: usize,
    items: usize,
    is_held: bool,
    next: AtomicUsize,
}

/// A batch that went its way.
struct Gone {
    request_id: String,
    decided_us: i64,
    at: Instant,
}

#[tokio::main]
async fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [store, provider, batches, items, at_once, until] = args.as_slice() else {
        println!("usage: bare REDIS_URL PROVIDER_URL BATCHES ITEMS AT_ONCE settle|hold");
        return;
    };
    let count = |text: &str| text.parse::<usize>().expect("a number");
    let client = redis::Client::open(store.as_str()).expect("a Redis URL");
    let mut store = client
        .get_multiplexed_async_connection()
        .await
        .expect("a Redis server");
    let before = Used::now(&mut store).await;
    let run = Arc::new(Run {
        store: store.clone(),
        provider: Provider::new(provider),
        batches: count(batches),
        items: count(items),
        is_held: until == "hold",
        next: AtomicUsize::new(0),
    });
    let mut lanes = JoinSet::new();
    for _ in 0..count(at_once) {
        lanes.spawn(lane(Arc::clone(&run)));
    }
    let mut gone: Vec<Gone> = lanes.join_all().await.into_iter().flatten().collect();
    gone.sort_by_key(|batch| batch.at);
    let used = Used::now(&mut store).await.since(&before);
    let waits = waits(&gone, &run.provider.first_auth_us().await);
    let part = |per_mille: usize| waits.get((waits.len().max(1) - 1) * per_mille / 1000);
    let share = |total: u64| total as f64 / run.batches as f64;
    let report = json!({
        "batches": run.batches,
        "items": run.items,
        "batches_per_second": per_second(&gone),
        "authorize_p50_us": part(500),
        "authorize_p99_us": part(990),
        "roles_cpu_us_per_batch": share(used.own_cpu_us),
        "store_cpu_us_per_batch": share(used.store_cpu_us),
        "store_commands_per_batch": share(used.store_commands),
        "store_bytes_per_batch": share(used.store_bytes),
        "worker_peak_bytes": used.peak_bytes,
    });
    println!("{report:#}");
}

async fn lane(run: Arc<Run>) -> Vec<Gone> {
    let mut gone = Vec::new();
    loop {
        let number = run.next.fetch_add(1, Ordering::Relaxed);
        if number >= run.batches {
            return gone;
        }
        gone.push(flow(&run, number).await);
    }
}

/// One batch, straight down.
async fn flow(run: &Run, number: usize) -> Gone {
    let mut store = run.store.clone();
    let key = format!("bare:{number}");
    let request = payroll::request(number, run.items);
    save(
        &mut store,
        &key,
        &[("state", "enqueued"), ("request", &request)],
    )
    .await;
    let request_id = run.provider.initialize(request).await;
    save(
        &mut store,
        &key,
        &[("state", "held"), ("request_id", &request_id)],
    )
    .await;
    let mut decided_us = 0;
    if !run.is_held {
        save(&mut store, &key, &[("state", "decided"), ("by", "mehmet")]).await;
        decided_us = Utc::now().timestamp_micros();
        save(&mut store, &key, &[("state", "releasing")]).await;
        run.provider.authorize(&request_id).await;
        let paid = run.provider.paid(&request_id, run.items).await;
        assert_eq!(paid, run.items, "{request_id}");
        save(&mut store, &key, &[("state", "settled")]).await;
    }
    let at = Instant::now();
    Gone {
        request_id,
        decided_us,
        at,
    }
}

async fn save(store: &mut MultiplexedConnection, key: &str, fields: &[(&str, &str)]) {
    let () = store.hset_multiple(key, fields).await.expect("stored");
}

/// From each decision to the authorize request that followed, in microseconds, sorted.
fn waits(gone: &[Gone], first_auth_us: &HashMap<String, i64>) -> Vec<i64> {
    let arrived = gone.iter().filter_map(|batch| {
        let arrived_us = first_auth_us.get(&batch.request_id)?;
        Some(arrived_us - batch.decided_us)
    });
    let mut waits: Vec<i64> = arrived.collect();
    waits.sort_unstable();
    waits
}

/// Between a tenth and nine tenths of all, as `onay bench` counts.
fn per_second(gone: &[Gone]) -> f64 {
    let (first, last) = (gone.len() / 10, gone.len() * 9 / 10);
    let time = gone[last.min(gone.len() - 1)].at - gone[first].at;
    (last - first) as f64 / time.as_secs_f64()
}
