//! `POST /v1/batches`.

use axum::body::Body;
use axum::http::{Method, header};
use serde_json::json;

use crate::given::{World, batch, request};

#[tokio::test]
async fn the_same_batch_again_is_replayed_and_another_is_a_conflict() {
    let world = World::new();
    let first = world.post("ayse", "/v1/batches", &batch("payday", 3)).await;
    assert_eq!(first.status, 201);
    let shown = first.json();
    assert_eq!(shown["external_id"], "payday");
    assert_eq!(shown["replayed"], false);
    assert_eq!(
        (&shown["count"], &shown["total"]),
        (&json!(3), &json!("301.50"))
    );
    let address = format!("/v1/batches/{}", shown["batch"].as_str().unwrap());
    assert_eq!(first.header("location"), address);

    let again = world.post("ayse", "/v1/batches", &batch("payday", 3)).await;
    assert_eq!(again.status, 200);
    assert_eq!(again.json()["replayed"], true);
    assert_eq!(again.json()["batch"], shown["batch"]);

    let other = world.post("ayse", "/v1/batches", &batch("payday", 4)).await;
    assert_eq!(other.problem(), (409, "external-id-used".to_owned()));
    assert_eq!(other.json()["differences"], json!(["item item-3 is new"]));
}

#[tokio::test]
async fn every_finding_is_named_and_nothing_is_stored() {
    let world = World::new();
    let mut wrong = batch("payday", 3);
    wrong["items"][0]["amount"]["value"] = json!("-5");
    wrong["items"][2]["recipientInfo"] = json!("TR190006200000000012600001");
    let answer = world.post("ayse", "/v1/batches", &wrong).await;
    assert_eq!(answer.problem(), (422, "invalid-batch".to_owned()));
    let findings = answer.json()["findings"].as_array().unwrap().clone();
    let codes: Vec<_> = findings
        .iter()
        .map(|found| (&found["item"], &found["code"]))
        .collect();
    let [amount, checksum] = [json!("amount"), json!("checksum")];
    assert_eq!(
        codes,
        [(&json!("item-0"), &amount), (&json!("item-2"), &checksum)]
    );
    assert_eq!(
        world.get("ela", "/v1/batches").await.json()["batches"],
        json!([])
    );

    wrong["items"][0]["amount"]["value"] = json!(5);
    let lenient = world
        .post("ayse", "/v1/batches?allow_invalid=true", &wrong)
        .await;
    assert_eq!(lenient.status, 201);
    assert_eq!(lenient.json()["findings"][0]["severity"], "warning");
}

#[tokio::test]
async fn a_body_that_is_no_batch_is_a_finding_with_its_line() {
    let world = World::new();
    let request = request(Method::POST, "/v1/batches", "ayse")
        .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
        .body(Body::from("{\n \"items\": [,]"));
    let answer = world.send(request.unwrap()).await;
    assert_eq!(answer.problem().0, 422);
    assert_eq!(answer.json()["findings"][0]["line"], 2);
}

#[tokio::test]
async fn csv_takes_its_ids_and_sums_from_the_address() {
    let world = World::new();
    let csv = "itemExternalId;recipientType;recipientInfo;recipientName;amount;currency\n\
               a;IBAN;TR190006200000000012600000;Şule Öz;1250,50;TRY\n";
    let post = async |query: &str| {
        let request = request(Method::POST, &format!("/v1/batches{query}"), "ayse")
            .header(header::CONTENT_TYPE, "text/csv")
            .body(Body::from(csv));
        world.send(request.unwrap()).await
    };
    let whole = "?external_id=csv-1&purpose=SALARY&count=1&control_sum=1250.50";
    let answer = post(whole).await;
    assert_eq!(
        (answer.status.as_u16(), &answer.json()["total"]),
        (201, &json!("1250.50"))
    );
    for (query, status) in [
        ("", 422),
        ("?external_id=csv-2&control_sum=1250.51", 422),
        ("?external_id=csv-2&count=2", 422),
        ("?external_id=csv-2&control_sum=much", 400),
        ("?external_id=csv-2&colour=red", 400),
    ] {
        assert_eq!(post(query).await.problem().0, status, "{query}");
    }
}

#[tokio::test]
async fn requests_that_cannot_be_read_are_told_what_to_change() {
    let world = World::new();
    let typeless = request(Method::POST, "/v1/batches", "ayse")
        .body(Body::from("{}"))
        .unwrap();
    assert_eq!(
        world.send(typeless).await.problem(),
        (415, "unsupported-media-type".to_owned())
    );
    let misplaced = world
        .post("ayse", "/v1/batches?external_id=x", &batch("x", 1))
        .await;
    assert_eq!(misplaced.problem(), (400, "bad-request".to_owned()));
    let large = request(Method::POST, "/v1/batches/b/decisions", "mehmet")
        .body(Body::from(vec![b' '; 100_000]));
    assert_eq!(
        world.send(large.unwrap()).await.problem(),
        (413, "too-large".to_owned())
    );
    let unread = world.post("mehmet", "/v1/batches", &batch("x", 1)).await;
    assert_eq!(unread.problem(), (403, "not-allowed".to_owned()));
}

#[tokio::test]
async fn an_idempotency_key_does_not_stand_in_for_the_external_id() {
    let world = World::new();
    for (external_id, status) in [("one", 201), ("two", 201), ("one", 200)] {
        let request = request(Method::POST, "/v1/batches", "ayse")
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", "the-same")
            .body(Body::from(batch(external_id, 1).to_string()));
        assert_eq!(world.send(request.unwrap()).await.status, status);
    }
}
