//! What happens to no batch is journalled as well, leaves the house with the rest, and is checked there.

use onay_ledger::conformance::redis_server::RedisServer;
use rusqlite::Connection;

use crate::audit_export::{assert_told, export, lines, text, verify};
use crate::files::batch;
use crate::tampers::{HOUSE, place, recompute};
use crate::world::{Setup, World};

fn wish(world: &World, name: &str, wish: &str) {
    let reason = "a list of payees is wrong";
    let args = ["release", wish, "--reason", reason];
    world.run_as(name, &args).expect(0);
}

/// One batch that a person decided on, and releases that are paused while one wants to resume them.
fn furnish(world: &World) {
    let serve = world.serve();
    world.hold(&batch("decided", 2));
    world.approve("mehmet", "decided");
    world.wait_until("decided", "settled");
    serve.terminate();
    wish(world, "mehmet", "pause");
    wish(world, "mehmet", "resume");
}

#[test]
fn pauses_leave_the_house_and_what_is_done_to_them_is_found_on_sqlite() {
    let world = World::new();
    walk(&world);
    let (key, problem) = ("paused", "whether releases are paused was edited");
    let file = Connection::open(world.store()).unwrap();
    let edit = "DELETE FROM cell WHERE key = ?1";
    file.execute(edit, [key]).unwrap();
    let told = world.run(&["audit", "verify", "--json"]).expect(4).json();
    let [only] = told["problems"].as_array().unwrap().as_slice() else {
        panic!("{told:#}");
    };
    assert_eq!(only["batch"], HOUSE, "{only}");
    assert!(
        only["problem"].as_str().unwrap().starts_with(problem),
        "{only}"
    );
}

#[test]
fn pauses_leave_the_house_and_what_is_done_to_them_is_found_on_redis() {
    let server = RedisServer::start();
    walk(&Setup::default().store(server.url()).build());
}

fn walk(world: &World) {
    furnish(world);
    let good = export(world, "good.jsonl", &[]);
    assert_eq!(verify(world, "good.jsonl", &[]), []);
    let told = world.run(&["audit", "verify", "--json"]).expect(0).json();
    let head = world.run(&["audit", "head", "--json"]).expect(0).json();
    let good = lines(&good);
    for field in ["head", "batches", "entries"] {
        assert_eq!(told[field], good.last().unwrap()[field], "{field}");
        assert_eq!(told[field], head[field], "{field}");
    }
    assert_eq!(place(&good, HOUSE, 0), good.len() - 2, "it is the last");
    let told: Vec<_> = [2, 3]
        .map(|seq| &good[place(&good, HOUSE, seq)])
        .map(|entry| (&entry["event"], &entry["actor"], &entry["via"]))
        .into_iter()
        .collect();
    assert_eq!(told[0], (&"pause".into(), &"mehmet".into(), &"cli".into()));
    assert_eq!(told[1].0, "propose_resume");
    let decided = good.iter().filter(|line| line["decision"].is_string());
    let decided: Vec<_> = decided.map(|line| line["event"].clone()).collect();
    assert_eq!(decided, ["approve"], "one was made, and stands whole");

    let mut edited = good.clone();
    let at = place(&edited, HOUSE, 2);
    edited[at]["note"] = "all is well".into();
    world.file("bad.jsonl", text(&edited));
    let problems = verify(world, "bad.jsonl", &[]);
    let house = HOUSE.to_owned();
    assert_told(
        "a reason",
        &problems,
        Some(&house),
        "journal: entry 2 was edited",
    );

    let mut cut = good;
    cut.remove(place(&cut, HOUSE, 3));
    recompute(&mut cut);
    world.file("cut.jsonl", text(&cut));
    assert_eq!(verify(world, "cut.jsonl", &[]), []);
    let problems = verify(world, "cut.jsonl", &["good.jsonl"]);
    let found = "its newest entries are gone: 2 are left of 3";
    assert_told("a proposal", &problems, Some(&house), found);
}
