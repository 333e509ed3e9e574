//! Whether one rule asks for at least as much as another one.

use std::time::Duration;

use super::{Policy, Rule};
use crate::ids::PersonName;
use crate::requirement::{HeldRule, HeldStep};

/// What a rule asks, whatever it matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asks {
    held: HeldRule,
    expires_after: Duration,
}

impl Policy {
    /// What a rule asks of the people of this policy.
    pub(super) fn asks(&self, rule: &Rule) -> Asks {
        Asks {
            held: self.held(rule, |_| false),
            expires_after: rule.expires_after,
        }
    }
}

impl Asks {
    /// Whether whatever meets this meets the other one, too, whoever is taken out of both.
    pub(super) fn is_as_strict_as(&self, other: &Self) -> bool {
        self.less_than(other).is_empty()
    }

    /// In what this might be less strict than the other one, for people.
    pub(super) fn less_than(&self, other: &Self) -> Vec<String> {
        let mut less = Vec::new();
        if self.held.proof < other.held.proof {
            let (from, to) = (other.held.proof.word(), self.held.proof.word());
            less.push(format!("proof {to} instead of {from}"));
        }
        if self.expires_after > other.expires_after {
            let [from, to] = [other, self].map(|one| humantime::format_duration(one.expires_after));
            less.push(format!("{to} to decide instead of {from}"));
        }
        if !steps_hold(&self.held.steps, &other.held.steps) {
            let [from, to] = [other, self].map(|one| steps_told(&one.held.steps));
            less.push(format!("{to} instead of {from}"));
        }
        less
    }
}

/// Whether each step of `other` has one of its own among `steps`, which asks no fewer people, and
/// nobody else. Then people who count for the one count for the other.
fn steps_hold(steps: &[HeldStep], other: &[HeldStep]) -> bool {
    let mut free: Vec<&HeldStep> = steps.iter().collect();
    other.iter().all(|step| {
        let holds = |one: &&HeldStep| one.needed >= step.needed && one.asked.is_subset(&step.asked);
        let place = free.iter().position(holds);
        place.map(|place| free.remove(place)).is_some()
    })
}

/// `2 of ali, mehmet, zeynep, then 1 of can`.
fn steps_told(steps: &[HeldStep]) -> String {
    let told = steps.iter().map(|step| {
        let asked: Vec<&str> = step.asked.iter().map(PersonName::as_str).collect();
        let asked = if asked.is_empty() {
            "nobody".to_owned()
        } else {
            asked.join(", ")
        };
        format!("{} of {asked}", step.needed)
    });
    told.collect::<Vec<_>>().join(", then ")
}
