//! From a file to the last kuruş.

use serde_json::{Value, json};

use crate::files::{batch, kurus};
use crate::world::{Setup, World, assert_fields};

/// iyzico's own sample; two of its four items fail their check digits.
const GUIDE_SAMPLE: &str = "crates/cli/samples/iyzico-guide.json";

const BATCH: [&str; 15] = [
    "batch",
    "external_id",
    "state",
    "since",
    "explain",
    "maker",
    "purpose",
    "request_id",
    "digest",
    "count",
    "total",
    "commission",
    "currency",
    "tie_out",
    "approvals",
];
const SUMS: [&str; 9] = [
    "requested",
    "paid",
    "failed",
    "refunded",
    "refund_failed",
    "invalid",
    "cancelled",
    "open",
    "difference",
];
const APPROVALS: [&str; 5] = ["rule", "needed", "given", "missing", "expires_at"];
const ITEM: [&str; 6] = [
    "item",
    "recipient_type",
    "amount",
    "status",
    "reference_code",
    "errors",
];

#[test]
fn an_approved_batch_is_paid_once_and_ties_out() {
    let world = World::new();
    let _serve = world.serve();

    let submitted = world.submit(&batch("walk", 4));
    assert_fields(&submitted, &BATCH[..3]);
    assert_eq!(submitted["replayed"], false);
    assert_eq!(submitted["count"], 4);
    assert_eq!(submitted["total"], "400.10");
    assert_eq!(submitted["currency"], "TRY");
    assert_eq!(submitted["findings"], json!([]));

    let held = world.wait_until("walk", "pending_approval");
    assert_held(&held);
    world.books().batch("walk").assert_never_released("INIT");

    let digest = held["digest"].as_str().unwrap();
    let args = [
        "approve",
        "walk",
        "--digest",
        digest,
        "--comment",
        "as agreed",
        "--json",
    ];
    let approved = world.run_as("mehmet", &args).expect(0).json();
    assert_eq!(approved["batch"], submitted["batch"]);
    assert_eq!(approved["state"], "approved");
    assert_eq!(approved["decision"], "approve");
    assert_fields(&approved["approvals"], &APPROVALS);
    assert_eq!(approved["approvals"]["given"][0]["person"], "mehmet");

    let watched = world.run(&["watch", "walk"]).expect(0);
    assert!(
        watched.stdout.contains("every item is paid"),
        "{}",
        watched.stdout
    );
    let books = world.books();
    books.batch("walk").assert_paid_once();
    assert_eq!(
        (books.calls.init, books.calls.auth, books.calls.cancel),
        (1, 1, 0)
    );
    assert_eq!((books.paid_items, books.paid_total.as_str()), (4, "400.10"));

    assert_settled(&world);
    let verified = world.run(&["audit", "verify", "--json"]).expect(0).json();
    assert_fields(&verified, &["ok", "batches", "entries", "head", "problems"]);
    assert_eq!(
        (&verified["ok"], &verified["batches"]),
        (&json!(true), &json!(1))
    );
    assert_eq!(verified["problems"], json!([]));
}

fn assert_held(held: &Value) {
    assert_fields(held, &BATCH);
    assert_fields(&held["tie_out"], &SUMS);
    assert_fields(&held["approvals"], &APPROVALS);
    assert_eq!(held["maker"], "ayse");
    assert_eq!(held["purpose"], "SALARY");
    assert_eq!(held["tie_out"]["requested"], "400.10");
    assert_eq!(held["tie_out"]["open"], "400.10");
    assert_eq!(held["tie_out"]["paid"], "0.00");
    assert_eq!(held["approvals"]["needed"], 1);
    assert_eq!(held["approvals"]["given"], json!([]));
    assert_eq!(held["approvals"]["missing"], json!(["mehmet"]));
    assert_eq!(held["digest"].as_str().unwrap().len(), 64);
    assert!(held["request_id"].is_string());
}

fn assert_settled(world: &World) {
    let args = ["show", "walk", "--items", "--journal", "--json"];
    let shown = world.run(&args).expect(0).json();
    assert_eq!(shown["state"], "settled");
    assert_eq!(shown["items"].as_array().unwrap().len(), 4);
    assert_fields(&shown["items"][0], &ITEM);
    let journal = shown["journal"].as_array().unwrap();
    let states: Vec<&str> = journal
        .iter()
        .map(|entry| entry["after"].as_str().unwrap())
        .collect();
    assert_eq!(states.last(), Some(&"settled"), "{states:?}");

    let listed = world.run(&["batches", "--json"]).expect(0).json();
    assert_fields(&listed, &["batches", "next"]);
    assert_fields(&listed["batches"][0], &BATCH);
    let held = world.run(&["batches", "--state", "pending_approval", "--json"]);
    assert_eq!(held.expect(0).json()["batches"], json!([]));

    let report = world.run(&["report", "walk", "--json"]).expect(0).json();
    assert_fields(&report, &SUMS);
    assert_fields(&report["items"][0], &ITEM);
    assert_eq!(
        (&report["requested"], &report["paid"]),
        (&json!("400.10"), &json!("400.10"))
    );
    assert_eq!(
        (&report["open"], &report["difference"]),
        (&json!("0.00"), &json!("0.00"))
    );
    for item in report["items"].as_array().unwrap() {
        assert_eq!(item["status"], "paid", "{item}");
        assert!(item["reference_code"].is_string(), "{item}");
    }
    let csv = world.run(&["report", "walk", "--csv"]).expect(0).stdout;
    assert_eq!(csv.lines().count(), 5, "{csv}");
}

#[test]
fn without_allow_invalid_the_guides_sample_is_refused_with_both_its_faults() {
    let world = Setup::default().simulator(&["--check-recipients"]).build();
    let _serve = world.serve();
    let sample = onay_tests::root().join(GUIDE_SAMPLE);
    let args = ["submit", sample.to_str().unwrap(), "--json"];
    let refused = world.run_as("ayse", &args).expect(3).json();
    let found: Vec<_> = refused["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|found| {
            (
                &found["line"],
                &found["item"],
                &found["code"],
                &found["severity"],
            )
        })
        .collect();
    assert_eq!(
        json!(found),
        json!([
            [6, "ext-65656", "checksum", "error"],
            [26, "ext-545454542", "checksum", "error"],
        ])
    );
    assert!(world.books().batches.is_empty());
}

#[test]
fn lines_the_provider_refuses_are_shown_in_its_words_and_never_paid() {
    let world = Setup::default().simulator(&["--check-recipients"]).build();
    let _serve = world.serve();
    let id = "massPayoutId-323ddd";
    let sample = onay_tests::root().join(GUIDE_SAMPLE);
    let args = [
        "submit",
        sample.to_str().unwrap(),
        "--allow-invalid",
        "--json",
    ];
    let submitted = world.run_as("ayse", &args).expect(0).json();
    let warned = submitted["findings"].as_array().unwrap();
    assert!(warned.iter().all(|found| found["severity"] == "warning"));
    assert_eq!(warned.len(), 2);

    let held = world.wait_until(id, "pending_approval");
    assert_eq!(held["tie_out"]["invalid"], "20100.00");
    assert_eq!(held["tie_out"]["open"], "15000.00");
    world.approve("mehmet", id);
    world
        .run(&["watch", id])
        .expect(4)
        .says(&["partly_settled"]);

    let report = world.run(&["report", id, "--json"]).expect(0).json();
    let items: Vec<_> = report["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| (&item["status"], &item["errors"]))
        .collect();
    assert_eq!(
        json!(items),
        json!([
            ["invalid", ["iban is invalid"]],
            ["paid", []],
            ["invalid", ["identity number is invalid"]],
            ["paid", []],
        ])
    );
    assert_eq!(report["difference"], "0.00");
    let shown = world.run(&["report", id]).expect(0).stdout;
    assert!(shown.contains("identity number is invalid"), "{shown}");

    let books = world.books();
    assert_eq!(
        (books.paid_items, books.paid_total.as_str()),
        (2, "15000.00")
    );
    assert_eq!(books.payments_max_per_item, 1);
}

#[test]
fn money_that_failed_at_the_bank_ties_out_with_the_providers_books() {
    let world = Setup::default()
        .simulator(&["--share-failed", "500", "--share-refunded", "500"])
        .build();
    let _serve = world.serve();
    world.hold(&batch("mixed", 24));
    world.approve("mehmet", "mixed");
    world.wait_until("mixed", "partly_settled");
    world.run(&["watch", "mixed"]).expect(4);

    let report = world.run(&["report", "mixed", "--json"]).expect(0).json();
    let sum_of = |status: &str| -> u64 {
        let items = report["items"].as_array().unwrap().iter();
        let of_status = items.filter(|item| item["status"] == status);
        of_status.map(|item| kurus(&item["amount"])).sum()
    };
    for status in ["paid", "failed", "refunded"] {
        assert_eq!(
            kurus(&report[status]),
            sum_of(status),
            "{status}: {report:#}"
        );
        assert!(kurus(&report[status]) > 0, "no {status} in {report:#}");
    }
    let parts = sum_of("paid") + sum_of("failed") + sum_of("refunded");
    assert_eq!(kurus(&report["requested"]), parts);
    assert_eq!(report["difference"], "0.00");
    let books = world.books();
    assert_eq!(report["paid"], books.paid_total);
    assert_eq!(books.payments_max_per_item, 1);
}
