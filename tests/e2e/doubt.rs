//! Answers that get lost. `INIT` in the books means: nothing was released.

use crate::files::batch;
use crate::process::until;
use crate::world::{Setup, World};

fn world() -> World {
    Setup::default().short_doubt().build()
}

#[test]
fn a_lost_answer_to_initialize_makes_no_second_batch() {
    for (id, kind, init_calls) in [
        ("lost-init", "lose_answer_after_work", 2),
        ("closed-init", "close_before_work", 1),
    ] {
        let world = world();
        world.simulator.fail_next("init", kind);
        let _serve = world.serve();
        world.hold(&batch(id, 2));
        world.approve("mehmet", id);
        world.wait_until(id, "settled");
        let books = world.books();
        assert_eq!(books.batch(id).init_calls, init_calls);
        books.batch(id).assert_paid_once();
    }
}

#[test]
fn a_lost_answer_to_authorize_is_asked_about_and_never_sent_twice() {
    let world = world();
    let _serve = world.serve();
    world.hold(&batch("lost-auth", 2));
    world.simulator.fail_next("auth", "lose_answer_after_work");
    world.approve("mehmet", "lost-auth");
    world.wait_until("lost-auth", "settled");
    world.books().batch("lost-auth").assert_paid_once();
}

#[test]
fn an_authorize_that_may_have_been_lost_on_the_way_is_frozen_and_not_sent_again() {
    let world = world();
    let _serve = world.serve();
    world.hold(&batch("closed-auth", 2));
    world.simulator.fail_next("auth", "close_before_work");
    world.approve("mehmet", "closed-auth");
    let frozen = world.wait_until("closed-auth", "frozen");
    assert_eq!(frozen["frozen"]["why"], "release_unconfirmed", "{frozen:#}");
    assert_eq!(frozen["frozen"]["from"], "releasing", "{frozen:#}");
    world
        .run(&["watch", "closed-auth"])
        .expect(4)
        .says(&["frozen"]);
    world.run(&["doctor"]).expect(4);
    world
        .books()
        .batch("closed-auth")
        .assert_never_released("INIT");
}

#[test]
fn a_policy_that_allows_it_sends_a_lost_authorize_again_once_it_is_known_to_be_lost() {
    let world = Setup::default()
        .short_doubt()
        .policy(
            "on_release_doubt = \"ask\"",
            "on_release_doubt = \"resend\"",
        )
        .build();
    let _serve = world.serve();
    world.hold(&batch("resent", 2));
    world.simulator.fail_next("auth", "close_before_work");
    world.approve("mehmet", "resent");
    world.wait_until("resent", "settled");
    world.books().batch("resent").assert_paid_once();
}

#[test]
fn a_lost_answer_to_cancel_still_ends_cancelled() {
    for (id, kind) in [
        ("lost-cancel", "lose_answer_after_work"),
        ("closed-cancel", "close_before_work"),
    ] {
        let world = world();
        let _serve = world.serve();
        world.hold(&batch(id, 2));
        world.simulator.fail_next("cancel", kind);
        world
            .run_as("mehmet", &["reject", id, "--reason", "no"])
            .expect(0);
        world.wait_until(id, "rejected");
        let books = world.books();
        books.batch(id).assert_never_released("CANCELED");
        assert_eq!(books.batch(id).cancel_calls, 1);
    }
}

#[test]
fn a_process_killed_while_authorize_is_unanswered_pays_once_after_its_restart() {
    let world = world();
    let serve = world.serve();
    world.hold(&batch("held-answer", 2));
    world.simulator.hold_next("auth", 20_000);
    world.approve("mehmet", "held-answer");
    until("authorize at the provider", || {
        (world.books().calls.auth == 1).then_some(())
    });
    serve.kill();
    assert_eq!(world.show("held-answer")["state"], "releasing");

    let _serve = world.serve();
    world.wait_until("held-answer", "settled");
    world.books().batch("held-answer").assert_paid_once();
}

#[test]
fn an_answer_that_comes_after_the_time_out_is_as_good_as_lost() {
    let world = world();
    let _serve = world.serve();
    world.hold(&batch("slow", 2));
    // Longer than the time-out of a call, shorter than the doubt.
    world.simulator.hold_next("auth", 4_000);
    world.approve("mehmet", "slow");
    world.wait_until("slow", "settled");
    world.books().batch("slow").assert_paid_once();
}
