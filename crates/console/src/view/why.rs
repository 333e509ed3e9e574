//! Why somebody may decide on a batch, or may not.

use chrono::{DateTime, Utc};
use onay_payout as payout;
use payout::{Head, MayDecide, NotAllowed, PersonName, Policy, Turn};
use serde::Serialize;

use super::Approvals;
use crate::course::{Blocked, Course};

/// Whether a person may decide on a batch, and why.
#[derive(Debug, Serialize)]
pub struct Why {
    batch: String,
    external_id: String,
    person: String,
    /// Whether they may decide now.
    pub may_decide: bool,
    /// The sentence for people.
    pub because: String,
    /// In whose place they would.
    on_behalf: Option<String>,
    /// What each rule wants of them.
    rules: Vec<Wanted>,
    approvals: Option<Approvals>,
    /// The rule that nobody who may approve can meet.
    blocked: Option<String>,
    /// What a signature of theirs must name, beside the digest they saw.
    #[serde(skip_serializing_if = "Option::is_none")]
    sign: Option<Sign>,
}

/// What a rule wants of a person.
#[derive(Debug, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "the fields are the JSON's")]
struct Wanted {
    name: String,
    /// Whether it asks them, or the one in whose place they are.
    asks: bool,
    proof: &'static str,
    met: bool,
}

#[derive(Debug, Serialize)]
struct Sign {
    request_id: Option<String>,
    policy: String,
    revision: u32,
}

impl Why {
    /// The answer for anybody, whether the policy knows them or not.
    pub fn of(head: &Head, policy: &Policy, person: &PersonName, now: DateTime<Utc>) -> Self {
        let may = policy.may_decide(head, person, now);
        let because = because(head, policy, person, now, &may);
        let (may_decide, on_behalf) = match may {
            Ok(may) => (true, may.on_behalf),
            Err(_) => (false, None),
        };
        let authority = on_behalf.as_ref().unwrap_or(person);
        let course = Course::of(head, Some(policy), now);
        let rules = course.iter().flat_map(|course| &course.rules);
        let wanted = rules.map(|rule| Wanted {
            name: rule.name.clone(),
            asks: rule.asks(authority),
            proof: rule.proof.word(),
            met: rule.is_met,
        });
        Self {
            batch: head.id.to_string(),
            external_id: head.external_id.to_string(),
            person: person.to_string(),
            may_decide,
            because,
            rules: wanted.collect(),
            on_behalf: on_behalf.as_ref().map(ToString::to_string),
            approvals: Approvals::of(head, Some(policy)),
            blocked: Blocked::of(head, Some(policy)).map(|blocked| blocked.word()),
            sign: may_decide.then(|| Sign {
                request_id: head.state.request_id().map(ToString::to_string),
                policy: policy.hash().to_string(),
                revision: head.next_revision(person),
            }),
        }
    }
}

/// Why, for people.
fn because(
    head: &Head,
    policy: &Policy,
    person: &PersonName,
    now: DateTime<Utc>,
    may: &Result<MayDecide<'_>, NotAllowed>,
) -> String {
    if policy.person(person).is_none() {
        return format!("the policy file knows nobody named {person}");
    }
    let on_behalf = match may {
        Ok(may) => may.on_behalf.as_ref(),
        Err(no) => return no.to_string(),
    };
    let place = on_behalf.map_or_else(String::new, |other| format!(" in place of {other}"));
    let theirs = head.standing_approvals().into_iter();
    let mut theirs = theirs.filter(|made| made.person == *person);
    let (turn, given) = (policy.turn(head, person, now), theirs.next());
    let sign = sign(head, policy, on_behalf.unwrap_or(person));
    match (given.map(|made| policy.given(head, made)), turn) {
        (Some(Some(_)), Turn::None) => {
            format!("{person} has approved{place}; they may take that back, or reject")
        }
        (Some(None), Turn::Now | Turn::Early) => format!(
            "{person} has approved{place}, which does not count under the policy in force; they \
             may approve again{sign}"
        ),
        (_, Turn::Now) => format!("{person} may decide on this batch{place}{sign}"),
        (_, Turn::Early) => format!(
            "{person} may decide on this batch{place}; others come first, and an approval of theirs \
             is kept until then{sign}"
        ),
        (_, Turn::None) => format!(
            "{person} may decide on this batch{place}; it does not wait for an approval of theirs{sign}"
        ),
    }
}

/// What an approval must bring to count.
fn sign(head: &Head, policy: &Policy, authority: &PersonName) -> String {
    match policy.wants_signature(head, authority) {
        Some(rule) => format!("; rule `{rule}` takes only an approval signed with their own key"),
        None => String::new(),
    }
}
