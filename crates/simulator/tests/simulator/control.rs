//! What is steered while the simulator runs: switches, money, the limit of calls, the script of faults.

use onay_simulator::{
    BatchStatus, Behaviour, Funds, Provider, Refusal, Settings, ShortBatch, Shortage,
};
use serde_json::json;

use crate::{
    caller::{self, World},
    given::{SETTLE_MS, START_MS, assert_tied_out, decimal, init, settings},
};

const MINUTE_MS: u64 = 60_000;

#[tokio::test]
async fn switches_change_while_it_runs_and_a_wrong_one_is_named() {
    let world = World::start(caller::settings()).await;
    let before = world.steer("GET", "/_sim/behaviour", "").await.json();
    assert_eq!(before["unknown_id"], "failure");
    let change = r#"{"unknown_id":"empty"}"#;
    let after = world.steer("POST", "/_sim/behaviour", change).await.json();
    let mut expected = before.clone();
    expected["unknown_id"] = json!("empty");
    assert_eq!(after, expected);
    let body = r#"{"requestId":"nobody's","page":0,"size":1}"#;
    let answer = world.call("POST", "/v1/mass/payout/retrieve", body);
    assert_eq!(answer.await.json()["status"], "success");

    for (wrong, named) in [
        (r#"{"unknown_ids":"empty"}"#, "unknown_ids"),
        (r#"{"unknown_id":"none"}"#, "none"),
        ("[]", "map"),
    ] {
        let answer = world.send("POST", "/_sim/behaviour", None, wrong).await;
        let answer = answer.unwrap();
        assert_eq!(answer.status, 422);
        assert!(answer.text.contains(named), "{}", answer.text);
    }
    assert_eq!(
        world.steer("GET", "/_sim/behaviour", "").await.json(),
        expected
    );
}

#[tokio::test]
async fn a_script_of_faults_is_taken_whole_or_not_at_all() {
    let world = World::start(caller::settings()).await;
    let script = r#"[{"endpoint":"balance","kind":"error_before_work"},{"kind":"cut_answer"}]"#;
    world.steer("POST", "/_sim/faults", script).await;
    let answer = world.try_call("GET", "/v1/mass/payout/balance", "").await;
    assert_eq!(answer.unwrap().status, 500);
    let wrong = r#"[{"kind":"empty_answer"},{"kind":"empty_answer","time":1}]"#;
    let answer = world.send("POST", "/_sim/faults", None, wrong).await;
    let answer = answer.unwrap();
    assert_eq!(answer.status, 422);
    assert!(answer.text.contains("`time`"), "{}", answer.text);

    let shown = world.steer("GET", "/_sim/faults", "").await.json();
    let open = shown["open"].as_array().unwrap();
    assert_eq!(open.len(), 1);
    assert_eq!(open[0]["kind"], "cut_answer");
    assert_eq!(shown["met"], json!({ "error_before_work": 1 }));
    world.steer("DELETE", "/_sim/faults", "").await;
    let answer = world.call("GET", "/v1/mass/payout/balance", "").await;
    assert_eq!(answer.json()["status"], "success");
}

#[tokio::test]
async fn funds_are_added_in_exact_decimals() {
    let world = World::start(caller::settings()).await;
    let path = "/_sim/funds";
    world.steer("POST", path, r#"{"add":"0.10"}"#).await;
    world.steer("POST", path, r#"{"add":"-0.03"}"#).await;
    for wrong in [
        r#"{"add":0.1}"#,
        r#"{"add":"-10000000.08"}"#,
        r#"{"add":"1,5"}"#,
    ] {
        let answer = world.send("POST", path, None, wrong).await.unwrap();
        assert_eq!(answer.status, 422, "{wrong}");
    }
    let books = world.steer("GET", "/_sim/books", "").await.json();
    assert_eq!(books["balance"], "10000000.07");
    assert_eq!(books["funds_added"], "0.07");
}

/// A provider that holds a kuruş too little for the batch it stores.
fn short(behaviour: Behaviour) -> (Provider, String) {
    let mut provider = Provider::new(Settings {
        initial_balance: decimal("205.99"),
        ..settings(behaviour)
    });
    let request_id = init(&mut provider, "b", 2);
    (provider, request_id)
}

#[test]
fn added_funds_help_a_short_batch_as_far_as_the_switches_say() {
    use BatchStatus::{Completed, InsufficientBalance};
    let table = [
        (Funds::AuthRefuses, ShortBatch::Stays, Completed, Completed),
        (
            Funds::LaterStatus,
            ShortBatch::Stays,
            InsufficientBalance,
            InsufficientBalance,
        ),
        (
            Funds::LaterStatus,
            ShortBatch::RevivesOnFunds,
            Completed,
            Completed,
        ),
        (
            Funds::LaterStatus,
            ShortBatch::RevivesOnAuth,
            InsufficientBalance,
            Completed,
        ),
    ];
    for (funds, short_batch, alone, with_auth) in table {
        let (mut provider, request_id) = short(Behaviour {
            funds,
            short_batch,
            ..Behaviour::default()
        });
        let answer = provider.auth(&request_id, START_MS);
        let is_refused = funds == Funds::AuthRefuses;
        assert_eq!(answer == Err(Refusal::InsufficientFunds), is_refused);
        let added_ms = START_MS + SETTLE_MS;
        provider.add_funds(decimal("0.01"), added_ms).unwrap();
        if is_refused {
            assert_eq!(provider.auth(&request_id, added_ms), Ok(()));
        }
        let mut now_ms = added_ms;
        for expected in [alone, with_auth] {
            now_ms += 2 * SETTLE_MS;
            let books = provider.books(None, now_ms);
            assert_tied_out(&books);
            assert_eq!(
                books.batches[0].status, expected,
                "{funds:?} {short_batch:?}"
            );
            let times = u64::from(expected == Completed);
            assert_eq!(books.batches[0].authorized_times, times);
            let _ = provider.auth(&request_id, now_ms);
        }
    }
}

#[test]
fn a_lack_of_funds_has_two_spellings() {
    for (shortage, status) in [
        (
            Shortage::InsufficientBalance,
            BatchStatus::InsufficientBalance,
        ),
        (
            Shortage::IyzicoInsufficientBalance,
            BatchStatus::IyzicoInsufficientBalance,
        ),
    ] {
        let (mut provider, request_id) = short(Behaviour {
            shortage,
            ..Behaviour::default()
        });
        provider.auth(&request_id, START_MS).unwrap();
        let books = provider.books(None, START_MS + SETTLE_MS);
        assert_eq!(books.batches[0].status, status);
    }
}

#[test]
fn a_balance_may_show_more_than_can_be_spent() {
    let (mut provider, request_id) = short(Behaviour {
        balance_excess: decimal("0.01"),
        ..Behaviour::default()
    });
    assert_eq!(provider.balance(START_MS), Ok(decimal("206.00")));
    provider.auth(&request_id, START_MS).unwrap();
    let books = provider.books(None, START_MS + SETTLE_MS);
    assert_eq!(books.batches[0].status, BatchStatus::InsufficientBalance);
    assert_tied_out(&books);
}

#[test]
fn calls_beyond_the_minutes_budget_are_refused_and_counted() {
    let mut provider = Provider::new(settings(Behaviour {
        calls_per_minute: Some(2),
        ..Behaviour::default()
    }));
    let start_ms = START_MS.next_multiple_of(MINUTE_MS);
    let table = [
        (0, true),
        (1, true),
        (2, false),
        (MINUTE_MS - 1, false),
        (MINUTE_MS, true),
        (MINUTE_MS + 1, true),
        (MINUTE_MS + 2, false),
    ];
    for (after_ms, is_served) in table {
        let answer = provider.balance(start_ms + after_ms);
        assert_eq!(answer.is_ok(), is_served, "after {after_ms}");
        assert!(is_served || answer == Err(Refusal::RateLimited));
    }
    let books = provider.books(None, start_ms);
    assert_eq!((books.calls.balance, books.rate_limited.balance), (7, 3));
}
