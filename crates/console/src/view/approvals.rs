//! Who approved.

use onay_payout as payout;
use payout::{Decision, Head, Policy};
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

impl Approvals {
    /// What is shown of the approvals of a held or released batch, judged by `policy`.
    pub fn of(head: &Head, policy: Option<&Policy>) -> Option<Self> {
        let hold = head.state.hold()?;
        let standing = head.standing_approvals();
        let counting: Vec<payout::Given> = match policy {
            Some(policy) => policy.counted(head),
            None => standing.iter().copied().map(payout::Given::from).collect(),
        };
        let given = standing.iter().map(|made| Given {
            person: made.person.to_string(),
            on_behalf: made.on_behalf.as_ref().map(ToString::to_string),
            at: time(made.at),
            comment: made.verdict.text().map(str::to_owned),
            policy: made.policy.to_string(),
            signed: made.signed.is_some(),
            counts: policy.map(|now| counts(head, made, now)),
        });
        let missing = hold.rules.open(&counting).into_iter();
        Some(Self {
            rule: hold.rules.names(),
            needed: hold.rules.needed().unwrap_or(u32::MAX),
            given: given.collect(),
            missing: missing.map(ToString::to_string).collect(),
            expires_at: time(hold.expires_at),
            blocked: policy.and_then(|policy| policy.blocked(head)),
        })
    }
}

/// Whether a standing approval counts under this policy: not, when it was judged by a policy file
/// that was never active, or its person or their key was removed.
pub fn counts(head: &Head, made: &Decision, policy: &Policy) -> bool {
    policy.given(head, made).is_some()
}
