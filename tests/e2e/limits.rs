//! What rules see in other batches: sums of a day that splitting does not get under, payees that are
//! new, changed, or paid the same a moment ago.

use onay_ledger::conformance::redis_server::RedisServer;
use serde_json::{Value, json};

use crate::files::{IBAN, batch};
use crate::process::Process;
use crate::world::{Setup, World};

/// One payee of a name, an account and an amount.
fn pay(id: &str, name: &str, iban: &str, amount: &str) -> Value {
    json!({
        "externalId": id, "conversationId": id, "purpose": "SALARY",
        "items": [{
            "itemExternalId": format!("{id}-1"), "recipientType": "IBAN", "recipientInfo": iban,
            "recipientName": name, "amount": { "value": amount, "currency": "TRY" },
        }],
    })
}

/// Another account whose check digits are right.
const OTHER_IBAN: &str = "TR920086402100005482986178";

const DAY: &str = "approvals = 1\nexpires_after = \"48h\"\n\
    [[rule]]\nname = \"day\"\nmaker_day_above = \"1000.00 TRY\"\napprovals = 2\nexpires_after = \"24h\"\n";

fn limited() -> Setup {
    Setup::default()
        .person("zeynep", &["approver"])
        .policy("approvals = 1\nexpires_after = \"48h\"\n", DAY)
}

fn rule(world: &World, id: &str) -> String {
    let shown = world.show(id);
    shown["approvals"]["rule"].as_str().unwrap().to_owned()
}

#[test]
fn of_batches_at_once_none_slips_under_the_limit_of_a_day_on_sqlite() {
    at_once(&limited().build());
}

#[test]
fn of_batches_at_once_none_slips_under_the_limit_of_a_day_on_redis() {
    let server = RedisServer::start();
    at_once(&limited().store(server.url()).build());
}

/// Twenty batches of 100 lira against a limit of 1 000: the first ten are within it.
fn at_once(world: &World) {
    let ids: Vec<String> = (0..20).map(|n| format!("part-{n}")).collect();
    for id in &ids {
        world.submit(&pay(id, id, IBAN, "100"));
    }
    let _workers: Vec<Process> = (0..3).map(|_| world.start(&["worker"])).collect();
    for id in &ids {
        world.wait_until(id, "pending_approval");
    }
    let asked = ids.iter().map(|id| rule(world, id));
    let above = asked.filter(|rule| rule == "day + everyday").count();
    assert_eq!(above, 10);
}

#[test]
fn what_was_turned_down_leaves_the_sum_of_the_day() {
    let world = limited().build();
    let _serve = world.serve();
    world.hold(&pay("first", "Ali", IBAN, "900"));
    world.hold(&pay("second", "Veli", IBAN, "200"));
    assert_eq!(rule(&world, "second"), "day + everyday");
    for id in ["first", "second"] {
        let reject = ["reject", id, "--reason", "not this month"];
        world.run_as("mehmet", &reject).expect(0);
        world.wait_until(id, "rejected");
    }
    world.hold(&pay("third", "Ali", IBAN, "1000"));
    assert_eq!(rule(&world, "third"), "everyday");
    world.hold(&pay("fourth", "Ali", IBAN, "0.01"));
    assert_eq!(rule(&world, "fourth"), "day + everyday");
}

#[test]
fn new_payees_changed_accounts_and_likely_duplicates_are_noticed_and_may_ask_for_more() {
    let odd = "approvals = 1\nexpires_after = \"48h\"\n\
        [[rule]]\nname = \"odd\"\non = [\"duplicate\", \"changed_payee\"]\napprovals = 2\n\
        expires_after = \"24h\"\n";
    let world = Setup::default()
        .person("zeynep", &["approver"])
        .policy("approvals = 1\nexpires_after = \"48h\"\n", odd)
        .build();
    let _serve = world.serve();
    let counts = |shown: &Value| shown["signals"]["counts"].clone();
    let october = world.hold(&pay("october", "Ayşe Yılmaz", IBAN, "1500.50"));
    assert_eq!(counts(&october), json!({ "new_payee": 1 }));
    assert_eq!(rule(&world, "october"), "everyday");
    world.approve("mehmet", "october");
    world.wait_until("october", "settled");

    let bonus = world.hold(&pay("bonus", "Ayşe Yılmaz", IBAN, "700"));
    assert_eq!(bonus["signals"], Value::Null, "known, and another amount");
    let again = world.hold(&pay("again", "AYŞE  YILMAZ", IBAN, "1500.50"));
    assert_eq!(counts(&again), json!({ "duplicate": 1 }));
    assert_eq!(rule(&world, "again"), "odd + everyday");
    let told = again["signals"]["listed"][0]["detail"].as_str().unwrap();
    assert!(told.contains("500.50 TRY"), "{told}");
    let moved = world.hold(&pay("moved", "ayşe yılmaz", OTHER_IBAN, "800"));
    assert_eq!(
        counts(&moved),
        json!({ "changed_payee": 1, "new_payee": 1 })
    );
    assert_eq!(rule(&world, "moved"), "odd + everyday");
    let shown = world.run(&["show", "again"]).expect(0).stdout;
    assert!(shown.contains("duplicate"), "{shown}");

    // One approval does not do, and nothing was paid by it.
    world.approve("mehmet", "again");
    world.approve("mehmet", "bonus");
    world.wait_until("bonus", "settled");
    world.books().batch("again").assert_never_released("INIT");
    world.approve("zeynep", "again");
    world.wait_until("again", "settled");
    // What is not odd is as it ever was.
    let usual = world.hold(&batch("usual", 1));
    assert_eq!(rule(&world, "usual"), "everyday", "{usual:#}");
}
