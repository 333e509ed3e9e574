//! Somebody who can write the ledger, and computes anew whatever can be computed, still moves no
//! money where a rule asks for signatures.

use onay_payout::Digest;
use rusqlite::{Connection, params};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::audit_export::{export, lines, verify};
use crate::files::batch;
use crate::keys::PASSPHRASE;
use crate::tampers::{recompute, rewrite};
use crate::world::{Ran, Setup, World};

/// What is done to the decisions of a batch, each as its text; `theirs` are those of another batch.
type Attack = fn(decisions: &mut Vec<String>, theirs: &[String]);

/// What is done to a batch that mehmet approved, took back, and approved again; what of it is told.
const ATTACKS: [(&str, Attack, &str); 7] = [
    (
        "forged",
        |made, _| made.push(made[2].replace("mehmet", "zeynep")),
        "the decisions of zeynep are not one after the other",
    ),
    (
        "edited",
        |made, _| made[2] = made[2].replace("\"comment\":null", "\"comment\":\"twice\""),
        "is not what mehmet signed",
    ),
    (
        "replayed",
        |made, _| made.push(made[2].clone()),
        "3 stands where 4 belongs",
    ),
    (
        "re-ordered",
        |made, _| made.swap(1, 2),
        "3 stands where 2 belongs",
    ),
    (
        "truncated",
        |made, _| drop(made.remove(1)),
        "3 stands where 2 belongs",
    ),
    (
        "re-targeted",
        |made, theirs| made.push(theirs[0].clone()),
        "decision 1 of zeynep is not what zeynep signed",
    ),
    (
        "unsigned",
        |made, _| {
            let (told, _) = made[2].split_once(",\"signed\"").unwrap();
            made.push(
                told.replace("mehmet", "zeynep")
                    .replace("\"revision\":3", "\"revision\":1")
                    + "}",
            );
        },
        "",
    ),
];

fn world() -> World {
    let world = Setup::default()
        .two_approvals()
        .policy("approvals = 2", "approvals = 2\nproof = \"signature\"")
        .build();
    let mut policy = std::fs::read_to_string(world.path("policy.toml")).unwrap();
    for name in ["mehmet", "zeynep"] {
        let (line, name) = (world.new_key(name), format!("name = \"{name}\""));
        policy = policy.replace(&name, &format!("{name}\n{line}"));
    }
    world.file("policy.toml", policy);
    world
}

/// Approves with a signature.
#[track_caller]
fn sign(world: &World, name: &str, batch: &str) {
    let shown = world.show(batch);
    let digest = shown["digest"].as_str().unwrap();
    let args = ["approve", batch, "--as", name, "--digest", digest, "--json"];
    let mut command = world.command(&args);
    command.env("ONAY_TOKEN", world.token(name));
    let signed = Ran::of(command.env("ONAY_KEY_PASSPHRASE", PASSPHRASE));
    let given = signed.expect(0).json()["approvals"]["given"].clone();
    let is_signed = |given: &Value| given["person"] == name && given["signed"] == true;
    assert!(given.as_array().unwrap().iter().any(is_signed), "{given}");
}

#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow)]
    decisions: Vec<&'a RawValue>,
}

fn decisions(head: &str) -> Vec<String> {
    let head: Head<'_> = serde_json::from_str(head).unwrap();
    head.decisions
        .iter()
        .map(|made| made.get().to_owned())
        .collect()
}

fn head(file: &Connection, batch: &str) -> (String, String) {
    let query = "SELECT id, head FROM batch WHERE external_id = ?1";
    file.query_row(query, [batch], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
}

/// Rewrites what is stored of a batch, as if the worker's turn had come.
fn attack(
    file: &Connection,
    name: &str,
    attack: Attack,
    theirs: &[String],
) -> (String, String, Vec<String>) {
    let (id, text) = head(file, name);
    let before = decisions(&text);
    let mut after = before.clone();
    attack(&mut after, theirs);
    let list = |made: &[String]| format!("\"decisions\":[{}]", made.join(","));
    let text = text.replace(&list(&before), &list(&after)).replace(
        "\"state\":{\"pending_approval\":",
        "\"state\":{\"approved\":",
    );
    assert!(text.contains("\"state\":{\"approved\":"), "{text}");
    let update = "UPDATE batch SET head = ?1, state = 'approved' WHERE id = ?2";
    file.execute(update, params![text, id]).unwrap();
    (id, text, after)
}

/// Lets the journal tell of these decisions and of this record, and of nothing else.
fn rewritten(lines: &mut Vec<Value>, (id, text, made): &(String, String, Vec<String>)) {
    let is_theirs = |line: &Value| line["kind"] == "entry" && line["batch"] == *id;
    let first = lines.iter().position(is_theirs).unwrap();
    let entries: Vec<Value> = lines
        .iter()
        .filter(|line| is_theirs(line))
        .cloned()
        .collect();
    lines.retain(|line| !is_theirs(line));
    let (decided, mut told): (Vec<Value>, Vec<Value>) = entries
        .into_iter()
        .partition(|entry| entry["decision"].is_string());
    let decided = decided.first().or(told.last()).cloned().unwrap();
    for made in made {
        let read: Value = serde_json::from_str(made).unwrap();
        let mut entry = decided.clone();
        entry["actor"] = read["person"].clone();
        let is_undo = read["verdict"] == "undo";
        entry["event"] = if is_undo { "undo" } else { "approve" }.into();
        entry["decision"] = made.as_str().into();
        told.push(entry);
    }
    let newest = told.last_mut().unwrap();
    newest["after"] = "approved".into();
    newest["record"] = Digest::of(text.as_bytes()).to_string().into();
    lines.splice(first..first, told);
}

#[test]
fn who_owns_the_ledger_but_no_key_moves_no_money() {
    let world = world();
    let serve = world.serve();
    let names: Vec<&str> = ATTACKS.iter().map(|(name, ..)| *name).collect();
    for name in names.iter().chain(&["honest", "theirs"]) {
        world.hold(&batch(name, 2));
    }
    serve.terminate();
    for name in &names {
        sign(&world, "mehmet", name);
        world.run_as("mehmet", &["undo", name]).expect(0);
        sign(&world, "mehmet", name);
    }
    for person in ["mehmet", "zeynep"] {
        sign(&world, person, "honest");
    }
    sign(&world, "zeynep", "theirs");
    // Without a key there is no way to approve.
    let shown = world.show("theirs");
    let digest = shown["digest"].as_str().unwrap();
    let other = world.path("elsewhere");
    let mut command = world.command(&["approve", "theirs", "--as", "mehmet", "--digest", digest]);
    command
        .env("ONAY_TOKEN", world.token("mehmet"))
        .env("HOME", &other);
    command.env("XDG_CONFIG_HOME", &other);
    Ran::of(&mut command).expect(3).says(&["signature"]);

    let mut told = lines(&export(&world, "before.jsonl", &[]));
    let file = Connection::open(world.store()).unwrap();
    let theirs = decisions(&head(&file, "theirs").1);
    for (name, how, _) in ATTACKS {
        let done = attack(&file, name, how, &theirs);
        rewritten(&mut told, &done);
    }
    recompute(&mut told);
    rewrite(&file, &told);
    let due = "INSERT INTO job (queue, batch, ready_at, attempt)
               SELECT 'worker', id, 0, 0 FROM batch WHERE state = 'approved'
               ON CONFLICT DO UPDATE SET ready_at = 0";
    file.execute(due, []).unwrap();
    drop(file);
    // Whoever did this left nothing to be seen but the signatures.
    let told = world.run(&["audit", "verify", "--json"]).expect(4).json();
    for problem in told["problems"].as_array().unwrap() {
        let what = problem["problem"].as_str().unwrap();
        assert!(what.contains("is not what its person signed"), "{what}");
    }
    let after = export(&world, "after.jsonl", &[]);
    assert!(!after.is_empty());
    let found = verify(&world, "after.jsonl", &[]);
    assert!(!found.is_empty(), "by two verifiers");

    let _serve = world.serve();
    world.wait_until("honest", "settled");
    for (name, _, problem) in ATTACKS {
        if problem.is_empty() {
            let shown = world.wait_until(name, "pending_approval");
            assert_eq!(shown["approvals"]["given"][0]["person"], "mehmet");
            continue;
        }
        let shown = world.wait_until(name, "frozen");
        assert_eq!(shown["frozen"]["why"], "tampered", "{name}: {shown:#}");
        let details = shown["frozen"]["details"].to_string();
        assert!(details.contains(problem), "{name}: {details}");
    }
    let books = world.books();
    for (name, ..) in ATTACKS {
        books.batch(name).assert_never_released("INIT");
    }
    books.batch("honest").assert_paid_once();
}

#[test]
fn who_owns_the_ledger_chooses_no_weaker_rule_by_another_sum() {
    let large = "up_to = \"150.00 TRY\"\napprovals = 1\nexpires_after = \"48h\"\n\
        [[rule]]\nname = \"large\"\nabove = \"150.00 TRY\"\napprovals = 1\nproof = \"signature\"\n\
        expires_after = \"24h\"\n";
    let world = Setup::default()
        .policy("approvals = 1\nexpires_after = \"48h\"\n", large)
        .build();
    let (line, name) = (world.new_key("mehmet"), "name = \"mehmet\"");
    let policy = std::fs::read_to_string(world.path("policy.toml")).unwrap();
    world.file(
        "policy.toml",
        policy.replace(name, &format!("{name}\n{line}")),
    );
    let serve = world.serve();
    let small = world.hold(&batch("small", 1));
    let sums = world.hold(&batch("sums", 2));
    let rules = world.hold(&batch("rules", 2));
    serve.terminate();
    sign(&world, "mehmet", "small");

    let file = Connection::open(world.store()).unwrap();
    let approval = decisions(&head(&file, "small").1).remove(0);
    let approval = format!("{}}}", approval.split_once(",\"signed\"").unwrap().0);
    let mut told = lines(&export(&world, "before.jsonl", &[]));
    let weaker = "\"rule\":{\"name\":\"everyday\",\"needed\":1,\"asked\":[\"mehmet\"]}";
    for (name, shown) in [("sums", &sums), ("rules", &rules)] {
        let field = |shown: &Value, name: &str| shown[name].as_str().unwrap().to_owned();
        let theirs = ["digest", "request_id"]
            .iter()
            .fold(approval.clone(), |text, name| {
                text.replace(&field(&small, name), &field(shown, name))
            });
        let (id, text) = head(&file, name);
        let from = text.find("\"rules\":[").unwrap();
        let to = from + text[from..].find("\"signed\":true}]").unwrap() + "\"signed\":true}]".len();
        let mut text = text.replace(&text[from..to], weaker);
        text = text
            .replace("\"decisions\":[]", &format!("\"decisions\":[{theirs}]"))
            .replace(
                "\"state\":{\"pending_approval\":",
                "\"state\":{\"approved\":",
            );
        if name == "sums" {
            let hold = text.find("\"approved\":").unwrap();
            let (before, hold) = text.split_at(hold);
            text = before.to_owned() + &hold.replace("\"200.03 TRY\"", "\"1.00 TRY\"");
            assert!(text.contains("\"1.00 TRY\""), "{text}");
        }
        let update = "UPDATE batch SET head = ?1, state = 'approved' WHERE id = ?2";
        file.execute(update, params![text, id]).unwrap();
        rewritten(&mut told, &(id, text, vec![theirs]));
    }
    recompute(&mut told);
    rewrite(&file, &told);
    file.execute_batch("UPDATE job SET ready_at = 0").unwrap();
    drop(file);
    let _serve = world.serve();
    world.wait_until("small", "settled");
    let shown = world.wait_until("sums", "frozen");
    assert_eq!(shown["frozen"]["why"], "tampered", "{shown:#}");
    let shown = world.wait_until_again("rules", "pending_approval");
    assert_eq!(shown["approvals"]["given"][0]["signed"], false);
    let books = world.books();
    for name in ["sums", "rules"] {
        books.batch(name).assert_never_released("INIT");
    }
    books.batch("small").assert_paid_once();
}

#[test]
fn a_record_or_a_journal_that_was_edited_freezes_what_it_was_to_release() {
    let world = World::new();
    let serve = world.serve();
    for name in ["record", "entry", "missing"] {
        world.hold(&batch(name, 2));
    }
    serve.terminate();
    for name in ["record", "entry", "missing"] {
        world.approve("mehmet", name);
    }
    let file = Connection::open(world.store()).unwrap();
    let triggers = "SELECT group_concat('DROP TRIGGER ' || name || ';', '') FROM sqlite_master
                    WHERE type = 'trigger'";
    let drop_all: String = file.query_row(triggers, [], |row| row.get(0)).unwrap();
    file.execute_batch(&drop_all).unwrap();
    let edit = |edit: &str, name: &str| {
        let (id, _) = head(&file, name);
        assert!(file.execute(edit, [id]).unwrap() > 0, "{edit}");
    };
    edit(
        "UPDATE batch SET head = replace(head, 'ayse', 'veli') WHERE id = ?1",
        "record",
    );
    edit(
        "UPDATE journal SET note = 'tamam' WHERE batch = ?1 AND event = 'approve'",
        "entry",
    );
    edit(
        "DELETE FROM journal WHERE batch = ?1 AND event = 'approve'",
        "missing",
    );
    drop(file);
    let _serve = world.serve();
    for name in ["record", "entry", "missing"] {
        let shown = world.wait_until(name, "frozen");
        assert_eq!(shown["frozen"]["why"], "tampered", "{name}: {shown:#}");
    }
    let books = world.books();
    for name in ["record", "entry", "missing"] {
        books.batch(name).assert_never_released("INIT");
    }
}
