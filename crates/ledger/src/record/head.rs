//! A batch without its items.

use onay_payout::{
    BatchId, Decision, Digest, ExternalId, Head, Left, Parent, PersonName, PublicKey, Purpose,
    RequestId, Signature, Signed, TieOut, Verdict,
};
use serde::{Deserialize, Serialize};

use super::V1;
use super::scalar::{Amount, Code, Text, Time};
use super::state::StateRecord;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HeadRecord {
    v: V1,
    id: Text<BatchId>,
    external_id: Text<ExternalId>,
    purpose: Option<Text<Purpose>>,
    maker: Text<PersonName>,
    accepted_at: Time,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    parent: Option<ParentRecord>,
    #[serde(default, skip_serializing_if = "is_first")]
    attempt: u32,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    left: Vec<LeftRecord>,
    count: usize,
    content_digest: Text<Digest>,
    outcomes_digest: Text<Digest>,
    tie_out: TieOutRecord,
    decisions: Vec<DecisionRecord>,
    state: StateRecord,
    since: Time,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature serde calls"
)]
const fn is_first(attempt: &u32) -> bool {
    *attempt == 0
}

impl From<&Head> for HeadRecord {
    fn from(head: &Head) -> Self {
        Self {
            v: V1,
            id: Text(head.id),
            external_id: Text(head.external_id.clone()),
            purpose: head.purpose.map(Text),
            maker: Text(head.maker.clone()),
            accepted_at: Time(head.accepted_at),
            parent: head.parent.as_ref().map(ParentRecord::from),
            attempt: head.attempt,
            left: head.left.iter().map(LeftRecord::from).collect(),
            count: head.count,
            content_digest: Text(head.content_digest),
            outcomes_digest: Text(head.outcomes_digest),
            tie_out: TieOutRecord::from(&head.tie_out),
            decisions: head.decisions.iter().map(DecisionRecord::from).collect(),
            state: StateRecord::from(&head.state),
            since: Time(head.since),
        }
    }
}

impl From<HeadRecord> for Head {
    fn from(record: HeadRecord) -> Self {
        Self {
            id: record.id.0,
            external_id: record.external_id.0,
            purpose: record.purpose.map(|Text(purpose)| purpose),
            maker: record.maker.0,
            accepted_at: record.accepted_at.0,
            parent: record.parent.map(Parent::from),
            attempt: record.attempt,
            left: record.left.into_iter().map(Left::from).collect(),
            count: record.count,
            content_digest: record.content_digest.0,
            outcomes_digest: record.outcomes_digest.0,
            tie_out: record.tie_out.into(),
            decisions: record.decisions.into_iter().map(Decision::from).collect(),
            state: record.state.into(),
            since: record.since.0,
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ParentRecord {
    external_id: Text<ExternalId>,
    maker: Text<PersonName>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    earlier: Vec<Text<PersonName>>,
}

impl From<&Parent> for ParentRecord {
    fn from(parent: &Parent) -> Self {
        Self {
            external_id: Text(parent.external_id.clone()),
            maker: Text(parent.maker.clone()),
            earlier: parent.earlier.iter().cloned().map(Text).collect(),
        }
    }
}

impl From<ParentRecord> for Parent {
    fn from(record: ParentRecord) -> Self {
        Self {
            external_id: record.external_id.0,
            maker: record.maker.0,
            earlier: record.earlier.into_iter().map(|Text(name)| name).collect(),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LeftRecord {
    attempt: u32,
    request_id: Option<Text<RequestId>>,
    seen: bool,
}

impl From<&Left> for LeftRecord {
    fn from(left: &Left) -> Self {
        Self {
            attempt: left.attempt,
            request_id: left.request_id.clone().map(Text),
            seen: left.is_seen,
        }
    }
}

impl From<LeftRecord> for Left {
    fn from(record: LeftRecord) -> Self {
        Self {
            attempt: record.attempt,
            request_id: record.request_id.map(|Text(id)| id),
            is_seen: record.seen,
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TieOutRecord {
    requested: Amount,
    paid: Amount,
    failed: Amount,
    refunded: Amount,
    refund_failed: Amount,
    invalid: Amount,
    cancelled: Amount,
    open: Amount,
    difference: Amount,
}

impl From<&TieOut> for TieOutRecord {
    fn from(sums: &TieOut) -> Self {
        Self {
            requested: Amount(sums.requested),
            paid: Amount(sums.paid),
            failed: Amount(sums.failed),
            refunded: Amount(sums.refunded),
            refund_failed: Amount(sums.refund_failed),
            invalid: Amount(sums.invalid),
            cancelled: Amount(sums.cancelled),
            open: Amount(sums.open),
            difference: Amount(sums.difference),
        }
    }
}

impl From<TieOutRecord> for TieOut {
    fn from(record: TieOutRecord) -> Self {
        Self {
            requested: record.requested.0,
            paid: record.paid.0,
            failed: record.failed.0,
            refunded: record.refunded.0,
            refund_failed: record.refund_failed.0,
            invalid: record.invalid.0,
            cancelled: record.cancelled.0,
            open: record.open.0,
            difference: record.difference.0,
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DecisionRecord {
    person: Text<PersonName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    on_behalf: Option<Text<PersonName>>,
    verdict: VerdictRecord,
    digest: Text<Digest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request_id: Option<Text<RequestId>>,
    policy: Text<Digest>,
    /// None in what was recorded before decisions were counted.
    #[serde(default, skip_serializing_if = "is_first")]
    revision: u32,
    at: Time,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signed: Option<SignedRecord>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SignedRecord {
    key: Text<PublicKey>,
    signature: Text<Signature>,
}

impl From<&Decision> for DecisionRecord {
    fn from(decision: &Decision) -> Self {
        Self {
            person: Text(decision.person.clone()),
            on_behalf: decision.on_behalf.clone().map(Text),
            verdict: VerdictRecord::from(&decision.verdict),
            digest: Text(decision.digest),
            request_id: decision.request_id.clone().map(Text),
            policy: Text(decision.policy),
            revision: decision.revision,
            at: Time(decision.at),
            signed: decision.signed.map(|signed| SignedRecord {
                key: Text(signed.key),
                signature: Text(signed.signature),
            }),
        }
    }
}

impl From<DecisionRecord> for Decision {
    fn from(record: DecisionRecord) -> Self {
        Self {
            person: record.person.0,
            on_behalf: record.on_behalf.map(|Text(name)| name),
            verdict: record.verdict.into(),
            digest: record.digest.0,
            request_id: record.request_id.map(|Text(id)| id),
            policy: record.policy.0,
            revision: record.revision,
            at: record.at.0,
            signed: record.signed.map(|signed| Signed {
                key: signed.key.0,
                signature: signed.signature.0,
            }),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum VerdictRecord {
    Approve {
        comment: Option<String>,
    },
    Reject {
        #[serde(default, skip_serializing_if = "is_other")]
        code: Code,
        reason: String,
    },
    Undo,
}

impl From<&Verdict> for VerdictRecord {
    fn from(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Approve { comment } => Self::Approve {
                comment: comment.clone(),
            },
            Verdict::Reject { code, reason } => Self::Reject {
                code: Code(*code),
                reason: reason.clone(),
            },
            Verdict::Undo => Self::Undo,
        }
    }
}

impl From<VerdictRecord> for Verdict {
    fn from(record: VerdictRecord) -> Self {
        match record {
            VerdictRecord::Approve { comment } => Self::Approve { comment },
            VerdictRecord::Reject { code, reason } => Self::Reject {
                code: code.0,
                reason,
            },
            VerdictRecord::Undo => Self::Undo,
        }
    }
}

fn is_other(code: &Code) -> bool {
    *code == Code::default()
}
