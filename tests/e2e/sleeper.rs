//! Workers that are stopped at any moment, know nothing of it, and wake up when others did their work.
//!
//! The provider pays again on every repeated authorize.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::desk::Caller;
use crate::files::batch;
use crate::process::{Process, until};
use crate::world::{Setup, World};

/// Where the worker is stopped: its call of this endpoint is at the provider and not answered yet.
const MOMENTS: [&str; 3] = ["balance", "retrieve", "auth"];

#[test]
fn a_worker_that_sleeps_through_its_release_sends_nothing_when_it_wakes_up() {
    for endpoint in MOMENTS {
        let world = setup().build();
        pays_twice(&world);
        let sleeper = world.start(&["worker"]);
        world.hold(&batch("slept", 2));
        world.simulator.hold_next(endpoint, 700);
        world.approve("mehmet", "slept");
        until("the worker's call at the provider", || {
            world.simulator.faults().open.is_empty().then_some(())
        });
        sleeper.stop();

        let _others = [world.start(&["worker"]), world.start(&["reconciler"])];
        world.wait_until("slept", "settled");
        sleeper.go_on();
        // It finishes what is under way before it ends.
        assert_eq!(sleeper.terminate().code(), Some(0));
        world.books().batch("slept").assert_paid_once();
        assert_eq!(world.show("slept")["state"], "settled");
    }
}

const BATCHES: usize = 36;
/// How often each of two workers is stopped.
const NAPS: usize = 32;
/// The longest between two naps: not enough for a whole release.
const AWAKE_MILLIS: std::ops::Range<u64> = 5..90;
/// Some naps outlast the lease and the deadline of a call.
const NAP_MILLIS: std::ops::Range<u64> = 10..300;
const LONG_NAP_MILLIS: u64 = 2_200;

#[test]
fn two_workers_that_fall_asleep_at_any_moment_never_pay_twice() {
    std::thread::scope(|scope| {
        scope.spawn(|| doze("ask", setup()));
        // No call gets lost on its way here: what does not show never was sent, and never will be.
        scope.spawn(|| doze("resend", setup().resend()));
    });
}

fn setup() -> Setup {
    Setup::default().short_doubt()
}

fn pays_twice(world: &World) {
    world
        .simulator
        .behave(&json!({ "repeated_auth": "pays_twice" }));
}

fn doze(on_doubt: &str, setup: Setup) {
    let seed = fastrand::u64(..);
    let world = setup.simulator(&["--latency", "25ms"]).build();
    pays_twice(&world);
    let mut console = world.start(&["console"]);
    let url = console.told("console on ");
    let ayse = Caller::new(&url, world.token("ayse"));
    let mehmet = Caller::new(&url, world.token("mehmet"));
    let _reconciler = world.start(&["reconciler"]);
    let workers = [world.start(&["worker"]), world.start(&["worker"])];
    for n in 0..BATCHES {
        ayse.submit(&batch(&format!("doze-{n}"), 2));
    }

    let (store, is_over) = (&world.store(), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let naps: Vec<_> = (0..)
            .zip(&workers)
            .map(|(n, worker)| scope.spawn(move || nap(worker, store, seed.wrapping_add(n))))
            .collect();
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                approve_held(&mehmet);
            }
        });
        for nap in naps {
            nap.join().unwrap();
        }
        is_over.store(true, Ordering::Relaxed);
    });
    let ended = until("the end of every batch", || {
        approve_held(&mehmet);
        let batches = mehmet.batches();
        let is_over =
            |batch: &Value| ["settled", "frozen"].contains(&batch["state"].as_str().unwrap());
        batches.iter().all(is_over).then_some(batches)
    });

    let books = world.books();
    assert_eq!(books.payments_max_per_item, 1, "seed {seed}");
    let mut asleep = 0;
    for batch in &ended {
        let id = batch["external_id"].as_str().unwrap();
        let book = books.batch(id);
        if batch["state"] == "settled" {
            book.assert_paid_once();
        } else {
            assert_eq!(batch["frozen"]["why"], "release_unconfirmed", "{batch:#}");
            book.assert_never_released("INIT");
        }
        let (_, journal) = mehmet.get(&format!("/v1/batches/{id}/journal"));
        let entries = journal["journal"].as_array().unwrap();
        asleep += entries
            .iter()
            .filter(|entry| entry["event"] == "release_not_sent")
            .count();
    }
    let frozen = ended
        .iter()
        .filter(|batch| batch["state"] == "frozen")
        .count();
    eprintln!("{on_doubt}, seed {seed}: {asleep} releases slept through, {frozen} frozen");
    assert!(on_doubt == "ask" || frozen == 0, "seed {seed}");
    for worker in workers {
        assert_eq!(worker.terminate().code(), Some(0));
    }
    world.run(&["audit", "verify"]).expect(0);
}

fn nap(worker: &Process, store: &Path, seed: u64) {
    let mut chance = fastrand::Rng::with_seed(seed);
    let ledger = Connection::open(store).unwrap();
    for _ in 0..NAPS {
        // The moments are what is varied here; the most delicate one is right after the intent.
        let awake = Duration::from_millis(chance.u64(AWAKE_MILLIS));
        let (start, before) = (Instant::now(), releases(&ledger));
        while start.elapsed() < awake && releases(&ledger) <= before {
            std::thread::yield_now();
        }
        worker.stop();
        let millis = match chance.u8(..4) {
            0 => LONG_NAP_MILLIS,
            _ => chance.u64(NAP_MILLIS),
        };
        std::thread::sleep(Duration::from_millis(millis));
        worker.go_on();
    }
}

/// How many batches are being released.
fn releases(ledger: &Connection) -> u32 {
    let sql = "SELECT count(*) FROM batch WHERE state = 'releasing'";
    ledger.query_row(sql, (), |row| row.get(0)).unwrap()
}

fn approve_held(mehmet: &Caller) {
    for shown in mehmet.held(BATCHES) {
        mehmet.decide(&shown, "approve");
    }
}
