//! Decisions that carry their person's own signature.

use chrono::{DateTime, SecondsFormat, SubsecRound as _, TimeDelta, Utc};
use onay_payout::Statement;
use serde_json::{Value, json};

use crate::browser::browse;
use crate::given::{World, batch, key};

const RULES: &str = r#"
[[rule]]
name = "signed"
approvals = 1
from = ["mehmet", "kemal"]
proof = "signature"
expires_after = "48h"
"#;

/// What `who` sends when they sign an approval `at` that moment.
async fn approval(world: &World, who: &str, signer: &str, id: &str, at: DateTime<Utc>) -> Value {
    let stored = world.load(id).await;
    let head = stored.batch.head();
    let hold = head.state.hold().unwrap();
    let person = who.parse().unwrap();
    let statement = Statement {
        batch: &head.id,
        digest: hold.digest,
        request_id: hold.request_id.as_ref().unwrap(),
        verdict: "approve",
        text: None,
        reason_code: None,
        person: &person,
        on_behalf: None,
        policy: world.policy.hash(),
        revision: head.next_revision(&person),
        at,
    };
    let key = key(signer);
    let signature = key.sign(statement.digest()).to_string();
    let at = at.to_rfc3339_opts(SecondsFormat::Micros, true);
    json!({
        "verdict": "approve", "digest": hold.digest.to_string(),
        "signature": { "key": key.public_key().to_string(), "signature": signature, "at": at },
    })
}

#[tokio::test]
async fn a_signed_approval_counts_where_only_a_signature_does() {
    let world = World::ruled(RULES);
    let id = world.held("ayse", &batch("payday", 1)).await;
    let path = format!("/v1/batches/{id}/decisions");
    let now = Utc::now().trunc_subsecs(6);
    let unsigned = json!({ "verdict": "approve", "digest": world.digest(&id).await });
    let mut broken = approval(&world, "mehmet", "mehmet", &id, now).await;
    broken["signature"]["signature"] = json!("AAAA");
    let mut moved = approval(&world, "mehmet", "mehmet", &id, now).await;
    moved["comment"] = json!("something else");
    let old = now - TimeDelta::hours(1);
    for (body, status) in [
        (unsigned, 403),
        (broken, 422),
        (moved, 422),
        (approval(&world, "mehmet", "zeynep", &id, now).await, 422),
        (approval(&world, "mehmet", "mehmet", &id, old).await, 422),
    ] {
        let answer = world.post("mehmet", &path, &body).await;
        assert_eq!(answer.status, status, "{}", answer.text);
    }
    assert_eq!(world.load(&id).await.batch.head().decisions, []);
    let body = approval(&world, "mehmet", "mehmet", &id, now).await;
    // The answer may have got lost.
    for _ in 0..2 {
        let answer = world.post("mehmet", &path, &body).await.json();
        assert_eq!(answer["state"], "approved");
        assert_eq!(answer["approvals"]["given"][0]["signed"], true);
        assert_eq!(answer["approvals"]["rules"][0]["proof"], "signature");
    }
}

#[tokio::test]
async fn a_page_does_not_offer_what_it_cannot_sign() {
    let world = World::ruled(RULES);
    let id = world.held("ayse", &batch("payday", 1)).await;
    let (mehmet, digest) = (browse(&world, "mehmet").await, world.digest(&id).await);
    let page = mehmet.get(&format!("/batches/{id}")).await.text;
    let command = format!(
        "onay approve {id} --as mehmet --digest {} --key FILE",
        &digest[..12]
    );
    assert!(page.contains(&command), "{page}");
    assert!(!page.contains("/approve?") && page.contains("/reject?"));
    let said = [("digest", digest.as_str())];
    let path = format!("/batches/{id}/approve");
    assert_eq!(mehmet.post(&path, &said).await.status, 403);
    let inbox = mehmet.get("/").await.text;
    assert!(inbox.contains("Waiting for you <span class=\"count\">1<"));
    // Nothing kemal can give would help: they have no key.
    let kemal = browse(&world, "kemal").await;
    assert!(
        kemal
            .get("/")
            .await
            .text
            .contains("Nothing needs your decision")
    );
}
