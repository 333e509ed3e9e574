//! People, a policy, a batch, and the events that walk it through its life.

use std::fmt::Write as _;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, TimeZone as _, Utc};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::provider::{Initialized, RemoteBatch, RemoteCopy, RemoteItem, RemoteStatus};
use crate::{
    Account, Batch, BatchId, Content, CopyRead, Currency, Event, Facts, Identity, Intent, Item,
    ItemStatus, Money, Motion, OnInvalid, OnReleaseDoubt, PastInit, Personal, Policy, ReadBack,
    Recipient, RecipientType, ReleaseLook, Verdict, WorkerName, issue_token,
};

const RULES: &str = r#"
[[rule]]
name = "everyday"
up_to = "50000.00 TRY"
approvals = 1
expires_after = "48h"
[[rule]]
name = "large"
above = "50000.00 TRY"
approvals = 2
from = ["mehmet", "zeynep", "ayse"]
expires_after = "24h"
"#;

struct People {
    policy: Policy,
    identities: Vec<Identity>,
}

/// `ayse` makes and may also approve, `mehmet` and `zeynep` approve, `can` approves only what the
/// rule for large batches does not ask for, `deniz` reads.
fn people() -> &'static People {
    static PEOPLE: OnceLock<People> = OnceLock::new();
    PEOPLE.get_or_init(|| {
        let roles = [
            ("ayse", "\"maker\", \"approver\""),
            ("mehmet", "\"approver\""),
            ("zeynep", "\"approver\""),
            ("can", "\"maker\", \"approver\""),
            ("deniz", "\"auditor\""),
        ];
        let mut text = format!("format = 1\n{RULES}");
        let mut tokens = Vec::new();
        for (seed, (name, roles)) in (1_u8..).zip(roles) {
            let (token, hash) = issue_token(&name.parse().unwrap(), &[seed; 40]).unwrap();
            let hash = hash.as_str();
            let _ = writeln!(
                text,
                "[[person]]\nname = \"{name}\"\nroles = [{roles}]\ntoken = \"{hash}\""
            );
            tokens.push(token);
        }
        let policy = Policy::parse(&text).unwrap();
        let identities = tokens
            .iter()
            .map(|token| policy.authenticate(token, at(0)).unwrap())
            .collect();
        People { policy, identities }
    })
}

pub(super) fn policy() -> &'static Policy {
    &people().policy
}

pub(super) fn person(name: &str) -> &'static Identity {
    people()
        .identities
        .iter()
        .find(|identity| identity.name().as_str() == name)
        .unwrap()
}

pub(super) fn at(minutes: i64) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 22, 9, 0, 0).unwrap() + TimeDelta::minutes(minutes)
}

pub(super) fn lira(units: i64) -> Money {
    Money::payable(Decimal::from(units), Currency::Try).unwrap()
}

pub(super) fn content(amounts: &[i64]) -> Arc<Content> {
    let items = amounts.iter().enumerate().map(|(index, units)| Item {
        id: format!("item-{index}").parse().unwrap(),
        recipient: Recipient {
            kind: RecipientType::Iban,
            info: Personal::new("TR920086402100005482986178"),
            name: Some(Personal::new("Ayşe Yılmaz")),
        },
        amount: lira(*units),
        description: Some("Kasım".to_owned()),
        non_withdrawable: false,
    });
    let id = "payday".parse().unwrap();
    Arc::new(Content::new(id, None, None, Currency::Try, items.collect()).unwrap())
}

/// A batch of ayse's, just accepted.
pub(super) fn received(amounts: &[i64]) -> Batch {
    let id = BatchId::new(Uuid::from_u128(1));
    Batch::accept(id, content(amounts), "ayse".parse().unwrap(), at(0)).batch
}

pub(super) fn owner() -> WorkerName {
    "worker-1.1".parse().unwrap()
}

pub(super) fn intent(minutes: i64) -> Intent {
    Intent {
        owner: owner(),
        started_at: at(minutes),
        deadline: at(minutes + 1),
    }
}

pub(super) fn initialized() -> Event {
    Event::Initialized(Initialized {
        request_id: "r-1".parse().unwrap(),
        invalid: Vec::new(),
    })
}

/// The provider's copy of a batch, every item in one status.
pub(super) fn copy(batch: &Batch, status: RemoteStatus, items: &ItemStatus) -> RemoteCopy {
    let items: Vec<RemoteItem> = batch
        .content()
        .items()
        .iter()
        .map(|item| RemoteItem {
            id: item.id.clone(),
            reference: Some(format!("ref-{}", item.id).parse().unwrap()),
            status: items.clone(),
            recipient_kind: Some(item.recipient.kind),
            recipient_info: Some(item.recipient.info.clone()),
            recipient_name: item.recipient.name.clone(),
            description: item.description.clone(),
            amount: Some(item.amount),
            commission: Some(lira(2)),
            errors: Vec::new(),
            request_id: None,
        })
        .collect();
    RemoteCopy {
        batch: RemoteBatch {
            external_id: Some("payday".to_owned()),
            status,
            total: Some(batch.content().total()),
            commission: None,
        },
        total_items: u64::try_from(items.len()).ok(),
        items,
    }
}

pub(super) fn read_back(copy: RemoteCopy) -> Event {
    let facts = facts(copy.batch.total.unwrap());
    Event::ReadBack(Box::new(CopyRead {
        copy: Some(copy),
        depth: ReadBack::Full,
        account: account(),
        rules: policy().requirement_but(&facts, |name| name.as_str() == "ayse"),
        history: None,
        expires_after: policy().expires_after(&facts).unwrap(),
        on_invalid: OnInvalid::Ask,
    }))
}

/// What rules see in a batch of one item.
pub(super) const fn facts(total: Money) -> Facts {
    Facts {
        total,
        largest: total,
        purpose: None,
        history: None,
    }
}

/// Applies events one after the other, a minute apart.
pub(super) fn walk(batch: Batch, events: Vec<Event>) -> Batch {
    events
        .into_iter()
        .zip(1..)
        .fold(batch, |batch, (event, minute)| {
            batch.apply(event, at(minute)).unwrap().batch
        })
}

pub(super) fn held(amounts: &[i64]) -> Batch {
    let batch = received(amounts);
    let same = copy(&batch, RemoteStatus::Init, &ItemStatus::Pending);
    walk(
        batch,
        vec![
            Event::InitializeStarted(intent(1)),
            initialized(),
            read_back(same),
        ],
    )
}

pub(super) fn decision(batch: &Batch, name: &str, verdict: Verdict) -> Event {
    let digest = batch.state().hold().unwrap().digest.to_string();
    let motion = Motion::new(verdict, &digest);
    Event::Decided(
        policy()
            .judge(batch.head(), person(name), motion, at(10))
            .unwrap(),
    )
}

pub(super) fn approve() -> Verdict {
    Verdict::Approve { comment: None }
}

pub(super) fn approved(amounts: &[i64]) -> Batch {
    let batch = held(amounts);
    let event = decision(&batch, "mehmet", approve());
    batch.apply(event, at(10)).unwrap().batch
}

pub(super) fn release_started(batch: &Batch, minutes: i64) -> Event {
    let quorum = policy().quorum(batch.head()).unwrap();
    Event::ReleaseStarted {
        intent: intent(minutes),
        quorum,
    }
}

pub(super) fn releasing(amounts: &[i64]) -> Batch {
    let batch = approved(amounts);
    let event = release_started(&batch, 11);
    batch.apply(event, at(11)).unwrap().batch
}

pub(super) fn processing(amounts: &[i64]) -> Batch {
    releasing(amounts).apply(released(), at(12)).unwrap().batch
}

pub(super) fn looked(status: RemoteStatus, on_doubt: OnReleaseDoubt) -> Event {
    let quiet_period = Duration::from_mins(10);
    let copy = copy(&received(&[100]), status, &ItemStatus::Pending);
    Event::ReleaseLooked(ReleaseLook {
        copy,
        quiet_period,
        on_doubt,
    })
}

pub(super) fn account() -> Account {
    Account::new("sandbox-api.iyzipay.com", "key")
}

pub(super) fn cancel_looked(copy: RemoteCopy) -> Event {
    let account = account();
    Event::CancelLooked { copy, account }
}

pub(super) fn past_init(status: RemoteStatus, request_id: Option<&str>) -> Event {
    Event::FoundPastInit(PastInit {
        status,
        attempt: 0,
        request_id: request_id.map(|id| id.parse().unwrap()),
        account: account(),
    })
}

pub(super) fn released() -> Event {
    Event::Released {
        request_id: "r-1".parse().unwrap(),
        account: account(),
    }
}

/// Items in these statuses, one each.
pub(super) fn reported(batch: &Batch, statuses: &[ItemStatus]) -> Event {
    let mut copy = copy(batch, RemoteStatus::InProgress, &ItemStatus::Pending);
    for (item, status) in copy.items.iter_mut().zip(statuses) {
        item.status = status.clone();
    }
    Event::Reported(copy)
}
