//! Scenario files.

use std::{error::Error as _, time::Duration};

use onay_simulator::{
    Credentials, Endpoint, Fault, Funds, Outcome, RepeatedInit, Scenario, Settings,
};

use crate::{
    caller::{API_KEY, SECRET_KEY, World},
    given::decimal,
};

const TOML: &str = r#"
[settings]
seed = 7
initial_balance = "0.10"
commission = "1.00000001"
settle_after_ms = 250
latency_ms = 5
check_recipients = true
shares = { invalid = 1, failed = 2 }
outcomes = { i-1 = "refund_failed" }

[behaviour]
funds = "auth_refuses"
calls_per_minute = 50
alterations = [{ change = "amount", by = "0.01" }]

[[faults]]
endpoint = "auth"
kind = "lose_answer_after_work"
skip = 1

[[faults]]
kind = "gateway_401"
probability = 10
times = 99
"#;
const JSON: &str = r#"{
  "settings": {"initial_balance": "0.10", "shares": {"invalid": 1, "failed": 2}},
  "behaviour": {"repeated_init": "refuse"},
  "faults": [{"endpoint": "init", "kind": "hold_answer", "millis": 7}]
}"#;

#[test]
fn a_file_sets_everything_to_the_last_digit() {
    let scenario = Scenario::parse(TOML).unwrap();
    let settings = scenario.settings;
    assert_eq!(settings.seed, 7);
    assert_eq!(settings.initial_balance, decimal("0.10"));
    assert_eq!(settings.commission, decimal("1.00000001"));
    assert_eq!(settings.settle_after, Duration::from_millis(250));
    assert_eq!(settings.latency, Duration::from_millis(5));
    assert!(settings.check_recipients);
    let shares = settings.shares;
    assert_eq!(
        (shares.invalid, shares.failed, shares.refunded),
        (1, 2, 1000)
    );
    assert_eq!(settings.outcomes["i-1"], Outcome::RefundFailed);
    let behaviour = settings.behaviour;
    assert_eq!(behaviour.funds, Funds::AuthRefuses);
    assert_eq!(behaviour.calls_per_minute, Some(50));
    assert_eq!(behaviour.alterations[0].by, decimal("0.01"));
    let [first, second] = scenario.faults.as_slice() else {
        panic!("two faults");
    };
    assert_eq!(first.endpoint, Some(Endpoint::Auth));
    assert_eq!((first.skip, first.times), (1, 1));
    assert_eq!((second.endpoint, second.kind), (None, Fault::Gateway401));
    assert_eq!((second.probability, second.times), (10, 99));

    let scenario = Scenario::parse(JSON).unwrap();
    let defaults = Settings::new(Credentials::new("", ""));
    assert_eq!(scenario.settings.initial_balance, decimal("0.10"));
    assert_eq!(scenario.settings.commission, defaults.commission);
    let behaviour = &scenario.settings.behaviour;
    assert_eq!(behaviour.repeated_init, RepeatedInit::Refuse);
    assert_eq!(scenario.faults[0].millis, 7);
}

#[test]
fn a_wrong_key_or_value_is_named() {
    let table = [
        ("[setting]\n", "setting"),
        ("[settings]\nsettle_after = 3\n", "settle_after"),
        ("[settings]\nbehaviour = {}\n", "behaviour"),
        ("[settings]\napi_key = \"k\"\n", "api_key"),
        ("[settings]\nshares = { fail = 3 }\n", "fail"),
        ("[settings]\ncommission = 2.5\n", "expected a string"),
        ("[settings]\ncommission = \"2,5\"\n", "an amount such as"),
        ("[behaviour]\nrepeat_init = \"refuse\"\n", "repeat_init"),
        ("[behaviour]\nrepeated_init = \"maybe\"\n", "maybe"),
        ("[[faults]]\nkind = \"flood\"\n", "flood"),
        ("[[faults]]\nkind = \"cut_answer\"\nmilis = 3\n", "milis"),
        ("[[faults]]\nendpoint = \"auth\"\n", "kind"),
        (r#"{"settings": {"sed": 1}}"#, "sed"),
    ];
    for (text, named) in table {
        let error = Scenario::parse(text).unwrap_err();
        let told = error.source().unwrap().to_string();
        assert!(told.contains(named), "{named} in {told}");
    }
}

#[test]
fn every_named_scenario_can_be_played() {
    let names = [
        "lost-auth-answer",
        "rate-limited",
        "half-invalid",
        "bank-refuses",
        "no-funds",
    ];
    assert_eq!(Scenario::NAMES, names);
    for name in names {
        assert!(Scenario::named(name).is_some(), "{name}");
    }
    assert!(Scenario::named("nobody's").is_none());
}

#[tokio::test]
async fn the_faults_of_a_scenario_are_there_from_the_first_call() {
    let text = "[[faults]]\nendpoint = \"balance\"\nkind = \"error_before_work\"\n";
    let mut scenario = Scenario::parse(text).unwrap();
    scenario.settings.credentials = Credentials::new(API_KEY, SECRET_KEY);
    let world = World::start(scenario).await;
    for status in [500, 200] {
        let answer = world.try_call("GET", "/v1/mass/payout/balance", "").await;
        assert_eq!(answer.unwrap().status, status);
    }
}
