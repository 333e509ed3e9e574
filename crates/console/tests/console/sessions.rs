//! Sessions, and the forms that belong to them.

use axum::body::Body;
use axum::http::request::Builder;
use axum::http::{Request, header};

use crate::browser::{browse, form, form_of};
use crate::given::{World, batch, token};

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
