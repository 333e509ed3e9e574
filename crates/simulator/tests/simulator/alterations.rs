//! Batches of which the provider holds something else than was sent.

use onay_simulator::{Behaviour, Settings};
use serde_json::{Value, json};

use crate::caller::{World, settings};

const INIT: &str = "/v1/mass/payout/init";
const AUTH: &str = "/v1/mass/payout/auth";
const RETRIEVE: &str = "/v1/mass/payout/retrieve";
const IBAN: &str = "TR920086402100005482986178";

async fn world(alteration: &Value) -> World {
    let behaviour = json!({ "alterations": [alteration] }).to_string();
    World::start(Settings {
        behaviour: Behaviour::default().changed(&behaviour).unwrap(),
        ..settings()
    })
    .await
}

/// Three items of 100.50.
async fn stored(world: &World, external_id: &str) -> String {
    let items = ["a", "b", "c"].map(|id| {
        json!({ "itemExternalId": id, "recipientType": "IBAN", "recipientInfo": IBAN,
                "recipientName": "Jane Example",
                "amount": { "value": "100.50", "currency": "TRY" } })
    });
    let body = json!({ "externalId": external_id, "items": items }).to_string();
    let answer = world.call("POST", INIT, &body).await.json();
    answer["requestId"].as_str().unwrap().to_owned()
}

/// What a caller reads back: the total, and of each item its id, payee, name and amount.
async fn read(world: &World, request_id: &str) -> (Value, Vec<[String; 4]>) {
    let body = json!({ "requestId": request_id, "itemType": "VALID", "page": 0, "size": 9 });
    let answer = world.call("POST", RETRIEVE, &body.to_string()).await.json();
    let items = answer["massPayoutItems"]["items"].as_array().unwrap();
    let items = items.iter().map(|item| {
        [
            "itemExternalId",
            "recipientInfo",
            "recipientName",
            "totalAmount",
        ]
        .map(|field| {
            let value = &item[field];
            value.as_str().map_or(value.to_string(), str::to_owned)
        })
    });
    (answer["massPayout"]["totalAmount"].clone(), items.collect())
}

const NAME: &str = "Jane Example";

fn item(id: &str, payee: &str, name: &str, amount: &str) -> [String; 4] {
    [id, payee, name, amount].map(str::to_owned)
}

fn as_sent(id: &str) -> [String; 4] {
    item(id, IBAN, NAME, "100.5")
}

/// The three items with another one in one place.
fn but(place: usize, item: [String; 4]) -> Vec<[String; 4]> {
    let mut items = ["a", "b", "c"].map(as_sent);
    items[place] = item;
    items.to_vec()
}

#[tokio::test]
async fn each_change_shows_in_what_is_read_back() {
    let [a, b, c] = ["a", "b", "c"].map(as_sent);
    let other = item("c", "TR920086402100005482986170", NAME, "100.5");
    let masked = |id| item(id, "TR92********************78", NAME, "100.5");
    let table = [
        (
            json!({ "change": "amount" }),
            301.51,
            but(0, item("a", IBAN, NAME, "100.51")),
        ),
        (
            json!({ "change": "amount", "item_id": "b", "by": "-0.50" }),
            301.0,
            but(1, item("b", IBAN, NAME, "100.0")),
        ),
        (
            json!({ "change": "payee", "item_id": "c" }),
            301.5,
            but(2, other),
        ),
        (
            json!({ "change": "name" }),
            301.5,
            but(0, item("a", IBAN, "Somebody Else", "100.5")),
        ),
        (
            json!({ "change": "missing", "item_id": "b" }),
            201.0,
            vec![a.clone(), c.clone()],
        ),
        (
            json!({ "change": "extra", "item_id": "b" }),
            402.0,
            vec![a.clone(), b.clone(), c.clone(), as_sent("b-extra")],
        ),
        (
            json!({ "change": "total", "by": "1.00" }),
            302.5,
            vec![a, b, c],
        ),
        (
            json!({ "change": "masked" }),
            301.5,
            ["a", "b", "c"].map(masked).to_vec(),
        ),
        (
            json!({ "change": "masked", "item_id": "b" }),
            301.5,
            but(1, masked("b")),
        ),
    ];
    for (alteration, total, items) in table {
        let world = world(&alteration).await;
        let request_id = stored(&world, "m-1").await;
        let expected = (json!(total), items);
        // Once is enough: reading again changes nothing.
        for _ in 0..2 {
            assert_eq!(read(&world, &request_id).await, expected, "{alteration}");
        }
        assert!(world.simulator.books(None).batches[0].is_altered);
    }
}

#[tokio::test]
async fn a_copy_may_change_after_it_was_read_once() {
    let world = world(&json!({ "change": "amount", "when": "after_read" })).await;
    let request_id = stored(&world, "m-1").await;
    let (before, _) = read(&world, &request_id).await;
    let (after, _) = read(&world, &request_id).await;
    assert_eq!((before, after), (json!(301.5), json!(301.51)));
}

#[tokio::test]
async fn a_page_that_lacks_the_last_item_is_no_reading() {
    let world = world(&json!({ "change": "amount", "when": "after_read" })).await;
    let request_id = stored(&world, "m-1").await;
    for (page, total) in [(0, 301.5), (0, 301.5), (1, 301.5), (0, 301.51)] {
        let body = json!({ "requestId": request_id, "page": page, "size": 2 }).to_string();
        let answer = world.call("POST", RETRIEVE, &body).await.json();
        assert_eq!(answer["massPayout"]["totalAmount"], json!(total));
    }
}

#[tokio::test]
async fn only_the_named_batch_is_altered_and_the_altered_copy_is_what_is_paid() {
    let world = world(&json!({ "change": "missing", "external_id": "m-2" })).await;
    for (external_id, items) in [("m-1", 3), ("m-2", 2)] {
        let request_id = stored(&world, external_id).await;
        let (_, shown) = read(&world, &request_id).await;
        assert_eq!(shown.len(), items);
        let body = json!({ "requestId": request_id }).to_string();
        world.call("POST", AUTH, &body).await;
        let books = world.simulator.books(Some(external_id));
        assert_eq!(books.paid_items, items);
        assert_eq!(books.batches[0].is_altered, items == 2);
        assert_eq!(books.batches[0].paid_total, books.batches[0].total);
    }
}

#[tokio::test]
async fn a_held_batch_can_be_altered_while_the_simulator_runs() {
    let world = World::start(settings()).await;
    let held = stored(&world, "m-1").await;
    let running = stored(&world, "m-2").await;
    let body = json!({ "requestId": running }).to_string();
    world.call("POST", AUTH, &body).await;
    let (before, _) = read(&world, &held).await;
    let change = r#"{"alterations":[{"change":"extra","item_id":"c"}]}"#;
    world.steer("POST", "/_sim/behaviour", change).await;
    let (after, _) = read(&world, &held).await;
    assert_eq!((before, after), (json!(301.5), json!(402.0)));
    // What is authorized stays as it was then.
    assert_eq!(read(&world, &running).await.0, json!(301.5));

    let body = json!({ "requestId": held, "page": 0, "size": 9 }).to_string();
    let answer = world.call("POST", RETRIEVE, &body).await.json();
    let items = answer["massPayoutItems"]["items"].as_array().unwrap();
    for item in items {
        let code = item["referenceCode"].as_str().unwrap();
        let path = format!("{RETRIEVE}/items/{code}");
        let detail = world.call("GET", &path, "").await.json();
        assert_eq!(detail["item"], *item);
    }
}
