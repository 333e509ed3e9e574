//! Pages, forms and sessions.

use axum::body::Body;
use axum::http::request::Builder;
use axum::http::{Method, Request, header};
use chrono::TimeDelta;
use serde_json::json;

use crate::given::{Answer, World, batch, request, token};

/// A browser that somebody signed in with.
struct Browser<'a> {
    world: &'a World,
    cookie: String,
}

fn form(path: &str, fields: &[(&str, &str)]) -> Request<Body> {
    form_of(
        Builder::new().header(header::HOST, "localhost"),
        path,
        fields,
    )
}

fn form_of(request: Builder, path: &str, fields: &[(&str, &str)]) -> Request<Body> {
    let escape = |text: &str| -> String {
        let bytes = text.bytes().map(|byte| format!("%{byte:02X}"));
        bytes.collect::<Vec<_>>().concat()
    };
    let pairs = fields
        .iter()
        .map(|(name, value)| format!("{name}={}", escape(value)));
    request
        .method(Method::POST)
        .uri(path)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(pairs.collect::<Vec<_>>().join("&")))
        .unwrap()
}

async fn browse<'a>(world: &'a World, who: &str) -> Browser<'a> {
    let answer = world.send(form("/sign-in", &[("token", token(who))])).await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("location")),
        (303, "/"),
        "{}",
        answer.text
    );
    let cookie = answer
        .header("set-cookie")
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    Browser { world, cookie }
}

impl Browser<'_> {
    async fn get(&self, path: &str) -> Answer {
        let request = request(Method::GET, path, "").header(header::COOKIE, &self.cookie);
        self.world.send(request.body(Body::empty()).unwrap()).await
    }

    fn form(&self, path: &str, fields: &[(&str, &str)]) -> Request<Body> {
        let request = Builder::new()
            .header(header::HOST, "localhost")
            .header(header::ORIGIN, "http://localhost")
            .header(header::COOKIE, &self.cookie);
        form_of(request, path, fields)
    }

    async fn form_key(&self) -> String {
        let page = self.get("/").await.text;
        let (_, rest) = page.split_once("name=\"form_key\" value=\"").unwrap();
        rest.split('"').next().unwrap().to_owned()
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let key = self.form_key().await;
        let fields: Vec<_> = fields
            .iter()
            .copied()
            .chain([("form_key", key.as_str())])
            .collect();
        self.world.send(self.form(path, &fields)).await
    }
}

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
    let said = mehmet
        .post(&path, &[("digest", &digest), ("words", "yanlış ay")])
        .await;
    assert_eq!(said.status, 303);
    let ayse = browse(&world, "ayse").await;
    assert!(
        ayse.get(&format!("/batches/{id}"))
            .await
            .text
            .contains("yanlış ay")
    );
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
async fn a_form_of_another_session_or_site_changes_nothing() {
    let world = World::new();
    let id = world.held("ayse", &batch("payday", 1)).await;
    let digest = world.digest(&id).await;
    let (mehmet, zeynep) = (
        browse(&world, "mehmet").await,
        browse(&world, "zeynep").await,
    );
    let path = format!("/batches/{id}/approve");
    let (own, foreign) = (mehmet.form_key().await, zeynep.form_key().await);
    let said = |key: &str| [("digest", digest.clone()), ("form_key", key.to_owned())];
    let borrow =
        |fields: &[(&'static str, String)]| -> Vec<(&'static str, String)> { fields.to_vec() };
    let send = async |change: fn(&mut Request<Body>), key: &str| {
        let fields = borrow(&said(key));
        let fields: Vec<_> = fields
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let mut request = mehmet.form(&path, &fields);
        change(&mut request);
        world.send(request).await.status.as_u16()
    };
    assert_eq!(send(|_| (), &foreign).await, 403);
    assert_eq!(send(|_| (), "").await, 403);
    assert_eq!(
        world
            .send(mehmet.form(&path, &[("digest", &digest)]))
            .await
            .status,
        400
    );
    let evil = |request: &mut Request<Body>| {
        request
            .headers_mut()
            .insert(header::ORIGIN, "https://evil.example".parse().unwrap());
    };
    assert_eq!(send(evil, &own).await, 403);
    let embedded = |request: &mut Request<Body>| {
        request
            .headers_mut()
            .insert("sec-fetch-site", "cross-site".parse().unwrap());
    };
    assert_eq!(send(embedded, &own).await, 403);
    assert_eq!(world.load(&id).await.batch.head().decisions, []);
    let signed_out = |request: &mut Request<Body>| {
        request.headers_mut().remove(header::COOKIE);
    };
    assert_eq!(send(signed_out, &own).await, 303);
    assert_eq!(world.load(&id).await.batch.head().decisions, []);
    assert_eq!(send(|_| (), &own).await, 303);
    assert_eq!(world.load(&id).await.batch.head().decisions.len(), 1);
}

#[tokio::test]
async fn only_a_right_token_opens_a_session() {
    let world = World::new();
    let enter = async |token: &str| {
        let answer = world.send(form("/sign-in", &[("token", token)])).await;
        assert_eq!(answer.header("set-cookie"), "");
        answer.status.as_u16()
    };
    assert_eq!(enter(token("nobody")).await, 403);
    for _ in 0..5 {
        assert_eq!(enter("onay_mehmet_00").await, 401);
    }
    assert_eq!(enter(token("mehmet")).await, 429);
    let evil = Builder::new()
        .header(header::HOST, "localhost")
        .header("origin", "http://evil");
    let evil = form_of(evil, "/sign-in", &[("token", token("zeynep"))]);
    assert_eq!(world.send(evil).await.status, 403);
}

#[tokio::test]
async fn a_session_cookie_is_out_of_reach_and_ends_with_the_session() {
    let world = World::new();
    let fields = [("token", token("ela"))];
    let flags = async |host: &str, proto: &str| {
        let request = Builder::new()
            .header(header::HOST, host)
            .header("x-forwarded-proto", proto);
        let answer = world.send(form_of(request, "/sign-in", &fields)).await;
        let cookie = answer.header("set-cookie").to_owned();
        let (pair, flags) = cookie.split_once("; ").unwrap();
        assert_eq!(pair.len(), "onay_session=".len() + 64);
        flags.to_owned()
    };
    let (open, secure) = (
        "Path=/; HttpOnly; SameSite=Strict",
        "Path=/; HttpOnly; SameSite=Strict; Secure",
    );
    assert_eq!(flags("localhost:8080", "http").await, open);
    assert_eq!(flags("127.0.0.1:8080", "http").await, open);
    assert_eq!(flags("localhost:8080", "https").await, secure);
    assert_eq!(flags("onay.example", "http").await, secure);

    let ela = browse(&world, "ela").await;
    assert_eq!(ela.get("/").await.status, 200);
    let out = ela.post("/sign-out", &[]).await;
    assert!(
        out.header("set-cookie").starts_with("onay_session=; ")
            && out.header("set-cookie").ends_with("Max-Age=0")
    );
    assert_eq!(ela.get("/").await.header("location"), "/sign-in");
}

#[tokio::test]
async fn a_link_to_a_batch_leads_through_the_sign_in_and_nowhere_else() {
    let world = World::new();
    let id = world.held("ayse", &batch("payday", 1)).await;
    let answer = world
        .get("", &format!("/batches/{id}/approve?digest=1"))
        .await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("location")),
        (303, format!("/sign-in?batch={id}").as_str())
    );
    let page = world.get("", answer.header("location")).await.text;
    assert!(page.contains(&format!("name=\"batch\" value=\"{id}\"")));
    let enter = async |batch: &str| {
        let fields = [("token", token("mehmet")), ("batch", batch)];
        world
            .send(form("/sign-in", &fields))
            .await
            .header("location")
            .to_owned()
    };
    assert_eq!(enter(&id).await, format!("/batches/{id}"));
    for elsewhere in ["//evil.example", "https://evil.example", "../x", "payday"] {
        assert_eq!(enter(elsewhere).await, "/");
    }
    assert_eq!(
        world.get("", "/batches/payday").await.header("location"),
        "/sign-in"
    );
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
