//! One policy is active on a ledger: whoever has another file decides and releases nothing.

use onay_ledger::conformance::redis_server::RedisServer;

use crate::files::batch;
use crate::world::{Ran, Setup, World};

const RULE: &str = "approvals = 1\nexpires_after = \"48h\"\n";

fn world(setup: Setup) -> World {
    setup
        .person("zeynep", &["approver"])
        .person("oya", &["admin"])
        .build()
}

/// A copy of the policy with a line changed.
fn changed(world: &World, name: &str, (line, other): (&str, &str)) -> String {
    let policy = std::fs::read_to_string(world.path("policy.toml")).unwrap();
    assert!(policy.contains(line), "{line}");
    world.file(name, policy.replace(line, other))
}

fn activate(world: &World, person: &str, file: &str) -> Ran {
    let args = ["policy", "activate", file, "--reason", "as agreed"];
    world.run_as(person, &args)
}

#[test]
fn a_process_with_another_policy_neither_decides_nor_releases_on_sqlite() {
    walk(&world(Setup::default()));
}

#[test]
fn a_process_with_another_policy_neither_decides_nor_releases_on_redis() {
    let server = RedisServer::start();
    walk(&world(Setup::default().store(server.url())));
}

fn walk(world: &World) {
    let old = world.serve();
    for id in ["decided", "waits"] {
        world.hold(&batch(id, 2));
    }
    old.terminate();
    world.approve("mehmet", "decided");
    let strict = changed(
        world,
        "strict.toml",
        (RULE, "approvals = 2\nexpires_after = \"48h\"\n"),
    );
    // Stricter: one person does.
    activate(world, "mehmet", &strict).expect(0);

    // The old file: neither by a person nor by a worker.
    let digest = world.show("waits")["digest"].as_str().unwrap().to_owned();
    let approve = ["approve", "waits", "--digest", &digest];
    world
        .run_as("zeynep", &approve)
        .expect(3)
        .says(&["policy", "activate"]);
    let mut stale = world.start(&["serve"]);
    stale.told("is not released");
    world.books().batch("decided").assert_never_released("INIT");
    stale.terminate();

    // The new one: what was approved under the old one counts, and is not enough any more.
    std::fs::copy(world.path("strict.toml"), world.path("policy.toml")).unwrap();
    let _serve = world.serve();
    world.wait_until("decided", "pending_approval");
    world.approve("zeynep", "decided");
    world.wait_until("decided", "settled");
    world.books().batch("decided").assert_paid_once();
    world.run(&["audit", "verify"]).expect(0);
}

#[test]
fn a_policy_gets_looser_by_two_people_only_whom_the_active_one_names() {
    let world = world(Setup::default().policy(RULE, "approvals = 2\nexpires_after = \"48h\"\n"));
    let serve = world.serve();
    world.hold(&batch("held", 2));
    serve.terminate();
    let two = "approvals = 2\nexpires_after = \"48h\"\n";
    let loose = changed(&world, "loose.toml", (two, RULE));
    activate(&world, "ayse", &loose).expect(3).says(&["admin"]);
    let told = activate(&world, "oya", &loose).expect(0).stdout;
    assert!(
        told.contains("looser: ") && told.contains("second person"),
        "{told}"
    );
    activate(&world, "oya", &loose).expect(0);
    // Nothing is active yet that one person wants.
    std::fs::copy(world.path("loose.toml"), world.path("policy.toml")).unwrap();
    let digest = world.show("held")["digest"].as_str().unwrap().to_owned();
    world
        .run_as("mehmet", &["approve", "held", "--digest", &digest])
        .expect(3)
        .says(&["is active on this ledger"]);
    activate(&world, "zeynep", &loose).expect(0);
    let _serve = world.serve();
    // It was held under the stricter rule, which must be met still.
    world.approve("mehmet", "held");
    assert_eq!(world.show("held")["state"], "pending_approval");
    world.approve("zeynep", "held");
    world.wait_until("held", "settled");
}

#[test]
fn wrong_tokens_lock_a_name_out_for_every_process_and_nobody_else() {
    let world = World::new();
    let mut console = world.start(&["serve"]);
    let url = console.told("console on ");
    world.hold(&batch("held", 2));
    let wrong = world
        .token("mehmet")
        .replace(|c: char| c.is_ascii_digit(), "0");
    let wrong = format!("{}{}", &wrong[..wrong.len() - 1], "f");
    let args = ["reject", "held", "--as", "mehmet", "--reason", "no"];
    let attempt = |token: &str| {
        let mut command = world.command(&args);
        Ran::of(command.env("ONAY_TOKEN", token))
    };
    for _ in 0..5 {
        attempt(&wrong).expect(3).says(&["token is not valid"]);
    }
    // Over HTTP not even the right one is looked at.
    let right = world.token("mehmet").to_owned();
    let status = || {
        ureq::get(format!("{url}/v1/batches"))
            .config()
            .http_status_as_error(false)
            .build()
            .header("authorization", format!("Bearer {right}"))
            .call()
            .unwrap()
            .status()
    };
    assert_eq!(status(), 429);
    // On the machine itself the right one is, and unlocks the name: who stops a release is heard.
    attempt(&right).expect(0);
    assert_eq!(status(), 200);
}
