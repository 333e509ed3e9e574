//! Who may decide what, and what a decision binds to.

use super::world::{
    approve, at, decision, facts, held, lira, person, policy, release_started, walk,
};
use crate::{
    Event, IllegalTransition, Motion, NotAllowed, Policy, ReasonCode, Role, Short, SigningKey,
    State, Verdict,
};

const SMALL: [i64; 2] = [100, 200];
const LARGE: [i64; 2] = [40_000, 30_000];

fn judge(name: &str, amounts: &[i64], minutes: i64) -> Result<(), NotAllowed> {
    let batch = held(amounts);
    let digest = batch.state().hold().unwrap().digest.to_string();
    let motion = Motion::new(approve(), &digest);
    policy()
        .judge(batch.head(), person(name), motion, at(minutes))
        .map(|_| ())
}

#[test]
fn a_maker_never_approves_their_own_batch() {
    // ayse is an approver, and the rule for large batches even names her.
    for amounts in [SMALL, LARGE] {
        assert_eq!(
            judge("ayse", &amounts, 10),
            Err(NotAllowed::OwnBatch("ayse".parse().unwrap()))
        );
    }
    assert!(
        !held(&LARGE)
            .state()
            .hold()
            .unwrap()
            .rules
            .asked()
            .contains(person("ayse").name())
    );
}

#[test]
fn only_an_approver_the_rule_asks_may_decide() {
    assert!(judge("mehmet", &SMALL, 10).is_ok());
    assert!(judge("can", &SMALL, 10).is_ok());
    assert!(matches!(
        judge("can", &LARGE, 10),
        Err(NotAllowed::NotAsked { .. })
    ));
    let auditor = NotAllowed::Role("deniz".parse().unwrap(), Role::Approver);
    assert_eq!(judge("deniz", &SMALL, 10), Err(auditor));
}

#[test]
fn expiry_means_no() {
    let batch = held(&LARGE);
    let expires_at = batch.state().hold().unwrap().expires_at;
    assert_eq!(
        judge("mehmet", &LARGE, 60 * 24 + 3),
        Err(NotAllowed::Expired(expires_at))
    );
    // The decision was allowed when it was made and is applied too late.
    let late = decision(&batch, "mehmet", approve());
    assert_eq!(
        batch.apply(late, expires_at).unwrap_err(),
        IllegalTransition::Expired(expires_at)
    );
    assert!(matches!(
        batch.apply(Event::Expired, at(9)),
        Err(IllegalTransition::TooEarly(_))
    ));
    let ended = batch.apply(Event::Expired, expires_at).unwrap().batch;
    assert_eq!(ended.state().name(), "cancelling");
}

#[test]
fn a_decision_binds_to_what_was_seen() {
    let batch = held(&SMALL);
    let other = held(&[100, 201]).state().hold().unwrap().digest.to_string();
    for digest in ["", "abc", other.as_str()] {
        let motion = Motion::new(approve(), digest);
        let refused = policy().judge(batch.head(), person("mehmet"), motion, at(10));
        assert!(
            matches!(refused, Err(NotAllowed::OtherDigest { .. })),
            "{digest}"
        );
    }
    let code = batch.state().hold().unwrap().digest.code();
    let motion = Motion::new(approve(), &code);
    assert!(
        policy()
            .judge(batch.head(), person("mehmet"), motion, at(10))
            .is_ok()
    );
    // A ruling on one batch is worth nothing on another.
    let ruling = decision(&held(&[100, 201]), "mehmet", approve());
    assert_eq!(
        batch.apply(ruling, at(10)).unwrap_err(),
        IllegalTransition::OtherDigest
    );
}

#[test]
fn every_field_of_a_held_batch_changes_its_digest() {
    let digest = |amounts: &[i64]| held(amounts).state().hold().unwrap().digest;
    let all = [
        digest(&[1, 2]),
        digest(&[2, 1]),
        digest(&[3]),
        digest(&[1, 2, 3]),
        digest(&[1]),
    ];
    let distinct: std::collections::HashSet<_> = all.iter().collect();
    assert_eq!(distinct.len(), all.len());
    assert_eq!(digest(&[1, 2]), digest(&[1, 2]));
}

#[test]
fn one_human_counts_once() {
    let batch = held(&LARGE);
    let once = batch
        .apply(decision(&batch, "mehmet", approve()), at(10))
        .unwrap()
        .batch;
    assert_eq!(once.state().name(), "pending_approval");
    let again = once.apply(decision(&once, "mehmet", approve()), at(11));
    let mehmet = "mehmet".parse().unwrap();
    assert_eq!(
        again.unwrap_err(),
        IllegalTransition::AlreadyDecided(mehmet)
    );
    let twice = once
        .apply(decision(&once, "zeynep", approve()), at(12))
        .unwrap()
        .batch;
    assert_eq!(twice.state().name(), "approved");
}

#[test]
fn an_undone_approval_does_not_count() {
    let batch = held(&SMALL);
    let approved = batch
        .apply(decision(&batch, "mehmet", approve()), at(10))
        .unwrap()
        .batch;
    assert_eq!(approved.state().name(), "approved");
    let undone = approved
        .apply(decision(&approved, "mehmet", Verdict::Undo), at(11))
        .unwrap()
        .batch;
    assert_eq!(undone.state().name(), "pending_approval");
    assert_eq!(
        policy().quorum(undone.head()),
        Err(Short::Approvals { have: 0, needed: 1 })
    );
    assert_eq!(
        undone.head().decisions.len(),
        2,
        "a decision is a fact, never removed"
    );
}

#[test]
fn a_rejection_wins_over_an_approval() {
    let batch = held(&SMALL);
    let approved = batch
        .apply(decision(&batch, "mehmet", approve()), at(10))
        .unwrap()
        .batch;
    let reject = Verdict::Reject {
        code: ReasonCode::Other,
        reason: "wrong month".into(),
    };
    let rejected = approved
        .apply(decision(&approved, "zeynep", reject), at(11))
        .unwrap();
    assert_eq!(rejected.note, "wrong month");
    let State::Cancelling(cancelling) = rejected.batch.state() else {
        panic!("not cancelling")
    };
    assert_eq!(
        cancelling.turned_down.by.as_ref().unwrap().as_str(),
        "zeynep"
    );
}

#[test]
fn a_rejection_without_a_reason_is_no_decision() {
    let batch = held(&SMALL);
    let digest = batch.state().hold().unwrap().digest.to_string();
    let verdict = Verdict::Reject {
        code: ReasonCode::Other,
        reason: " ".into(),
    };
    let motion = Motion::new(verdict, &digest);
    let ruling = policy().judge(batch.head(), person("mehmet"), motion, at(10));
    assert_eq!(ruling.unwrap_err(), NotAllowed::NoReason);
}

#[test]
fn only_the_maker_withdraws() {
    let by = |name: &str| Event::Withdrawn {
        by: person(name).clone(),
        reason: String::new(),
    };
    let batch = held(&SMALL);
    let maker = "ayse".parse().unwrap();
    assert_eq!(
        batch.apply(by("can"), at(10)).unwrap_err(),
        IllegalTransition::NotMaker(maker)
    );
    assert_eq!(walk(batch, vec![by("ayse")]).state().name(), "cancelling");
}

#[test]
fn approvals_are_counted_again_by_the_policy_in_force() {
    let batch = held(&SMALL);
    let approved = batch
        .apply(decision(&batch, "mehmet", approve()), at(10))
        .unwrap()
        .batch;
    assert!(policy().quorum(approved.head()).is_ok());
    let rule = "[[rule]]\nname = \"all\"\napprovals = 1\nexpires_after = \"1h\"\n";
    let without_mehmet = Policy::parse(&format!(
        "format = 1\n[[person]]\nname = \"zeynep\"\nroles = [\"approver\"]\n{rule}"
    ));
    // The same people and the same rule in another file: whoever can name a file of their own
    // could otherwise approve anything.
    let other_file = Policy::parse(&format!(
        "format = 1\n[[person]]\nname = \"mehmet\"\nroles = [\"approver\"]\n{rule}"
    ));
    let foreign = other_file.unwrap().quorum(approved.head());
    assert_eq!(foreign, Err(Short::Approvals { have: 0, needed: 1 }));
    let removed = without_mehmet.unwrap().quorum(approved.head());
    assert_eq!(removed, Err(Short::Approvals { have: 0, needed: 1 }));
    let stricter = rule.replace("approvals = 1", "approvals = 2");
    let stricter = Policy::parse(&format!(
        "format = 1\n[[person]]\nname = \"mehmet\"\nroles = [\"approver\"]\n{stricter}"
    ));
    let short = stricter.unwrap().quorum(approved.head());
    assert_eq!(short, Err(Short::Approvals { have: 0, needed: 2 }));
    let elsewhere = rule.replace("[[rule]]", "[[rule]]\nabove = \"1000.00 TRY\"");
    let no_rule = Policy::parse(&format!("format = 1\n{elsewhere}")).unwrap();
    assert_eq!(
        no_rule.quorum(approved.head()),
        Err(Short::NoRule(lira(300)))
    );
}

#[test]
fn a_release_needs_the_proof_for_exactly_this_batch() {
    let small = held(&SMALL);
    let small = small
        .apply(decision(&small, "mehmet", approve()), at(10))
        .unwrap()
        .batch;
    let other = held(&[5]);
    let other = other
        .apply(decision(&other, "mehmet", approve()), at(10))
        .unwrap()
        .batch;
    let foreign = release_started(&other, 11);
    assert_eq!(
        small.apply(foreign, at(11)).unwrap_err(),
        IllegalTransition::OtherDigest
    );
}

#[test]
fn a_policy_file_is_refused_with_every_fault() {
    let text = r#"
format = 2
[safety]
read_back = "some"
[[person]]
name = "a b"
roles = ["boss"]
[[person]]
name = "ali"
roles = ["approver"]
token = "secret"
[[rule]]
name = "none"
approvals = 0
expires_after = "soon"
[[rule]]
name = "from"
approvals = 1
from = ["nobody"]
expires_after = "1h"
"#;
    let said = Policy::parse(text).unwrap_err().to_string();
    for part in [
        "format 2",
        "read_back",
        "a b",
        "argon2id",
        "approvals is 0",
        "nobody",
    ] {
        assert!(said.contains(part), "{part} is missing in: {said}");
    }
    assert!(
        Policy::parse("format = 1\nrules = []").is_err(),
        "unknown keys are refused"
    );
    assert!(
        Policy::parse("format = 1").is_err(),
        "without a rule nothing could be released"
    );
}

#[test]
fn everybody_has_a_key_of_their_own_or_none() {
    let people = |keys: [&str; 2]| {
        let [ali, can] = keys;
        Policy::parse(&format!(
            r#"
format = 1
[[person]]
name = "ali"
roles = ["approver"]
{ali}
[[person]]
name = "can"
roles = ["approver"]
{can}
[[rule]]
name = "all"
approvals = 1
expires_after = "1h"
"#
        ))
    };
    let key = SigningKey::from_seed(&[1; 32]).public_key();
    let line = format!("public_key = \"{key}\"");
    let read = people([&line, ""]).unwrap();
    let keys: Vec<_> = read.people().map(|person| person.public_key).collect();
    assert_eq!(keys, [Some(key), None]);
    for (keys, said) in [
        (
            [line.as_str(), line.as_str()],
            "person `can`: public_key is that of `ali`; everybody makes their own with `onay key new`",
        ),
        (
            ["", "public_key = \"ed25519:AAAA\""],
            "person `can`: public_key is not a public key; it is written `ed25519:` and 44 characters of base64; `onay key show can` prints it",
        ),
    ] {
        assert_eq!(people(keys).unwrap_err().to_string(), said);
    }
}

#[test]
fn the_strictest_rule_that_covers_a_total_wins() {
    let names = |total| {
        let rules = policy().rules_for(&facts(total)).into_iter();
        rules.map(|rule| rule.name.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(names(lira(50_000)), ["everyday"]);
    assert_eq!(names(lira(50_001)), ["large"]);
    let dollars = crate::Money::payable(rust_decimal::Decimal::ONE, crate::Currency::Usd).unwrap();
    assert!(
        names(dollars).is_empty(),
        "a bound in lira covers no dollars"
    );
}
