//! Frozen batches: on the page and over HTTP, two people, and never the maker.

use serde_json::{Value, json};

use crate::browser::browse;
use crate::given::{Answer, World, batch};

async fn resolve(world: &World, who: &str, id: &str, action: &str, reason: &str) -> Answer {
    let body = json!({ "action": action, "reason": reason });
    world
        .post(who, &format!("/v1/batches/{id}/resolutions"), &body)
        .await
}

#[tokio::test]
async fn a_resolution_names_the_frozen_batch_as_it_was_shown() {
    let world = World::new();
    let id = world.frozen("ayse", &batch("payday", 2)).await;
    let shown = show(&world, &id).await["since"].clone();
    for (since, status) in [
        (json!("2026-11-01T09:00:00Z"), 409),
        (json!("noon"), 422),
        (shown, 200),
    ] {
        let body = json!({ "action": "close", "reason": "vaka", "since": since });
        let path = format!("/v1/batches/{id}/resolutions");
        let answer = world.post("mehmet", &path, &body).await;
        assert_eq!(answer.status, status, "{}", answer.text);
    }
}

async fn show(world: &World, id: &str) -> Value {
    world.get("ela", &format!("/v1/batches/{id}")).await.json()
}

#[tokio::test]
async fn one_proposes_and_nothing_happens_before_a_second_one_confirms() {
    let world = World::new();
    let id = world.frozen("ayse", &batch("payday", 2)).await;
    let first = resolve(&world, "mehmet", &id, "retry-release", "vaka 4711").await;
    assert_eq!(first.json()["outcome"], "proposed", "{}", first.text);
    let shown = show(&world, &id).await;
    assert_eq!(shown["state"], "frozen");
    let proposal = &shown["frozen"]["proposal"];
    assert_eq!(
        (&proposal["action"], &proposal["by"], &proposal["reason"]),
        (
            &json!("retry-release"),
            &json!("mehmet"),
            &json!("vaka 4711")
        )
    );
    let entries = world.load(&id).await.version;
    let again = resolve(&world, "mehmet", &id, "retry-release", "again").await;
    assert_eq!(again.json()["outcome"], "repeated");
    assert_eq!(world.load(&id).await.version, entries);
    let other = resolve(&world, "okan", &id, "close", "no").await;
    assert_eq!(
        other.json()["outcome"],
        "proposed",
        "another wish replaces it"
    );
    resolve(&world, "mehmet", &id, "retry-release", "vaka 4711").await;
    let second = resolve(&world, "okan", &id, "retry-release", "aynı cevap").await;
    assert_eq!(
        (&second.json()["outcome"], &second.json()["state"]),
        (&json!("done"), &json!("approved"))
    );
}

#[tokio::test]
async fn who_may_not_and_what_does_not_fit_is_refused_with_the_choices() {
    let world = World::new();
    let id = world.frozen("deniz", &batch("payday", 2)).await;
    for (who, action, reason, status) in [
        ("deniz", "close", "x", 403),
        ("ayse", "close", "x", 403),
        ("ela", "close", "x", 403),
        ("mehmet", "close", " ", 422),
        ("mehmet", "pay", "x", 422),
    ] {
        let answer = resolve(&world, who, &id, action, reason).await;
        assert_eq!(answer.problem().0, status, "{who} {action}");
    }
    let held = world.held("ayse", &batch("held", 2)).await;
    let early = resolve(&world, "mehmet", &held, "close", "x").await;
    assert_eq!(early.problem(), (409, "conflict".to_owned()));
    let differs = world.frozen_early("ayse", &batch("differs", 2)).await;
    let unfit = resolve(&world, "mehmet", &differs, "retry-release", "x").await;
    assert_eq!(unfit.problem(), (409, "conflict".to_owned()));
    let detail = unfit.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("choose re-prepare, close"), "{detail}");
    assert_eq!(show(&world, &id).await["frozen"]["proposal"], json!(null));
}

#[tokio::test]
async fn a_frozen_batch_says_why_and_what_can_be_done() {
    let world = World::new();
    let id = world.frozen("ayse", &batch("payday", 2)).await;
    let frozen = show(&world, &id).await["frozen"].clone();
    assert_eq!(frozen["why"], "release_unconfirmed");
    assert!(frozen["sentence"].as_str().unwrap().contains("pay twice"));
    let allowed = frozen["allowed"].as_array().unwrap();
    assert_eq!(allowed.len(), 4);
    assert!(allowed[0]["risk"].as_str().unwrap().contains("paid twice"));
    let page = browse(&world, "mehmet").await;
    let page = page.get(&format!("/batches/{id}")).await.text;
    for shown in ["What to do", "retry-release", "four looks", "Propose…"] {
        assert!(page.contains(shown), "{shown}");
    }
}

#[tokio::test]
async fn two_people_resolve_on_the_page_in_two_steps_each() {
    let world = World::new();
    let id = world.frozen("ayse", &batch("payday", 2)).await;
    let (address, path) = (
        format!("/batches/{id}"),
        format!("/batches/{id}/resolve/retry-release"),
    );
    let since = world.load(&id).await.batch.head().since.to_rfc3339();
    let said = |words| [("words", words), ("since", since.as_str())];
    let ayse = browse(&world, "ayse").await;
    let page = ayse.get(&address).await.text;
    assert!(page.contains("You cannot do this") && !page.contains(&path));
    assert_eq!(ayse.get(&path).await.status, 403);
    assert_eq!(ayse.post(&path, &said("x")).await.status, 403);

    let mehmet = browse(&world, "mehmet").await;
    assert!(
        mehmet
            .get(&path)
            .await
            .text
            .contains("every payee is paid twice")
    );
    let empty = mehmet.post(&path, &said(" ")).await;
    assert_eq!(empty.status, 422);
    assert!(empty.text.contains("Say why"));
    assert_eq!(mehmet.post(&path, &said("vaka")).await.status, 303);
    assert_eq!(world.load(&id).await.batch.state().name(), "frozen");
    assert!(
        mehmet
            .get(&address)
            .await
            .text
            .contains("You proposed this")
    );

    let stale = [("words", "evet"), ("since", "2026-11-01T09:00:00Z")];
    let okan = browse(&world, "okan").await;
    assert_eq!(okan.post(&path, &stale).await.status, 409, "it froze anew");
    let page = okan.get(&address).await.text;
    assert!(page.contains("vaka") && page.contains("Confirm…"));
    assert!(okan.get(&path).await.text.contains("done right after"));
    assert_eq!(okan.post(&path, &said("evet")).await.status, 303);
    assert_eq!(world.load(&id).await.batch.state().name(), "approved");
    assert_eq!(okan.get(&path).await.status, 409);
    assert_eq!(
        okan.get(&format!("{address}/resolve/pay")).await.status,
        404
    );
}
