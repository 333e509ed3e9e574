//! Where a batch stands.

use onay_payout::provider::Refusal;
use onay_payout::{
    Cancelling, Ending, Hold, Intent, PersonName, Prepared, RequestId, State, TurnedDown,
};
use serde::{Deserialize, Serialize};

use super::frozen::FrozenRecord;
use super::hold::{HoldRecord, IntentRecord, PreparingRecord, ReleasingRecord};
use super::scalar::Text;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum StateRecord {
    Received,
    Preparing(PreparingRecord),
    Prepared(PreparedRecord),
    PendingApproval(HoldRecord),
    Approved(HoldRecord),
    Releasing(ReleasingRecord),
    Processing(HoldRecord),
    Settled(HoldRecord),
    PartlySettled(HoldRecord),
    Failed(HoldRecord),
    Cancelling(CancellingRecord),
    Rejected(TurnedDownRecord),
    Withdrawn(TurnedDownRecord),
    Expired(TurnedDownRecord),
    Refused(RefusalRecord),
    Frozen(FrozenRecord),
}

impl From<&State> for StateRecord {
    fn from(state: &State) -> Self {
        match state {
            State::Received => Self::Received,
            State::Preparing(preparing) => Self::Preparing(preparing.into()),
            State::Prepared(prepared) => Self::Prepared(prepared.into()),
            State::PendingApproval(hold) => Self::PendingApproval(hold.into()),
            State::Approved(hold) => Self::Approved(hold.into()),
            State::Releasing(releasing) => Self::Releasing(releasing.into()),
            State::Processing(hold) => Self::Processing(hold.into()),
            State::Settled(hold) => Self::Settled(hold.into()),
            State::PartlySettled(hold) => Self::PartlySettled(hold.into()),
            State::Failed(hold) => Self::Failed(hold.into()),
            State::Cancelling(cancelling) => Self::Cancelling(cancelling.into()),
            State::Rejected(end) => Self::Rejected(end.into()),
            State::Withdrawn(end) => Self::Withdrawn(end.into()),
            State::Expired(end) => Self::Expired(end.into()),
            State::Refused(refusal) => Self::Refused(refusal.into()),
            State::Frozen(frozen) => Self::Frozen(frozen.into()),
        }
    }
}

impl From<StateRecord> for State {
    fn from(record: StateRecord) -> Self {
        match record {
            StateRecord::Received => Self::Received,
            StateRecord::Preparing(preparing) => Self::Preparing(preparing.into()),
            StateRecord::Prepared(prepared) => Self::Prepared(prepared.into()),
            StateRecord::PendingApproval(hold) => Self::PendingApproval(hold.into()),
            StateRecord::Approved(hold) => Self::Approved(hold.into()),
            StateRecord::Releasing(releasing) => Self::Releasing(releasing.into()),
            StateRecord::Processing(hold) => Self::Processing(hold.into()),
            StateRecord::Settled(hold) => Self::Settled(hold.into()),
            StateRecord::PartlySettled(hold) => Self::PartlySettled(hold.into()),
            StateRecord::Failed(hold) => Self::Failed(hold.into()),
            StateRecord::Cancelling(cancelling) => Self::Cancelling(cancelling.into()),
            StateRecord::Rejected(end) => Self::Rejected(end.into()),
            StateRecord::Withdrawn(end) => Self::Withdrawn(end.into()),
            StateRecord::Expired(end) => Self::Expired(end.into()),
            StateRecord::Refused(refusal) => Self::Refused(refusal.into()),
            StateRecord::Frozen(frozen) => Self::Frozen(frozen.into()),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PreparedRecord {
    request_id: Text<RequestId>,
    adopted: bool,
}

impl From<&Prepared> for PreparedRecord {
    fn from(prepared: &Prepared) -> Self {
        Self {
            request_id: Text(prepared.request_id.clone()),
            adopted: prepared.is_adopted,
        }
    }
}

impl From<PreparedRecord> for Prepared {
    fn from(record: PreparedRecord) -> Self {
        Self {
            request_id: record.request_id.0,
            is_adopted: record.adopted,
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TurnedDownRecord {
    by: Option<Text<PersonName>>,
    reason: String,
    request_id: Option<Text<RequestId>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sent: Option<Box<HoldRecord>>,
}

impl From<&TurnedDown> for TurnedDownRecord {
    fn from(end: &TurnedDown) -> Self {
        Self {
            by: end.by.clone().map(Text),
            reason: end.reason.clone(),
            request_id: end.request_id.clone().map(Text),
            sent: end.sent.as_deref().map(HoldRecord::from).map(Box::new),
        }
    }
}

impl From<TurnedDownRecord> for TurnedDown {
    fn from(record: TurnedDownRecord) -> Self {
        Self {
            by: record.by.map(|Text(name)| name),
            reason: record.reason,
            request_id: record.request_id.map(|Text(id)| id),
            sent: record.sent.map(|hold| Box::new(Hold::from(*hold))),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CancellingRecord {
    ending: EndingRecord,
    turned_down: TurnedDownRecord,
    request_id: Text<RequestId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hold: Option<HoldRecord>,
    intent: Option<IntentRecord>,
    looks: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum EndingRecord {
    Rejected,
    Withdrawn,
    Expired,
    PrepareAnew,
}

impl From<&Cancelling> for CancellingRecord {
    fn from(cancelling: &Cancelling) -> Self {
        let ending = match cancelling.ending {
            Ending::Rejected => EndingRecord::Rejected,
            Ending::Withdrawn => EndingRecord::Withdrawn,
            Ending::Expired => EndingRecord::Expired,
            Ending::PrepareAnew => EndingRecord::PrepareAnew,
        };
        Self {
            ending,
            turned_down: (&cancelling.turned_down).into(),
            request_id: Text(cancelling.request_id.clone()),
            hold: cancelling.hold.as_ref().map(HoldRecord::from),
            intent: cancelling.intent.as_ref().map(IntentRecord::from),
            looks: cancelling.looks,
        }
    }
}

impl From<CancellingRecord> for Cancelling {
    fn from(record: CancellingRecord) -> Self {
        let ending = match record.ending {
            EndingRecord::Rejected => Ending::Rejected,
            EndingRecord::Withdrawn => Ending::Withdrawn,
            EndingRecord::Expired => Ending::Expired,
            EndingRecord::PrepareAnew => Ending::PrepareAnew,
        };
        Self {
            ending,
            turned_down: record.turned_down.into(),
            request_id: record.request_id.0,
            hold: record.hold.map(Hold::from),
            intent: record.intent.map(Intent::from),
            looks: record.looks,
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RefusalRecord {
    code: Option<String>,
    message: Option<String>,
}

impl From<&Refusal> for RefusalRecord {
    fn from(refusal: &Refusal) -> Self {
        Self {
            code: refusal.code.clone(),
            message: refusal.message.clone(),
        }
    }
}

impl From<RefusalRecord> for Refusal {
    fn from(record: RefusalRecord) -> Self {
        Self {
            code: record.code,
            message: record.message,
        }
    }
}
