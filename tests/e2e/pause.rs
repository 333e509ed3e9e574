//! Releases are paused by one person and resumed by two; everything else goes on.

use onay_ledger::conformance::redis_server::RedisServer;
use serde_json::json;

use crate::files::batch;
use crate::process::{Process, until};
use crate::store_safety::{get, inbox};
use crate::world::{Ran, Setup, World};

/// Longer than any test: items stay as they are until the lag is taken away.
const LAG_MILLIS: u64 = 3_600_000;

const WHY: &str = "a list of payees is wrong";

#[test]
fn a_pause_stops_releases_and_nothing_else_until_two_people_resume_on_sqlite() {
    walk(&Setup::default().person("oya", &["operator"]).build());
}

#[test]
fn a_pause_stops_releases_and_nothing_else_until_two_people_resume_on_redis() {
    let server = RedisServer::start();
    let world = Setup::default().store(server.url());
    walk(&world.person("oya", &["operator"]).build());
}

fn walk(world: &World) {
    let mut serve = world.start(&["serve"]);
    let url = serve.told("console on ");
    let lag = |millis: u64| world.simulator.behave(&json!({ "item_lag_ms": millis }));
    lag(LAG_MILLIS);
    world.hold(&batch("released", 2));
    world.approve("mehmet", "released");
    world.wait_until("released", "processing");

    release(world, "ayse", "pause")
        .expect(3)
        .says(&["approver"]);
    release(world, "mehmet", "pause").expect(0);
    lag(0);
    for id in ["waits", "rejected"] {
        world.hold(&batch(id, 2));
    }
    world.approve("mehmet", "waits");
    let reject = ["reject", "rejected", "--reason", "not this month"];
    world.run_as("mehmet", &reject).expect(0);
    for (id, state) in [("rejected", "rejected"), ("released", "settled")] {
        world.wait_until(id, state);
    }
    nothing_is_released(world, &serve);
    everybody_is_told(world, &url);

    // One person does not resume, however often they say so.
    release(world, "ayse", "resume").expect(3);
    for _ in 0..2 {
        release(world, "mehmet", "resume").expect(0);
    }
    nothing_is_released(world, &serve);
    release(world, "oya", "resume").expect(0);
    world.wait_until("waits", "settled");
    let books = world.books();
    for id in ["released", "waits"] {
        books.batch(id).assert_paid_once();
    }
    let log = world.run(&["release", "log", "--json"]).expect(0).json();
    assert_eq!(log["paused"], json!(null));
    let entries = log["log"].as_array().unwrap().iter();
    let told: Vec<_> = entries
        .map(|entry| (&entry["step"], &entry["by"]))
        .collect();
    let (mehmet, oya) = (json!("mehmet"), json!("oya"));
    let steps = ["pause", "propose_resume", "resume"].map(|step| json!(step));
    let people = [&mehmet, &mehmet, &oya];
    assert_eq!(told, steps.iter().zip(people).collect::<Vec<_>>());
    let stderr = serve.stderr();
    for once in ["nothing is released: ", "releases go on: "] {
        assert_eq!(stderr.matches(once).count(), 1, "{once}\n{stderr}");
    }
    world.run(&["audit", "verify"]).expect(0);
}

fn release(world: &World, name: &str, wish: &str) -> Ran {
    world.run_as(name, &["release", wish, "--reason", WHY])
}

/// The worker looked at what is approved, and again after other work, and left it alone.
fn nothing_is_released(world: &World, serve: &Process) {
    until("a worker that was refused", || {
        serve
            .stderr()
            .contains("nothing is released: ")
            .then_some(())
    });
    let others = world.show("waits")["since"].as_str().unwrap().to_owned();
    for n in 0..4 {
        let id = format!("meanwhile-{n}-{}", world.books().calls.init);
        world.hold(&batch(&id, 1));
    }
    let shown = world.show("waits");
    assert_eq!(shown["state"], "approved", "{shown:#}");
    assert_eq!(shown["since"], others.as_str(), "{shown:#}");
    let books = world.books();
    books.batch("waits").assert_never_released("INIT");
    assert_eq!(books.calls.auth, 1, "only what was released before");
}

/// Who, when and why stands everywhere.
fn everybody_is_told(world: &World, url: &str) {
    let shown = world.show("waits");
    assert_eq!(shown["paused"]["by"], "mehmet", "{shown:#}");
    assert_eq!(shown["paused"]["reason"], WHY, "{shown:#}");
    let (status, ready) = get(url, "/readyz");
    assert_eq!(status, 200, "{ready}");
    let texts = [
        ("explain", shown["explain"].as_str().unwrap().to_owned()),
        ("show", world.run(&["show", "waits"]).expect(0).stdout),
        ("batches", world.run(&["batches"]).expect(0).stderr),
        ("doctor", world.run(&["doctor"]).stdout),
        ("log", world.run(&["release", "log"]).expect(0).stdout),
        ("readyz", ready),
        ("page", inbox(url, world.token("ayse"))),
    ];
    for (place, text) in texts {
        for word in ["by mehmet at ", WHY] {
            assert!(
                text.contains(word),
                "{place} does not say `{word}`:\n{text}"
            );
        }
    }
}
