//! What a policy is told about itself.

use chrono::{DateTime, TimeZone as _, Utc};

use super::{PolicyCode, PolicyFinding};
use crate::Policy;

const HASH: &str = "$argon2id$v=19$m=1,t=1,p=1$c2FsdA$aGFzaA";

fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 22, 9, 0, 0).unwrap()
}

/// ayse makes; ali, can, mehmet and zeynep approve; everybody has a token.
fn found(rest: &str) -> Vec<PolicyFinding> {
    let people = [
        ("ayse", "maker"),
        ("ali", "approver"),
        ("can", "approver"),
        ("mehmet", "approver"),
        ("zeynep", "approver"),
    ];
    let people = people.map(|(name, role)| {
        format!("[[person]]\nname = \"{name}\"\nroles = [\"{role}\"]\ntoken = \"{HASH}\"\n")
    });
    checked(&format!("{}{rest}", people.concat()))
}

fn checked(text: &str) -> Vec<PolicyFinding> {
    Policy::parse(&format!("format = 1\n{text}"))
        .unwrap()
        .check(now())
}

fn rule(name: &str, rest: &str) -> String {
    format!("[[rule]]\nname = \"{name}\"\nexpires_after = \"24h\"\n{rest}\n")
}

/// The sentences of one kind, without no-break spaces.
fn of(code: PolicyCode, found: &[PolicyFinding]) -> Vec<String> {
    let some = found.iter().filter(|one| one.code == code);
    some.map(|one| one.message.replace('\u{a0}', " ")).collect()
}

/// What a policy is told of one kind, up to the first colon.
fn heads(code: PolicyCode, rest: &str) -> Vec<String> {
    let all = of(code, &found(rest));
    let head = |text: &String| text.split(": ").next().unwrap().to_owned();
    all.iter().map(head).collect()
}

#[test]
fn a_policy_that_covers_everything_is_told_nothing() {
    assert_eq!(found(&rule("all", "approvals = 2")), []);
}

#[test]
fn gaps_are_told_by_currency_and_range() {
    let small = rule("small", "up_to = \"100.00 TRY\"\napprovals = 1");
    let large = rule("large", "above = \"500.00 TRY\"\napprovals = 1");
    let dollar = rule("dollar", "currency = [\"USD\"]\napprovals = 1");
    let gaps = |rules: &[&String]| {
        let rules: String = rules.iter().map(|rule| rule.as_str()).collect();
        heads(PolicyCode::Gap, &rules)
    };
    assert_eq!(gaps(&[&small]), ["no rule matches TRY above 100.00"]);
    assert_eq!(gaps(&[&large]), ["no rule matches TRY up to 500.00"]);
    assert_eq!(
        gaps(&[&small, &large]),
        ["no rule matches TRY above 100.00 and up to 500.00"]
    );
    assert_eq!(
        gaps(&[&small, &dollar]),
        ["no rule matches TRY above 100.00"]
    );
    assert_eq!(gaps(&[&dollar]), [""; 0]);
}

#[test]
fn a_gap_that_other_conditions_leave_is_told_with_an_example() {
    let salary = rule("salary", "purpose = [\"SALARY\"]\napprovals = 1");
    assert_eq!(
        heads(PolicyCode::Gap, &salary),
        ["no rule matches some batches of TRY, such as 1.00 TRY in all"]
    );
    let items = rule("items", "item_above = \"50.00 TRY\"\napprovals = 1");
    assert_eq!(
        heads(PolicyCode::Gap, &items),
        [
            "no rule matches TRY up to 50.00",
            "no rule matches some batches of TRY above 50.00, such as 50.01 TRY in all, the largest item \
             50.00 TRY"
        ]
    );
    let noticed =
        rule("noticed", "on = [\"duplicate\"]\napprovals = 1") + "[history]\nwindow = \"7d\"";
    assert_eq!(heads(PolicyCode::Gap, &noticed).len(), 1);
}

#[test]
fn rules_that_match_together_are_told_once_with_a_batch() {
    let everyday = rule("everyday", "approvals = 1");
    let large = rule("large", "above = \"500.00 TRY\"\napprovals = 2");
    let salary = rule(
        "salary",
        "purpose = [\"SALARY\"]\nfrom = [\"can\"]\napprovals = 1",
    );
    let all = found(&(everyday + &large + &salary));
    assert_eq!(
        of(PolicyCode::Overlap, &all),
        [
            "rule `everyday` matches batches that `large` and `salary` match too, such as 500.01 \
             TRY in all: every rule that matches must be met",
            "rule `large` matches batches that `salary` matches too, such as 500.01 TRY in all, \
             for SALARY: every rule that matches must be met",
        ]
    );
    assert_eq!(of(PolicyCode::AddsNothing, &all), [""; 0]);
}

#[test]
fn rules_that_say_nothing_are_told() {
    let never = rule(
        "never",
        "above = \"9.00 TRY\"\nup_to = \"5.00 TRY\"\napprovals = 1",
    );
    let two = rule("two", "approvals = 2");
    let told = heads(PolicyCode::NeverMatches, &(never + &two));
    assert_eq!(told, ["rule `never` matches nothing"]);
    let one = rule("one", "above = \"9.00 TRY\"\napprovals = 1");
    let again = rule("again", "approvals = 2");
    let told = heads(PolicyCode::AddsNothing, &(one + &two + &again));
    assert_eq!(
        told,
        [
            "rule `one` never adds anything",
            "rule `again` never adds anything"
        ]
    );
    let other = rule(
        "other",
        "above = \"9.00 TRY\"\nfrom = [\"ali\"]\napprovals = 1",
    );
    assert_eq!(heads(PolicyCode::AddsNothing, &(other + &two)), [""; 0]);
}

#[test]
fn a_rule_that_nobody_can_satisfy_is_an_error_with_its_reason() {
    for (rest, why) in [
        ("approvals = 5", "more people than there are"),
        ("approvals = 1\nproof = \"signature\"", "public_key"),
        (
            "steps = [{ approvals = 1, from = [\"can\"] }, { approvals = 1, from = [\"can\"] }]",
            "more",
        ),
    ] {
        let told = of(PolicyCode::Unmeetable, &found(&rule("hard", rest)));
        assert!(told.len() == 1 && told[0].contains(why), "{rest}: {told:?}");
    }
    let silent = "[[person]]\nname = \"can\"\nroles = [\"approver\"]\n".to_owned();
    let told = of(
        PolicyCode::Unmeetable,
        &checked(&(silent + &rule("one", "approvals = 1"))),
    );
    assert!(told[0].contains("can prove who they are"), "{told:?}");
}

#[test]
fn a_rule_that_falls_to_nobody_without_its_maker_is_told_for_each_maker() {
    let more = format!(
        "[[person]]\nname = \"deniz\"\nroles = [\"maker\", \"approver\"]\ntoken = \"{HASH}\"\n"
    );
    let two = rule("two", "from = [\"can\", \"deniz\"]\napprovals = 2");
    let all = found(&(more + &two));
    let told = of(PolicyCode::NobodyLeft, &all);
    assert!(
        told.len() == 1 && told[0].contains("batch of deniz"),
        "{told:?}"
    );
    assert_eq!(of(PolicyCode::MakerApproves, &all).len(), 1);
    assert_eq!(of(PolicyCode::NeverAsked, &all).len(), 3);
}

#[test]
fn tokens_that_are_missing_or_over_are_told() {
    let people = format!(
        "[[person]]\nname = \"deniz\"\nroles = [\"auditor\"]\n\
         [[person]]\nname = \"ece\"\nroles = [\"auditor\"]\ntoken = \"{HASH}\"\ntoken_until = \"2026-11-22\"\n\
         [[person]]\nname = \"fatma\"\nroles = [\"auditor\"]\ntoken = \"{HASH}\"\ntoken_until = \"2026-11-23\"\n"
    );
    let all = found(&(people + &rule("all", "approvals = 1")));
    assert_eq!(of(PolicyCode::NoToken, &all).len(), 1);
    let told = of(PolicyCode::TokenOver, &all);
    assert!(told.len() == 1 && told[0].contains("ece"), "{told:?}");
}

#[test]
fn a_policy_that_nobody_could_make_looser_again_is_told_so() {
    let one = format!("[[person]]\nname = \"can\"\nroles = [\"approver\"]\ntoken = \"{HASH}\"\n");
    let two = one.clone() + &one.replace("can", "ece").replace("approver", "admin");
    for (people, told) in [(one, 1), (two, 0)] {
        let all = checked(&(people + &rule("all", "approvals = 1")));
        assert_eq!(of(PolicyCode::NobodyConfirms, &all).len(), told);
    }
}

#[test]
fn delegations_that_are_over_or_lend_nothing_are_told() {
    let lent = |until: &str, up_to: &str| {
        format!(
            "[[delegation]]\nfrom = \"can\"\nto = \"ali\"\nuntil = \"{until}\"\nup_to = \"{up_to}\"\n"
        )
    };
    let rules = rule(
        "small",
        "up_to = \"100.00 TRY\"\nfrom = [\"ali\"]\napprovals = 1",
    ) + &rule(
        "large",
        "above = \"100.00 TRY\"\nfrom = [\"can\", \"mehmet\", \"zeynep\"]\napprovals = 1",
    );
    let codes = |until: &str, up_to: &str| {
        let all = found(&(rules.clone() + &lent(until, up_to)));
        let of_lent = [PolicyCode::DelegationOver, PolicyCode::DelegationOfNothing];
        let codes = all.iter().map(|one| one.code);
        codes
            .filter(|code| of_lent.contains(code))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        codes("2026-11-22", "500.00 TRY"),
        [PolicyCode::DelegationOver]
    );
    assert_eq!(
        codes("2026-12-01", "100.00 TRY"),
        [PolicyCode::DelegationOfNothing]
    );
    assert_eq!(
        codes("2026-12-01", "40.00 EUR"),
        [PolicyCode::DelegationOfNothing]
    );
    assert_eq!(codes("2026-12-01", "100.01 TRY"), []);
}

#[test]
fn a_policy_too_big_to_look_at_is_told_so() {
    let many = (1..150).map(|units| {
        rule(
            &format!("r{units}"),
            &format!("above = \"{units}.00 TRY\"\nitem_above = \"{units}.00 TRY\"\napprovals = 1"),
        )
    });
    let all = found(&many.collect::<String>());
    assert_eq!(of(PolicyCode::NotAllSeen, &all).len(), 1);
    assert_eq!(of(PolicyCode::NeverMatches, &all), [""; 0]);
}
