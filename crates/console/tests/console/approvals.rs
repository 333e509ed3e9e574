//! Who approved, who is asked next, and what nobody can approve.

use serde_json::{Value, json};

use crate::browser::browse;
use crate::given::{World, batch};

const RULES: &str = r#"
[[rule]]
name = "steps"
steps = [{ approvals = 1, from = ["mehmet", "zeynep"] }, { approvals = 1, from = ["deniz"] }]
expires_after = "48h"

[[rule]]
name = "anybody"
approvals = 1
expires_after = "24h"

[[delegation]]
from = "deniz"
to = "okan"
until = "2099-01-01"
up_to = "1000.00 TRY"
"#;

async fn approve(world: &World, who: &str, id: &str) -> Value {
    let body = json!({ "verdict": "approve", "digest": world.digest(id).await });
    let path = format!("/v1/batches/{id}/decisions");
    let answer = world.post(who, &path, &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

#[tokio::test]
async fn each_rule_tells_its_steps_and_who_counts_for_them() {
    let world = World::ruled(RULES);
    let id = world.held("ayse", &batch("payday", 1)).await;
    let told = approve(&world, "mehmet", &id).await["approvals"].clone();
    assert_eq!(
        (&told["rule"], &told["needed"], &told["missing"]),
        (&json!("steps + anybody"), &json!(2), &json!(["deniz"]))
    );
    let [steps, anybody] = [&told["rules"][0], &told["rules"][1]];
    assert_eq!(
        (&steps["under"], &steps["met"]),
        (&json!("both"), &json!(false))
    );
    assert_eq!(anybody["met"], true);
    let first = json!({
        "needed": 1, "asked": ["mehmet", "zeynep"], "by": [{ "person": "mehmet" }], "met": true,
    });
    let second = json!({
        "needed": 1, "asked": ["deniz"], "by": [], "met": false,
        "stand_ins": [{ "person": "okan", "on_behalf": "deniz" }],
    });
    let got = &steps["steps"];
    assert_eq!(got[0]["by"], first["by"]);
    assert_eq!(
        (&got[0]["asked"], &got[0]["met"]),
        (&first["asked"], &first["met"])
    );
    assert_eq!(got[1], second);

    let told = approve(&world, "okan", &id).await;
    assert_eq!(told["state"], "approved");
    let given = &told["approvals"]["given"][1];
    assert_eq!(
        (&given["person"], &given["on_behalf"]),
        (&json!("okan"), &json!("deniz"))
    );
    let by = json!([{ "person": "okan", "on_behalf": "deniz" }]);
    assert_eq!(told["approvals"]["rules"][0]["steps"][1]["by"], by);
}

#[tokio::test]
async fn an_inbox_holds_only_what_an_approval_would_bring_nearer() {
    let world = World::ruled(RULES);
    let id = world.held("ayse", &batch("payday", 1)).await;
    let counts = async |who: &str| {
        let inbox = browse(&world, who).await.get("/").await.text;
        inbox.contains("Waiting for you <span class=\"count\">1<")
    };
    // kemal is asked by the rule that asks anybody.
    for (who, is_asked) in [("mehmet", true), ("kemal", true), ("ela", false)] {
        assert_eq!(counts(who).await, is_asked, "{who}");
    }
    approve(&world, "mehmet", &id).await;
    for (who, is_asked) in [
        ("mehmet", false),
        ("zeynep", false),
        ("kemal", false),
        ("deniz", true),
        ("okan", true),
    ] {
        assert_eq!(counts(who).await, is_asked, "{who}");
    }
    let okan = browse(&world, "okan").await;
    assert!(okan.get("/").await.text.contains("asked in place of deniz"));
    let page = okan.get(&format!("/batches/{id}")).await.text;
    for shown in [
        "You are asked in place of deniz",
        "Rule “steps”",
        "(or okan in their place)",
        "<b>mehmet</b> approved",
        "<b>1</b> of 2 needed",
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    let zeynep = browse(&world, "zeynep").await;
    let page = zeynep.get(&format!("/batches/{id}")).await.text;
    assert!(page.contains("It does not wait for an approval of yours"));
}

#[tokio::test]
async fn what_nobody_can_approve_is_told_at_once() {
    let rules = |from: &str| {
        format!(
            "[[rule]]\nname = \"few\"\napprovals = 1\nfrom = [{from}]\nexpires_after = \"1h\"\n"
        )
    };
    let world = World::ruled(&rules("\"mehmet\""));
    let id = world.held("ayse", &batch("payday", 1)).await;
    // Nobody but its maker is left.
    let own = world.held("deniz", &batch("own", 1)).await;
    let world = world.under(&rules("\"deniz\""));
    let shown = world.get("ela", &format!("/v1/batches/{own}")).await.json();
    assert_eq!(shown["approvals"]["blocked"], "few");
    let open = world.get("ela", &format!("/v1/batches/{id}")).await.json();
    assert_eq!(open["approvals"]["blocked"], Value::Null);
    let unders = |shown: &Value| {
        let rules = shown["approvals"]["rules"].as_array().unwrap().clone();
        rules
            .iter()
            .map(|rule| rule["under"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(unders(&open), ["held", "in_force"]);

    let mehmet = browse(&world, "mehmet").await;
    let inbox = mehmet.get("/").await.text;
    assert!(inbox.contains("Nobody can approve these"), "{inbox}");
    let page = mehmet.get(&format!("/batches/{own}")).await.text;
    assert!(
        page.contains("Nobody is left who could meet rule “few”"),
        "{page}"
    );
}

#[tokio::test]
async fn a_batch_that_no_rule_covers_needs_no_number_of_approvals() {
    let dollars = "[[rule]]\nname = \"dollars\"\nabove = \"1.00 USD\"\napprovals = 1\nexpires_after = \"1h\"\n";
    let world = World::new();
    let id = world.held("ayse", &batch("payday", 1)).await;
    let world = world.under(dollars);
    let shown = world.get("ela", "/v1/batches").await.json();
    let approvals = &shown["batches"][0]["approvals"];
    assert_eq!(
        (&approvals["needed"], &approvals["blocked"]),
        (&Value::Null, &json!("none"))
    );
    let page = browse(&world, "mehmet")
        .await
        .get(&format!("/batches/{id}"))
        .await
        .text;
    assert!(page.contains("No rule of the policy covers it"), "{page}");
    let why = world
        .get("ela", &format!("/v1/batches/{id}/why?person=mehmet"))
        .await;
    assert_eq!(why.json()["blocked"], "none");
}
