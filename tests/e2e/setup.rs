//! The first minutes: `init`, `token new`, `doctor`, `demo`.

use std::time::{Duration, Instant};

use crate::files::batch;
use crate::world::{Ran, Setup, World};

#[test]
fn doctor_finds_a_healthy_set_up_healthy() {
    let world = World::new();
    let _serve = world.serve();
    world.hold(&batch("healthy", 1));
    let well = world.run(&["doctor"]).expect(0).stdout;
    assert!(!well.contains("WRONG"), "{well}");
    for name in [
        "settings", "policy", "store", "account", "clock", "provider",
    ] {
        assert!(well.contains(name), "no {name} in\n{well}");
    }
    let json = world.run(&["doctor", "--json"]).expect(0).json();
    assert_eq!(json["ok"], true);
}

#[test]
fn doctor_names_what_is_wrong_and_how_to_mend_it() {
    let wrong = |world: &World, variable: (&str, &str), check: &str, remedy: &str| {
        let mut command = world.command(&["doctor", "--json"]);
        let ran = Ran::of(command.env(variable.0, variable.1)).expect(4);
        let json = ran.json();
        let checks = json["checks"].as_array().unwrap();
        let wrong: Vec<_> = checks.iter().filter(|check| check["ok"] == false).collect();
        assert_eq!(wrong.len(), 1, "{json:#}");
        assert_eq!(wrong[0]["name"], check, "{json:#}");
        let said = wrong[0]["remedy"].as_str().unwrap();
        assert!(said.contains(remedy), "no `{remedy}` in: {said}");
        let text = Ran::of(world.command(&["doctor"]).env(variable.0, variable.1));
        assert!(text.expect(4).stdout.contains("WRONG"));
    };
    let world = World::new();
    world.submit(&batch("makes-the-store", 1));
    let nothing = ("ONAY_LOG", "warn");
    wrong(
        &world,
        ("ONAY_POLICY", "/nowhere/policy.toml"),
        "policy",
        "onay init",
    );
    wrong(
        &world,
        ("ONAY_IYZICO_API_KEY", "sandbox-wrong"),
        "provider",
        "check ONAY_IYZICO_API_KEY",
    );
    wrong(
        &world,
        ("ONAY_IYZICO_SECRET_KEY", "sandbox-wrong"),
        "provider",
        "check ONAY_IYZICO_API_KEY",
    );
    wrong(
        &world,
        ("ONAY_IYZICO_URL", "http://127.0.0.1:1"),
        "provider",
        "check the address",
    );
    wrong(
        &world,
        ("ONAY_STORE", "sqlite:///nowhere/onay.db"),
        "store",
        "onay serve",
    );
    std::fs::remove_file(world.store()).unwrap();
    wrong(&world, nothing, "store", "onay serve");

    let world = Setup::default()
        .policy("approvals = 1", "approvals = 2")
        .build();
    world.submit(&batch("makes-the-store", 1));
    wrong(&world, nothing, "rules", "mend it in the policy file");
}

#[test]
fn looking_never_makes_a_store() {
    let world = World::new();
    for args in [
        &["batches"][..],
        &["show", "b"],
        &["doctor"],
        &["audit", "verify"],
    ] {
        assert_ne!(world.run(args).code, Some(0));
        assert!(!world.store().exists(), "onay {}", args.join(" "));
    }
}

#[test]
fn init_never_overwrites() {
    let world = World::new();
    let before = std::fs::read_to_string(world.path("policy.toml")).unwrap();
    let dir = world.path("").to_str().unwrap().to_owned();
    world
        .run(&["init", "--dir", &dir])
        .expect(3)
        .says(&["there already"]);
    std::fs::remove_file(world.path("onay.toml")).unwrap();
    world
        .run(&["init", "--dir", &dir])
        .expect(3)
        .says(&["there already"]);
    assert!(!world.path("onay.toml").exists());
    let after = std::fs::read_to_string(world.path("policy.toml")).unwrap();
    assert_eq!(before, after);
}

#[test]
fn a_new_token_is_shown_once_and_works_once_its_lines_are_in_the_policy() {
    let world = World::new();
    let (table, token) = world.new_token("fatma", &["maker"]);
    assert!(
        !table.contains(token.rsplit('_').next().unwrap()),
        "{table}"
    );
    let file = world.file("fatma.json", batch("fatma", 1).to_string());
    let submit = || {
        let mut command = world.command(&["submit", &file, "--as", "fatma"]);
        Ran::of(command.env("ONAY_TOKEN", &token))
    };
    submit().expect(3);
    let policy = std::fs::read_to_string(world.path("policy.toml")).unwrap();
    world.file("policy.toml", policy + &table);
    submit().expect(0);
    assert_eq!(world.show("fatma")["maker"], "fatma");
    world
        .run(&["token", "new", "fatma", "--role", "boss"])
        .expect(2)
        .says(&["approver"]);
}

#[test]
fn the_demo_settles_both_its_batches_within_a_minute() {
    let world = World::new();
    let start = Instant::now();
    let demo = world.run(&["demo", "--auto-approve"]).expect(0);
    assert!(
        start.elapsed() < Duration::from_mins(1),
        "{:?}",
        start.elapsed()
    );
    for table in [
        "massPayoutId-323ddd: partly_settled",
        "payday-2026-11: settled",
        "Tie-out",
    ] {
        assert!(
            demo.stdout.contains(table),
            "no `{table}` in\n{}",
            demo.stdout
        );
    }
    let printed = demo.stdout + &demo.stderr;
    assert!(
        !printed.contains('\u{1b}'),
        "escape codes without a terminal"
    );
    // It keeps nothing and touches nothing of ours.
    assert!(!world.store().exists());
    assert!(world.books().batches.is_empty());
}

#[test]
fn every_scenario_of_the_demo_plays_to_its_end() {
    let world = World::new();
    // `rate-limited` waits for a minute to pass, which is all it shows.
    let scenarios = [
        ("lost-auth-answer", 0, "a second person must confirm"),
        ("no-funds", 0, "waits for funds"),
        ("half-invalid", 4, "resend-failed"),
        ("bank-refuses", 4, "failed, refund not known yet"),
    ];
    std::thread::scope(|scope| {
        for (name, exit, told) in scenarios {
            let world = &world;
            scope.spawn(move || {
                let demo = world.run(&["demo", "--auto-approve", "--scenario", name]);
                let demo = demo.expect(exit);
                let printed = demo.stdout + &demo.stderr;
                assert!(printed.contains(told), "{name}: no `{told}` in\n{printed}");
            });
        }
    });
}
