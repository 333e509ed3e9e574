//! The desk over HTTP.

use serde_json::{Value, json};
use ureq::Agent;

use crate::files::batch;
use crate::world::World;

/// A caller of the console, with the token of a person.
struct Caller<'a> {
    agent: Agent,
    url: String,
    token: &'a str,
}

impl Caller<'_> {
    fn get(&self, path: &str) -> (u16, Value) {
        let request = self.agent.get(format!("{}{path}", self.url));
        Self::answer(
            request
                .header("Authorization", format!("Bearer {}", self.token))
                .call(),
        )
    }

    fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let request = self.agent.post(format!("{}{path}", self.url));
        let request = request.header("Authorization", format!("Bearer {}", self.token));
        Self::answer(request.send_json(body))
    }

    fn answer(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> (u16, Value) {
        let mut answer = answer.unwrap();
        let status = answer.status().as_u16();
        let text = answer.body_mut().read_to_string().unwrap();
        (status, serde_json::from_str(&text).unwrap_or(json!(text)))
    }
}

#[test]
fn a_batch_walks_over_http_with_the_same_words_as_on_the_command_line() {
    let world = World::new();
    let mut serve = world.serve();
    let url = serve.told("console on ");
    let config = Agent::config_builder().http_status_as_error(false);
    let agent: Agent = config.build().into();
    let caller = |token| Caller {
        agent: agent.clone(),
        url: url.clone(),
        token,
    };
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
