//! Personal data stands on the page of the person who must check it, and nowhere else.

use axum::body::Body;
use axum::http::{Method, header};
use serde_json::json;

use crate::given::{World, batch, request, token};
use crate::log::logged;

#[tokio::test]
async fn no_log_line_and_no_json_shows_a_payee_or_a_token() {
    let world = World::new();
    let markers = [
        "TR910006200000000012607919",
        "Gizem Gizli",
        "+905559998877",
        "gizli açıklama",
    ];
    let [iban, name, phone, description] = markers;
    let mut secret = batch("secret", 2);
    secret["items"][0]["recipientInfo"] = json!(iban);
    secret["items"][0]["recipientName"] = json!(name);
    secret["items"][0]["description"] = json!(description);
    secret["items"][1]["recipientType"] = json!("PHONE");
    secret["items"][1]["recipientInfo"] = json!(phone);
    let id = world.held("ayse", &secret).await;
    let digest = world.digest(&id).await;

    let mut wrong = secret.clone();
    wrong["items"][0]["recipientInfo"] = json!(format!("{iban}1"));
    let mut other = secret.clone();
    other["items"][0]["recipientName"] = json!("Gizem Gizlioğlu");
    let approve = json!({ "verdict": "approve", "digest": digest });
    let mut answers = vec![
        world.post("ayse", "/v1/batches", &secret).await,
        world.post("ayse", "/v1/batches", &wrong).await,
        world.post("ayse", "/v1/batches", &other).await,
        world
            .post("mehmet", &format!("/v1/batches/{id}/decisions"), &approve)
            .await,
        world.get("ela", "/v1/batches").await,
    ];
    for part in ["", "/items", "/journal"] {
        answers.push(world.get("ela", &format!("/v1/batches/{id}{part}")).await);
    }
    for answer in answers {
        assert!(
            markers.iter().all(|marker| !answer.text.contains(marker)),
            "{}",
            answer.text
        );
    }

    let sign_in = request(Method::POST, "/sign-in", "")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(format!("token={}", token("mehmet"))));
    let signed_in = world.send(sign_in.unwrap()).await;
    let cookie = signed_in
        .header("set-cookie")
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    let page = request(Method::GET, &format!("/batches/{id}"), "").header(header::COOKIE, &cookie);
    let page = world.send(page.body(Body::empty()).unwrap()).await.text;
    let shown = ["TR91 0006 2000 0000 0012 6079 19", name, phone, description];
    assert!(shown.iter().all(|text| page.contains(text)));

    let log = logged();
    assert!(log.contains(&format!("batch {id} submitted")) && log.contains("mehmet signed in"));
    let session = cookie.split('=').nth(1).unwrap();
    for secret in
        markers
            .iter()
            .chain(&shown[..1])
            .chain(&[session, token("mehmet"), token("ayse")])
    {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}
