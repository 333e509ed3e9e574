//! Who approved.

use onay_payout::{Decision, Head, Policy};
use serde::Serialize;

use super::time;

/// Who approved, and who still may.
#[derive(Debug, Serialize)]
pub struct Approvals {
    rule: String,
    needed: u32,
    given: Vec<Given>,
    missing: Vec<String>,
    expires_at: String,
}

/// An approval that stands.
#[derive(Debug, Serialize)]
pub struct Given {
    person: String,
    at: String,
    comment: Option<String>,
    /// The hash of the policy file it was judged by.
    policy: String,
    /// Whether it counts under the policy in force; not known without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    counts: Option<bool>,
}

impl Approvals {
    /// What is shown of the approvals of a held or released batch, judged by `policy`.
    pub fn of(head: &Head, policy: Option<&Policy>) -> Option<Self> {
        let hold = head.state.hold()?;
        let standing = head.standing_approvals();
        let is_missing = |name: &&_| {
            !standing
                .iter()
                .any(|made| made.person == **name && policy.is_none_or(|now| counts(made, now)))
        };
        let missing = hold.rule.asked.iter().filter(is_missing);
        let given = standing.iter().map(|made| Given {
            person: made.person.to_string(),
            at: time(made.at),
            comment: made.verdict.text().map(str::to_owned),
            policy: made.policy.to_string(),
            counts: policy.map(|now| counts(made, now)),
        });
        Some(Self {
            rule: hold.rule.name.clone(),
            needed: hold.rule.needed,
            given: given.collect(),
            missing: missing.map(ToString::to_string).collect(),
            expires_at: time(hold.expires_at),
        })
    }
}

/// Whether a standing approval counts under this policy: one that was judged by another policy
/// file does not.
pub fn counts(made: &Decision, policy: &Policy) -> bool {
    made.policy == policy.hash()
}
