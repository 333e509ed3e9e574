//! A store on Redis that can forget, is away, hangs, or keeps a password: who is told, and what waits.

use std::time::{Duration, Instant};

use onay_ledger::conformance::redis_server::RedisServer;
use ureq::Agent;

use crate::desk::Caller;
use crate::files::batch;
use crate::process::{Process, until};
use crate::world::{Ran, Setup, World};

/// How long a supervisor waits for an answer.
const PROBE: Duration = Duration::from_secs(5);

const PROBES: [&str; 2] = ["--listen", "127.0.0.1:0"];

/// Settings under which Redis forgets its last second, or whatever it has no room for.
const WEAK: [(&str, &str); 2] = [
    ("appendfsync", "everysec"),
    ("maxmemory-policy", "allkeys-lru"),
];

/// Something that happens to a server.
type Act = fn(&RedisServer);

fn world(server: &RedisServer) -> World {
    Setup::default().store(server.url()).build()
}

/// Status and text of a page.
pub(crate) fn get(url: &str, path: &str) -> (u16, String) {
    let agent = agent();
    let mut answer = agent.get(format!("{url}{path}")).call().unwrap();
    let text = answer.body_mut().read_to_string().unwrap();
    (answer.status().as_u16(), text)
}

fn agent() -> Agent {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects_will_error(false)
        .max_redirects(0)
        .timeout_global(Some(PROBE));
    config.build().into()
}

/// Waits until `/readyz` answers so; what it says then.
#[track_caller]
fn wait_for_readyz(url: &str, status: u16) -> String {
    until(&format!("readyz {status}"), || {
        let (now, text) = get(url, "/readyz");
        (now == status).then_some(text)
    })
}

/// The page of somebody who signs in.
pub(crate) fn inbox(url: &str, token: &str) -> String {
    let signed_in = agent()
        .post(format!("{url}/sign-in"))
        .send_form([("token", token)])
        .unwrap();
    let cookie = signed_in.headers()["set-cookie"].to_str().unwrap();
    let cookie = cookie.split(';').next().unwrap();
    let request = agent().get(url).header("Cookie", cookie);
    request.call().unwrap().body_mut().read_to_string().unwrap()
}

fn set(server: &RedisServer, setting: &str, value: &str) {
    server.command(&["CONFIG", "SET", setting, value]);
}

#[test]
fn what_moves_money_refuses_a_store_that_can_forget_and_says_what_to_change() {
    let server = RedisServer::start_with(&WEAK);
    let world = world(&server);
    for role in ["worker", "serve"] {
        let says = [
            "appendfsync is everysec, and must be always",
            "CONFIG SET appendfsync always",
            "in redis.conf: appendfsync always",
            "CONFIG SET maxmemory-policy noeviction",
            "durability = ",
        ];
        world.run(&[role]).expect(3).says(&says);
    }
    let doctor = world.run(&["doctor"]).expect(4).stdout;
    assert!(doctor.contains("refuse to start"), "{doctor}");

    let mut reconciler = world.start(&[&["reconciler"][..], &PROBES].concat());
    let url = reconciler.told("probes on ");
    let told = wait_for_readyz(&url, 503);
    assert!(told.contains("appendfsync is everysec"), "{told}");
    set(&server, "appendfsync", "always");
    set(&server, "maxmemory-policy", "noeviction");
    wait_for_readyz(&url, 200);
    let mut worker = world.start(&["worker"]);
    worker.told("Worker started");
    world.run(&["doctor"]).expect(0);
}

#[test]
fn durability_relaxed_by_choice_is_told_wherever_somebody_looks() {
    let server = RedisServer::start_with(&WEAK);
    let world = world(&server);
    let relaxed = |args: &[&str]| {
        let mut command = world.command(args);
        command.env("ONAY_DURABILITY", "relaxed");
        command
    };
    let mut serve = world.start_command(&mut relaxed(&["serve"]));
    let url = serve.told("console on ");
    let log = serve.stderr();
    assert!(
        log.contains("durability is relaxed") && log.contains("WARN"),
        "{log}"
    );
    let (status, told) = get(&url, "/readyz");
    assert_eq!(status, 200, "{told}");
    assert!(
        told.contains("relaxed") && told.contains("allkeys-lru"),
        "{told}"
    );
    let doctor = Ran::of(&mut relaxed(&["doctor"])).expect(4).stdout;
    assert!(doctor.contains("relaxed by choice"), "{doctor}");
    let page = inbox(&url, world.token("mehmet"));
    assert!(page.contains("could forget its last seconds"), "{page}");
    Ran::of(relaxed(&["doctor"]).env("ONAY_DURABILITY", "lax"))
        .expect(2)
        .says(&["strict or relaxed"]);
}

#[test]
fn a_setting_that_weakens_while_roles_run_makes_them_unready_until_it_is_mended() {
    let server = RedisServer::start();
    let world = world(&server);
    let mut serve = world.serve();
    let url = serve.told("console on ");
    assert_eq!(get(&url, "/readyz"), (200, "ready\n".to_owned()));
    assert!(!inbox(&url, world.token("mehmet")).contains("tell your operator"));
    set(&server, "appendfsync", "everysec");
    let (status, told) = get(&url, "/readyz");
    assert_eq!(status, 503, "{told}");
    assert!(told.contains("must be always"), "{told}");
    assert!(inbox(&url, world.token("mehmet")).contains("tell your operator"));
    serve.told("the store can forget what it was told");
    set(&server, "appendfsync", "always");
    assert_eq!(get(&url, "/readyz").0, 200);
}

#[test]
fn roles_wait_for_a_store_that_is_away_or_loads_at_their_start() {
    // Half a millisecond and more for each key, until it is told otherwise.
    let server = RedisServer::start_with(&[("key-load-delay", "500")]);
    let fill = "for n = 1, 50000 do redis.call('SET', 'filler' .. n, '') end";
    server.command(&["EVAL", fill, "0"]);
    let world = world(&server);
    server.kill();
    let mut roles = ["worker", "reconciler", "console"].map(|role| {
        let mut process = world.start(&[&[role][..], &PROBES].concat());
        let url = process.told("listening on ");
        process.told("waiting for the store redis://127.0.0.1:");
        assert_eq!(get(&url, "/healthz"), (200, "alive\n".to_owned()));
        assert_eq!(get(&url, "/readyz").0, 503);
        (process, url)
    });
    // A stop is obeyed while there is nothing to stop.
    let mut waiting = world.start(&["worker"]);
    waiting.told("waiting for the store ");
    assert_eq!(waiting.terminate().code(), Some(0));
    server.start_again_unseen();
    for (process, _) in &mut roles {
        process.told("BusyLoading");
    }
    server.command(&["CONFIG", "SET", "key-load-delay", "0"]);
    for (_, url) in &roles {
        wait_for_readyz(url, 200);
    }
    roles[2].0.told("console on ");
    world.hold(&batch("after", 2));
    world.approve("mehmet", "after");
    world.wait_until("after", "settled");
    world.books().batch("after").assert_paid_once();
}

#[test]
fn readyz_tells_soon_of_a_store_that_hangs_or_ends_and_is_well_again_by_itself() {
    let server = RedisServer::start();
    let world = world(&server);
    let roles: Vec<(Process, String)> = ["worker", "reconciler"]
        .map(|role| {
            let mut process = world.start(&[&[role][..], &PROBES].concat());
            let url = process.told("probes on ");
            (process, url)
        })
        .into();
    let outages: [(Act, Act); 2] = [
        (RedisServer::freeze, RedisServer::thaw),
        (RedisServer::kill, RedisServer::start_again),
    ];
    for (begin, end) in outages {
        for (_, url) in &roles {
            wait_for_readyz(url, 200);
        }
        begin(&server);
        for (_, url) in &roles {
            let asked = Instant::now();
            let (status, told) = get(url, "/readyz");
            assert_eq!(status, 503, "{told}");
            assert!(asked.elapsed() < PROBE);
            assert_eq!(get(url, "/healthz").0, 200);
        }
        end(&server);
    }
    for (_, url) in &roles {
        wait_for_readyz(url, 200);
    }
}

#[test]
fn a_store_that_is_named_wrongly_ends_a_role_at_once_with_the_remedy() {
    let server = RedisServer::start();
    let world = world(&server);
    let host = format!("127.0.0.1:{}", server.port());
    set(&server, "requirepass", "right");
    let (login, form) = (
        "check the user and the password",
        "a store on Redis is named by",
    );
    for (url, remedy) in [
        (
            format!("mysql://{host}"),
            "a store is named by a URL such as",
        ),
        (format!("redis+sentinel://{host}"), form),
        (format!("redis://:right@{host}?colour=red"), form),
        (format!("redis://:wrong@{host}"), login),
        (format!("redis://{host}"), login),
    ] {
        for role in ["worker", "reconciler", "console"] {
            let ran = world.run(&[role, "--store", &url]);
            ran.expect(2).says(&[remedy]);
        }
    }
}

#[test]
fn a_store_that_takes_no_writes_makes_roles_unready_until_it_does() {
    let server = RedisServer::start();
    let world = world(&server);
    let mut worker = world.start(&[&["worker"][..], &PROBES].concat());
    let url = worker.told("probes on ");
    for (begin, end) in [
        (
            ["REPLICAOF", "127.0.0.1", "1"].as_slice(),
            ["REPLICAOF", "NO", "ONE"].as_slice(),
        ),
        (
            &["CONFIG", "SET", "maxmemory", "1"],
            &["CONFIG", "SET", "maxmemory", "0"],
        ),
    ] {
        wait_for_readyz(&url, 200);
        server.command(begin);
        let told = wait_for_readyz(&url, 503);
        assert!(told.contains("no jobs can be claimed"), "{told}");
        server.command(end);
    }
    wait_for_readyz(&url, 200);
}

/// Makes the user that the operating guide asks for, with the rights it lists and no others.
fn add_user(server: &RedisServer, password: &str) {
    let guide = std::fs::read_to_string(onay_tests::root().join("docs/operating.md")).unwrap();
    let line = guide.lines().find(|line| line.starts_with("ACL SETUSER"));
    let line = line.unwrap().replace("PASSWORD", password);
    server.command(&line.split(' ').collect::<Vec<_>>());
}

#[test]
fn the_password_of_the_store_is_told_nowhere() {
    const PASSWORD: &str = "planted-in-the-url";
    let server = RedisServer::start();
    add_user(&server, PASSWORD);
    let url = format!(
        "redis://onay:{PASSWORD}@127.0.0.1:{}/0?ledger=onay",
        server.port()
    );
    let world = Setup::default().store("redis://unused").build();
    let file = world.file("store-url", format!("{url}\n"));
    let command = |args: &[&str]| {
        let mut command = world.command(args);
        command
            .env("ONAY_STORE_FILE", &file)
            .env("ONAY_LOG", "trace");
        command
    };
    let mut serve = world.start_command(&mut command(&["serve"]));
    let console = serve.told("console on ");
    let ayse = Caller::new(&console, world.token("ayse"));
    ayse.submit(&batch("planted", 2));
    ayse.wait_for_all(&["pending_approval"]);
    let mut said = vec![inbox(&console, world.token("mehmet"))];
    let mut run = |store: &str, code: i32, args: &[&str]| {
        let ran = Ran::of(command(args).env("ONAY_STORE", store)).expect(code);
        said.push(ran.stdout + &ran.stderr);
    };
    for (code, args) in [
        (0, ["batches", "--json"]),
        (0, ["audit", "verify"]),
        (0, ["doctor", "--json"]),
        (0, ["worker", "--help"]),
    ] {
        run(&url, code, &args);
    }
    run(&url.replace("redis:", "rediss:"), 1, &["batches"]);
    let wrong = [
        url.replace("redis:", "redys:"),
        url.replace("ledger", "pledger"),
        url.replace("/0", "/zero"),
        url.replace("redis://", ""),
        url.replace('@', "/"),
        url.replace("onay:", "nobody:"),
    ];
    for store in &wrong {
        run(store, 2, &["batches"]);
        run(store, 4, &["doctor", "--json"]);
    }
    server.stop();
    run(&url, 1, &["batches"]);
    run(&url, 4, &["doctor"]);
    said.push(wait_for_readyz(&console, 503));
    serve.terminate();
    said.extend(world.logs().into_iter().map(|(_, text)| text));
    for text in &said {
        let mut telling = text.lines().filter(|line| line.contains(PASSWORD));
        assert_eq!(telling.next(), None);
    }
}
