//! Reading over HTTP.

use axum::body::Body;
use axum::http::Method;
use onay_console::Desk;
use serde_json::json;

use crate::given::{World, batch, request};

#[tokio::test]
async fn a_batch_is_found_by_either_id() {
    let world = World::new();
    let id = world.held("ayse", &batch("maaş/2026-11", 2)).await;
    for path in [id.as_str(), "ma%C3%A5%C5%9F", "maa%C5%9F%2F2026-11"]
        .into_iter()
        .enumerate()
    {
        let answer = world.get("ela", &format!("/v1/batches/{}", path.1)).await;
        if path.0 == 1 {
            assert_eq!(answer.problem(), (404, "not-found".to_owned()));
            continue;
        }
        let shown = answer.json();
        assert_eq!(
            (&shown["batch"], &shown["state"]),
            (&json!(id), &json!("pending_approval"))
        );
        assert_eq!(
            shown["approvals"]["missing"],
            json!(["deniz", "mehmet", "zeynep"])
        );
        assert_eq!(shown["digest"], world.digest(&id).await);
    }
    let items = world
        .get("ela", &format!("/v1/batches/{id}/items"))
        .await
        .json();
    assert_eq!(items["items"].as_array().unwrap().len(), 2);
    let journal = world
        .get("ela", &format!("/v1/batches/{id}/journal"))
        .await
        .json();
    let events: Vec<_> = journal["journal"].as_array().unwrap().iter().collect();
    assert_eq!(
        (events.len(), &events[0]["event"]),
        (4, &json!("submitted"))
    );
    assert_eq!(
        (&events[0]["actor"], &events[0]["via"]),
        (&json!("ayse"), &json!("http"))
    );
}

#[tokio::test]
async fn a_list_is_read_page_by_page() {
    let world = World::new();
    for number in 0..5 {
        world
            .submitted("ayse", &batch(&format!("batch-{number}"), 1))
            .await;
    }
    let (mut seen, mut path) = (Vec::new(), "/v1/batches?state=received&limit=2".to_owned());
    loop {
        let page = world.get("ela", &path).await.json();
        let batches = page["batches"].as_array().unwrap();
        seen.extend(
            batches
                .iter()
                .map(|shown| shown["external_id"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page["next"].as_str() else {
            break;
        };
        path = format!("/v1/batches?state=received&limit=2&before={next}");
    }
    assert_eq!(
        seen,
        ["batch-4", "batch-3", "batch-2", "batch-1", "batch-0"]
    );
    assert_eq!(
        world.get("ela", "/v1/batches?state=settled").await.json()["batches"],
        json!([])
    );
    for query in [
        "state=held",
        "before=batch-1",
        "limit=0",
        "limit=201",
        "limit=x",
        "sort=up",
    ] {
        let answer = world.get("ela", &format!("/v1/batches?{query}")).await;
        assert_eq!(answer.problem(), (400, "bad-request".to_owned()), "{query}");
    }
}

#[tokio::test]
async fn wrong_addresses_and_methods_are_problems_too() {
    let world = World::new();
    for (method, path, status) in [
        (Method::GET, "/v1", 404),
        (Method::GET, "/v1/orders", 404),
        (Method::GET, "/v1/batches/none", 404),
        (Method::GET, "/v1/batches/none/items", 404),
        (Method::GET, "/v1/batches/no%20id", 404),
        (Method::PUT, "/v1/batches", 405),
        (Method::DELETE, "/v1/batches/none", 405),
    ] {
        let request = request(method, path, "ela").body(Body::empty()).unwrap();
        assert_eq!(world.send(request).await.problem().0, status, "{path}");
    }
    let put = request(Method::PUT, "/v1/batches", "ela")
        .body(Body::empty())
        .unwrap();
    let allowed = world.send(put).await;
    let mut allowed: Vec<_> = allowed.header("allow").split(',').map(str::trim).collect();
    allowed.sort_unstable();
    assert_eq!(allowed, ["GET", "HEAD", "POST"]);
    let page = world.get("", "/orders").await;
    assert_eq!(
        (page.status.as_u16(), page.header("content-type")),
        (404, "text/html; charset=utf-8")
    );
}

#[tokio::test]
async fn readiness_needs_the_ledger_and_the_rest_of_the_process() {
    let world = World::new();
    assert_eq!(world.get("", "/healthz").await.status, 200);
    assert_eq!(world.get("", "/readyz").await.status, 200);
    let tired = |desk: Desk| desk.ready_when(|| Err("no poll for 60 s".to_owned()));
    let answer = World::with(tired).get("", "/readyz").await;
    assert_eq!(
        (answer.status.as_u16(), answer.text.trim()),
        (503, "not ready: no poll for 60 s")
    );
}
