//! Ways out of a frozen batch: each is chosen by two people, and none pays twice.

use serde_json::{Value, json};

use crate::files::batch;
use crate::process::{Process, until};
use crate::world::{Setup, World};

/// Longer than any test: the provider never shows what it did.
const HIDDEN_MILLIS: u64 = 3_600_000;

/// A batch whose release was sent and shows no effect. The provider pays again on a repetition.
fn frozen(fault: &str, switches: &Value) -> (World, Process, Value) {
    let world = Setup::default()
        .short_doubt()
        .person("oya", &["operator"])
        .build();
    world
        .simulator
        .behave(&json!({ "repeated_auth": "pays_twice" }));
    world.simulator.behave(switches);
    let serve = world.serve();
    world.hold(&batch("stuck", 2));
    world.simulator.fail_next("auth", fault);
    world.approve("mehmet", "stuck");
    let frozen = world.wait_until("stuck", "frozen");
    assert_eq!(frozen["frozen"]["why"], "release_unconfirmed", "{frozen:#}");
    (world, serve, frozen)
}

/// The release did not arrive.
fn lost() -> (World, Process, Value) {
    frozen("close_before_work", &json!({}))
}

/// The release arrived, and the provider goes on showing INIT.
fn hidden(late_cancel: &str) -> (World, Process, Value) {
    let switches = json!({
        "batch_lag_ms": HIDDEN_MILLIS,
        "item_lag_ms": HIDDEN_MILLIS,
        "late_cancel": late_cancel,
    });
    frozen("lose_answer_after_work", &switches)
}

fn show_all(world: &World) {
    world
        .simulator
        .behave(&json!({ "batch_lag_ms": 0, "item_lag_ms": 0 }));
}

#[track_caller]
fn assert_paid_once(world: &World) {
    let books = world.books();
    let payments = books.payments("stuck");
    assert_eq!(payments.len(), 2, "{payments:?}");
    assert!(payments.values().all(|times| *times == 1), "{payments:?}");
    let authorized = books
        .stored_as("stuck")
        .iter()
        .map(|book| book.authorized_times)
        .sum::<u64>();
    assert_eq!(authorized, 1);
    world.run(&["audit", "verify"]).expect(0);
}

#[test]
fn one_person_or_two_wishes_or_the_maker_resolve_nothing() {
    let (world, _serve, _) = lost();
    world
        .resolve("ayse", "stuck", "close")
        .expect(3)
        .says(&["submitted"]);
    world.resolve("mehmet", "stuck", "close").expect(0);
    world.resolve("mehmet", "stuck", "close").expect(0);
    world.resolve("oya", "stuck", "retry-release").expect(0);
    let shown = world.show("stuck");
    assert_eq!(shown["frozen"]["proposal"]["by"], "oya", "{shown:#}");
    assert_eq!(shown["frozen"]["proposal"]["action"], "retry-release");
    world
        .run_as("oya", &["resolve", "stuck", "close"])
        .expect(2);
    let books = world.books();
    books.batch("stuck").assert_never_released("INIT");
    assert_eq!(books.calls.cancel, 0);
}

#[test]
fn a_release_that_never_arrived_is_sent_once_more_when_two_people_say_so() {
    let (world, _serve, _) = lost();
    world.resolve_by_two("stuck", "retry-release");
    world.wait_until_again("stuck", "settled");
    assert_paid_once(&world);
}

#[test]
fn a_batch_is_prepared_anew_only_once_the_old_one_is_cancelled_and_needs_a_fresh_approval() {
    let (world, _serve, frozen) = lost();
    world.resolve_by_two("stuck", "re-prepare");
    let held = world.wait_until_again("stuck", "pending_approval");
    assert_ne!(held["request_id"], frozen["request_id"]);
    assert_ne!(held["digest"], frozen["digest"]);
    assert_eq!(held["approvals"]["given"], json!([]));
    let books = world.books();
    let is_old = |id: &str| frozen["request_id"] == id;
    let stored = books.stored_as("stuck");
    assert_eq!(stored.len(), 2, "{stored:#?}");
    for book in stored {
        let status = if is_old(&book.request_id) {
            "CANCELED"
        } else {
            "INIT"
        };
        book.assert_never_released(status);
    }

    let old_digest = frozen["digest"].as_str().unwrap();
    let args = ["approve", "stuck", "--digest", old_digest];
    world.run_as("mehmet", &args).expect(3);
    world.approve("mehmet", "stuck");
    world.wait_until("stuck", "settled");
    let books = world.books();
    let stored = books.stored_as("stuck");
    let old = stored.iter().find(|book| is_old(&book.request_id)).unwrap();
    old.assert_never_released("CANCELED");
    assert_paid_once(&world);
}

#[test]
fn a_release_that_arrived_unseen_is_not_prepared_anew_whatever_the_cancel_answers() {
    for late_cancel in ["refuse", "ignore"] {
        let (world, _serve, _) = hidden(late_cancel);
        world.resolve_by_two("stuck", "re-prepare");
        until("cancel at the provider", || {
            (world.books().calls.cancel > 0).then_some(())
        });
        show_all(&world);
        let shown = world.wait_until_again("stuck", "frozen");
        assert_eq!(shown["frozen"]["why"], "past_init", "{shown:#}");
        assert_eq!(world.books().stored_as("stuck").len(), 1);
        world.resolve_by_two("stuck", "confirm-released");
        world.wait_until_again("stuck", "settled");
        assert_paid_once(&world);
    }
}

#[test]
fn a_release_that_people_know_of_is_watched_to_its_end() {
    let (world, _serve, _) = hidden("refuse");
    world.resolve_by_two("stuck", "confirm-released");
    show_all(&world);
    world.wait_until_again("stuck", "settled");
    world.books().batch("stuck").assert_paid_once();
    assert_paid_once(&world);
}

#[test]
fn a_closed_batch_is_cancelled_at_the_provider_and_ties_out() {
    let (world, _serve, _) = lost();
    world.resolve_by_two("stuck", "close");
    let closed = world.wait_until_again("stuck", "rejected");
    assert_eq!(closed["tie_out"]["cancelled"], "200.03", "{closed:#}");
    assert_eq!(closed["tie_out"]["difference"], "0.00", "{closed:#}");
    world
        .books()
        .batch("stuck")
        .assert_never_released("CANCELED");
    world.resolve("mehmet", "stuck", "retry-release").expect(3);
    let journal = world
        .run(&["show", "stuck", "--journal", "--json"])
        .expect(0)
        .json();
    let journal = journal["journal"].as_array().unwrap();
    let words: Vec<_> = journal
        .iter()
        .map(|entry| entry["note"].as_str().unwrap())
        .collect();
    for told in [
        "mehmet proposes close: as agreed",
        "oya confirms: as agreed",
    ] {
        assert!(words.iter().any(|note| note.contains(told)), "{words:#?}");
    }
}

#[test]
fn what_would_not_be_safe_is_not_offered_and_the_choices_are_told() {
    let world = Setup::default().person("oya", &["operator"]).build();
    world
        .simulator
        .behave(&json!({ "alterations": [{ "change": "amount" }] }));
    let _serve = world.serve();
    world.submit(&batch("other", 2));
    world.wait_until("other", "frozen");
    for action in ["retry-release", "confirm-released"] {
        let ran = world.resolve("mehmet", "other", action).expect(3);
        ran.says(&["re-prepare", "close"]);
    }
    let listed = world.run(&["resolve", "other"]).expect(0).stdout;
    assert!(
        listed.contains("re-prepare") && !listed.contains("retry-release"),
        "{listed}"
    );

    // What differed is gone: prepared anew, it is held like any other.
    world.simulator.behave(&json!({ "alterations": [] }));
    world.resolve_by_two("other", "re-prepare");
    world.wait_until_again("other", "pending_approval");
    world.approve("mehmet", "other");
    world.wait_until("other", "settled");
    let books = world.books();
    let payments = books.payments("other");
    assert!(payments.values().all(|times| *times == 1), "{payments:?}");
}
