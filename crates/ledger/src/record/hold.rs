//! A batch as the provider holds it, and calls that may be on their way.

use onay_payout::provider::{Refusal, RemoteStatus};
use onay_payout::{
    Account, Digest, HeldHistory, Hold, Intent, Preparing, Releasing, RequestId, Shortage, Shown,
    WorkerName,
};
use serde::{Deserialize, Serialize};

use super::requirement::{self, HistoryRecord, RuleRecord, RulesRecord};
use super::scalar::{Amount, Text, Time};
use super::state::RefusalRecord;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IntentRecord {
    owner: Text<WorkerName>,
    started_at: Time,
    deadline: Time,
}

impl From<&Intent> for IntentRecord {
    fn from(intent: &Intent) -> Self {
        Self {
            owner: Text(intent.owner.clone()),
            started_at: Time(intent.started_at),
            deadline: Time(intent.deadline),
        }
    }
}

impl From<IntentRecord> for Intent {
    fn from(record: IntentRecord) -> Self {
        Self {
            owner: record.owner.0,
            started_at: record.started_at.0,
            deadline: record.deadline.0,
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PreparingRecord {
    owner: Text<WorkerName>,
    started_at: Time,
    deadline: Time,
    #[serde(default = "once", skip_serializing_if = "is_once")]
    tries: u32,
}

const fn once() -> u32 {
    1
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature serde calls"
)]
const fn is_once(tries: &u32) -> bool {
    *tries == 1
}

impl From<&Preparing> for PreparingRecord {
    fn from(preparing: &Preparing) -> Self {
        let intent = &preparing.intent;
        Self {
            owner: Text(intent.owner.clone()),
            started_at: Time(intent.started_at),
            deadline: Time(intent.deadline),
            tries: preparing.tries,
        }
    }
}

impl From<PreparingRecord> for Preparing {
    fn from(record: PreparingRecord) -> Self {
        Self {
            intent: Intent {
                owner: record.owner.0,
                started_at: record.started_at.0,
                deadline: record.deadline.0,
            },
            tries: record.tries,
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HoldRecord {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request_id: Option<Text<RequestId>>,
    account: Text<Account>,
    digest: Text<Digest>,
    count: usize,
    total: Amount,
    shown_total: Option<Amount>,
    shown_count: Option<u64>,
    commission: Option<Amount>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    largest: Option<Amount>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    history: Option<HistoryRecord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rule: Option<RuleRecord>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    rules: Vec<RulesRecord>,
    held_at: Time,
    expires_at: Time,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    sent: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    short: Option<ShortageRecord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    judged: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ShortageRecord {
    balance: Amount,
    needed: Amount,
    at: Time,
}

impl From<&Hold> for HoldRecord {
    fn from(hold: &Hold) -> Self {
        let (rule, rules) = requirement::written(&hold.rules);
        let is_only = hold.largest == hold.total;
        Self {
            request_id: hold.request_id.clone().map(Text),
            account: Text(hold.account.clone()),
            digest: Text(hold.digest),
            count: hold.count,
            total: Amount(hold.total),
            shown_total: hold.shown.total.map(Amount),
            shown_count: hold.shown.count,
            commission: hold.commission.map(Amount),
            largest: (!is_only).then_some(Amount(hold.largest)),
            history: hold.history.as_ref().map(HistoryRecord::from),
            rule,
            rules,
            held_at: Time(hold.held_at),
            expires_at: Time(hold.expires_at),
            sent: hold.is_sent,
            short: hold.short.map(|short| ShortageRecord {
                balance: Amount(short.balance),
                needed: Amount(short.needed),
                at: Time(short.at),
            }),
            judged: hold.judged.as_ref().map(|status| status.word().to_owned()),
        }
    }
}

impl From<HoldRecord> for Hold {
    fn from(record: HoldRecord) -> Self {
        Self {
            request_id: record.request_id.map(|Text(id)| id),
            account: record.account.0,
            digest: record.digest.0,
            count: record.count,
            total: record.total.0,
            shown: Shown {
                total: record.shown_total.map(|amount| amount.0),
                count: record.shown_count,
            },
            commission: record.commission.map(|Amount(money)| money),
            largest: record.largest.map_or(record.total.0, |Amount(money)| money),
            history: record.history.map(HeldHistory::from),
            rules: requirement::read(record.rule, record.rules),
            held_at: record.held_at.0,
            expires_at: record.expires_at.0,
            is_sent: record.sent,
            short: record.short.map(|short| Shortage {
                balance: short.balance.0,
                needed: short.needed.0,
                at: short.at.0,
            }),
            judged: record.judged.map(|word| RemoteStatus::from_word(&word)),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReleasingRecord {
    hold: HoldRecord,
    intent: IntentRecord,
    looks: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refusal: Option<RefusalRecord>,
}

impl From<&Releasing> for ReleasingRecord {
    fn from(releasing: &Releasing) -> Self {
        Self {
            hold: (&releasing.hold).into(),
            intent: (&releasing.intent).into(),
            looks: releasing.looks,
            refusal: releasing.refusal.as_ref().map(RefusalRecord::from),
        }
    }
}

impl From<ReleasingRecord> for Releasing {
    fn from(record: ReleasingRecord) -> Self {
        Self {
            hold: record.hold.into(),
            intent: record.intent.into(),
            looks: record.looks,
            refusal: record.refusal.map(Refusal::from),
        }
    }
}
