//! Every fault from the caller's side, and what the provider did meanwhile.

use std::io::ErrorKind;

use onay_simulator::{Endpoint, Fault, FaultPlan};
use serde_json::{Value, json};

use crate::caller::{Raw, World, settings};

const INIT: &str = "/v1/mass/payout/init";
const BODY: &str = r#"{"externalId":"m-1","items":[{"itemExternalId":"i-1","recipientType":"PHONE","recipientInfo":"+905555856935","amount":{"value":100.50,"currency":"TRY"}}]}"#;

/// Starts a simulator, plans a fault for init, and sees what the caller sees.
async fn meet(plan: FaultPlan) -> (World, Raw) {
    let world = World::start(settings()).await;
    world.simulator.plan(plan);
    let raw = world.signed_exchange("POST", INIT, BODY).await;
    (world, raw)
}

fn init_plan(kind: Fault) -> FaultPlan {
    FaultPlan::next(Endpoint::Init, kind)
}

fn is_done(world: &World) -> bool {
    !world.simulator.books(None).batches.is_empty()
}

fn status_and_body(raw: &Raw) -> (u16, String) {
    let text = String::from_utf8(raw.bytes.clone()).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, body.to_owned())
}

#[tokio::test]
async fn a_connection_without_an_answer_tells_nothing_of_the_work() {
    use Fault::{CloseBeforeWork, LoseAnswerAfterWork, ResetAfterWork, ResetBeforeWork};
    let reset = Some(ErrorKind::ConnectionReset);
    let table = [
        (CloseBeforeWork, false, None),
        (LoseAnswerAfterWork, true, None),
        (ResetBeforeWork, false, reset),
        (ResetAfterWork, true, reset),
    ];
    for (kind, done, error) in table {
        let (world, raw) = meet(init_plan(kind)).await;
        assert!(raw.bytes.is_empty(), "{kind:?}");
        assert_eq!(is_done(&world), done, "{kind:?}");
        // Bytes that nobody has read make a close look like a reset.
        if kind != CloseBeforeWork {
            assert_eq!(raw.error, error, "{kind:?}");
        }
    }
}

#[tokio::test]
async fn a_spoilt_answer_looks_like_this() {
    use Fault::{
        BadGatewayAfterWork, BadGatewayBeforeWork, EmptyAnswer, ErrorAfterWork, ErrorBeforeWork,
        HtmlAnswer, MalformedAnswer,
    };
    let table = [
        (EmptyAnswer, true, 200, ""),
        (MalformedAnswer, true, 200, r#"{"status":"success","#),
        (HtmlAnswer, true, 200, "<html>"),
        (BadGatewayBeforeWork, false, 502, "<html>"),
        (BadGatewayAfterWork, true, 502, "<html>"),
        (ErrorBeforeWork, false, 500, ""),
        (ErrorAfterWork, true, 500, ""),
    ];
    for (kind, done, status, begin) in table {
        let (world, raw) = meet(init_plan(kind)).await;
        let (met_status, body) = status_and_body(&raw);
        assert_eq!(met_status, status, "{kind:?}");
        assert!(body.starts_with(begin), "{kind:?}: {body}");
        assert_eq!(body.is_empty(), begin.is_empty(), "{kind:?}: {body}");
        assert!(serde_json::from_str::<Value>(&body).is_err(), "{kind:?}");
        assert_eq!(is_done(&world), done, "{kind:?}");
    }
}

#[tokio::test]
async fn a_refusal_on_the_way_has_its_code() {
    use Fault::{FailureAfterWork, FailureBeforeWork, Gateway401, RateLimited};
    let failure = json!("failure");
    let table = [
        (Gateway401, false, json!(401), "5"),
        (RateLimited, false, failure.clone(), "50000"),
        (FailureBeforeWork, false, failure.clone(), "100001"),
        (FailureAfterWork, true, failure, "100001"),
    ];
    for (kind, done, status, code) in table {
        let (world, raw) = meet(FaultPlan {
            code: "100001".to_owned(),
            ..init_plan(kind)
        })
        .await;
        let answer: Value = serde_json::from_str(&status_and_body(&raw).1).unwrap();
        assert_eq!(answer["status"], status, "{kind:?}");
        assert_eq!(answer["errorCode"], code, "{kind:?}");
        assert_eq!(is_done(&world), done, "{kind:?}");
        let limited = u64::from(kind == RateLimited);
        assert_eq!(world.simulator.books(None).rate_limited.init, limited);
    }
}

#[tokio::test]
async fn a_cut_answer_ends_half_way() {
    let (world, raw) = meet(init_plan(Fault::CutAnswer)).await;
    let text = String::from_utf8(raw.bytes).unwrap().to_lowercase();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let (_, promised) = head.split_once("content-length: ").unwrap();
    let promised: usize = promised.lines().next().unwrap().parse().unwrap();
    assert_eq!(body.len(), promised / 2);
    assert!(is_done(&world));
}

#[tokio::test]
async fn a_trickled_answer_comes_whole_and_in_pieces() {
    let (world, raw) = meet(FaultPlan {
        millis: 200,
        ..init_plan(Fault::TrickleAnswer)
    })
    .await;
    assert!(raw.pieces > 3, "{}", raw.pieces);
    let answer: Value = serde_json::from_str(&status_and_body(&raw).1).unwrap();
    let books = world.simulator.books(None);
    assert_eq!(answer["requestId"], books.batches[0].request_id);
}

#[tokio::test]
async fn work_may_be_done_later_than_its_answer_was_lost() {
    let later = |millis| FaultPlan {
        millis,
        ..init_plan(Fault::LoseAnswerThenWork)
    };
    let (world, raw) = meet(later(3_600_000)).await;
    assert!(raw.bytes.is_empty());
    assert!(!is_done(&world));
    let (world, raw) = meet(later(1)).await;
    assert!(raw.bytes.is_empty());
    while !is_done(&world) {
        tokio::task::yield_now().await;
    }
    assert_eq!(world.simulator.books(None).calls.init, 1);
}

#[tokio::test]
async fn an_answer_that_never_comes_has_its_work_done() {
    let world = World::start(settings()).await;
    world.simulator.plan(init_plan(Fault::NeverAnswer));
    let done = async {
        while !is_done(&world) {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        _ = world.signed_exchange("POST", INIT, BODY) => panic!("there was an answer"),
        () = done => {}
    }
}
