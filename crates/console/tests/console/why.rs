//! Why somebody may decide, or may not.

use serde_json::{Value, json};

use crate::given::{World, batch};

const RULES: &str = r#"
[[rule]]
name = "steps"
steps = [{ approvals = 1, from = ["mehmet"] }, { approvals = 1, from = ["zeynep"] }]
expires_after = "48h"

[[delegation]]
from = "zeynep"
to = "okan"
until = "2099-01-01"
up_to = "1000.00 TRY"
"#;

async fn why(world: &World, asking: &str, id: &str, person: &str) -> Value {
    let path = format!("/v1/batches/{id}/why?person={person}");
    let answer = world.get(asking, &path).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

#[tokio::test]
async fn anybody_with_a_role_learns_why_anybody_may_decide_or_not() {
    let world = World::ruled(RULES);
    let id = world.held("ayse", &batch("payday", 1)).await;
    for (person, may, because) in [
        ("mehmet", true, "mehmet may decide on this batch"),
        (
            "zeynep",
            true,
            "zeynep may decide on this batch; others come first, and an approval of theirs is kept until then",
        ),
        (
            "okan",
            true,
            "okan may decide on this batch in place of zeynep; others come first, and an approval of theirs is kept until then",
        ),
        (
            "kemal",
            false,
            "rule `steps` asks mehmet, zeynep, not kemal",
        ),
        ("ayse", false, "ayse does not have the role `approver`"),
        ("ahmet", false, "the policy file knows nobody named ahmet"),
    ] {
        let told = why(&world, "ela", &id, person).await;
        assert_eq!(
            (&told["person"], &told["may_decide"], &told["because"]),
            (&json!(person), &json!(may), &json!(because))
        );
    }
    let told = why(&world, "ela", &id, "okan").await;
    assert_eq!(told["on_behalf"], "zeynep");
    let rule = json!({ "name": "steps", "asks": true, "proof": "token", "met": false });
    assert_eq!(told["rules"], json!([rule]));
    assert_eq!(told["sign"]["revision"], 1);
    assert_eq!(told["blocked"], Value::Null);
    // Nobody named: whoever asks.
    let own = world.get("mehmet", &format!("/v1/batches/{id}/why")).await;
    assert_eq!(own.json()["person"], "mehmet");
}

#[tokio::test]
async fn a_question_that_names_nothing_is_no_answer() {
    let world = World::ruled(RULES);
    let id = world.submitted("ayse", &batch("payday", 1)).await;
    for (who, path, status) in [
        ("ela", format!("/v1/batches/{id}/why?person=a%20b"), 400),
        ("ela", format!("/v1/batches/{id}/why?name=mehmet"), 400),
        ("ela", "/v1/batches/none/why".to_owned(), 404),
        ("nobody", format!("/v1/batches/{id}/why"), 403),
        ("", format!("/v1/batches/{id}/why"), 401),
    ] {
        assert_eq!(world.get(who, &path).await.problem().0, status, "{path}");
    }
    let early = why(&world, "ela", &id, "mehmet").await;
    assert_eq!(
        (&early["may_decide"], &early["approvals"]),
        (&json!(false), &Value::Null)
    );
}
