//! The desk over HTTP.

use serde_json::json;

use crate::desk::Caller;
use crate::files::batch;
use crate::world::World;

#[test]
fn a_batch_walks_over_http_with_the_same_words_as_on_the_command_line() {
    let world = World::new();
    let mut serve = world.serve();
    let url = serve.told("console on ");
    let caller = |token| Caller::new(&url, token);
    let (ayse, mehmet) = (caller(world.token("ayse")), caller(world.token("mehmet")));

    assert_eq!(mehmet.get("/healthz").0, 200);
    assert_eq!(mehmet.get("/readyz").0, 200);
    assert_eq!(caller("onay_mehmet_0000").get("/v1/batches").0, 401);
    assert!(
        mehmet.get("/").1.as_str().unwrap().contains("<form"),
        "no sign-in page"
    );

    let body = batch("http", 2);
    let (status, submitted) = ayse.post("/v1/batches", &body);
    assert_eq!(
        (status, &submitted["replayed"]),
        (201, &json!(false)),
        "{submitted:#}"
    );
    let (status, replayed) = ayse.post("/v1/batches", &body);
    assert_eq!((status, &replayed["batch"]), (200, &submitted["batch"]));
    assert_eq!(ayse.post("/v1/batches", &batch("http", 1)).0, 409);
    let (status, problem) = ayse.post("/v1/batches", &batch("nothing", 0));
    assert_eq!(
        (status, &problem["findings"][0]["code"]),
        (422, &json!("empty_batch")),
        "{problem:#}"
    );
    assert_eq!(mehmet.post("/v1/batches", &batch("mehmets", 1)).0, 403);

    let held = world.wait_until("http", "pending_approval");
    let (status, shown) = mehmet.get("/v1/batches/http");
    assert_eq!((status, &shown), (200, &held));
    let approve = json!({ "verdict": "approve", "digest": held["digest"] });
    assert_eq!(ayse.post("/v1/batches/http/decisions", &approve).0, 403);
    let blind = json!({ "verdict": "approve" });
    assert_eq!(mehmet.post("/v1/batches/http/decisions", &blind).0, 422);
    let (status, decided) = mehmet.post("/v1/batches/http/decisions", &approve);
    assert_eq!(
        (status, &decided["decision"]),
        (200, &json!("approve")),
        "{decided:#}"
    );

    world.wait_until("http", "settled");
    let (_, listed) = mehmet.get("/v1/batches");
    assert_eq!(listed["batches"].as_array().unwrap().len(), 1, "{listed:#}");
    assert_eq!(listed["batches"][0]["state"], "settled");
    let (_, items) = mehmet.get("/v1/batches/http/items");
    assert_eq!(items["items"][1]["status"], "paid");
    assert_eq!(mehmet.post("/v1/batches/http/withdraw", &json!({})).0, 403);
    assert_eq!(ayse.post("/v1/batches/http/withdraw", &json!({})).0, 409);
    world.books().batch("http").assert_paid_once();
}
