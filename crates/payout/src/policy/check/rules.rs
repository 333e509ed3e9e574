//! Rules: what they leave open, where several match, which nobody can satisfy.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::people::is_silent;
use super::{PolicyCode, PolicyFinding};
use crate::ids::PersonName;
use crate::money::{Currency, Money};
use crate::policy::points::{Points, told};
use crate::policy::strict::Asks;
use crate::policy::{Conditions, Facts, Policy, Role, Rule};
use crate::requirement::Proof;

/// What is to be said about rules.
pub(super) fn check(policy: &Policy, now: DateTime<Utc>) -> Vec<PolicyFinding> {
    let mut found: Vec<PolicyFinding> = policy
        .rules()
        .iter()
        .flat_map(|rule| unmeetable(policy, rule, now))
        .collect();
    let mut seen = Seen::default();
    for currency in currencies(policy) {
        let conditions: Vec<&Conditions> =
            policy.rules().iter().map(|rule| &rule.conditions).collect();
        let points = Points::of(&conditions, currency, &[]);
        found.extend(gaps(policy, currency, &points));
        seen.add(policy, points);
    }
    found.extend(seen.overlaps(policy));
    found.extend(seen.says_nothing(policy));
    if seen.is_cut {
        let message = "the rules have more bounds than were looked at; gaps and overlaps may be \
                       missing here"
            .to_owned();
        found.push(PolicyFinding::new(PolicyCode::NotAllSeen, message));
    }
    found
}

/// Every currency that a rule names; one of them, where no rule looks at it.
fn currencies(policy: &Policy) -> BTreeSet<Currency> {
    let of = |conditions: &Conditions| {
        let bounds = [
            conditions.up_to,
            conditions.above,
            conditions.item_above,
            conditions.maker_day_above,
            conditions.payee_day_above,
        ];
        let of_bounds = bounds.into_iter().flatten().map(Money::currency);
        let named = conditions.currencies.iter().flatten().copied();
        of_bounds.chain(named).collect::<Vec<_>>()
    };
    let named: BTreeSet<Currency> = policy
        .rules()
        .iter()
        .flat_map(|rule| of(&rule.conditions))
        .collect();
    if named.is_empty() {
        BTreeSet::from([Currency::Try])
    } else {
        named
    }
}

/// A rule nobody can satisfy, at all or for the batches of one maker.
fn unmeetable(policy: &Policy, rule: &Rule, now: DateTime<Utc>) -> Vec<PolicyFinding> {
    let name = &rule.name;
    let silent = |person: &PersonName| is_silent(policy, person, now);
    if !policy.can_be_met(rule, silent) {
        let by_tokens = Rule {
            proof: Proof::Token,
            ..rule.clone()
        };
        let why = if policy.can_be_met(rule, |_| false) {
            "too few of those it asks can prove who they are; make tokens (`onay token new`)"
        } else if policy.can_be_met(&by_tokens, |_| false) {
            "it asks for signatures, and too few of those it asks have a public_key; each makes a \
             key of their own (`onay key new`)"
        } else {
            "it asks for more people than there are; add approvers, or ask for fewer"
        };
        let message = format!("nobody can satisfy rule `{name}`: {why}");
        return vec![PolicyFinding::new(PolicyCode::Unmeetable, message)];
    }
    let makers = policy
        .people()
        .filter(|person| person.roles.contains(&Role::Maker));
    let blocked = makers
        .filter(|maker| !policy.can_be_met(rule, |person| *person == maker.name || silent(person)));
    let finding = |maker: &PersonName| {
        let message = format!(
            "nobody can satisfy rule `{name}` for a batch of {maker}, who is never asked about \
             their own; add approvers, or ask for fewer"
        );
        PolicyFinding::new(PolicyCode::NobodyLeft, message)
    };
    blocked.map(|maker| finding(&maker.name)).collect()
}

/// How much of the batches with one total no rule matches.
#[derive(PartialEq, Eq, Clone, Copy)]
enum Open {
    Nothing,
    Some,
    All,
}

/// What no rule matches, in ranges of the total.
fn gaps(policy: &Policy, currency: Currency, points: &Points) -> Vec<PolicyFinding> {
    let is_matched = |facts: &Facts| {
        let mut rules = policy.rules().iter();
        rules.any(|rule| rule.conditions.match_facts(facts))
    };
    let is_open = |facts: &&Facts| !is_matched(facts);
    let mut found = Vec::new();
    let mut below: Option<Money> = None;
    let totals: Vec<&[Facts]> = points
        .facts
        .chunk_by(|one, next| one.total == next.total)
        .collect();
    let open = |same: &&&[Facts]| match same.iter().filter(is_open).count() {
        0 => Open::Nothing,
        some if some < same.len() => Open::Some,
        _ => Open::All,
    };
    let opens: Vec<(Open, &[Facts])> = totals.iter().map(|same| (open(&same), *same)).collect();
    let runs: Vec<&[(Open, &[Facts])]> = opens.chunk_by(|one, next| one.0 == next.0).collect();
    for (place, run) in runs.iter().enumerate() {
        let is_last = place.saturating_add(1) == runs.len();
        let top = run.last().and_then(|(_, same)| same.first());
        let top = top.map(|facts| facts.total);
        let range = range(currency, below, top.filter(|_| !is_last));
        let example = run.iter().flat_map(|(_, same)| *same).find(is_open);
        match (run.first().map(|first| first.0), example) {
            (Some(Open::All), _) => found.push(format!("no rule matches {range}")),
            (Some(Open::Some), Some(facts)) => found.push(format!(
                "no rule matches some batches of {range}, such as {}",
                told(facts)
            )),
            (Some(Open::Nothing | Open::Some) | None, _) => {}
        }
        below = top;
    }
    let finding = |what| {
        let message = format!(
            "{what}: such batches are never released, and are refused when they are submitted; add \
             a rule, unless that is meant"
        );
        PolicyFinding::new(PolicyCode::Gap, message)
    };
    found.into_iter().map(finding).collect()
}

/// Totals above one sum and up to another one, for people.
fn range(currency: Currency, above: Option<Money>, up_to: Option<Money>) -> String {
    match (above, up_to) {
        (None, None) => currency.to_string(),
        (Some(above), None) => format!("{currency} above {}", short(above)),
        (None, Some(up_to)) => format!("{currency} up to {}", short(up_to)),
        (Some(above), Some(up_to)) => format!(
            "{currency} above {} and up to {}",
            short(above),
            short(up_to)
        ),
    }
}

/// A sum whose currency stands beside it.
fn short(sum: Money) -> String {
    let shown = sum.to_string();
    let code = sum.currency().code();
    shown.strip_suffix(code).unwrap_or(&shown).trim().to_owned()
}

/// Which rules were seen to match together, by their places, each with a first batch.
#[derive(Default)]
struct Seen {
    together: BTreeMap<Vec<usize>, Facts>,
    is_cut: bool,
}

impl Seen {
    fn add(&mut self, policy: &Policy, points: Points) {
        self.is_cut |= points.is_cut;
        for facts in points.facts {
            let rules = policy.rules().iter().enumerate();
            let matching = rules.filter(|(_, rule)| rule.conditions.match_facts(&facts));
            let places: Vec<usize> = matching.map(|(place, _)| place).collect();
            self.together.entry(places).or_insert(facts);
        }
    }

    /// For each rule, those after it that match some of its batches, too.
    fn overlaps(&self, policy: &Policy) -> Vec<PolicyFinding> {
        let overlap = |(place, rule): (usize, &Rule)| {
            let with = self.together.iter().filter(|(all, _)| all.contains(&place));
            let mut others = BTreeSet::new();
            let mut example = None;
            for (all, facts) in with {
                let later = all.iter().filter(|other| **other > place);
                let before = others.len();
                others.extend(later);
                if example.is_none() && others.len() > before {
                    example = Some(facts);
                }
            }
            let names = named(policy, &others);
            example.map(|facts| {
                let message = format!(
                    "rule `{}` matches batches that {names} too, such as {}: every rule that \
                     matches must be met",
                    rule.name,
                    told(facts)
                );
                PolicyFinding::new(PolicyCode::Overlap, message)
            })
        };
        policy
            .rules()
            .iter()
            .enumerate()
            .filter_map(overlap)
            .collect()
    }

    /// Rules that match nothing, or ask for nothing that others do not ask for.
    fn says_nothing(&self, policy: &Policy) -> Vec<PolicyFinding> {
        if self.is_cut {
            // What was not looked at may be just what they are for.
            return Vec::new();
        }
        let asks: Vec<Asks> = policy
            .rules()
            .iter()
            .map(|rule| policy.asks(rule))
            .collect();
        let rules = policy.rules().iter().enumerate();
        let found = rules.filter_map(|(place, rule)| {
            let name = &rule.name;
            let mut with = self.together.keys().filter(|all| all.contains(&place)).peekable();
            if with.peek().is_none() {
                let message = format!(
                    "rule `{name}` matches nothing: no batch is {}; mend its conditions, or drop it",
                    rule.conditions.sentence()
                );
                return Some(PolicyFinding::new(PolicyCode::NeverMatches, message));
            }
            with.all(|all| all.iter().any(|other| replaces(&asks, *other, place)))
                .then(|| {
                    let message = format!(
                        "rule `{name}` never adds anything: wherever it matches, another rule that \
                         matches asks for as much; drop it, or ask for more"
                    );
                    PolicyFinding::new(PolicyCode::AddsNothing, message)
                })
        });
        found.collect()
    }
}

/// Whether one rule asks for all that another one asks for. Of two that ask for the same, the first
/// one in the file is kept.
fn replaces(asks: &[Asks], other: usize, place: usize) -> bool {
    let (Some(theirs), Some(ours)) = (asks.get(other), asks.get(place)) else {
        return false;
    };
    other != place
        && theirs.is_as_strict_as(ours)
        && (other < place || !ours.is_as_strict_as(theirs))
}

/// `` `large` and `salary` match ``
fn named(policy: &Policy, places: &BTreeSet<usize>) -> String {
    let rules = places.iter().filter_map(|place| policy.rules().get(*place));
    let names: Vec<String> = rules.map(|rule| format!("`{}`", rule.name)).collect();
    match names.split_last() {
        Some((last, [])) => format!("{last} matches"),
        Some((last, others)) => format!("{} and {last} match", others.join(", ")),
        None => String::new(),
    }
}
