//! What is final, what is not yet, and what nobody knows: booked by item, to the last kuruş.

use serde_json::json;

use crate::files::{batch, kurus};
use crate::process::until;
use crate::world::{Setup, World};

/// How an item ends at the provider, its words for it, what it counts as, and the batch if all end so.
const ENDS: [(&str, &str, &str, &str); 4] = [
    ("paid", "SUCCESS", "paid", "settled"),
    ("failed", "FAILED", "failed", "failed"),
    ("refunded", "DEPOSIT_SUCCESS", "refunded", "failed"),
    ("refund_failed", "DEPOSIT_FAIL", "refund_failed", "failed"),
];

#[test]
fn every_mix_of_ends_is_booked_by_item_whatever_the_batch_is_called() {
    for mixed_result in ["completed", "fail", "stays_published"] {
        let mut outcomes = serde_json::Map::new();
        for (end, ..) in ENDS {
            outcomes.extend((1..=2).map(|n| (format!("{end}-{n}"), json!(end))));
        }
        outcomes.extend(
            (1..)
                .zip(ENDS)
                .map(|(n, end)| (format!("mix-{n}"), json!(end.0))),
        );
        let behaviour = json!({ "mixed_result": mixed_result });
        let scenario = json!({ "settings": { "outcomes": outcomes }, "behaviour": behaviour });
        let world = Setup::default().scenario(scenario).build();
        let serve = world.serve();
        let all = ENDS.map(|end| (end.0, 2, end.3));
        let all = || all.iter().copied().chain([("mix", 4, "partly_settled")]);
        for (id, count, _) in all() {
            world.hold(&batch(id, count));
            world.approve("mehmet", id);
        }
        for (id, _, state) in all() {
            world.wait_until(id, state);
            assert_as_in_the_books(&world, id);
        }
        let log = serve.stderr();
        for id in ["refund_failed-1", "refund_failed-2", "mix-4"] {
            let told = format!("item {id} of batch");
            let of_item = |line: &&str| line.contains(&told) && line.contains("refund failed too");
            assert_eq!(log.lines().filter(of_item).count(), 1, "{id} in\n{log}");
        }
    }
}

/// Every item under the name of what the provider says of it, and every sum to the kuruş.
#[track_caller]
fn assert_as_in_the_books(world: &World, id: &str) {
    let books = world.books();
    let report = world.run(&["report", id, "--json"]).expect(0).json();
    let items = report["items"].as_array().unwrap();
    for item in items {
        let book = &books.batch(id).items;
        let book = book
            .iter()
            .find(|book| item["item"] == book.item_id)
            .unwrap();
        let (_, _, counts_as, _) = ENDS.iter().find(|end| end.1 == book.status).unwrap();
        assert_eq!(item["status"], *counts_as, "{book:?}");
        assert_eq!(book.payments, u32::from(*counts_as == "paid"), "{book:?}");
    }
    for (_, _, counts_as, _) in ENDS {
        let of_end = items.iter().filter(|item| item["status"] == counts_as);
        let sum: u64 = of_end.map(|item| kurus(&item["amount"])).sum();
        assert_eq!(kurus(&report[counts_as]), sum, "{report:#}");
    }
    assert_eq!(
        (&report["open"], &report["difference"]),
        (&json!("0.00"), &json!("0.00"))
    );
}

#[test]
fn a_word_nobody_knows_is_kept_and_shown_and_never_final() {
    let world = World::new();
    world.simulator.behave(&json!({
        "item_words": [{ "say": "ON_HOLD", "ids": ["words-2"], "instead_of": "SUCCESS" }],
        "batch_words": [{ "say": "SUCCESS", "instead_of": "COMPLETED" }],
    }));
    let serve = world.serve();
    world.hold(&batch("words", 2));
    world.approve("mehmet", "words");
    let shown = until("the unknown word", || {
        let shown = world
            .run(&["show", "words", "--items", "--json"])
            .expect(0)
            .json();
        (shown["items"][1]["status"] == "ON_HOLD").then_some(shown)
    });
    assert_eq!(shown["state"], "processing", "{shown:#}");
    assert_eq!(shown["tie_out"]["paid"], "100.01", "{shown:#}");
    assert_eq!(shown["tie_out"]["open"], "100.02", "{shown:#}");
    assert_eq!(shown["tie_out"]["difference"], "0.00", "{shown:#}");
    let told = "has a status we do not know: ON_HOLD";
    until(told, || serve.stderr().contains(told).then_some(()));

    world.simulator.behave(&json!({ "item_words": [] }));
    world.wait_until("words", "settled");
    world.books().batch("words").assert_paid_once();
}

#[test]
fn a_batch_is_open_until_its_last_item_is_final_whatever_its_own_status_says() {
    let world = World::new();
    world.simulator.behave(&json!({ "item_lag_ms": 2_500 }));
    let _serve = world.serve();
    world.hold(&batch("lagging", 3));
    world.approve("mehmet", "lagging");
    until("the provider's end", || {
        (world.books().batches[0].status == "COMPLETED").then_some(())
    });
    let shown = world.show("lagging");
    assert_ne!(shown["state"], "settled", "{shown:#}");
    assert_eq!(shown["tie_out"]["open"], "300.06", "{shown:#}");
    world.wait_until("lagging", "settled");
    world.books().batch("lagging").assert_paid_once();
}
