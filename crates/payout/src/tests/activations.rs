//! One person makes the policy stricter, and only two make it looser.

use std::sync::OnceLock;

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;

use super::world::at;
use crate::{
    ActivationEntry, ActivationRefused, ActivationStep, ActivationWish, Activations, Identity,
    Policy, issue_token,
};

use ActivationStep::{Activated, First, Proposed};

/// `ayse` makes, `mehmet` and `zeynep` approve, `can` manages the policy.
const PEOPLE: [(&str, &str); 4] = [
    ("ayse", "maker"),
    ("mehmet", "approver"),
    ("zeynep", "approver"),
    ("can", "admin"),
];

fn tokens() -> &'static [(SecretString, String)] {
    static TOKENS: OnceLock<Vec<(SecretString, String)>> = OnceLock::new();
    TOKENS.get_or_init(|| {
        let issued = (1_u8..).zip(PEOPLE).map(|(seed, (name, _))| {
            let (token, hash) = issue_token(&name.parse().unwrap(), &[seed; 40]).unwrap();
            (token, hash.as_str().to_owned())
        });
        issued.collect()
    })
}

fn policy(approvals: u32) -> Policy {
    let people = PEOPLE
        .iter()
        .zip(tokens())
        .map(|((name, role), (_, hash))| {
            format!("[[person]]\nname = \"{name}\"\nroles = [\"{role}\"]\ntoken = \"{hash}\"\n")
        });
    let people: String = people.collect();
    Policy::parse(&format!(
        "format = 1\n{people}[[rule]]\nname = \"all\"\napprovals = {approvals}\nexpires_after = \"9h\""
    ))
    .unwrap()
}

/// Somebody who proved to a policy who they are.
fn person(policy: &Policy, name: &str) -> Identity {
    let place = PEOPLE.iter().position(|(known, _)| *known == name).unwrap();
    policy.authenticate(&tokens()[place].0, at(0)).unwrap()
}

/// The policies that a test changes between: one, two or three approvals.
fn policies() -> [Policy; 3] {
    [1, 2, 3].map(policy)
}

fn wish<'a>(next: &'a Policy, reason: &'a str) -> ActivationWish<'a> {
    ActivationWish { next, reason }
}

/// What is recorded for a wish, judged by the policy that is active.
fn judged(
    activations: &Activations,
    next: &Policy,
    name: &str,
    at: DateTime<Utc>,
) -> Result<Option<ActivationEntry>, ActivationRefused> {
    let all = policies();
    let active = activations.active();
    let current = all.iter().find(|policy| Some(policy.hash()) == active);
    let by = person(current.unwrap_or(next), name);
    activations.judge(current, wish(next, "as agreed"), &by, at)
}

/// What comes of these wishes, one a minute: which policy, by whom, and the step recorded, if any.
fn after(wishes: &[(usize, &str, Option<ActivationStep>)]) -> Activations {
    let all = policies();
    let wishes = wishes.iter().zip(0..);
    wishes.fold(
        Activations::default(),
        |known, ((place, name, step), minute)| {
            let entry = judged(&known, &all[*place], name, at(minute)).unwrap();
            assert_eq!(
                entry.as_ref().map(|entry| entry.step),
                *step,
                "{place} by {name}"
            );
            entry.map_or(known.clone(), |entry| known.with(entry))
        },
    )
}

#[test]
fn one_person_makes_it_stricter_and_a_second_one_is_needed_to_make_it_looser() {
    let [one, two, three] = policies().map(|policy| policy.hash());
    let known = after(&[
        (1, "mehmet", Some(First)),
        (1, "zeynep", None),
        (2, "can", Some(Activated)),
        (0, "mehmet", Some(Proposed)),
        (0, "mehmet", None),
    ]);
    assert_eq!(known.active(), Some(three));
    let proposal = known.proposal().unwrap();
    assert_eq!((proposal.policy, proposal.loosens.len()), (one, 1));
    let entry = judged(&known, &policies()[0], "can", at(5))
        .unwrap()
        .unwrap();
    assert_eq!(entry.step, Activated);
    let known = known.with(entry);
    assert_eq!(known.active(), Some(one));
    assert_eq!(known.proposal(), None);
    assert_eq!(known.past().collect::<Vec<_>>(), [two, three]);
}

#[test]
fn another_file_takes_the_place_of_what_was_proposed() {
    let known = after(&[
        (2, "mehmet", Some(First)),
        (0, "mehmet", Some(Proposed)),
        (1, "zeynep", Some(Proposed)),
        (0, "zeynep", Some(Proposed)),
    ]);
    assert_eq!(known.active(), Some(policies()[2].hash()));
}

#[test]
fn what_is_stricter_ends_a_proposal() {
    after(&[
        (1, "mehmet", Some(First)),
        (0, "mehmet", Some(Proposed)),
        (2, "can", Some(Activated)),
        (0, "zeynep", Some(Proposed)),
        (0, "can", Some(Activated)),
    ]);
}

#[test]
fn a_proposal_is_confirmed_within_a_day_or_made_anew() {
    let known = after(&[(1, "mehmet", Some(First)), (0, "mehmet", Some(Proposed))]);
    let late = at(1) + TimeDelta::days(1);
    let entry = judged(&known, &policies()[0], "zeynep", late).unwrap();
    assert_eq!(entry.unwrap().step, Proposed);
}

#[test]
fn it_takes_a_role_in_the_active_policy_and_a_reason() {
    let [one, two, _] = policies();
    let refused = |by: &Identity| Err(ActivationRefused::NotAllowed(by.name().clone()));
    let none = Activations::default();
    let ayse = person(&one, "ayse");
    assert_eq!(
        none.judge(None, wish(&one, "why"), &ayse, at(0)),
        refused(&ayse)
    );
    let known = after(&[(0, "mehmet", Some(First))]);
    let mehmet = person(&one, "mehmet");
    assert_eq!(
        known.judge(Some(&one), wish(&two, " \n"), &mehmet, at(1)),
        Err(ActivationRefused::NoReason)
    );
    // The new policy would make ayse an admin, and it is the new one she proved who she is to.
    let hash = &tokens()[0].1;
    let hers = Policy::parse(&format!(
        "format = 1\n[[person]]\nname = \"ayse\"\nroles = [\"admin\"]\ntoken = \"{hash}\"\n\
         [[rule]]\nname = \"all\"\napprovals = 1\nexpires_after = \"9h\""
    ));
    let hers = hers.unwrap();
    let ayse = person(&hers, "ayse");
    assert_eq!(
        known.judge(Some(&one), wish(&hers, "why"), &ayse, at(1)),
        refused(&ayse)
    );
}

#[test]
fn nothing_is_compared_with_a_policy_that_is_not_the_active_one() {
    let [one, two, three] = policies();
    let known = after(&[(1, "mehmet", Some(First))]);
    for current in [None, Some(&one)] {
        let by = person(&one, "mehmet");
        assert_eq!(
            known.judge(current, wish(&three, "why"), &by, at(1)),
            Err(ActivationRefused::OtherPolicy(two.hash()))
        );
    }
}
