//! `kill -9` at any moment.

use std::time::Duration;

use serde_json::Value;

use crate::files::batch;
use crate::process::until;
use crate::simulator::Books;
use crate::world::{Setup, World};

const BATCHES: usize = 24;
const KILLS: usize = 16;

/// Longer than a start takes, shorter than the walk of a batch.
const LIFE_MILLIS: std::ops::Range<u64> = 50..700;

#[test]
fn a_process_killed_at_any_moment_pays_every_approved_batch_at_most_once() {
    let seed = fastrand::u64(..);
    eprintln!("seed {seed}");
    let mut chance = fastrand::Rng::with_seed(seed);
    // Answers take a moment, so that most kills meet calls under way.
    let world = Setup::default()
        .short_doubt()
        .simulator(&["--latency", "120ms"])
        .build();
    for n in 0..BATCHES {
        world.submit(&batch(&format!("crash-{n}"), n % 3 + 1));
    }
    for _ in 0..KILLS {
        approve_held(&world, chance.usize(1..4));
        let serve = world.start(&["serve"]);
        // The moment of the kill is what is varied here.
        std::thread::sleep(Duration::from_millis(chance.u64(LIFE_MILLIS)));
        serve.kill();
    }
    kill_between_authorize_and_its_answer(&world, "crash-last");

    let _serve = world.serve();
    let batches = until("the end of every batch", || {
        approve_held(&world, BATCHES);
        let listed = world.run(&["batches", "--json"]).expect(0).json();
        let batches = listed["batches"].as_array().unwrap().clone();
        let is_over =
            |batch: &Value| ["settled", "frozen"].contains(&batch["state"].as_str().unwrap());
        batches.iter().all(is_over).then_some(batches)
    });
    assert_eq!(batches.len(), BATCHES + 1);
    let books = world.books();
    for batch in &batches {
        assert_paid_or_frozen(batch, &books);
    }
    assert_eq!(books.payments_max_per_item, 1);
    assert_eq!(world.show("crash-last")["state"], "settled");
    world.run(&["audit", "verify"]).expect(0);
}

/// Approves some of the batches that are held.
fn approve_held(world: &World, at_most: usize) {
    let held = world.run(&["batches", "--state", "pending_approval", "--json"]);
    for batch in held.expect(0).json()["batches"]
        .as_array()
        .unwrap()
        .iter()
        .take(at_most)
    {
        world.approve("mehmet", batch["external_id"].as_str().unwrap());
    }
}

/// The most delicate moment: the money moves, and nobody here knows.
fn kill_between_authorize_and_its_answer(world: &World, id: &str) {
    let serve = world.serve();
    world.hold(&batch(id, 2));
    world.simulator.hold_next("auth", 20_000);
    world.approve("mehmet", id);
    until("authorize at the provider", || {
        (world.books().batch(id).auth_calls == 1).then_some(())
    });
    serve.kill();
}

/// A batch is paid once; or it is frozen because nobody can know whether its release arrived, and
/// it did not.
#[track_caller]
fn assert_paid_or_frozen(batch: &Value, books: &Books) {
    let book = books.batch(batch["external_id"].as_str().unwrap());
    if batch["state"] == "settled" {
        book.assert_paid_once();
    } else {
        assert_eq!(batch["frozen"]["why"], "release_unconfirmed", "{batch:#}");
        book.assert_never_released("INIT");
    }
}
