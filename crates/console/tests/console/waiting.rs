//! What a batch waits for, and what it says about it.

use chrono::Utc;
use onay_payout::{Currency, Event, ItemStatus, Money, Shortage};
use rust_decimal::Decimal;
use serde_json::json;

use crate::browser::browse;
use crate::given::{World, batch};

#[tokio::test]
async fn a_batch_that_waits_for_funds_says_how_much_is_missing() {
    let world = World::new();
    let id = world.approved("ayse", &batch("payday", 2)).await;
    let money = |units: i64| Money::reported(Decimal::from(units), Currency::Try);
    let (balance, needed) = (money(50), money(206));
    let short = Event::FundsShort(Shortage {
        balance,
        needed,
        at: Utc::now(),
    });
    world.happened(&id, short, Utc::now()).await;
    let shown = world.get("ela", &format!("/v1/batches/{id}")).await.json();
    let waits = &shown["waits"];
    assert_eq!(
        (&waits["balance"], &waits["needed"], &waits["missing"]),
        (&json!("50.00"), &json!("206.00"), &json!("156.00"))
    );
    assert_eq!(shown["next"]["what"], "looks at the payout balance again");
    let mehmet = browse(&world, "mehmet").await;
    for path in ["/".to_owned(), format!("/batches/{id}")] {
        let page = mehmet.get(&path).await.text;
        assert!(page.contains("Waiting for funds"), "{path}");
        assert!(page.contains("156.00"), "{path}");
    }
}

#[tokio::test]
async fn an_unanswered_release_says_since_when_and_until_when_it_may_arrive() {
    let world = World::new();
    let id = world.approved("ayse", &batch("payday", 2)).await;
    world.releasing(&id).await;
    let shown = world.get("ela", &format!("/v1/batches/{id}")).await.json();
    let release = &shown["release"];
    assert_eq!(release["looks"], 0);
    assert!(release["since"].as_str() < release["deadline"].as_str());
    assert_eq!(release["next"], shown["next"]["at"]);
    assert_eq!(
        shown["next"]["what"],
        "asks the provider what became of the release"
    );
}

#[tokio::test]
async fn an_approval_under_another_policy_file_is_told_apart() {
    let world = World::new();
    let id = world.held("ayse", &batch("payday", 600)).await;
    let body = json!({ "verdict": "approve", "digest": world.digest(&id).await });
    let path = format!("/v1/batches/{id}/decisions");
    world.post("mehmet", &path, &body).await;
    let address = format!("/v1/batches/{id}");
    let given = world.get("ela", &address).await.json();
    assert_eq!(given["approvals"]["given"][0]["counts"], true);
    let world = world.under_another_policy();
    let shown = world.get("ela", &address).await.json();
    assert_eq!(shown["approvals"]["given"][0]["counts"], false);
    assert_eq!(shown["approvals"]["missing"], json!(["mehmet", "zeynep"]));
    let mehmet = browse(&world, "mehmet").await;
    let page = mehmet.get(&format!("/batches/{id}")).await.text;
    assert!(page.contains("Does not count") && page.contains("<b>0</b> of 2"));
    assert!(page.contains("/approve?"), "it can be given again");
}

#[tokio::test]
async fn what_came_back_is_sent_again_once_and_linked() {
    let world = World::new();
    let id = world.approved("ayse", &batch("payday", 3)).await;
    let ends = [ItemStatus::Paid, ItemStatus::Failed, ItemStatus::Refunded];
    world.closed(&id, &ends).await;
    let path = format!("/v1/batches/{id}/resend");
    let refused = world.post("mehmet", &path, &json!({})).await;
    assert_eq!(refused.problem(), (403, "not-allowed".to_owned()));
    let ayse = browse(&world, "ayse").await;
    let page = ayse.get(&format!("/batches/{id}")).await.text;
    assert!(page.contains("in 1 payment is certainly back"), "{page}");
    assert!(page.contains("failed and may still come back"));
    let asked = ayse.get(&format!("/batches/{id}/resend")).await.text;
    assert!(asked.contains("100.50"), "{asked}");

    let first = world.post("ayse", &path, &json!({})).await;
    assert_eq!(first.status, 201, "{}", first.text);
    let child = first.json();
    assert_eq!(
        (&child["parent"], &child["count"]),
        (&json!("payday"), &json!(1))
    );
    let again = world.post("ayse", &path, &json!({})).await;
    assert_eq!(
        (again.status.as_u16(), &again.json()["batch"]),
        (200, &child["batch"])
    );
    let posted = ayse.post(&format!("/batches/{id}/resend"), &[]).await;
    let child = child["batch"].as_str().unwrap();
    assert_eq!(posted.header("location"), format!("/batches/{child}"));

    let parent = world.get("ela", &format!("/v1/batches/{id}")).await.json();
    assert_eq!(parent["children"][0]["batch"], child);
    let shown = world
        .get("ela", &format!("/v1/batches/{child}"))
        .await
        .json();
    assert_eq!(shown["parent"], "payday");
    let page = ayse.get(&format!("/batches/{child}")).await.text;
    assert!(page.contains(&format!("<a href=\"/batches/{id}\">payday</a>")));
    let page = ayse.get(&format!("/batches/{id}")).await.text;
    assert!(page.contains(&format!("/batches/{child}")) && !page.contains("Send it again"));
}

#[tokio::test]
async fn where_nothing_came_back_there_is_nothing_to_send() {
    let world = World::new();
    let id = world.approved("ayse", &batch("payday", 2)).await;
    let ends = [ItemStatus::Paid, ItemStatus::Failed];
    world.closed(&id, &ends).await;
    let answer = world
        .post("ayse", &format!("/v1/batches/{id}/resend"), &json!({}))
        .await;
    assert_eq!(answer.problem(), (409, "conflict".to_owned()));
    let absent = world
        .post("ayse", "/v1/batches/none/resend", &json!({}))
        .await;
    assert_eq!(absent.problem(), (404, "not-found".to_owned()));
}
