//! Who could do more, and who else could be them.

use chrono::{DateTime, Utc};

use crate::ids::PersonName;
use crate::policy::{Delegation, Person, Policy, Role};

/// People who may do more, or who may prove who they are in another way.
pub(super) fn looser(before: &Policy, next: &Policy) -> Vec<String> {
    let looser = next
        .people()
        .flat_map(|person| match before.person(&person.name) {
            // Also of those who only read: they may get more some day, and nobody would look again.
            Some(known) => changed(known, person),
            None if !acts(next, person) => Vec::new(),
            None => vec![format!("{} is new: {}", person.name, roles(person))],
        });
    looser.collect()
}

/// Whether somebody does more than read. A maker counts: who could make a new one, or be an old one,
/// would make batches under that name and approve them under their own.
fn acts(policy: &Policy, person: &Person) -> bool {
    let mut roles = person.roles.iter();
    let mut lent = policy.delegations().iter();
    roles.any(|role| *role != Role::Auditor) || lent.any(|lent| lent.to == person.name)
}

fn changed(known: &Person, person: &Person) -> Vec<String> {
    let name = &person.name;
    let more = person.roles.difference(&known.roles);
    let more = more.filter(|role| **role != Role::Auditor);
    let more = more.map(|role| format!("{name} gets the role `{role}`"));
    let has_other_token = person.token.is_some() && person.token != known.token;
    let has_other_key = person.public_key.is_some() && person.public_key != known.public_key;
    let lasts_longer = lasts_longer(known.token_until, person.token_until);
    let proofs = [
        has_other_token.then(|| format!("{name} gets another token")),
        has_other_key.then(|| format!("{name} gets another public_key")),
        lasts_longer.then(|| format!("the token of {name} lasts longer")),
    ];
    more.chain(proofs.into_iter().flatten()).collect()
}

fn lasts_longer(before: Option<DateTime<Utc>>, next: Option<DateTime<Utc>>) -> bool {
    match (before, next) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some(before), Some(next)) => next > before,
    }
}

fn roles(person: &Person) -> String {
    let words: Vec<&str> = person.roles.iter().map(|role| role.word()).collect();
    if words.is_empty() {
        "stands in for somebody".to_owned()
    } else {
        words.join(", ")
    }
}

/// Where two people could have made it looser again, and then nobody can: one person must not shut
/// all others out.
pub(super) fn leaves_one(before: &Policy, next: &Policy) -> Vec<String> {
    let able = |policy: &Policy| {
        let able = policy.changers().filter(|person| person.token.is_some());
        able.map(|person| (person.name.clone(), person.token_until))
            .collect::<Vec<_>>()
    };
    let (before, next) = (able(before), able(next));
    // A token that ends sooner than it did may be over by now.
    let stays = |(name, until): &&(PersonName, Option<DateTime<Utc>>)| {
        let mut before = before.iter();
        let known = before.find(|(known, _)| known == name);
        known.is_none_or(|(_, was)| was == until || lasts_longer(*was, *until))
    };
    let (before, next) = (before.len(), next.iter().filter(stays).count());
    let told = "fewer than two people could change the policy any more";
    (before >= 2 && next < 2)
        .then(|| told.to_owned())
        .into_iter()
        .collect()
}

/// Delegations that lend more than any one between the same people did.
pub(super) fn lends_more(before: &Policy, next: &Policy) -> Vec<String> {
    let new = next.delegations().iter().filter(|lent| {
        let mut known = before.delegations().iter();
        !known.any(|known| is_within(lent, known))
    });
    let told = new.map(|lent| {
        let (from, to, until) = (&lent.from, &lent.to, lent.until.format("%F %H:%M UTC"));
        format!(
            "{to} may approve in {from}'s place up to {} until {until}",
            lent.up_to
        )
    });
    told.collect()
}

fn is_within(lent: &Delegation, known: &Delegation) -> bool {
    lent.from == known.from
        && lent.to == known.to
        && lent.after >= known.after
        && lent.until <= known.until
        && lent.up_to.currency() == known.up_to.currency()
        && lent.up_to.amount() <= known.up_to.amount()
}
