//! The switches for how answers are written, over sockets.

use onay_simulator::{Behaviour, Outcome, Settings};
use serde_json::{Value, json};

use crate::caller::{World, settings};

const INIT: &str = "/v1/mass/payout/init";
const AUTH: &str = "/v1/mass/payout/auth";
const RETRIEVE: &str = "/v1/mass/payout/retrieve";
const BALANCE: &str = "/v1/mass/payout/balance";

/// A paid, a failed and a refused item, 10.50 each.
async fn settled(behaviour: &str) -> (World, String) {
    let outcomes = [("failed", Outcome::Failed), ("invalid", Outcome::Invalid)];
    let world = World::start(Settings {
        outcomes: outcomes.map(|(id, how)| (id.to_owned(), how)).into(),
        behaviour: Behaviour::default().changed(behaviour).unwrap(),
        ..settings()
    })
    .await;
    let items = ["paid", "failed", "invalid"].map(|id| {
        json!({ "itemExternalId": id, "recipientType": "MEMBER_ID", "recipientInfo": "2228853",
                "amount": { "value": "10.50", "currency": "TRY" } })
    });
    let body = json!({ "externalId": "m-1", "items": items }).to_string();
    let answer = world.call("POST", INIT, &body).await.json();
    let request_id = answer["requestId"].as_str().unwrap().to_owned();
    let body = json!({ "requestId": request_id }).to_string();
    world.call("POST", AUTH, &body).await;
    (world, request_id)
}

async fn retrieved(behaviour: &str) -> String {
    let (world, request_id) = settled(behaviour).await;
    let body = json!({ "requestId": request_id, "page": 0, "size": 9 }).to_string();
    world.call("POST", RETRIEVE, &body).await.text
}

#[tokio::test]
async fn each_switch_changes_its_part_of_a_retrieved_batch() {
    let absent = Value::Null;
    let table = [
        ("paging", "inside", "/massPayoutItems/total", json!(3)),
        ("paging", "inside", "/total", absent.clone()),
        ("paging", "top", "/massPayoutItems/total", absent.clone()),
        ("paging", "top", "/total", json!(3)),
        ("paging", "both", "/massPayoutItems/total", json!(3)),
        ("paging", "both", "/total", json!(3)),
        (
            "paging",
            "missing",
            "/massPayoutItems/total",
            absent.clone(),
        ),
        ("paging", "missing", "/total", absent.clone()),
        (
            "item_errors_as",
            "messages",
            "/massPayoutItems/items/0/errorMessages",
            json!([]),
        ),
        (
            "item_errors_as",
            "messages",
            "/massPayoutItems/items/1/errorMessages/0",
            json!("the bank did not accept the transfer"),
        ),
        (
            "item_errors_as",
            "message",
            "/massPayoutItems/items/1/errorMessage",
            json!("the bank did not accept the transfer"),
        ),
        (
            "item_errors_as",
            "message",
            "/massPayoutItems/items/0/errorMessage",
            absent.clone(),
        ),
        (
            "item_errors_as",
            "missing",
            "/massPayoutItems/items/1/errorMessage",
            absent.clone(),
        ),
        (
            "item_errors_as",
            "missing",
            "/massPayoutItems/items/1/errorMessages",
            absent,
        ),
    ];
    for (switch, choice, pointer, expected) in table {
        let answer = retrieved(&json!({ switch: choice }).to_string()).await;
        let answer: Value = serde_json::from_str(&answer).unwrap();
        let found = answer.pointer(pointer).cloned().unwrap_or_default();
        assert_eq!(found, expected, "{switch} {choice} {pointer}");
    }
}

#[tokio::test]
async fn amounts_keep_every_digit_however_they_are_written() {
    let table = [
        ("{}", r#""totalAmount":21.00,"#),
        (r#"{"total_of":"all"}"#, r#""totalAmount":31.50,"#),
        (
            r#"{"total_of":"valid_with_commission"}"#,
            r#""totalAmount":26.00000000,"#,
        ),
        (r#"{"amounts_as":"string"}"#, r#""totalAmount":"21.00","#),
        (r#"{"amounts_as":"exponent"}"#, r#""totalAmount":2100E-2,"#),
        (
            r#"{"amounts_as":"exponent"}"#,
            r#""commissionAmount":250000000E-8,"#,
        ),
    ];
    for (behaviour, expected) in table {
        let answer = retrieved(behaviour).await;
        assert!(answer.contains(expected), "{expected} in {answer}");
    }
}

#[tokio::test]
async fn the_balance_is_text_or_a_number() {
    let table = [
        ("string", r#""balance":"9999974.00000000"}"#),
        ("number", r#""balance":9999974.00000000}"#),
    ];
    for (choice, expected) in table {
        let (world, _) = settled(&json!({ "balance_as": choice }).to_string()).await;
        let answer = world.call("GET", BALANCE, "").await.text;
        assert!(answer.contains(expected), "{expected} in {answer}");
    }
}

#[tokio::test]
async fn items_tell_their_request_id_only_when_asked_to() {
    for shown in [false, true] {
        let (world, request_id) = settled(&json!({ "show_request_id": shown }).to_string()).await;
        let body = json!({ "requestId": request_id, "page": 0, "size": 9 }).to_string();
        let answer = world.call("POST", RETRIEVE, &body).await.json();
        let item = &answer["massPayoutItems"]["items"][0];
        let expected = if shown {
            json!(request_id)
        } else {
            Value::Null
        };
        assert_eq!(item["massPayoutRequestId"], expected);
        let code = item["referenceCode"].as_str().unwrap();
        let path = format!("{RETRIEVE}/items/{code}");
        let detail = world.call("GET", &path, "").await.json();
        assert_eq!(detail["item"]["massPayoutRequestId"], expected);
    }
}

#[tokio::test]
async fn a_page_is_no_larger_than_the_provider_allows() {
    let (world, request_id) = settled(r#"{"page_size_max":2}"#).await;
    for (page, items) in [(0, 2), (1, 1), (2, 0)] {
        let body = json!({ "requestId": request_id, "page": page, "size": 9 }).to_string();
        let answer = world.call("POST", RETRIEVE, &body).await.json();
        let shown = &answer["massPayoutItems"];
        assert_eq!(shown["items"].as_array().unwrap().len(), items);
        assert_eq!((&shown["size"], &shown["total"]), (&json!(2), &json!(3)));
    }
}

#[tokio::test]
async fn an_error_code_is_text_or_a_number() {
    for (choice, code) in [("string", json!("11")), ("number", json!(11))] {
        let (world, _) = settled(&json!({ "error_code_as": choice }).to_string()).await;
        let answer = world
            .call("POST", AUTH, r#"{"requestId":"nobody's"}"#)
            .await;
        assert_eq!(answer.json()["errorCode"], code);
    }
}

#[tokio::test]
async fn wrong_keys_are_refused_by_the_api_or_by_a_gateway() {
    let table = [
        ("failure", 200, json!("failure"), "1009"),
        ("gateway", 401, json!(401), "5"),
    ];
    for (choice, http_status, status, code) in table {
        let (world, _) = settled(&json!({ "bad_keys": choice }).to_string()).await;
        let answer = world.send("GET", BALANCE, None, "").await.unwrap();
        assert_eq!(answer.status, http_status);
        assert_eq!(answer.json()["status"], status);
        assert_eq!(answer.json()["errorCode"], code);
    }
}
