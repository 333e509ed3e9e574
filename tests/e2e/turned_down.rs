//! No is an answer, and time gives it too.

use crate::files::batch;
use crate::process::until;
use crate::world::{Setup, World};

#[test]
fn a_rejected_batch_is_cancelled_at_the_provider_and_never_paid() {
    let world = World::new();
    let _serve = world.serve();
    world.hold(&batch("no", 2));
    let args = ["reject", "no", "--reason", "wrong month", "--json"];
    let rejected = world.run_as("mehmet", &args).expect(0).json();
    assert_eq!(rejected["decision"], "reject");
    let shown = world.wait_until("no", "rejected");
    let explain = shown["explain"].as_str().unwrap();
    assert!(explain.contains("mehmet: wrong month"), "{explain}");
    world.run(&["watch", "no"]).expect(3);
    assert_turned_down(&world, "no");
    let report = world.run(&["report", "no", "--json"]).expect(0).json();
    assert_eq!(report["cancelled"], "200.03");
    assert_eq!(report["difference"], "0.00");
}

#[test]
fn a_maker_takes_their_own_batch_back_and_nobody_elses() {
    let world = Setup::default().person("deniz", &["maker"]).build();
    let _serve = world.serve();
    world.hold(&batch("mine", 1));
    world
        .run_as("deniz", &["withdraw", "mine"])
        .expect(3)
        .says(&["ayse"]);
    world
        .run_as("mehmet", &["withdraw", "mine"])
        .expect(3)
        .says(&["maker"]);
    assert_eq!(world.show("mine")["state"], "pending_approval");

    world
        .run_as("ayse", &["withdraw", "mine", "--reason", "typo"])
        .expect(0);
    world.wait_until("mine", "withdrawn");
    world.run(&["watch", "mine"]).expect(3);
    assert_turned_down(&world, "mine");
}

#[test]
fn a_batch_taken_back_before_the_provider_knew_it_never_gets_there() {
    let world = World::new();
    world.submit(&batch("early", 1));
    world.run_as("ayse", &["withdraw", "early"]).expect(0);
    assert_eq!(world.show("early")["state"], "withdrawn");
    let _serve = world.serve();
    world.hold(&batch("later", 1));
    let books = world.books();
    assert!(
        books
            .batches
            .iter()
            .all(|batch| batch.external_id != "early")
    );
}

#[test]
fn nobody_deciding_in_time_means_no() {
    let world = Setup::default()
        .policy("expires_after = \"48h\"", "expires_after = \"1s\"")
        .build();
    let serve = world.serve();
    world.submit(&batch("late", 1));
    world.wait_until("late", "expired");
    world.run(&["watch", "late"]).expect(3);
    assert_turned_down(&world, "late");
    serve.terminate();
}

#[test]
fn an_approval_that_was_not_released_in_time_releases_nothing() {
    let world = Setup::default()
        .policy("expires_after = \"48h\"", "expires_after = \"4s\"")
        .build();
    let serve = world.serve();
    world.hold(&batch("stale", 1));
    serve.terminate();
    world.approve("mehmet", "stale");
    // Nobody is at work until the time is over: what counts is the moment of the release.
    until("the expiry", || {
        let ran = world
            .run_as("mehmet", &["why", "stale", "--json"])
            .expect(0);
        (ran.json()["may_decide"] == false).then_some(())
    });
    let _serve = world.serve();
    world.wait_until("stale", "expired");
    assert_turned_down(&world, "stale");
}

#[track_caller]
fn assert_turned_down(world: &World, batch: &str) {
    let books = world.books();
    books.batch(batch).assert_never_released("CANCELED");
    assert_eq!(books.batch(batch).cancel_calls, 1);
}
