//! A ledger in memory, people, and batches that went all the way.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use onay_ledger::{Actor, Authority, Commit, Ledger, ManualClock, MemoryLedger};
use onay_payout::provider::{Initialized, RemoteBatch, RemoteCopy, RemoteItem, RemoteStatus};
use onay_payout::{
    Account, BatchRef, CopyRead, Currency, Event, Facts, Identity, Intent, ItemStatus, Money,
    Motion, NotAllowed, OnInvalid, Policy, ReadBack, RecipientType, Verdict, issue_token,
};
use rust_decimal::Decimal;

use crate::{Batch, Item, Producer};

const PEOPLE: [(&str, &str); 4] = [
    ("ayse", "maker"),
    ("can", "maker"),
    ("deniz", "auditor"),
    ("mehmet", "approver"),
];

pub(super) struct World {
    pub(super) ledger: Arc<MemoryLedger>,
    pub(super) ayse: Producer,
    policy: Arc<Policy>,
    people: Vec<Identity>,
}

impl World {
    pub(super) fn new() -> Self {
        let (policy, people) = policy();
        let ledger = Arc::new(MemoryLedger::new(ManualClock::new(now())));
        let (policy, maker) = (Arc::new(policy), people[0].clone());
        let shared: Arc<dyn Ledger> = Arc::<MemoryLedger>::clone(&ledger);
        let ayse = Producer::new(shared, Arc::clone(&policy), maker, "library").unwrap();
        Self {
            ledger,
            ayse,
            policy,
            people,
        }
    }

    fn person(&self, name: &str) -> &Identity {
        let named = |person: &&Identity| person.name().as_str() == name;
        self.people.iter().find(named).unwrap()
    }

    pub(super) fn producer(&self, name: &str) -> Result<Producer, NotAllowed> {
        let (ledger, policy): (Arc<dyn Ledger>, _) = (
            Arc::<MemoryLedger>::clone(&self.ledger),
            Arc::clone(&self.policy),
        );
        Producer::new(ledger, policy, self.person(name).clone(), "library")
    }

    /// Records an event as a worker would.
    pub(super) async fn happened(&self, batch: &BatchRef, event: Event) {
        let stored = self.ledger.load(batch).await.unwrap().unwrap();
        let at = now();
        let transition = stored.batch.apply(event, at).unwrap();
        let actor = Actor {
            name: "w-1".to_owned(),
            via: "worker",
        };
        let commit = Commit::new(&stored, transition, &actor, at, Authority::Version);
        self.ledger.commit(commit).await.unwrap();
    }

    /// Walks a received batch to the end, its items in these statuses.
    pub(super) async fn closed(&self, batch: &BatchRef, statuses: &[ItemStatus]) {
        let (request_id, at) = ("r-1".parse().unwrap(), now());
        let intent = Intent {
            owner: "w-1.1".parse().unwrap(),
            started_at: at,
            deadline: at,
        };
        let initialized = Initialized {
            request_id,
            invalid: Vec::new(),
        };
        self.happened(batch, Event::InitializeStarted(intent.clone()))
            .await;
        self.happened(batch, Event::Initialized(initialized)).await;
        self.happened(batch, self.read_back()).await;
        let head = self.head(batch).await;
        let digest = head.state.hold().unwrap().digest.to_string();
        let motion = Motion::new(Verdict::Approve { comment: None }, &digest);
        let ruling = self
            .policy
            .judge(&head, self.person("mehmet"), motion, at)
            .unwrap();
        self.happened(batch, Event::Decided(ruling)).await;
        let quorum = self.policy.quorum(&self.head(batch).await).unwrap();
        self.happened(batch, Event::ReleaseStarted { intent, quorum })
            .await;
        let request_id = head.state.request_id().unwrap().clone();
        let account = head.state.hold().unwrap().account.clone();
        let released = Event::Released {
            request_id,
            account,
        };
        self.happened(batch, released).await;
        self.reported(batch, statuses).await;
    }

    /// The provider reports items in these statuses.
    pub(super) async fn reported(&self, batch: &BatchRef, statuses: &[ItemStatus]) {
        let stored = self.ledger.load(batch).await.unwrap().unwrap();
        let items = stored.batch.content().items().iter().zip(statuses);
        let items = items.map(|(item, status)| RemoteItem {
            id: item.id.clone(),
            reference: None,
            status: status.clone(),
            recipient_kind: None,
            recipient_info: None,
            recipient_name: None,
            description: None,
            amount: Some(item.amount),
            commission: None,
            errors: Vec::new(),
            request_id: None,
        });
        let copy = RemoteCopy {
            items: items.collect(),
            total_items: None,
            batch: RemoteBatch {
                external_id: None,
                status: RemoteStatus::Completed,
                total: None,
                commission: None,
            },
        };
        self.happened(batch, Event::Reported(copy)).await;
    }

    fn read_back(&self) -> Event {
        let rule = &self.policy.rules()[0];
        let total = Money::zero(Currency::Try);
        let facts = Facts {
            total,
            largest: total,
            purpose: None,
            history: None,
        };
        Event::ReadBack(Box::new(CopyRead {
            copy: None,
            depth: ReadBack::Off,
            account: Account::new("sandbox.example", "key"),
            rules: self
                .policy
                .requirement_but(&facts, |name| name.as_str() == "ayse"),
            history: None,
            expires_after: rule.expires_after,
            on_invalid: OnInvalid::Ask,
        }))
    }

    pub(super) async fn head(&self, batch: &BatchRef) -> onay_payout::Head {
        let stored = self.ledger.load(batch).await.unwrap().unwrap();
        stored.batch.head().clone()
    }
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(7_000_000_000, 0).unwrap()
}

fn policy() -> (Policy, Vec<Identity>) {
    let mut text = "format = 1\n[[rule]]\nname = \"all\"\nup_to = \"1000.00 TRY\"\napprovals = 1\n\
                    expires_after = \"1h\"\n"
        .to_owned();
    let mut tokens = Vec::new();
    for (seed, (name, role)) in (1..).zip(PEOPLE) {
        let (token, hash) = issue_token(&name.parse().unwrap(), &[seed; 40]).unwrap();
        let hash = hash.as_str();
        text = format!(
            "{text}[[person]]\nname = \"{name}\"\nroles = [\"{role}\"]\ntoken = \"{hash}\"\n"
        );
        tokens.push(token);
    }
    let policy = Policy::parse(&text).unwrap();
    let people = tokens
        .iter()
        .map(|token| policy.authenticate(token, now()).unwrap());
    let people = people.collect();
    (policy, people)
}

pub(super) fn batch(amounts: &[i64]) -> Batch {
    named("payday", amounts)
}

pub(super) fn named(id: &str, amounts: &[i64]) -> Batch {
    amounts
        .iter()
        .enumerate()
        .fold(Batch::new(id), |batch, (index, amount)| {
            let (id, amount) = (format!("item-{index}"), Decimal::from(*amount));
            batch.item(Item::to(
                id,
                RecipientType::MemberId,
                "2228853",
                amount,
                Currency::Try,
            ))
        })
}
