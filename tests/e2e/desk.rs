//! The desk over HTTP, as programs use it.

use serde_json::{Value, json};
use ureq::http::Response;
use ureq::{Agent, Body};

use crate::process::until;

/// A caller of the console, with the token of a person.
pub(crate) struct Caller {
    agent: Agent,
    url: String,
    token: String,
}

impl Caller {
    pub(crate) fn new(url: &str, token: &str) -> Self {
        let config = Agent::config_builder().http_status_as_error(false);
        Self {
            agent: config.build().into(),
            url: url.to_owned(),
            token: token.to_owned(),
        }
    }

    pub(crate) fn get(&self, path: &str) -> (u16, Value) {
        let request = || self.agent.get(format!("{}{path}", self.url));
        self.call(|token| request().header("Authorization", token).call())
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let request = || self.agent.post(format!("{}{path}", self.url));
        self.call(|token| request().header("Authorization", token).send_json(body))
    }

    /// Any call can be repeated unchanged while the ledger is busy.
    fn call(&self, call: impl Fn(&str) -> Result<Response<Body>, ureq::Error>) -> (u16, Value) {
        until("the ledger's answer", || {
            let mut answer = call(&format!("Bearer {}", self.token)).unwrap();
            let status = answer.status().as_u16();
            let text = answer.body_mut().read_to_string().unwrap();
            let answer = serde_json::from_str(&text).unwrap_or(json!(text));
            (status != 503).then_some((status, answer))
        })
    }

    /// Every batch, newest first.
    #[track_caller]
    pub(crate) fn batches(&self) -> Vec<Value> {
        let mut all = Vec::new();
        let mut page = "/v1/batches?limit=200".to_owned();
        loop {
            let (status, mut listed) = self.get(&page);
            assert_eq!(status, 200, "{listed:#}");
            all.append(listed["batches"].as_array_mut().unwrap());
            let Some(next) = listed["next"].as_str() else {
                return all;
            };
            page = format!("/v1/batches?limit=200&before={next}");
        }
    }

    /// Batches that wait for a decision, at most so many.
    pub(crate) fn held(&self, at_most: usize) -> Vec<Value> {
        let path = format!("/v1/batches?state=pending_approval&limit={at_most}");
        let (status, listed) = self.get(&path);
        assert_eq!(status, 200, "{listed:#}");
        listed["batches"].as_array().unwrap().clone()
    }

    /// Every batch, once all of them are in one of these states.
    #[track_caller]
    pub(crate) fn wait_for_all(&self, states: &[&str]) -> Vec<Value> {
        let is_there = |batch: &Value| states.contains(&batch["state"].as_str().unwrap());
        until(&format!("every batch {}", states.join(" or ")), || {
            let batches = self.batches();
            batches.iter().all(is_there).then_some(batches)
        })
    }

    #[track_caller]
    pub(crate) fn submit(&self, batch: &Value) {
        let (status, answer) = self.post("/v1/batches", batch);
        assert!([200, 201].contains(&status), "{answer:#}");
    }

    /// Decides on a batch as it was shown.
    #[track_caller]
    pub(crate) fn decide(&self, shown: &Value, verdict: &str) {
        let id = shown["external_id"].as_str().unwrap();
        let comment = (verdict == "reject").then_some("not this time");
        let body = json!({ "verdict": verdict, "digest": shown["digest"], "comment": comment });
        let (status, answer) = self.post(&format!("/v1/batches/{id}/decisions"), &body);
        assert_eq!(status, 200, "{answer:#}");
    }
}
