//! The provider holds something else than was sent: people are told exactly what, and nothing moves.

use serde_json::{Value, json};

use crate::files::batch;
use crate::process::until;
use crate::world::{Setup, World};

/// What differs as soon as the batch is stored, and what people are told. The batch is named after it
/// and has three items.
const AT_HOLD: [(&str, &[&str]); 6] = [
    (
        "amount",
        &["item amount-1: amount is 100.02 TRY, 100.01 TRY was sent"],
    ),
    (
        "payee",
        &["item payee-1: payee is TR33…1320, TR33…1326 was sent"],
    ),
    ("name", &["item name-1: the payee's name is another"]),
    ("extra", &["item extra-1-extra was never sent"]),
    (
        "total",
        &["the provider shows a total of 300.07 TRY, 300.06 TRY was sent"],
    ),
    (
        "masked",
        &[
            "item masked-1: payee is",
            "item masked-2: payee is",
            "item masked-3: payee is",
        ],
    ),
];

#[test]
fn a_copy_that_differs_is_frozen_says_what_differs_and_is_never_released() {
    let world = World::new();
    let alterations = AT_HOLD.map(|(change, _)| json!({ "change": change, "external_id": change }));
    world
        .simulator
        .behave(&json!({ "alterations": alterations }));
    let _serve = world.serve();
    for (change, _) in AT_HOLD {
        world.submit(&batch(change, 3));
    }
    for (change, told) in AT_HOLD {
        let frozen = world.wait_until(change, "frozen");
        assert_eq!(frozen["frozen"]["from"], "prepared", "{frozen:#}");
        assert_told(&world, &frozen, told);
    }
}

/// What changes after people were shown the batch.
const AFTER_READ: [(&str, &str); 4] = [
    (
        "amount",
        "300.07 TRY in 3 items, and showed 300.06 TRY in 3 items",
    ),
    (
        "missing",
        "200.05 TRY in 2 items, and showed 300.06 TRY in 3 items",
    ),
    (
        "extra",
        "400.07 TRY in 4 items, and showed 300.06 TRY in 3 items",
    ),
    (
        "total",
        "300.07 TRY in 3 items, and showed 300.06 TRY in 3 items",
    ),
];

#[test]
fn a_copy_that_changes_after_it_was_approved_is_frozen_and_never_released() {
    let world = World::new();
    let alterations = AFTER_READ.map(
        |(change, _)| json!({ "change": change, "external_id": change, "when": "after_read" }),
    );
    world
        .simulator
        .behave(&json!({ "alterations": alterations }));
    let _serve = world.serve();
    for (change, _) in AFTER_READ {
        world.submit(&batch(change, 3));
    }
    for (change, told) in AFTER_READ {
        world.wait_until(change, "pending_approval");
        world.approve("mehmet", change);
        let frozen = world.wait_until(change, "frozen");
        assert_eq!(frozen["frozen"]["from"], "approved", "{frozen:#}");
        assert_told(&world, &frozen, &[told]);
    }
}

#[track_caller]
fn assert_told(world: &World, frozen: &Value, told: &[&str]) {
    let id = frozen["external_id"].as_str().unwrap();
    assert_eq!(frozen["frozen"]["why"], "copy_differs", "{frozen:#}");
    let details = frozen["frozen"]["details"].as_array().unwrap();
    let explain = frozen["explain"].as_str().unwrap();
    assert_eq!(details.len(), told.len(), "{details:#?}");
    for (detail, told) in details.iter().zip(told) {
        assert!(detail.as_str().unwrap().contains(told), "{detail}");
        assert!(explain.contains(told), "{explain}");
    }
    let books = world.books();
    let book = books.batch(id);
    assert!(book.is_altered);
    book.assert_never_released("INIT");
}

/// It may only be late, so it is asked for again for ten minutes: longer than a test may take. What counts
/// is that nobody can approve it meanwhile.
#[test]
fn a_copy_that_lacks_an_item_is_never_shown_for_approval() {
    let world = World::new();
    world
        .simulator
        .behave(&json!({ "alterations": [{ "change": "missing" }] }));
    let _serve = world.serve();
    world.submit(&batch("lacking", 3));
    until("a few looks at the copy", || {
        let books = world.books();
        let book = books.batches.first()?;
        (book.retrieve_calls > 3).then_some(())
    });
    let shown = world.show("lacking");
    assert_eq!(shown["state"], "prepared", "{shown:#}");
    assert!(shown["digest"].is_null(), "{shown:#}");
    let approve = ["approve", "lacking", "--digest", &"0".repeat(64)];
    world.run_as("mehmet", &approve).expect(3);
    world.books().batch("lacking").assert_never_released("INIT");
}

#[test]
fn a_copy_that_comes_late_is_waited_for_and_then_paid() {
    let world = Setup::default().short_doubt().build();
    world.simulator.behave(&json!({
        "readable_after_ms": 700,
        "items_readable_after_ms": 1_600,
        "unknown_id": "empty",
    }));
    let _serve = world.serve();
    world.hold(&batch("late", 4));
    world.approve("mehmet", "late");
    world.wait_until("late", "settled");
    world.books().batch("late").assert_paid_once();
}
