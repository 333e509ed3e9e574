//! Who may decide, on what, and how long.

use serde_json::json;

use crate::files::batch;
use crate::world::{Ran, Setup, World};

#[test]
fn a_maker_never_approves_their_own_batch_whatever_their_roles() {
    let world = Setup::default()
        .person("deniz", &["maker", "approver"])
        .build();
    let _serve = world.serve();
    let file = world.file("own.json", batch("own", 1).to_string());
    world.run_as("deniz", &["submit", &file]).expect(0);
    let held = world.wait_until("own", "pending_approval");
    assert_eq!(held["approvals"]["missing"], json!(["mehmet"]));
    let digest = held["digest"].as_str().unwrap();

    let args = ["approve", "own", "--digest", digest];
    world.run_as("deniz", &args).expect(3).says(&["deniz"]);
    let args = ["reject", "own", "--reason", "mine"];
    world.run_as("deniz", &args).expect(3).says(&["deniz"]);
    assert_eq!(world.show("own")["approvals"]["given"], json!([]));
    world.books().batch("own").assert_never_released("INIT");
}

#[test]
fn only_an_approver_with_their_own_token_and_the_right_digest_decides() {
    let world = Setup::default()
        .person("zeynep", &["approver"])
        .person("ali", &["auditor"])
        .build();
    let _serve = world.serve();
    let held = world.hold(&batch("asked", 1));
    let digest = held["digest"].as_str().unwrap();
    let approve = ["approve", "asked", "--digest", digest];

    // The maker is not even an approver; an auditor reads and does nothing else.
    world
        .run_as("ayse", &approve)
        .expect(3)
        .says(&["ayse", "approver"]);
    world
        .run_as("ali", &approve)
        .expect(3)
        .says(&["ali", "approver"]);

    // A token is somebody, or nobody.
    let as_mehmet = |token: &str| {
        let mut command = world.command(&approve);
        Ran::of(command.args(["--as", "mehmet"]).env("ONAY_TOKEN", token))
    };
    as_mehmet("onay_mehmet_000000000000000000000000000000000000000000000000").expect(3);
    as_mehmet("nonsense").expect(3);
    as_mehmet(world.token("zeynep"))
        .expect(3)
        .says(&["belongs to zeynep", "mehmet"]);
    as_mehmet("").expect(2).says(&["ONAY_TOKEN"]);

    // What was seen must be what is there.
    let other = "0".repeat(64);
    let args = ["approve", "asked", "--digest", &other];
    world.run_as("mehmet", &args).expect(3).says(&["digest"]);
    world
        .run_as("mehmet", &["approve", "asked"])
        .expect(2)
        .says(&["--digest"]);

    assert_eq!(world.show("asked")["state"], "pending_approval");
    assert_eq!(world.show("asked")["approvals"]["given"], json!([]));
    world.books().batch("asked").assert_never_released("INIT");
}

#[test]
fn an_approval_given_twice_counts_once() {
    let world = Setup::default().two_approvals().build();
    let _serve = world.serve();
    world.hold(&batch("twice", 2));
    let first = world.approve("mehmet", "twice");
    assert_eq!(first["state"], "pending_approval");
    let again = world.approve("mehmet", "twice");
    assert_eq!(again["state"], "pending_approval");
    assert_eq!(again["approvals"]["given"].as_array().unwrap().len(), 1);

    assert_eq!(world.approve("zeynep", "twice")["state"], "approved");
    world.wait_until("twice", "settled");
    // An answer that got lost may be asked for again, even now.
    world.approve("mehmet", "twice");
    world.books().batch("twice").assert_paid_once();
}

#[test]
fn an_approval_taken_back_before_the_release_releases_nothing() {
    let world = World::new();
    let serve = world.serve();
    world.hold(&batch("undone", 1));
    world.hold(&batch("kept", 1));
    serve.terminate();

    // With nobody at work, approved batches stay approved.
    assert_eq!(world.approve("mehmet", "undone")["state"], "approved");
    assert_eq!(world.approve("mehmet", "kept")["state"], "approved");
    let undone = world
        .run_as("mehmet", &["undo", "undone", "--json"])
        .expect(0)
        .json();
    assert_eq!(undone["state"], "pending_approval");
    assert_eq!(undone["decision"], "undo");
    assert_eq!(undone["approvals"]["given"], json!([]));

    let _serve = world.serve();
    world.wait_until("kept", "settled");
    assert_eq!(world.show("undone")["state"], "pending_approval");
    world.books().batch("undone").assert_never_released("INIT");
    // The answer may have got lost: the same word again changes nothing.
    world.run_as("mehmet", &["undo", "undone"]).expect(0);
    world.run_as("mehmet", &["undo", "kept"]).expect(3);
}

#[test]
fn what_was_released_is_not_decided_on_any_more() {
    let world = World::new();
    let _serve = world.serve();
    let held = world.hold(&batch("done", 1));
    let digest = held["digest"].as_str().unwrap();
    world.approve("mehmet", "done");
    world.wait_until("done", "settled");

    let reject = ["reject", "done", "--reason", "too late"];
    world
        .run_as("mehmet", &reject)
        .expect(3)
        .says(&["released"]);
    world.run_as("mehmet", &["undo", "done"]).expect(3);
    world.run_as("ayse", &["withdraw", "done"]).expect(3);
    let approve = ["approve", "done", "--digest", digest];
    world.run_as("mehmet", &approve).expect(0);
    world.run_as("ayse", &approve).expect(3);
    assert_eq!(world.show("done")["state"], "settled");
    world.books().batch("done").assert_paid_once();
}

#[test]
fn before_the_hold_there_is_nothing_to_decide_on_and_after_it_why_says_who_may() {
    let world = World::new();
    world.submit(&batch("early", 1));
    let args = ["approve", "early", "--digest", "00"];
    world
        .run_as("mehmet", &args)
        .expect(3)
        .says(&["once the provider holds it"]);
    let early = world
        .run_as("mehmet", &["why", "early", "--json"])
        .expect(0)
        .json();
    assert_eq!(early["may_decide"], false);

    let _serve = world.serve();
    world.wait_until("early", "pending_approval");
    let why = |name: &str| {
        world
            .run_as(name, &["why", "early", "--json"])
            .expect(0)
            .json()
    };
    assert_eq!(why("mehmet")["may_decide"], true);
    assert_eq!(why("ayse")["may_decide"], false);
    let because = why("ayse")["because"].as_str().unwrap().to_owned();
    assert!(because.contains("ayse"), "{because}");
    let text = world.run_as("mehmet", &["why", "early"]).expect(0).stdout;
    assert!(
        text.contains("everyday") && text.contains("mehmet"),
        "{text}"
    );
}

#[test]
fn a_batch_nobody_knows_is_said_to_be_unknown() {
    let world = World::new();
    let _serve = world.serve();
    for args in [
        &["show", "nothing"][..],
        &["watch", "nothing"],
        &["report", "nothing"],
        &["audit", "verify", "nothing"],
    ] {
        world.run(args).expect(3).says(&["nothing"]);
    }
    world
        .run_as("ayse", &["withdraw", "nothing"])
        .expect(3)
        .says(&["nothing"]);
    let args = ["approve", "nothing", "--digest", "00"];
    world.run_as("mehmet", &args).expect(3).says(&["nothing"]);
}
