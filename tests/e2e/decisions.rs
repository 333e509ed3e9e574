//! Who may decide, on what, and how long.

use serde_json::json;

use crate::files::batch;
use crate::process::until;
use crate::world::{Ran, Setup, World};

/// A rule that names a maker, and leave to stand in for them and for the other approver.
fn with_stand_ins(setup: Setup) -> World {
    setup
        .person("deniz", &["maker", "approver"])
        .person("kemal", &["approver"])
        .policy(
            "approvals = 1",
            "approvals = 1\nfrom = [\"deniz\", \"mehmet\"]",
        )
        .policy(
            "# People.",
            "[[delegation]]\nfrom = \"mehmet\"\nto = \"deniz\"\n\
             until = \"2099-01-01\"\nup_to = \"1000000.00 TRY\"\n\
             [[delegation]]\nfrom = \"deniz\"\nto = \"kemal\"\n\
             until = \"2099-01-01\"\nup_to = \"1000000.00 TRY\"\n# People.",
        )
        .build()
}

#[test]
fn a_maker_never_decides_on_their_own_batch_whichever_way_they_come() {
    let outcomes = json!({ "settings": { "outcomes": { "first-1": "refunded" } } });
    let world = with_stand_ins(Setup::default().scenario(outcomes));
    let _serve = world.serve();
    let file = world.file("own.json", batch("own", 1).to_string());
    world.run_as("deniz", &["submit", &file]).expect(0);
    // The money comes back, and somebody else sends it again: deniz wrote it all the same.
    let file = world.file("first.json", batch("first", 1).to_string());
    world.run_as("deniz", &["submit", &file]).expect(0);
    world.wait_until("first", "pending_approval");
    world.approve("mehmet", "first");
    let again = until("money that is back", || {
        let ran = world.run_as("ayse", &["resend-failed", "first", "--json"]);
        (ran.code == Some(0)).then(|| ran.json()["external_id"].as_str().unwrap().to_owned())
    });

    for id in ["own", &again] {
        let held = world.wait_until(id, "pending_approval");
        assert_eq!(held["approvals"]["missing"], json!(["mehmet"]), "{id}");
        let digest = held["digest"].as_str().unwrap();
        let because = |name: &str| {
            let why = world.run(&["why", id, "--as", name, "--json"]).expect(0);
            why.json()
        };
        for (name, words) in [
            ("deniz", "never decides on their own batch"),
            ("kemal", "asks mehmet, not kemal"),
        ] {
            let approve = ["approve", id, "--digest", digest];
            world.run_as(name, &approve).expect(3).says(&[words]);
            let reject = ["reject", id, "--reason", "mine"];
            world.run_as(name, &reject).expect(3).says(&[words]);
            let why = because(name);
            assert_eq!(why["may_decide"], false, "{name} on {id}");
            assert!(why["because"].as_str().unwrap().contains(words), "{why}");
        }
        assert_eq!(because("mehmet")["may_decide"], true);
        assert_eq!(world.show(id)["approvals"]["given"], json!([]), "{id}");
    }
    world.books().batch("own").assert_never_released("INIT");
    world.books().batch(&again).assert_never_released("INIT");
}

#[test]
fn a_rejection_tells_its_maker_what_kind_of_reason_it_has() {
    let world = World::new();
    let _serve = world.serve();
    world.hold(&batch("wrong", 1));
    let reject = |code| {
        [
            "reject",
            "wrong",
            "--reason",
            "October again",
            "--code",
            code,
        ]
    };
    world
        .run_as("mehmet", &reject("nonsense"))
        .expect(2)
        .says(&["wrong_payee"]);
    world.run_as("mehmet", &reject("duplicate")).expect(0);
    let shown = world.wait_until("wrong", "rejected");
    let rejection = json!({ "code": "duplicate", "reason": "October again", "by": "mehmet" });
    assert_eq!(shown["rejection"], rejection);
    let report = world.run(&["report", "wrong"]).expect(0).stdout;
    let words = "rejected by mehmet (duplicate): October again";
    assert!(report.contains(words), "{report}");
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
    // Reading needs nobody's token.
    let early = world
        .run(&["why", "early", "--as", "mehmet", "--json"])
        .expect(0)
        .json();
    assert_eq!(early["may_decide"], false);

    let _serve = world.serve();
    world.wait_until("early", "pending_approval");
    let why = |name: &str| {
        world
            .run(&["why", "early", "--as", name, "--json"])
            .expect(0)
            .json()
    };
    assert_eq!(why("mehmet")["may_decide"], true);
    assert_eq!(why("ayse")["may_decide"], false);
    let because = why("ayse")["because"].as_str().unwrap().to_owned();
    assert!(because.contains("ayse"), "{because}");
    let text = |name: &str| world.run(&["why", "early", "--as", name]).expect(0).stdout;
    let (mehmet, nobody) = (text("mehmet"), text("nobody"));
    assert!(
        mehmet.contains("rule `everyday`: 0 of 1; waits for mehmet"),
        "{mehmet}"
    );
    assert!(mehmet.contains("yes: mehmet may decide"), "{mehmet}");
    assert!(
        nobody.contains("no: the policy file knows nobody named nobody"),
        "{nobody}"
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
