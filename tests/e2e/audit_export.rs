//! What leaves the house is checked by somebody else, who finds and names what was done to it.

use std::fmt::Write as _;
use std::process::Command;

use onay_ledger::conformance::redis_server::RedisServer;
use rusqlite::Connection;
use serde_json::Value;

use crate::files::batch;
use crate::tampers::{TAMPERS, place, recompute, rewrite};
use crate::world::{Ran, Setup, World, assert_fields};

/// Oldest first.
const IDS: [&str; 3] = ["first", "second", "third"];

/// Holds three batches; ours of each.
fn furnish(world: &World) -> [String; 3] {
    let serve = world.serve();
    let ids = IDS.map(|id| {
        let held = world.hold(&batch(id, 2));
        held["batch"].as_str().unwrap().to_owned()
    });
    serve.terminate();
    ids
}

/// The text of a new export.
pub(crate) fn export(world: &World, name: &str, more: &[&str]) -> String {
    let path = world.path(name);
    let args = [&["audit", "export", "--out", path.to_str().unwrap()], more].concat();
    world.run(&args).expect(0);
    std::fs::read_to_string(path).unwrap()
}

/// What Onay and the verifier in Python say of an export: that they agree, and every problem.
#[track_caller]
pub(crate) fn verify(
    world: &World,
    export: &str,
    earlier: &[&str],
) -> Vec<(Option<String>, String)> {
    verify_signed(world, export, earlier, &[])
}

/// The same, where one of these keys must have signed it.
#[track_caller]
pub(crate) fn verify_signed(
    world: &World,
    export: &str,
    earlier: &[&str],
    keys: &[&str],
) -> Vec<(Option<String>, String)> {
    let mut args = vec!["audit", "verify", "--json", "--export", export];
    args.extend(earlier.iter().flat_map(|file| ["--earlier", file]));
    args.extend(keys.iter().flat_map(|key| ["--public-key", key]));
    // No settings, no store, no secret.
    let ours = Ran::of(
        Command::new(onay_tests::onay())
            .args(&args)
            .env_clear()
            .current_dir(world.path("")),
    );
    let theirs = python(world, export, earlier, keys);
    assert_eq!(
        ours.code, theirs.code,
        "{}\n{}{}",
        ours.stdout, theirs.stdout, theirs.stderr
    );
    let told = ours.json();
    assert_fields(
        &told,
        &[
            "ok",
            "batches",
            "entries",
            "head",
            "at",
            "account",
            "earlier",
            "signature",
        ],
    );
    assert_eq!(told["ok"], ours.code == Some(0));
    assert!(theirs.code != Some(0) || theirs.stdout.contains(told["head"].as_str().unwrap()));
    let problems = told["problems"].as_array().unwrap().iter();
    let text = |field: &Value| field.as_str().map(str::to_owned);
    let problems: Vec<_> = problems
        .map(|problem| (text(&problem["batch"]), text(&problem["problem"]).unwrap()))
        .collect();
    assert_eq!(problems.is_empty(), ours.code == Some(0), "{told:#}");
    // Both name the batch.
    for (batch, what) in &problems {
        let named = batch.as_deref().unwrap_or_default();
        assert!(
            theirs.stdout.contains(named),
            "{named}: {what}, but:\n{}",
            theirs.stdout
        );
    }
    problems
}

fn python(world: &World, export: &str, earlier: &[&str], keys: &[&str]) -> Ran {
    let verifier = onay_tests::root().join("docs/audit-verify.py");
    let mut command = Command::new("python3");
    command
        .arg("-B")
        .arg(verifier)
        .arg(export)
        .args(earlier)
        .args(keys.iter().flat_map(|key| ["--key", key]))
        .current_dir(world.path(""));
    let found = Command::new("python3").arg("--version").output();
    assert!(
        found.is_ok(),
        "no python3: install it first, such as with: sudo apt-get install python3"
    );
    Ran::of(&mut command)
}

/// The lines of an export, as JSON.
pub(crate) fn lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The text of these lines.
pub(crate) fn text(lines: &[Value]) -> String {
    lines.iter().fold(String::new(), |mut text, line| {
        writeln!(text, "{line}").unwrap();
        text
    })
}

#[test]
fn whatever_is_done_to_an_export_is_found_and_named_by_two_verifiers() {
    let world = World::new();
    let ids = furnish(&world);
    let good = export(&world, "good.jsonl", &[]);
    let head = world.path("head.jsonl");
    let told = world.run(&["audit", "head", "--json", "--out", head.to_str().unwrap()]);
    let told = told.expect(0).json();
    assert_fields(&told, &["head", "batches", "entries", "at", "account"]);
    let checked = world.run(&["audit", "verify", "--json"]).expect(0).json();
    for field in ["head", "batches", "entries"] {
        assert_eq!(told[field], checked[field], "{field}");
        assert_eq!(told[field], lines(&good).last().unwrap()[field], "{field}");
    }
    assert_eq!(verify(&world, "good.jsonl", &["head.jsonl"]), []);
    assert_eq!(verify(&world, "good.jsonl", &["good.jsonl"]), []);
    assert_eq!(
        verify(&world, "head.jsonl", &[]).len(),
        1,
        "heads alone prove nothing"
    );

    for (what, tamper, (batch, found), rewritten) in TAMPERS {
        let mut lines = lines(&good);
        tamper(&mut lines, &ids);
        world.file("bad.jsonl", text(&lines));
        let problems = verify(&world, "bad.jsonl", &[]);
        assert_told(what, &problems, batch.map(|batch| &ids[batch]), found);

        let Some((batch, found)) = rewritten else {
            continue;
        };
        recompute(&mut lines);
        world.file("rewritten.jsonl", text(&lines));
        assert_eq!(verify(&world, "rewritten.jsonl", &[]), [], "{what}");
        let problems = verify(&world, "rewritten.jsonl", &["good.jsonl"]);
        assert!(
            problems
                .iter()
                .all(|(named, _)| named.as_ref() == Some(&ids[batch]))
        );
        assert_told(what, &problems, Some(&ids[batch]), found);
        let problems = verify(&world, "rewritten.jsonl", &["head.jsonl"]);
        assert_eq!(problems[0].0.as_ref(), Some(&ids[batch]), "{what}");
    }
}

#[test]
fn a_store_that_was_rewritten_is_found_against_what_left_the_house() {
    let world = World::new();
    let ids = furnish(&world);
    let good = export(&world, "good.jsonl", &[]);
    for (n, (what, tamper, _, rewritten)) in TAMPERS.into_iter().enumerate() {
        let Some((batch, found)) = rewritten else {
            continue;
        };
        let copy = world.path(&format!("copy-{n}.db"));
        let file = Connection::open(world.store()).unwrap();
        let to = copy.to_str().unwrap();
        file.execute("VACUUM INTO ?1", [to]).unwrap();
        let mut lines = lines(&good);
        tamper(&mut lines, &ids);
        recompute(&mut lines);
        rewrite(&Connection::open(&copy).unwrap(), &lines);

        let (name, store) = (format!("bad-{n}.jsonl"), format!("sqlite://{to}"));
        export(&world, &name, &["--store", &store]);
        assert_eq!(verify(&world, &name, &[]), [], "{what}");
        let problems = verify(&world, &name, &["good.jsonl"]);
        assert_told(what, &problems, Some(&ids[batch]), found);
    }
}

/// Moves the rows of a ledger on Redis about; `id` is the key of a batch.
const ON_REDIS: &str =
    "local id = ARGV[1]:gsub('..', function(two) return string.char(tonumber(two, 16)) end)
    local row, kept, state = '{onay}:batch', 'kept', '{onay}:state:'
    if ARGV[2] == 'keep' then return redis.call('HSET', kept, id, redis.call('HGET', row, id)) end
    redis.call('ZREM', state .. 'settled', id)
    if ARGV[2] == 'put back' then
        redis.call('ZADD', state .. 'pending_approval', 0, id)
        return redis.call('HSET', row, id, redis.call('HGET', kept, id))
    end
    redis.call('ZREM', state .. 'pending_approval', id)
    return redis.call('HDEL', row, id)";

#[test]
fn a_batch_removed_or_turned_back_on_redis_is_found_against_what_left_the_house() {
    let server = RedisServer::start();
    let world = Setup::default().store(server.url()).build();
    let [first, second, _] = furnish(&world);
    let on_redis = |id: &str, what: &str| {
        let words = ["EVAL", ON_REDIS, "0", id.strip_prefix("b_").unwrap(), what];
        server.command(&words);
    };
    on_redis(&second, "keep");
    let serve = world.serve();
    world.approve("mehmet", "second");
    world.wait_until("second", "settled");
    serve.terminate();
    export(&world, "good.jsonl", &[]);
    assert_eq!(verify(&world, "good.jsonl", &[]), []);

    on_redis(&first, "remove");
    on_redis(&second, "put back");
    export(&world, "bad.jsonl", &[]);
    assert_eq!(verify(&world, "bad.jsonl", &[]), []);
    let problems = verify(&world, "bad.jsonl", &["good.jsonl"]);
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert_told(
        "removed",
        &problems,
        Some(&first),
        "it is gone; earlier it had 4 entries",
    );
    assert_told(
        "turned back",
        &problems,
        Some(&second),
        "its newest entries are gone: 4 are left",
    );
}

#[test]
fn an_export_goes_on_from_an_earlier_one_and_is_checked_with_it_alone() {
    let world = World::new();
    let [_, second, _] = furnish(&world);
    let head = world.path("head.jsonl");
    let head = ["audit", "head", "--out", head.to_str().unwrap()];
    world.run(&head).expect(0);
    world.run(&head).expect(2).says(&["never written over"]);
    let serve = world.serve();
    world.approve("mehmet", "second");
    world.wait_until("second", "settled");
    world.hold(&batch("fourth", 1));
    serve.terminate();

    let since = world.path("head.jsonl");
    let new = export(&world, "new.jsonl", &["--since", since.to_str().unwrap()]);
    let all = export(&world, "all.jsonl", &[]);
    let is_entry = |line: &&Value| line["kind"] == "entry";
    let entries = |text: &str| lines(text).iter().filter(is_entry).count();
    // Of three batches four each; the ledger's own journal has one, of its first policy.
    assert_eq!(entries(&all) - entries(&new), 3 * 4 + 1);
    assert_eq!(lines(&all).last(), lines(&new).last());
    assert_eq!(verify(&world, "new.jsonl", &["head.jsonl"]), []);
    assert_eq!(verify(&world, "all.jsonl", &["new.jsonl"]), []);
    let alone = verify(&world, "new.jsonl", &[]);
    assert_eq!(alone.len(), 1, "{alone:?}");
    assert!(
        alone[0]
            .1
            .starts_with("it goes on from the export with the head")
    );

    let mut lines = lines(&new);
    lines.remove(place(&lines, &second, 5));
    world.file("bad.jsonl", text(&lines));
    let problems = verify(&world, "bad.jsonl", &["head.jsonl"]);
    let found = "journal: entry 6 stands where entry 5 belongs";
    assert_told(
        "the first new entry is deleted",
        &problems,
        Some(&second),
        found,
    );
}

#[track_caller]
pub(crate) fn assert_told(
    what: &str,
    problems: &[(Option<String>, String)],
    batch: Option<&String>,
    found: &str,
) {
    let is_told = |(named, said): &(Option<String>, String)| {
        named.as_ref() == batch && said.starts_with(found)
            || said.contains(found) && batch.is_none()
    };
    assert!(problems.iter().any(is_told), "{what}: {problems:#?}");
}
