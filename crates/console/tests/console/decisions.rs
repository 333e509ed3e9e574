//! `POST /v1/batches/{batch}/decisions` and `/withdraw`.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::given::{Answer, World, batch};

async fn decide(world: &World, who: &str, batch: &str, body: Value) -> Answer {
    world
        .post(who, &format!("/v1/batches/{batch}/decisions"), &body)
        .await
}

async fn approve(world: &World, who: &str, batch: &str) -> Answer {
    let digest = world.digest(batch).await;
    decide(
        world,
        who,
        batch,
        json!({ "verdict": "approve", "digest": digest }),
    )
    .await
}

#[tokio::test]
async fn approving_twice_counts_once_even_when_the_batch_has_moved_on() {
    let world = World::new();
    let id = world.held("ayse", &batch("payday", 600)).await;
    let digest = world.digest(&id).await;
    for _ in 0..2 {
        let answer = approve(&world, "mehmet", &id).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json()["state"]),
            (200, &json!("pending_approval"))
        );
        assert_eq!(
            answer.json()["approvals"]["given"]
                .as_array()
                .unwrap()
                .len(),
            1
        );
    }
    assert_eq!(
        approve(&world, "zeynep", &id).await.json()["state"],
        "approved"
    );
    world.releasing(&id).await;
    let entries = world.load(&id).await.version;
    assert_eq!(
        approve(&world, "zeynep", &id).await.json()["state"],
        "releasing"
    );
    assert_eq!(world.load(&id).await.version, entries);
    let late = decide(
        &world,
        "zeynep",
        &id,
        json!({ "verdict": "undo", "digest": digest }),
    )
    .await;
    assert_eq!(late.problem(), (409, "conflict".to_owned()));
}

#[tokio::test]
async fn an_approval_can_be_undone_before_the_release() {
    let world = World::new();
    let id = world.held("ayse", &batch("payday", 2)).await;
    assert_eq!(
        approve(&world, "mehmet", &id).await.json()["state"],
        "approved"
    );
    let undo = json!({ "verdict": "undo", "digest": world.digest(&id).await });
    for _ in 0..2 {
        let answer = decide(&world, "mehmet", &id, undo.clone()).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json()["state"]),
            (200, &json!("pending_approval"))
        );
    }
    let other = decide(&world, "zeynep", &id, undo).await;
    assert_eq!(other.problem(), (409, "conflict".to_owned()));
}

#[tokio::test]
async fn incomplete_decisions_decide_nothing() {
    let world = World::new();
    let id = world.held("ayse", &batch("payday", 2)).await;
    let digest = world.digest(&id).await;
    let other = "0".repeat(64);
    for (body, status) in [
        (json!({ "verdict": "approve" }), 422),
        (json!({ "verdict": "approve", "digest": " " }), 422),
        (json!({ "verdict": "approve", "digest": other }), 409),
        (json!({ "verdict": "approve", "digest": &digest[..8] }), 409),
        (json!({ "digest": digest }), 422),
        (json!({ "verdict": "yes", "digest": digest }), 422),
        (json!({ "verdict": "reject", "digest": digest }), 422),
        (
            json!({ "verdict": "reject", "digest": digest, "comment": " \n" }),
            422,
        ),
        (
            json!({ "verdict": "reject", "digest": digest, "reason_code": "other" }),
            422,
        ),
        (
            json!({ "verdict": "reject", "digest": digest, "reason_code": "Duplicate", "comment": "no" }),
            422,
        ),
        (
            json!({ "verdict": "approve", "digest": digest, "reason_code": "duplicate" }),
            422,
        ),
        (
            json!({ "verdict": "undo", "digest": digest, "comment": "no" }),
            422,
        ),
        (
            json!({ "verdict": "approve", "digest": digest, "comment": "x".repeat(501) }),
            422,
        ),
        (
            json!({ "verdict": "approve", "digest": digest, "force": true }),
            400,
        ),
        (json!("approve"), 400),
    ] {
        let answer = decide(&world, "mehmet", &id, body.clone()).await;
        assert_eq!(answer.problem().0, status, "{body}");
    }
    assert_eq!(world.load(&id).await.batch.head().decisions, []);
}

#[tokio::test]
async fn only_those_the_rule_asks_may_decide() {
    let world = World::new();
    let id = world.held("deniz", &batch("payday", 2)).await;
    for (who, sentence) in [
        (
            "deniz",
            "deniz submitted this batch; a maker never decides on their own batch",
        ),
        ("ayse", "ayse does not have the role `approver`"),
        ("ela", "ela does not have the role `approver`"),
        ("kemal", "rule `everyday` asks mehmet, zeynep, not kemal"),
    ] {
        let answer = approve(&world, who, &id).await;
        assert_eq!(answer.problem(), (403, "not-allowed".to_owned()));
        assert_eq!(answer.json()["detail"], sentence);
    }
    assert_eq!(
        world.load(&id).await.batch.state().name(),
        "pending_approval"
    );
}

#[tokio::test]
async fn before_the_hold_and_after_the_deadline_there_is_nothing_to_decide() {
    let world = World::new();
    let early = world.submitted("ayse", &batch("early", 2)).await;
    let body = json!({ "verdict": "approve", "digest": "0".repeat(64) });
    let answer = decide(&world, "mehmet", &early, body.clone()).await;
    assert_eq!(answer.problem(), (409, "conflict".to_owned()));
    let detail = answer.json()["detail"].as_str().unwrap().to_owned();
    assert!(
        detail.contains("it can be decided on once the provider holds it"),
        "{detail}"
    );

    let late = world
        .held_since("ayse", &batch("late", 2), TimeDelta::days(3), &[])
        .await;
    let answer = approve(&world, "mehmet", &late).await;
    assert_eq!(answer.problem(), (409, "conflict".to_owned()));
    assert!(
        answer.json()["detail"]
            .as_str()
            .unwrap()
            .contains("expiry means no")
    );

    let absent = decide(&world, "mehmet", "no-such-batch", body).await;
    assert_eq!(absent.problem(), (404, "not-found".to_owned()));
}

#[tokio::test]
async fn a_rejection_carries_its_reason_to_the_maker() {
    let world = World::new();
    let id = world.held("ayse", &batch("payday", 2)).await;
    let reject = json!({
        "verdict": "reject", "digest": world.digest(&id).await,
        "reason_code": "duplicate", "comment": "Ekim ile\naynı",
    });
    for _ in 0..2 {
        let answer = decide(&world, "mehmet", &id, reject.clone()).await;
        assert_eq!(answer.json()["decision"], "reject", "{}", answer.text);
        assert_eq!(answer.json()["state"], "cancelling");
    }
    let shown = world.get("ayse", &format!("/v1/batches/{id}")).await.json();
    let explain = shown["explain"].as_str().unwrap();
    assert!(
        explain.contains("by mehmet (duplicate): Ekim ile aynı"),
        "{explain}"
    );
    let rejection = json!({ "code": "duplicate", "reason": "Ekim ile aynı", "by": "mehmet" });
    assert_eq!(shown["rejection"], rejection);
}

#[tokio::test]
async fn a_reason_code_says_enough_by_itself_unless_it_is_other() {
    let world = World::new();
    let id = world.held("ayse", &batch("payday", 2)).await;
    let reject = json!({
        "verdict": "reject", "digest": world.digest(&id).await, "reason_code": "wrong_payee",
    });
    let answer = decide(&world, "mehmet", &id, reject).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let shown = world.get("ayse", &format!("/v1/batches/{id}")).await.json();
    let rejection = json!({ "code": "wrong_payee", "reason": "wrong payee", "by": "mehmet" });
    assert_eq!(shown["rejection"], rejection);
}

#[tokio::test]
async fn only_the_maker_withdraws() {
    let world = World::new();
    let id = world.held("ayse", &batch("payday", 2)).await;
    let path = format!("/v1/batches/{id}/withdraw");
    for who in ["deniz", "mehmet", "ela"] {
        let answer = world.post(who, &path, &json!({})).await;
        assert_eq!(answer.problem(), (403, "not-allowed".to_owned()), "{who}");
    }
    let answer = world
        .post("ayse", &path, &json!({ "reason": "wrong month" }))
        .await;
    assert_eq!(
        (answer.status.as_u16(), &answer.json()["state"]),
        (200, &json!("cancelling"))
    );
    // The answer to the first time may have been lost.
    let again = world.post("ayse", &path, &json!({})).await;
    assert_eq!(again.json(), answer.json());
    let absent = world
        .post("ayse", "/v1/batches/none/withdraw", &json!({}))
        .await;
    assert_eq!(absent.problem(), (404, "not-found".to_owned()));
}
