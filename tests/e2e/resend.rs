//! What came back is sent again: a batch of its own, and never an item whose money may be elsewhere.

use serde_json::{Value, json};

use crate::files::batch;
use crate::world::{Setup, World};

/// How each item of `payday` ends.
fn outcomes() -> Value {
    json!({
        "settings": {
            "outcomes": {
                "payday-1": "paid",
                "payday-2": "refunded",
                "payday-3": "failed",
                "payday-4": "refund_failed",
                "payday-5": "invalid",
            },
        },
    })
}

fn partly_settled() -> (World, crate::process::Process) {
    let world = Setup::default()
        .person("deniz", &["maker", "approver"])
        .scenario(outcomes())
        .build();
    let serve = world.serve();
    world.hold(&batch("payday", 5));
    world.approve("mehmet", "payday");
    world.wait_until("payday", "partly_settled");
    (world, serve)
}

#[test]
fn only_what_is_certainly_back_is_sent_again_once_and_with_an_approval_of_its_own() {
    let (world, _serve) = partly_settled();
    let again = || {
        let ran = world.run_as("deniz", &["resend-failed", "payday", "--json"]);
        ran.expect(0).json()
    };
    let child = again();
    assert_eq!(child["replayed"], false, "{child:#}");
    // 100.02 and 100.05: refunded and invalid; what failed or whose refund failed may be anywhere.
    assert_eq!(
        (&child["count"], &child["total"]),
        (&json!(2), &json!("200.07"))
    );
    let second = again();
    assert_eq!(second["replayed"], true, "{second:#}");
    assert_eq!(second["batch"], child["batch"]);

    let id = child["external_id"].as_str().unwrap();
    let held = world.wait_until(id, "pending_approval");
    assert_eq!(held["parent"], "payday", "{held:#}");
    assert_eq!(held["maker"], "deniz");
    world.books().batch(id).assert_never_released("INIT");
    let digest = held["digest"].as_str().unwrap();
    let own = world.run_as("deniz", &["approve", id, "--digest", digest]);
    own.expect(3);
    world.approve("mehmet", id);
    world.wait_until(id, "settled");
    assert_eq!(again()["batch"], child["batch"]);

    let books = world.books();
    assert_eq!(books.batches.len(), 2);
    books.batch(id).assert_paid_once();
    let sent: Vec<_> = books
        .batch(id)
        .items
        .iter()
        .map(|item| item.amount.as_str())
        .collect();
    assert_eq!(sent, ["100.02", "100.05"]);
    assert_eq!(books.payments("payday")["payday-1"], 1);
    assert_eq!(books.paid_items, 3);
    assert_ties_out(
        &world,
        "payday",
        &[
            ("requested", "500.15"),
            ("paid", "100.01"),
            ("refunded", "100.02"),
            ("failed", "100.03"),
            ("refund_failed", "100.04"),
            ("invalid", "100.05"),
        ],
    );
    assert_ties_out(&world, id, &[("requested", "200.07"), ("paid", "200.07")]);
    let parent = world.show("payday");
    assert_eq!(parent["children"][0]["external_id"], id, "{parent:#}");
}

#[track_caller]
fn assert_ties_out(world: &World, id: &str, sums: &[(&str, &str)]) {
    let report = world.run(&["report", id, "--json"]).expect(0).json();
    for (sum, amount) in sums {
        assert_eq!(report[sum], *amount, "{report:#}");
    }
    assert_eq!(
        (&report["open"], &report["difference"]),
        (&json!("0.00"), &json!("0.00"))
    );
}

#[test]
fn what_is_paid_or_open_or_merely_failed_is_never_sent_again() {
    let world = Setup::default()
        .scenario(json!({ "settings": { "outcomes": { "gone-1": "failed", "gone-2": "refund_failed" } } }))
        .build();
    let _serve = world.serve();
    world.hold(&batch("good", 2));
    world.hold(&batch("gone", 2));
    world.run_as("ayse", &["resend-failed", "good"]).expect(3);
    for id in ["good", "gone"] {
        world.approve("mehmet", id);
    }
    world.wait_until("good", "settled");
    world.wait_until("gone", "failed");
    for id in ["good", "gone", "nobody-knows-it"] {
        world.run_as("ayse", &["resend-failed", id]).expect(3);
    }
    world
        .run_as("mehmet", &["resend-failed", "gone"])
        .expect(3)
        .says(&["maker"]);
    assert_eq!(world.books().batches.len(), 2);
}
