//! A batch that people must look at.

use onay_payout::provider::RemoteStatus;
use onay_payout::{Frozen, PersonName, Proposal, State};
use serde::{Deserialize, Serialize};

use super::scalar::{Choice, Reason, Text, Time};
use super::state::StateRecord;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FrozenRecord {
    from: Box<StateRecord>,
    why: Reason,
    details: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shown: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    proposal: Option<ProposalRecord>,
}

impl From<&Frozen> for FrozenRecord {
    fn from(frozen: &Frozen) -> Self {
        Self {
            from: Box::new(StateRecord::from(&*frozen.from)),
            why: Reason(frozen.why),
            details: frozen.details.clone(),
            shown: frozen.shown.as_ref().map(|status| status.word().to_owned()),
            proposal: frozen.proposal.as_ref().map(ProposalRecord::from),
        }
    }
}

impl From<FrozenRecord> for Frozen {
    fn from(record: FrozenRecord) -> Self {
        Self {
            from: Box::new(State::from(*record.from)),
            why: record.why.0,
            details: record.details,
            shown: record.shown.map(|word| RemoteStatus::from_word(&word)),
            proposal: record.proposal.map(Proposal::from),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProposalRecord {
    resolution: Choice,
    by: Text<PersonName>,
    reason: String,
    at: Time,
}

impl From<&Proposal> for ProposalRecord {
    fn from(proposal: &Proposal) -> Self {
        Self {
            resolution: Choice(proposal.resolution),
            by: Text(proposal.by.clone()),
            reason: proposal.reason.clone(),
            at: Time(proposal.at),
        }
    }
}

impl From<ProposalRecord> for Proposal {
    fn from(record: ProposalRecord) -> Self {
        Self {
            resolution: record.resolution.0,
            by: record.by.0,
            reason: record.reason,
            at: record.at.0,
        }
    }
}
