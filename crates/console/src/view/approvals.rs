//! Who approved, and who is asked.

use onay_ledger::now;
use onay_payout as payout;
use payout::{Decision, Head, PersonName, Policy};
use serde::Serialize;

use super::time;
use crate::course::{Course, Place, Ruled, Stage};

/// Who approved, and who still may.
#[derive(Debug, Serialize)]
pub struct Approvals {
    rule: String,
    /// Null, when no rule covers the batch.
    needed: Option<u32>,
    given: Vec<Given>,
    missing: Vec<String>,
    expires_at: String,
    /// Every rule that must be met.
    rules: Vec<Rule>,
    /// The rule that nobody who may approve can meet: it waits in vain.
    #[serde(skip_serializing_if = "Option::is_none")]
    blocked: Option<String>,
}

/// An approval that stands.
#[derive(Debug, Serialize)]
pub struct Given {
    person: String,
    /// In whose place.
    #[serde(skip_serializing_if = "Option::is_none")]
    on_behalf: Option<String>,
    at: String,
    comment: Option<String>,
    /// The hash of the policy file it was judged by.
    policy: String,
    /// Whether their own key signed it.
    signed: bool,
    /// Whether it counts under the policy in force; not known without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    counts: Option<bool>,
}

/// A rule, and how far it is met.
#[derive(Debug, Serialize)]
struct Rule {
    name: String,
    proof: &'static str,
    /// `held`, `in_force` or `both`.
    under: &'static str,
    met: bool,
    steps: Vec<Step>,
}

/// So many of these people.
#[derive(Debug, Serialize)]
struct Step {
    needed: u32,
    asked: Vec<String>,
    by: Vec<Stood>,
    met: bool,
    /// Who may approve in whose place now.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stand_ins: Vec<Stood>,
}

/// Somebody, and in whose place.
#[derive(Debug, Serialize)]
struct Stood {
    person: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    on_behalf: Option<String>,
}

impl Approvals {
    /// What is shown of the approvals of a held or released batch, judged by `policy`.
    pub fn of(head: &Head, policy: Option<&Policy>) -> Option<Self> {
        let hold = head.state.hold()?;
        let course = Course::of(head, policy, now())?;
        Some(Self {
            rule: hold.rules.names(),
            needed: course.needed,
            given: course.given.iter().map(Given::of).collect(),
            missing: course.next.iter().map(ToString::to_string).collect(),
            expires_at: time(hold.expires_at),
            rules: course.rules.iter().map(Rule::of).collect(),
            blocked: course.blocked.map(|blocked| blocked.word()),
        })
    }
}

impl Given {
    fn of((made, counts): &(Decision, Option<bool>)) -> Self {
        Self {
            person: made.person.to_string(),
            on_behalf: made.on_behalf.as_ref().map(ToString::to_string),
            at: time(made.at),
            comment: made.verdict.text().map(str::to_owned),
            policy: made.policy.to_string(),
            signed: made.signed.is_some(),
            counts: *counts,
        }
    }
}

impl Rule {
    fn of(rule: &Ruled) -> Self {
        Self {
            name: rule.name.clone(),
            proof: rule.proof.word(),
            under: rule.under.word(),
            met: rule.is_met,
            steps: rule.steps.iter().map(Step::of).collect(),
        }
    }
}

impl Step {
    fn of(step: &Stage) -> Self {
        let by = step.by.iter();
        let stand_ins = step.stand_ins.iter();
        Self {
            needed: step.needed,
            asked: step.asked.iter().map(ToString::to_string).collect(),
            by: by
                .map(|given| Stood::new(&given.person, given.on_behalf.as_ref()))
                .collect(),
            met: step.place == Place::Met,
            stand_ins: stand_ins
                .map(|(person, other)| Stood::new(person, Some(other)))
                .collect(),
        }
    }
}

impl Stood {
    fn new(person: &PersonName, on_behalf: Option<&PersonName>) -> Self {
        Self {
            person: person.to_string(),
            on_behalf: on_behalf.map(ToString::to_string),
        }
    }
}
