//! Pages, and decisions made on them.

use chrono::TimeDelta;
use serde_json::json;

use crate::browser::{browse, form};
use crate::given::{World, batch};

#[tokio::test]
async fn an_approver_decides_in_two_steps() {
    let world = World::new();
    let id = world.held("ayse", &batch("payday", 600)).await;
    let (digest, address) = (world.digest(&id).await, format!("/batches/{id}"));
    let mehmet = browse(&world, "mehmet").await;
    assert!(
        mehmet
            .get("/")
            .await
            .text
            .contains("Waiting for you <span class=\"count\">1<")
    );

    let page = mehmet.get(&address).await.text;
    let link = format!("{address}/approve?digest={digest}");
    assert!(page.contains(&link));
    assert!(page.contains("60\u{a0}300.00<span class=\"currency\"> TRY"));
    let asked = mehmet.get(&link).await.text;
    for shown in [
        "60\u{a0}300.00",
        "600 payments",
        &digest[..12],
        "one more approval is needed",
    ] {
        assert!(asked.contains(shown), "{shown}");
    }
    let said = [("digest", digest.as_str()), ("words", "tutar doğru")];
    for _ in 0..2 {
        let answer = mehmet.post(&format!("{address}/approve"), &said).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("location")),
            (303, address.as_str())
        );
    }
    let page = mehmet.get(&address).await.text;
    assert!(page.contains("<b>mehmet</b> approved") && page.contains("tutar doğru"));
    assert!(
        mehmet
            .get("/")
            .await
            .text
            .contains("Nothing needs your decision")
    );

    let undone = mehmet.post(&format!("{address}/undo"), &said[..1]).await;
    assert_eq!(undone.status, 303);
    assert_eq!(
        world
            .load(&id)
            .await
            .batch
            .head()
            .standing_approvals()
            .len(),
        0
    );
    let names: Vec<_> = world
        .load(&id)
        .await
        .batch
        .head()
        .decisions
        .iter()
        .map(|made| made.verdict.word())
        .collect();
    assert_eq!(names, ["approve", "undo"]);
}

#[tokio::test]
async fn a_rejection_without_a_reason_is_asked_again() {
    let world = World::new();
    let id = world.held("ayse", &batch("payday", 1)).await;
    let digest = world.digest(&id).await;
    let (mehmet, path) = (
        browse(&world, "mehmet").await,
        format!("/batches/{id}/reject"),
    );
    let empty = mehmet
        .post(&path, &[("digest", &digest), ("words", " \r\n")])
        .await;
    assert_eq!(empty.status, 422);
    assert!(empty.text.contains("Say why: the maker reads it."));
    assert_eq!(
        world.load(&id).await.batch.state().name(),
        "pending_approval"
    );
    let form = mehmet.get(&format!("{path}?digest={digest}")).await.text;
    assert!(
        form.contains("<option value=\"wrong_payee\">Wrong payee<"),
        "{form}"
    );
    let said = |code| {
        [
            ("digest", digest.as_str()),
            ("words", "yanlış ay"),
            ("code", code),
        ]
    };
    let other = mehmet.post(&path, &said("nonsense")).await;
    assert_eq!(other.status, 400);
    assert_eq!(mehmet.post(&path, &said("wrong_payee")).await.status, 303);
    let ayse = browse(&world, "ayse").await;
    let page = ayse.get(&format!("/batches/{id}")).await.text;
    for shown in ["Rejected by mehmet", "Wrong payee", "yanlış ay"] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
}

#[tokio::test]
async fn pages_say_why_somebody_cannot_decide() {
    let world = World::new();
    let own = world.held("deniz", &batch("own", 1)).await;
    let late = world
        .held_since("ayse", &batch("late", 1), TimeDelta::days(3), &[])
        .await;
    for (who, id, why, status) in [
        (
            "deniz",
            &own,
            "Deniz submitted this batch; a maker never decides on their own batch",
            403,
        ),
        (
            "kemal",
            &own,
            "Rule “everyday” asks mehmet, zeynep, not kemal",
            403,
        ),
        ("ela", &own, "Ela does not have the role “approver”", 403),
        ("mehmet", &late, "expiry means no", 409),
    ] {
        let (browser, digest) = (browse(&world, who).await, world.digest(id).await);
        let page = browser.get(&format!("/batches/{id}")).await.text;
        assert!(page.contains(why), "{who}: {page}");
        assert!(!page.contains("/approve?"));
        let said = [("digest", digest.as_str()), ("words", "x")];
        for action in ["approve", "reject"] {
            let path = format!("/batches/{id}/{action}");
            assert_eq!(
                browser.get(&format!("{path}?digest={digest}")).await.status,
                status
            );
            assert_eq!(browser.post(&path, &said).await.status, status);
        }
        assert_eq!(
            world.load(id).await.batch.state().name(),
            "pending_approval"
        );
    }
}

#[tokio::test]
async fn a_decision_on_something_else_than_was_seen_is_refused() {
    let world = World::new();
    let id = world.held("ayse", &batch("payday", 1)).await;
    let mehmet = browse(&world, "mehmet").await;
    let other = "0".repeat(64);
    for digest in ["", other.as_str()] {
        let asked = mehmet
            .get(&format!("/batches/{id}/approve?digest={digest}"))
            .await;
        assert_eq!(asked.status, 409);
        let said = mehmet
            .post(&format!("/batches/{id}/approve"), &[("digest", digest)])
            .await;
        assert_eq!(said.status, 409);
        assert!(said.text.contains("look at the batch again"));
    }
    assert_eq!(world.load(&id).await.batch.head().decisions, []);
}

#[tokio::test]
async fn only_its_maker_sees_and_does_a_withdrawal() {
    let world = World::new();
    let id = world.held("ayse", &batch("payday", 1)).await;
    let (address, path) = (format!("/batches/{id}"), format!("/batches/{id}/withdraw"));
    for who in ["deniz", "mehmet"] {
        let browser = browse(&world, who).await;
        assert!(!browser.get(&address).await.text.contains("/withdraw"));
        assert_eq!(browser.get(&path).await.status, 403);
        assert_eq!(browser.post(&path, &[]).await.status, 403);
    }
    let ayse = browse(&world, "ayse").await;
    assert!(ayse.get(&address).await.text.contains("/withdraw"));
    assert!(ayse.get(&path).await.text.contains("Withdraw this batch?"));
    assert_eq!(ayse.post(&path, &[("words", "")]).await.status, 303);
    assert_eq!(world.load(&id).await.batch.state().name(), "cancelling");
}

#[tokio::test]
async fn what_makers_write_is_text_and_never_markup() {
    let world = World::new();
    let evil = "<script>alert(1)</script>\"'&";
    let mut wrong = batch(evil, 3);
    for field in ["itemExternalId", "description", "recipientName"] {
        wrong["items"][0][field] = json!(evil);
    }
    let id = world
        .held_since("ayse", &wrong, TimeDelta::zero(), &["item-1"])
        .await;
    let (mehmet, digest) = (browse(&world, "mehmet").await, world.digest(&id).await);
    let address = format!("/batches/{id}");
    for path in [
        "/".to_owned(),
        "/batches".to_owned(),
        "/batches?state=%3Cscript%3E".to_owned(),
        "/batches/%3Cscript%3Ealert(1)".to_owned(),
        format!("{address}/%3Cscript%3E"),
        format!("{address}/reject?digest={digest}"),
        format!("{address}/approve?digest=%3Cscript%3Ealert(1)%3C"),
        address.clone(),
    ] {
        let page = mehmet.get(&path).await.text;
        assert!(page.starts_with("<!doctype html>"), "{path}");
        assert!(
            !page.contains("<script")
                && !page.contains("<b>hesap")
                && !page.contains("bulunamadı <b>"),
            "{path}"
        );
    }
    let page = mehmet.get(&address).await.text;
    // The batch in title and heading; the item's id, name, description, and name as a repeated payee.
    let escaped = "&#60;script&#62;alert(1)&#60;/script&#62;&#34;&#39;&#38;";
    assert_eq!(page.matches(escaped).count(), 6);
    assert!(page.contains("will not be paid") && page.contains("hesap bulunamadı"));
    let key = mehmet.form_key().await;
    let said = [
        ("form_key", key.as_str()),
        ("digest", &digest),
        ("words", &evil.repeat(30)),
    ];
    let again = world
        .send(mehmet.form(&format!("{address}/reject"), &said))
        .await;
    assert_eq!(again.status, 422);
    assert!(!again.text.contains("<script") && again.text.contains("longer than 500"));
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let world = World::new();
    let answers = [
        world.get("", "/").await,
        world.get("", "/sign-in").await,
        world.get("", "/assets/console.css").await,
        world.get("", "/no/such/page").await,
        world.get("", "/healthz").await,
        world.get("", "/readyz").await,
        world.get("", "/v1/batches").await,
        world.get("ela", "/v1/batches").await,
        world.get("ela", "/v1/nothing").await,
        world.send(form("/", &[])).await,
        world.send(form("/sign-in", &[])).await,
        browse(&world, "ela").await.get("/batches?before=x").await,
        browse(&world, "ela")
            .await
            .get("/batches/none?page=x")
            .await,
    ];
    for answer in answers {
        let policy = "default-src 'none'; style-src 'self'; form-action 'self'; \
                      frame-ancestors 'none'; base-uri 'none'";
        assert_eq!(answer.header("content-security-policy"), policy);
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert_eq!(answer.header("cache-control"), "no-store");
    }
}

#[tokio::test]
async fn a_large_batch_is_shown_a_hundred_lines_at_a_time() {
    let world = World::new();
    let id = world
        .held_since(
            "ayse",
            &batch("payday", 250),
            TimeDelta::zero(),
            &["item-7"],
        )
        .await;
    let mehmet = browse(&world, "mehmet").await;
    let lines = async |query: &str| {
        let page = mehmet.get(&format!("/batches/{id}{query}")).await.text;
        let items = page
            .split_once("id=\"items\"")
            .unwrap()
            .1
            .split_once("id=\"journal\"")
            .unwrap()
            .0;
        let rows = items.matches("<tr role=\"row\"><td").count()
            + items.matches("<tr role=\"row\">\n      <td").count();
        (
            rows,
            items.contains(">item-0<"),
            items.contains(">item-249<"),
            items.contains(">item-7<"),
        )
    };
    assert_eq!(lines("").await, (100, true, false, false));
    assert_eq!(lines("?page=2").await, (100, false, false, false));
    assert_eq!(lines("?page=3").await, (49, false, true, false));
    assert_eq!(lines("?page=99").await, (49, false, true, false));
}
