//! People: who cannot prove who they are, who is asked for nothing, who lends what.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::{PolicyCode, PolicyFinding};
use crate::ids::PersonName;
use crate::policy::points::Points;
use crate::policy::{Conditions, Delegation, Person, Policy, Role};

/// What is to be said about people.
pub(super) fn check(policy: &Policy, now: DateTime<Utc>) -> Vec<PolicyFinding> {
    let asked = asked(policy);
    let people = policy.people();
    let of_people = people.flat_map(|person| of_person(policy, person, &asked, now));
    let lent = policy.delegations().iter();
    let of_lent = lent.filter_map(|lent| of_delegation(policy, lent, now));
    let changers = policy.changers();
    let able = changers.filter(|person| person.token.is_some() && !is_over(person, now));
    let is_stuck = (able.count() < 2).then(|| {
        let message = "fewer than two people could change this policy, and whatever makes it looser \
                       takes two, a new person too; add an approver or an admin before it is active";
        PolicyFinding::new(PolicyCode::NobodyConfirms, message.to_owned())
    });
    of_people.chain(of_lent).chain(is_stuck).collect()
}

/// Whether somebody cannot approve at this moment: they have no token, and nobody stands in.
pub(super) fn is_silent(policy: &Policy, name: &PersonName, now: DateTime<Utc>) -> bool {
    let has_token = |name: &PersonName| {
        let person = policy.person(name);
        person.is_some_and(|person| person.token.is_some() && !is_over(person, now))
    };
    let stands_in = |lent: &Delegation| {
        lent.from == *name && lent.after <= now && now < lent.until && has_token(&lent.to)
    };
    !has_token(name) && !policy.delegations().iter().any(stands_in)
}

fn is_over(person: &Person, now: DateTime<Utc>) -> bool {
    person.token_until.is_some_and(|until| until <= now)
}

/// Everybody whom some rule asks.
fn asked(policy: &Policy) -> BTreeSet<PersonName> {
    let requirement = policy.rules().iter().flat_map(|rule| {
        let steps = policy.held(rule, |_| false).steps;
        steps.into_iter().flat_map(|step| step.asked)
    });
    requirement.collect()
}

fn of_person(
    policy: &Policy,
    person: &Person,
    asked: &BTreeSet<PersonName>,
    now: DateTime<Utc>,
) -> Vec<PolicyFinding> {
    let name = &person.name;
    let [makes, approves] = [Role::Maker, Role::Approver].map(|role| person.roles.contains(&role));
    let stands_in = policy.delegations().iter().any(|lent| lent.to == *name);
    let no_token = person.token.is_none().then(|| {
        let message = format!(
            "{name} has no token and can do nothing; `onay token new {name} --role ROLE` makes one"
        );
        PolicyFinding::new(PolicyCode::NoToken, message)
    });
    let over = person.token_until.filter(|_| is_over(person, now));
    let over = over.map(|until| {
        let message = format!(
            "the token of {name} is over since {}; `onay token new {name} --role ROLE` makes a new \
             one, or take {name} out",
            until.format("%F %H:%M UTC")
        );
        PolicyFinding::new(PolicyCode::TokenOver, message)
    });
    let both = (makes && approves).then(|| {
        let message = format!(
            "{name} makes batches and approves those of others; never their own, so nobody else \
             may be left for theirs"
        );
        PolicyFinding::new(PolicyCode::MakerApproves, message)
    });
    let unasked = (approves && !asked.contains(name) && !stands_in).then(|| {
        let message = format!(
            "{name} is an approver, and no rule asks them; name them in a `from`, or take the role \
             away"
        );
        PolicyFinding::new(PolicyCode::NeverAsked, message)
    });
    [no_token, over, both, unasked]
        .into_iter()
        .flatten()
        .collect()
}

fn of_delegation(policy: &Policy, lent: &Delegation, now: DateTime<Utc>) -> Option<PolicyFinding> {
    let Delegation { from, to, .. } = lent;
    if lent.until <= now {
        let over = lent.until.format("%F %H:%M UTC");
        let message =
            format!("the delegation from {from} to {to} is over since {over}; take it out");
        return Some(PolicyFinding::new(PolicyCode::DelegationOver, message));
    }
    (!lends_something(policy, lent)).then(|| {
        let message = format!(
            "the delegation from {from} to {to} lends nothing: no rule asks {from} about a total of \
             up to {}; take it out, or raise its up_to",
            lent.up_to
        );
        PolicyFinding::new(PolicyCode::DelegationOfNothing, message)
    })
}

/// Whether some batch that it covers is one the lender is asked about.
fn lends_something(policy: &Policy, lent: &Delegation) -> bool {
    let conditions: Vec<&Conditions> = policy.rules().iter().map(|rule| &rule.conditions).collect();
    let points = Points::of(&conditions, lent.up_to.currency(), &[lent.up_to]);
    let mut covered = points
        .facts
        .iter()
        .filter(|facts| facts.total.amount() <= lent.up_to.amount());
    points.is_cut
        || covered.any(|facts| {
            let requirement = policy.requirement_but(facts, |_| false);
            requirement.asked().contains(&lent.from)
        })
}
