//! A signature says who had an export, and that nothing was done to it since; two verifiers agree.

use serde_json::Value;

use crate::audit_export::{lines, text, verify_signed};
use crate::files::batch;
use crate::keys::PASSPHRASE;
use crate::tampers::recompute;
use crate::world::{Ran, World};

/// One batch, and a key of mehmet's.
fn furnish() -> World {
    let world = World::new();
    world.new_key("mehmet");
    let serve = world.serve();
    world.hold(&batch("first", 2));
    serve.terminate();
    world
}

/// A signed export, or head.
#[track_caller]
fn signed(world: &World, what: &str, name: &str) -> Vec<Value> {
    let path = world.path(name);
    let args = ["audit", what, "--as", "mehmet", "--out"];
    let args = [&args[..], &[path.to_str().unwrap()]].concat();
    world.run_with_key(&args).expect(0);
    lines(&std::fs::read_to_string(path).unwrap())
}

/// Does something to an export that ends with the end and its signature.
type Tamper = fn(&mut Vec<Value>);

/// What is done; what is told when mehmet's key is asked for; what is told when none is.
const TAMPERS: [(&str, Tamper, &str, Option<&str>); 9] = [
    (
        "everything is computed anew",
        |lines| {
            lines[2]["note"] = "nothing".into();
            let signature = lines.pop().unwrap();
            recompute(lines);
            lines.push(signature);
        },
        "the signature does not fit",
        Some("the signature does not fit"),
    ),
    (
        "the moment is another",
        |lines| lines[0]["at"] = "2026-11-23T07:00:00.000000Z".into(),
        "the signature does not fit",
        Some("the signature does not fit"),
    ),
    (
        "the head is another",
        |lines| {
            let end = lines.len() - 2;
            lines[end]["head"] = "0".repeat(64).into();
        },
        "the head is",
        Some("the head is"),
    ),
    (
        "the signer is another",
        |lines| lines.last_mut().unwrap()["by"] = "zeynep".into(),
        "the signature does not fit: this is not what zeynep signed",
        Some("the signature does not fit"),
    ),
    (
        "the signature is another",
        |lines| {
            let line = lines.last_mut().unwrap();
            let old = line["signature"].as_str().unwrap().to_owned();
            let first = if old.starts_with('A') { "B" } else { "A" };
            line["signature"] = format!("{first}{}", &old[1..]).into();
        },
        "the signature does not fit",
        Some("the signature does not fit"),
    ),
    (
        "the key is one that fits whatever anybody signs",
        |lines| {
            let line = lines.last_mut().unwrap();
            line["key"] = "ed25519:AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".into();
            line["signature"] = format!("AQ{}A==", "A".repeat(83)).into();
        },
        "is not one that an export has there",
        Some("is not one that an export has there"),
    ),
    (
        "the signature is removed",
        |lines| {
            lines.pop();
        },
        "it is not signed",
        None,
    ),
    (
        "the signature stands twice",
        |lines| lines.push(lines.last().unwrap().clone()),
        "is not one that an export has there",
        Some("is not one that an export has there"),
    ),
    (
        "the signature stands before the end",
        |lines| {
            let end = lines.len() - 2;
            lines.swap(end, end + 1);
        },
        "is not one that an export has there",
        Some("is not one that an export has there"),
    ),
];

#[test]
fn whatever_is_done_to_what_was_signed_is_found_by_two_verifiers() {
    let world = furnish();
    let good = signed(&world, "export", "good.jsonl");
    let key = world.public_key("mehmet");
    let told = good.last().unwrap();
    assert_eq!(
        (&told["by"], &told["key"]),
        (&"mehmet".into(), &key.clone().into())
    );
    assert_eq!(verify_signed(&world, "good.jsonl", &[], &[&key]), []);
    assert_eq!(verify_signed(&world, "good.jsonl", &[], &[]), []);
    signed(&world, "head", "head.jsonl");
    let earlier = ["head.jsonl"];
    assert_eq!(verify_signed(&world, "good.jsonl", &earlier, &[&key]), []);

    for (what, tamper, found, without_key) in TAMPERS {
        let mut lines = good.clone();
        tamper(&mut lines);
        world.file("bad.jsonl", text(&lines));
        for (keys, found) in [(&[key.as_str()][..], Some(found)), (&[], without_key)] {
            let problems = verify_signed(&world, "bad.jsonl", &[], keys);
            let is_told = |found: &str| problems.iter().any(|(_, said)| said.contains(found));
            assert!(found.is_none_or(is_told), "{what}: {problems:?}");
            assert_eq!(found.is_none(), problems.is_empty(), "{what}: {problems:?}");
        }
    }
}

#[test]
fn whoever_signs_with_another_key_is_named() {
    let world = furnish();
    signed(&world, "export", "good.jsonl");
    let key = world.public_key("mehmet");
    world.new_key("zeynep");
    let other = world.public_key("zeynep");
    assert_eq!(
        verify_signed(&world, "good.jsonl", &[], &[&other, &key]),
        []
    );
    let problems = verify_signed(&world, "good.jsonl", &[], &[&other]);
    let said = format!("it is signed by mehmet with {key}, not with a key that was given");
    assert_eq!(problems, [(None, said)]);
    let verify = ["audit", "verify", "--export", "good.jsonl"];
    let unknown = world.run(&verify).expect(0).stdout;
    let note = format!("signed by mehmet with an unknown key, {key}");
    assert!(unknown.contains(&note), "{unknown}");
    let known = world.run(&[&verify[..], &["--public-key", &key]].concat());
    let note = format!("signed by mehmet with {key}\n");
    assert!(known.expect(0).stdout.contains(&note));
}

#[test]
fn nobody_signs_in_the_name_of_another() {
    let world = furnish();
    let args = ["audit", "export", "--as", "mehmet"];
    let mut command = world.command(&args);
    let wrong = Ran::of(command.env("ONAY_KEY_PASSPHRASE", "correct horse"));
    let wrong = wrong.expect(3).says(&["the passphrase is wrong"]);
    assert_eq!(wrong.stdout, "");
    let none = world.run_with_key(&["audit", "export", "--as", "zeynep"]);
    none.expect(3)
        .says(&["zeynep has no key", "onay key new zeynep"]);
    let head = world.run_with_key(&["audit", "head", "--as", "mehmet"]);
    head.expect(2).says(&["--out"]);

    // The policy knows another key than the one in the file.
    let line = world.new_key("zeynep");
    let policy = std::fs::read_to_string(world.path("policy.toml")).unwrap();
    let name = "name = \"mehmet\"";
    world.file(
        "policy.toml",
        policy.replace(name, &format!("{name}\n{line}")),
    );
    let other = world.run_with_key(&args).expect(3);
    other.says(&["is not that of mehmet"]);
    let file = world.path(".config/onay/keys/zeynep.pem");
    let mut command = world.command(&args);
    command
        .env("ONAY_KEY", &file)
        .env("ONAY_KEY_PASSPHRASE", PASSPHRASE);
    let export = Ran::of(&mut command).expect(0).stdout;
    assert!(export.contains(&world.public_key("zeynep")), "{export}");
}
