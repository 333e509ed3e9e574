//! The endpoints over sockets.

use onay_simulator::{
    Behaviour, Endpoint, FailureStatus, Fault, FaultPlan, Outcome, Settings, Shares,
};
use serde_json::json;

use crate::caller::{World, settings};

const INIT: &str = "/v1/mass/payout/init";
const AUTH: &str = "/v1/mass/payout/auth";
const RETRIEVE: &str = "/v1/mass/payout/retrieve";
const BALANCE: &str = "/v1/mass/payout/balance";
const SAMPLE: &str = include_str!("fixtures/init-request.json");
const ONE_ITEM: &str = r#"{"externalId":"m-1","items":[{"itemExternalId":"i-1","recipientType":"PHONE","recipientInfo":"+905555856935","amount":{"value":1.005e2,"currency":"TRY"}}]}"#;

async fn request_id(world: &World, init_body: &str) -> String {
    let answer = world.call("POST", INIT, init_body).await.json();
    assert_eq!(answer["status"], "success", "{answer}");
    answer["requestId"].as_str().unwrap().to_owned()
}

fn naming(request_id: &str) -> String {
    json!({ "requestId": request_id }).to_string()
}

#[tokio::test]
async fn the_guides_sample_is_stored_paid_and_shown() {
    let world = World::start(settings()).await;
    let answer = world
        .call("POST", "/v1/mass/payout/init?locale=tr", SAMPLE)
        .await
        .json();
    assert_eq!(answer["status"], "success");
    assert_eq!(answer["locale"], "tr");
    assert_eq!(answer["conversationId"], "conversationId-323f");
    assert_eq!(answer["invalidItems"], json!([]));
    assert!(answer["systemTime"].as_u64().unwrap() > 1_700_000_000_000);
    let request_id = answer["requestId"].as_str().unwrap();

    let answer = world.call("POST", AUTH, &naming(request_id)).await.json();
    assert_eq!(answer["status"], "success");
    let body =
        r#"{"externalMassPayoutId":"massPayoutId-323ddd","itemType":"VALID","page":0,"size":3}"#;
    let answer = world.call("POST", RETRIEVE, body).await;
    for exact in [
        r#""totalAmount":35100,"#,
        r#""totalSuccessfulAmount":35100,"#,
        r#""totalCommissionAmount":10.00000000,"#,
        r#""commissionAmount":2.50000000,"#,
        r#""merchantId":123456,"#,
    ] {
        assert!(answer.text.contains(exact), "{exact} in {}", answer.text);
    }
    let answer = answer.json();
    assert_eq!(answer["massPayout"]["massPayoutStatus"], "COMPLETED");
    let shown = &answer["massPayoutItems"];
    assert_eq!(
        (&shown["page"], &shown["size"], &shown["total"]),
        (&json!(0), &json!(3), &json!(4))
    );
    assert_eq!(shown["items"].as_array().unwrap().len(), 3);
    let first = &shown["items"][0];
    assert_eq!(first["itemExternalId"], "ext-65656");
    assert_eq!(first["recipientName"], "John Doe");
    assert_eq!(first["itemStatus"], "SUCCESS");
    assert_eq!(first["errorMessages"], json!([]));

    let reference_code = first["referenceCode"].as_str().unwrap();
    let detail = world
        .call("GET", &format!("{RETRIEVE}/items/{reference_code}"), "")
        .await;
    assert_eq!(detail.json()["item"], *first);
    let balance = world.call("GET", BALANCE, "").await.json();
    assert_eq!(balance["balance"], "9964890.00000000");
}

#[tokio::test]
async fn refused_items_are_told_at_init_and_kept_apart() {
    let world = World::start(Settings {
        check_recipients: true,
        ..settings()
    })
    .await;
    let answer = world.call("POST", INIT, SAMPLE).await.json();
    let refused: Vec<_> = answer["invalidItems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| {
            (
                item["externalId"].as_str().unwrap(),
                item["errorCode"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(refused, [("ext-65656", "2030"), ("ext-545454542", "18")]);
    let request_id = answer["requestId"].as_str().unwrap();
    for (item_type, items) in [
        ("VALID", ["ext-9545455", "ext-50070945"]),
        ("INVALID", ["ext-65656", "ext-545454542"]),
    ] {
        let body = json!({ "requestId": request_id, "itemType": item_type, "page": 0, "size": 9 });
        let answer = world.call("POST", RETRIEVE, &body.to_string()).await.json();
        assert_eq!(answer["massPayout"]["totalAmount"], 15000);
        let shown = answer["massPayoutItems"]["items"].as_array().unwrap();
        let ids: Vec<_> = shown.iter().map(|item| &item["itemExternalId"]).collect();
        assert_eq!(ids, items);
        assert_eq!(
            shown[0]["errorMessages"].as_array().unwrap().is_empty(),
            item_type == "VALID"
        );
    }
}

#[tokio::test]
async fn a_bad_request_is_refused_with_its_code() {
    for (failure_http_status, http_status) in
        [(FailureStatus::Ok, 200), (FailureStatus::BadRequest, 400)]
    {
        let behaviour = Behaviour {
            failure_http_status,
            ..Behaviour::default()
        };
        let world = World::start(Settings {
            behaviour,
            ..settings()
        })
        .await;
        let other_currency = SAMPLE.replacen("TRY", "USD", 1);
        let no_recipient = ONE_ITEM.replace("recipientInfo", "recipient");
        let no_number = ONE_ITEM.replace("1.005e2", "\"1,5\"");
        let table = [
            (INIT, "", "11"),
            (INIT, "{}", "24"),
            (INIT, r#"{"externalId":"m","items":[]}"#, "11"),
            (INIT, &other_currency, "11"),
            (INIT, &no_recipient, "24"),
            (INIT, &no_number, "11"),
            (AUTH, "{}", "24"),
            (AUTH, r#"{"requestId":"nobody's"}"#, "11"),
            (RETRIEVE, r#"{"page":0,"size":1}"#, "24"),
            (
                RETRIEVE,
                r#"{"requestId":"nobody's","page":0,"size":1}"#,
                "11",
            ),
            (RETRIEVE, r#"{"requestId":"nobody's","page":0}"#, "24"),
            ("/v1/mass/payout/cancel/nobody's", "", "11"),
        ];
        for (path, body, code) in table {
            let answer = world.try_call("POST", path, body).await.unwrap();
            assert_eq!(answer.status, http_status);
            let json = answer.json();
            assert_eq!(json["status"], "failure");
            assert_eq!(json["errorCode"], code, "{path} {body}");
        }
        let unsigned = world.send("GET", BALANCE, None, "").await.unwrap();
        assert_eq!(unsigned.status, http_status);
        assert_eq!(unsigned.json()["errorCode"], "1009");
        assert_eq!(world.simulator.books(None).calls.balance, 0);
    }
}

#[tokio::test]
async fn a_lost_answer_leaves_the_work_done_and_a_closed_door_leaves_it_undone() {
    let world = World::start(settings()).await;
    let lose = r#"{"endpoint":"init","kind":"lose_answer_after_work"}"#;
    let close = r#"{"endpoint":"auth","kind":"close_before_work","times":2}"#;
    for plan in [lose, close] {
        let answer = world
            .send("POST", "/_sim/faults", None, plan)
            .await
            .unwrap();
        assert_eq!(answer.status, 204);
    }
    assert!(world.try_call("POST", INIT, ONE_ITEM).await.is_none());
    let id = request_id(&world, ONE_ITEM).await;
    let books = world.simulator.books(None);
    assert_eq!(books.batches[0].request_id, id);
    assert_eq!(books.batches[0].init_calls, 2);

    assert!(world.try_call("POST", AUTH, &naming(&id)).await.is_none());
    assert_eq!(world.simulator.books(None).calls.auth, 0);
    let answer = world
        .send("DELETE", "/_sim/faults", None, "")
        .await
        .unwrap();
    assert_eq!(answer.status, 204);
    world
        .simulator
        .plan(FaultPlan::next(Endpoint::Auth, Fault::LoseAnswerAfterWork));
    assert!(world.try_call("POST", AUTH, &naming(&id)).await.is_none());
    let books = world.simulator.books(None);
    assert_eq!((books.calls.auth, books.paid_items), (1, 1));
}

#[tokio::test]
async fn a_held_answer_has_its_work_done_and_does_not_hold_up_the_shutdown() {
    let world = World::start(settings()).await;
    let id = request_id(&world, ONE_ITEM).await;
    world.simulator.plan(FaultPlan {
        millis: 3_600_000,
        ..FaultPlan::next(Endpoint::Auth, Fault::HoldAnswer)
    });
    let books_path = "/_sim/books?external_id=m-1";
    let body = naming(&id);
    let held = world.try_call("POST", AUTH, &body);
    let paid = async {
        loop {
            let books = world
                .send("GET", books_path, None, "")
                .await
                .unwrap()
                .json();
            if books["paid_items"] == 1 {
                return books;
            }
        }
    };
    let books = tokio::select! {
        _ = held => panic!("the answer was not held"),
        books = paid => books,
    };
    assert_eq!(books["paid_total"], "100.5");
    assert_eq!(books["batches"][0]["items"][0]["amount"], "100.5");
    assert_eq!(books["batches"][0]["status"], "COMPLETED");
    let World {
        simulator,
        shutdown,
    } = world;
    drop(shutdown);
    simulator.stopped().await;
}

#[tokio::test]
async fn books_count_only_the_batches_asked_for() {
    let outcomes = [("ext-65656".to_owned(), Outcome::Failed)].into();
    let world = World::start(Settings {
        outcomes,
        ..settings()
    })
    .await;
    for body in [ONE_ITEM, SAMPLE] {
        let id = request_id(&world, body).await;
        world.call("POST", AUTH, &naming(&id)).await;
    }
    for (query, batches, paid_items, paid_total) in [
        ("", 2, 4, "35100.5"),
        ("?external_id=m-1", 1, 1, "100.5"),
        ("?external_id=nobody's", 0, 0, "0"),
    ] {
        let path = format!("/_sim/books{query}");
        let books = world.send("GET", &path, None, "").await.unwrap().json();
        assert_eq!(books["batches"].as_array().unwrap().len(), batches);
        assert_eq!(books["paid_items"], paid_items);
        assert_eq!(books["paid_total"], paid_total);
        assert_eq!(books["calls"]["auth"], 2);
    }
    let health = world.send("GET", "/_sim/health", None, "").await.unwrap();
    assert_eq!(health.status, 200);
}

#[tokio::test]
async fn a_large_batch_passes_through_http() {
    const ITEMS: usize = 100_000;
    let shares = Shares {
        invalid: 10,
        ..Shares::default()
    };
    let world = World::start(Settings {
        shares,
        ..settings()
    })
    .await;
    let item = |n| {
        json!({ "itemExternalId": format!("i-{n}"), "recipientType": "MEMBER_ID",
        "recipientInfo": "2228853", "amount": { "value": 1, "currency": "TRY" } })
    };
    let body = json!({ "externalId": "large", "items": (0..ITEMS).map(item).collect::<Vec<_>>() });
    let id = request_id(&world, &body.to_string()).await;
    let body = json!({ "requestId": id, "page": 19, "size": 5000 });
    let answer = world.call("POST", RETRIEVE, &body.to_string()).await.json();
    assert_eq!(answer["massPayoutItems"]["total"], ITEMS);
    assert_eq!(
        answer["massPayoutItems"]["items"].as_array().unwrap().len(),
        5000
    );
}
