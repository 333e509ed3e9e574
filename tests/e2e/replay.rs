//! An external id is kept for ever.

use std::process::Stdio;

use serde_json::json;

use crate::files::batch;
use crate::world::World;

#[test]
fn the_same_file_again_is_replayed_and_adds_nothing() {
    let world = World::new();
    let _serve = world.serve();
    let first = world.submit(&batch("again", 3));
    world.wait_until("again", "pending_approval");
    let second = world.submit(&batch("again", 3));
    assert_eq!(second["replayed"], true);
    assert_eq!(second["batch"], first["batch"]);
    assert_eq!(second["state"], "pending_approval");

    world.approve("mehmet", "again");
    world.wait_until("again", "settled");
    let third = world.submit(&batch("again", 3));
    assert_eq!(
        (&third["replayed"], &third["state"]),
        (&json!(true), &json!("settled"))
    );
    let books = world.books();
    assert_eq!(books.batch("again").init_calls, 1);
    books.batch("again").assert_paid_once();
}

#[test]
fn another_content_under_a_used_id_is_refused_and_the_difference_named() {
    let world = World::new();
    let _serve = world.serve();
    world.hold(&batch("used", 2));
    let mut other = batch("used", 2);
    other["items"][1]["amount"]["value"] = json!("100.20");
    let file = world.file("other.json", other.to_string());

    let refused = world
        .run_as("ayse", &["submit", &file, "--json"])
        .expect(3)
        .json();
    let error = refused["error"].as_str().unwrap();
    for word in ["used", "used-2", "100.02", "100.20"] {
        assert!(error.contains(word), "no `{word}` in: {error}");
    }
    world
        .run_as("ayse", &["submit", &file])
        .expect(3)
        .says(&["used-2"]);

    other["items"].as_array_mut().unwrap().pop();
    let file = world.file("shorter.json", other.to_string());
    world
        .run_as("ayse", &["submit", &file])
        .expect(3)
        .says(&["used-2"]);
    let books = world.books();
    assert_eq!(books.batch("used").items.len(), 2);
    assert_eq!(books.calls.init, 1);
}

#[test]
fn two_processes_that_submit_at_the_same_moment_make_one_batch() {
    let world = World::new();
    let file = world.file("race.json", batch("race", 2).to_string());
    let submit = || {
        let mut command = world.command(&["submit", &file, "--as", "ayse", "--json"]);
        command
            .env("ONAY_TOKEN", world.token("ayse"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    };
    // The store is not even there yet: making it is part of the race.
    let racing: Vec<_> = (0..4).map(|_| submit()).collect();
    let answers: Vec<serde_json::Value> = racing
        .into_iter()
        .map(|child| {
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success(), "{output:?}");
            serde_json::from_slice(&output.stdout).unwrap()
        })
        .collect();
    let new = answers.iter().filter(|answer| answer["replayed"] == false);
    assert_eq!(new.count(), 1, "{answers:#?}");
    assert!(
        answers
            .iter()
            .all(|answer| answer["batch"] == answers[0]["batch"])
    );

    let _serve = world.serve();
    world.wait_until("race", "pending_approval");
    assert_eq!(world.books().batch("race").init_calls, 1);
}
