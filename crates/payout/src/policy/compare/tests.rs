//! One person may make a policy stricter, and nothing else.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "small numbers, chosen by hand"
)]

mod law;

use crate::{Policy, SigningKey};

const HASH: &str = "$argon2id$v=19$m=1,t=1,p=1$c2FsdA$aGFzaA";

const BASE: &str = r#"
[safety]
quiet_period = "10m"
on_invalid = "reject"
[history]
window = "7d"
[[person]]
name = "ayse"
roles = ["maker"]
token = "HASHa"
[[person]]
name = "can"
roles = ["approver"]
token = "HASHc"
token_until = "2027-01-31"
public_key = "KEY1"
[[person]]
name = "mehmet"
roles = ["approver"]
token = "HASHm"
[[person]]
name = "deniz"
roles = ["auditor"]
token = "HASHd"
[[delegation]]
from = "can"
to = "mehmet"
until = "2027-01-31"
up_to = "500.00 TRY"
[[rule]]
name = "small"
up_to = "100.00 TRY"
approvals = 1
expires_after = "48h"
[[rule]]
name = "noticed"
on = ["duplicate"]
up_to = "100.00 TRY"
steps = [{ approvals = 1, from = ["can"] }, { approvals = 1 }]
proof = "signature"
expires_after = "24h"
"#;

fn policy(text: &str) -> Policy {
    let keys = text
        .replace(
            "KEY1",
            &SigningKey::from_seed(&[1; 32]).public_key().to_string(),
        )
        .replace(
            "KEY2",
            &SigningKey::from_seed(&[2; 32]).public_key().to_string(),
        );
    Policy::parse(&format!("format = 1\n{}", keys.replace("HASH", HASH))).unwrap()
}

/// What the base is loosened by when some of its text is replaced.
fn loosened(from: &str, to: &str) -> Vec<String> {
    assert!(BASE.contains(from), "{from}");
    policy(BASE).loosened_by(&policy(&BASE.replace(from, to)))
}

#[test]
fn what_is_as_strict_or_stricter_is_not_looser() {
    for (from, to) in [
        ("", ""),
        ("approvals = 1\nexpires", "approvals = 2\nexpires"),
        (
            "approvals = 1\nexpires",
            "approvals = 1\nfrom = [\"can\"]\nexpires",
        ),
        (
            "approvals = 1\nexpires",
            "proof = \"signature\"\napprovals = 1\nexpires",
        ),
        ("\"48h\"", "\"24h\""),
        (
            "up_to = \"100.00 TRY\"\napprovals",
            "up_to = \"50.00 TRY\"\napprovals",
        ),
        (
            "on = [\"duplicate\"]",
            "on = [\"duplicate\", \"new_payee\"]",
        ),
        ("on = [\"duplicate\"]\n", ""),
        ("name = \"small\"", "name = \"renamed\""),
        (
            "{ approvals = 1 }]",
            "{ approvals = 1 }, { approvals = 1 }]",
        ),
        (
            "[[rule]]\nname = \"small\"",
            "[[rule]]\nname = \"added\"\nup_to = \"9.00 TRY\"\napprovals = 2\nexpires_after = \"9h\"\n[[rule]]\nname = \"small\"",
        ),
        (
            "roles = [\"approver\"]\ntoken = \"HASHc\"",
            "roles = [\"approver\", \"auditor\"]\ntoken = \"HASHc\"",
        ),
        ("public_key = \"KEY1\"\n", ""),
        ("up_to = \"500.00 TRY\"", "up_to = \"499.99 TRY\""),
        (
            "until = \"2027-01-31\"\nup",
            "after = \"2027-01-01\"\nuntil = \"2027-01-30\"\nup",
        ),
        ("window = \"7d\"", "window = \"8d\""),
        ("quiet_period = \"10m\"", "quiet_period = \"11m\""),
    ] {
        assert_eq!(loosened(from, to), [""; 0], "{from} -> {to}");
    }
}

const NEW_MAKER: &str =
    "[[person]]\nname = \"ece\"\nroles = [\"maker\"]\n[[person]]\nname = \"ayse\"";

/// What of the base is replaced by what, and what that is told as.
const LOOSER: &[(&str, &str, &str)] = &[
    (
        "[[person]]\nname = \"ayse\"",
        NEW_MAKER,
        "ece is new: maker",
    ),
    (
        "roles = [\"maker\"]",
        "roles = [\"maker\", \"operator\"]",
        "ayse gets the role `operator`",
    ),
    ("HASHa", "HASHb", "ayse gets another token"),
    ("HASHm", "HASHn", "mehmet gets another token"),
    ("KEY1", "KEY2", "can gets another public_key"),
    (
        "token_until = \"2027-01-31\"\n",
        "",
        "the token of can lasts longer",
    ),
    (
        "token_until = \"2027-01-31\"",
        "token_until = \"2027-02-01\"",
        "the token of can lasts longer",
    ),
    (
        "up_to = \"500.00 TRY\"",
        "up_to = \"500.01 TRY\"",
        "mehmet may approve in can's place",
    ),
    (
        "up_to = \"500.00 TRY\"",
        "up_to = \"5.00 EUR\"",
        "mehmet may approve in can's place",
    ),
    (
        "to = \"mehmet\"",
        "to = \"deniz\"",
        "deniz may approve in can's place",
    ),
    ("\"48h\"", "\"49h\"", "2days 1h to decide instead of 2days"),
    (
        "\"can\"] }",
        "\"can\", \"mehmet\"] }",
        "1 of can, mehmet, then",
    ),
    (
        "{ approvals = 1 }]",
        "]",
        "1 of can instead of 1 of can, then",
    ),
    (
        "\"signature\"",
        "\"token\"",
        "proof token instead of signature",
    ),
    (
        "on = [\"duplicate\"]",
        "on = [\"new_payee\"]",
        "`noticed` does not match any more",
    ),
    (
        "on = [\"duplicate\"]",
        "on = [\"duplicate\"]\npurpose = [\"SALARY\"]",
        "does not match",
    ),
    (
        "name = \"noticed\"\n",
        "name = \"noticed\"\nitem_above = \"9.00 TRY\"\n",
        "does not match",
    ),
    (
        "up_to = \"100.00 TRY\"\napprovals",
        "up_to = \"100.01 TRY\"\napprovals",
        "no rule matched before",
    ),
    (
        "up_to = \"100.00 TRY\"\napprovals",
        "approvals",
        "no rule matched before",
    ),
    (
        "[history]\nwindow = \"7d\"",
        "[history]\nwindow = \"6d\"",
        "in a shorter time",
    ),
    (
        "quiet_period = \"10m\"",
        "quiet_period = \"9m\"",
        "for a shorter time",
    ),
    (
        "on_invalid = \"reject\"",
        "on_invalid = \"ask\"",
        "not turned down",
    ),
    (
        "on_invalid",
        "read_back = \"totals\"\non_invalid",
        "less of the provider's copy",
    ),
    (
        "on_invalid",
        "look_before_init = false\non_invalid",
        "not looked up",
    ),
    ("on_invalid", "funds = \"off\"\non_invalid", "not weighed"),
    (
        "on_invalid",
        "on_release_doubt = \"resend\"\non_invalid",
        "sent again",
    ),
];

#[test]
fn what_lets_more_be_released_is_told_in_one_sentence() {
    for (from, to, told) in LOOSER.iter().copied() {
        let all = loosened(from, to);
        let [one] = all.as_slice() else {
            panic!("{from} -> {to}: {all:?}");
        };
        assert!(one.contains(told), "{from} -> {to}: {one}");
    }
}

#[test]
fn a_rule_that_is_gone_is_looser_unless_another_one_asks_for_as_much() {
    let (before, noticed) = BASE.split_once("[[rule]]\nname = \"noticed\"").unwrap();
    let all = policy(BASE).loosened_by(&policy(before));
    assert!(
        all.len() == 1 && all[0].contains("`noticed` is gone"),
        "{all:?}"
    );
    let instead = format!(
        "{before}[[rule]]\nname = \"other\"{}",
        noticed.replace("on = [\"duplicate\"]", "")
    );
    assert_eq!(policy(BASE).loosened_by(&policy(&instead)), [""; 0]);
}

#[test]
fn one_person_does_not_shut_all_others_out() {
    for (from, to) in [
        (
            "name = \"mehmet\"\nroles = [\"approver\"]",
            "name = \"mehmet\"\nroles = []",
        ),
        ("token = \"HASHm\"\n", ""),
    ] {
        let all = loosened(from, to);
        assert!(
            all.len() == 1 && all[0].contains("fewer than two"),
            "{all:?}"
        );
    }
}

#[test]
fn noticing_more_may_open_what_no_rule_matched() {
    let base = BASE.replace(
        "name = \"small\"",
        "name = \"small\"\npurpose = [\"SALARY\"]",
    );
    let next = base.replace("window = \"7d\"", "window = \"8d\"");
    let all = policy(&base).loosened_by(&policy(&next));
    assert!(
        all.len() == 1 && all[0].contains("`noticed` matches what no rule"),
        "{all:?}"
    );
}

#[test]
fn what_is_too_big_to_compare_counts_as_looser() {
    let many = (1..150).map(|units| {
        format!(
            "[[rule]]\nname = \"r{units}\"\nexpires_after = \"9h\"\napprovals = 1\n\
             above = \"{units}.00 TRY\"\nitem_above = \"{units}.00 TRY\"\n"
        )
    });
    let big = policy(&(BASE.to_owned() + &many.collect::<Vec<_>>().concat()));
    assert_eq!(big.loosened_by(&big).len(), 1);
}

#[test]
fn nobody_is_shut_out_nor_becomes_somebody_else_by_one_person_alone() {
    // One of the last two who could change the policy: their token may be over at once.
    let sooner = (
        "token_until = \"2027-01-31\"",
        "token_until = \"2020-01-01\"",
    );
    assert_eq!(loosened(sooner.0, sooner.1).len(), 1);
    // Somebody who only reads may get more some day, and nobody would look at their token again.
    assert_eq!(loosened("token = \"HASHd\"", "token = \"HASHe\"").len(), 1);
}
