//! `kill -9` at any moment.

use std::time::Duration;

use serde_json::Value;

use crate::files::batch;
use crate::process::until;
use crate::world::{Setup, World};

const BATCHES: usize = 24;
const KILLS: usize = 16;

/// Longest time a process lives. It starts in a tenth of this.
const LIFE_MILLIS: std::ops::Range<u64> = 20..900;

#[test]
fn a_process_killed_at_any_moment_pays_every_approved_batch_at_most_once() {
    let seed = fastrand::u64(..);
    eprintln!("seed {seed}");
    let mut chance = fastrand::Rng::with_seed(seed);
    // Answers take a moment, so that kills meet calls under way.
    let world = Setup::default()
        .short_doubt()
        .simulator(&["--latency", "40ms"])
        .build();
    let ids: Vec<String> = (0..BATCHES).map(|n| format!("crash-{n}")).collect();
    for (n, id) in ids.iter().enumerate() {
        world.submit(&batch(id, n % 3 + 1));
    }
    for _ in 0..KILLS {
        approve_held(&world, chance.usize(0..4));
        let serve = world.start(&["serve"]);
        // The moment of the kill is what is varied here.
        std::thread::sleep(Duration::from_millis(chance.u64(LIFE_MILLIS)));
        serve.kill();
    }
    kill_between_authorize_and_its_answer(&world);

    let _serve = world.serve();
    until("the end of every batch", || {
        approve_held(&world, BATCHES);
        let listed = world.run(&["batches", "--json"]).expect(0).json();
        let batches = listed["batches"].as_array().unwrap();
        let is_over =
            |batch: &Value| ["settled", "frozen"].contains(&batch["state"].as_str().unwrap());
        batches.iter().all(is_over).then_some(())
    });
    for id in &ids {
        assert_paid_or_frozen(&world, id);
    }
    assert_eq!(world.books().payments_max_per_item, 1);
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
fn kill_between_authorize_and_its_answer(world: &World) {
    let before = world.books().calls.auth;
    world.simulator.hold_next("auth", 20_000);
    let serve = world.serve();
    until("authorize at the provider", || {
        approve_held(world, 1);
        (world.books().calls.auth > before).then_some(())
    });
    serve.kill();
}

/// A batch is paid once; or it is frozen because nobody can know whether its release arrived, and
/// it did not.
#[track_caller]
fn assert_paid_or_frozen(world: &World, id: &str) {
    let (shown, books) = (world.show(id), world.books());
    let book = books.batch(id);
    if shown["state"] == "settled" {
        book.assert_paid_once();
    } else {
        assert_eq!(shown["frozen"]["why"], "release_unconfirmed", "{shown:#}");
        assert_eq!(
            (book.status.as_str(), book.authorized_times),
            ("INIT", 0),
            "{book:?}"
        );
    }
}
