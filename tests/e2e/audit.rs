//! Somebody edits the file behind our back.

use std::collections::BTreeSet;

use rusqlite::Connection;

use crate::files::batch;
use crate::process::until;
use crate::world::World;

/// Who edits what, and the guard they must take away first.
const EDITS: [(&str, &str, &str); 5] = [
    (
        "amount",
        "content_is_never_edited",
        "UPDATE content SET record = replace(record, '100.01', '900.01') WHERE batch",
    ),
    (
        "note",
        "journal_is_never_edited",
        "UPDATE journal SET note = 'all is well' WHERE batch",
    ),
    (
        "outcome",
        "",
        "UPDATE outcome SET record = replace(record, 'SUCCESS', 'FAILED') WHERE batch",
    ),
    (
        "maker",
        "",
        "UPDATE batch SET head = replace(head, '\"ayse\"', '\"veli\"') WHERE id",
    ),
    (
        "unreadable",
        "",
        "UPDATE content SET record = '{}' WHERE batch",
    ),
];

#[test]
fn what_was_edited_behind_our_back_is_found_and_its_batch_named() {
    let world = World::new();
    let serve = world.serve();
    let ids = EDITS.map(|(id, ..)| id);
    for id in ids.into_iter().chain(["untouched"]) {
        world.hold(&batch(id, 2));
        world.approve("mehmet", id);
        world.wait_until(id, "settled");
    }
    serve.terminate();
    world.run(&["audit", "verify"]).expect(0);

    let mut edited = BTreeSet::new();
    for (id, guard, edit) in EDITS {
        let batch = world.show(id)["batch"].as_str().unwrap().to_owned();
        tamper(&world, guard, &format!("{edit} = '{batch}'"));

        for name in [&batch, id] {
            let one = world.run(&["audit", "verify", name, "--json"]).expect(4);
            assert_eq!(one.json()["ok"], false, "{}", one.stdout);
            assert_eq!(one.json()["problems"][0]["batch"], name);
        }
        edited.insert(batch);
        let all = world.run(&["audit", "verify", "--json"]).expect(4).json();
        let problems = all["problems"].as_array().unwrap();
        let named = problems.iter().map(|problem| problem["batch"].as_str());
        assert_eq!(
            named
                .map(|id| id.unwrap().to_owned())
                .collect::<BTreeSet<_>>(),
            edited
        );
        let text = world.run(&["audit", "verify"]).expect(4).stdout;
        assert!(text.contains("NOT ok"), "{text}");
    }
    world.run(&["audit", "verify", "untouched"]).expect(0);
}

/// What someone with the file and a tool can do, once they have taken the guard away.
fn tamper(world: &World, guard: &str, edit: &str) {
    let file = Connection::open(world.store()).unwrap();
    if !guard.is_empty() {
        assert!(file.execute(edit, []).is_err(), "no guard `{guard}`");
        file.execute(&format!("DROP TRIGGER {guard}"), []).unwrap();
    }
    assert!(file.execute(edit, []).unwrap() > 0, "{edit}");
}

#[test]
fn a_batch_that_changes_while_it_is_checked_is_not_called_edited() {
    let world = World::new();
    let ids: Vec<String> = (0..6).map(|n| format!("busy-{n}")).collect();
    for id in &ids {
        world.submit(&batch(id, 1));
    }
    let _serve = world.serve();
    until("every batch held while it is checked", || {
        world.run(&["audit", "verify"]).expect(0);
        let states = ids.iter().map(|id| world.show(id)["state"].clone());
        states
            .into_iter()
            .all(|state| state == "pending_approval")
            .then_some(())
    });
}
