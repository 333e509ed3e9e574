//! Workers on one Redis are replaced one after another while batches flow.

use std::sync::atomic::{AtomicBool, Ordering};

use onay_ledger::conformance::redis_server::RedisServer;
use rustix::process::Signal;
use serde_json::Value;

use crate::desk::Caller;
use crate::files::batch;
use crate::process::{Process, until};
use crate::world::{Setup, World};

const WORKERS: usize = 3;

/// How many workers are replaced.
const REPLACED: usize = 12;

/// How many batches are on their way at once.
const UNDER_WAY: usize = 40;

#[test]
fn a_rolling_restart_under_load_loses_and_doubles_nothing() {
    let server = RedisServer::start();
    // Answers take a moment, so that a stop meets calls under way.
    let latency = ["--latency", "60ms"];
    let setup = Setup::default().simulator(&latency).store(server.url());
    let world = setup.build();
    let mut console = world.start(&["console"]);
    let url = console.told("console on ");
    let _reconcilers = [world.start(&["reconciler"]), world.start(&["reconciler"])];

    let is_over = AtomicBool::new(false);
    let count = std::thread::scope(|scope| {
        let flow = scope.spawn(|| flow(&world, &url, &is_over));
        let _workers = replace_workers(&world);
        is_over.store(true, Ordering::Relaxed);
        flow.join().unwrap()
    });
    assert!(count > UNDER_WAY, "hardly any load: {count}");

    let books = world.books();
    assert_eq!(books.batches.len(), count);
    for n in 0..count {
        let book = books.batch(&format!("rolling-{n}"));
        assert_eq!(book.init_calls, 1, "{book:?}");
        book.assert_paid_once();
    }
    world.run(&["audit", "verify"]).expect(0);
}

/// Submits and approves until it is over, then waits for all to be settled; gives how many.
fn flow(world: &World, url: &str, is_over: &AtomicBool) -> usize {
    let caller = |name| Caller::new(url, world.token(name));
    let (ayse, mehmet) = (caller("ayse"), caller("mehmet"));
    let mut submitted = 0;
    until("every batch settled", || {
        for shown in mehmet.held(UNDER_WAY) {
            mehmet.decide(&shown, "approve");
        }
        let is_settled = |batch: &&Value| batch["state"] == "settled";
        let settled = mehmet.batches().iter().filter(is_settled).count();
        if !is_over.load(Ordering::Relaxed) {
            for n in submitted..settled + UNDER_WAY {
                ayse.submit(&batch(&format!("rolling-{n}"), n % 4 + 1));
            }
            submitted = settled + UNDER_WAY;
        }
        (settled == submitted).then_some(submitted)
    })
}

/// Replaces the oldest worker by a new one, again and again; gives those that are left.
fn replace_workers(world: &World) -> Vec<Process> {
    let started = || {
        let mut worker = world.start(&["worker"]);
        worker.told("Worker started");
        worker
    };
    let mut workers: Vec<Process> = (0..WORKERS).map(|_| started()).collect();
    for _ in 0..REPLACED {
        workers.push(started());
        let mut oldest = workers.remove(0);
        oldest.signal(Signal::TERM);
        assert_eq!(oldest.ended().code(), Some(0), "{}", oldest.stderr());
    }
    workers
}

#[test]
fn a_second_signal_cuts_no_call() {
    let world = held_up("again", 1_500);
    let mut worker = world.start(&["worker"]);
    wait_for_authorize(&world);
    for signal in [Signal::TERM, Signal::INT, Signal::TERM] {
        worker.signal(signal);
    }
    assert_eq!(worker.ended().code(), Some(0), "{}", worker.stderr());
    assert_eq!(world.show("again")["state"], "processing");
    world.books().batch("again").assert_paid_once();
}

#[test]
fn what_is_under_way_beyond_the_time_to_drain_is_told_and_taken_over() {
    let world = held_up("late", 20_000);
    let settings = std::fs::read_to_string(world.path("onay.toml")).unwrap();
    let impatient = world.file("impatient.toml", format!("{settings}drain = \"1s\"\n"));
    let mut worker = world.start(&["worker", "--config", &impatient]);
    wait_for_authorize(&world);
    worker.signal(Signal::TERM);
    assert_eq!(worker.ended().code(), Some(1), "{}", worker.stderr());
    let told = worker.stderr();
    assert!(
        told.contains("jobs still under way 1 s after the stop: 1;"),
        "{told}"
    );

    let _roles = [world.start(&["worker"]), world.start(&["reconciler"])];
    world.wait_until("late", "settled");
    world.books().batch("late").assert_paid_once();
}

/// A world with an approved batch whose authorize will be answered late.
fn held_up(id: &str, millis: u64) -> World {
    let world = Setup::default().build();
    let worker = world.start(&["worker"]);
    world.hold(&batch(id, 2));
    worker.terminate();
    world.simulator.hold_next("auth", millis);
    world.approve("mehmet", id);
    world
}

fn wait_for_authorize(world: &World) {
    until("authorize at the provider", || {
        (world.books().calls.auth == 1).then_some(())
    });
}
