//! Batches and steps to state rules with.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use onay_payout::provider::{Initialized, InvalidItem};
use onay_payout::{
    Batch, BatchId, BatchRef, Content, Currency, Event, Head, Intent, Item, Jobs, Money, Pauses,
    Personal, Purpose, Recipient, RecipientType, Transition, WorkerName,
};

use super::Harness;
use crate::budget::{Budget, Share, Spent};
use crate::commit::{Authority, Commit, Opening, Stored};
use crate::error::LedgerError;
use crate::job::{Claim, Queue, Terms};
use crate::journal::{Actor, Entry};
use crate::ledger::{Filter, Ledger, Opened, Page, Stats};
use crate::pauses::pauses;

/// The lease every claim of the suite has.
pub const LEASE: Duration = Duration::from_secs(30);

/// Everything.
pub const ALL: Page = Page {
    before: None,
    size: 1000,
};

/// The `n`th batch id; never that of the house.
pub fn batch_id(n: u64) -> BatchId {
    format!("b_{:032x}", n + 1).parse().unwrap()
}

/// `count` items, some with everything a record must keep.
pub fn items(count: usize) -> Vec<Item> {
    let item = |n: usize| Item {
        id: format!("maaş-{n}").parse().unwrap(),
        recipient: Recipient {
            kind: RecipientType::ALL[n % 4],
            info: Personal::new(format!("TR{n:024}")),
            name: n
                .is_multiple_of(2)
                .then(|| Personal::new("Ayşe \"Yıldız\" \u{1f600} Öz")),
        },
        amount: money(&format!("{}.{:02}", n / 100 + 1, n % 100)),
        description: n
            .is_multiple_of(3)
            .then(|| "Kasım 2026 \\ 'maaş'".to_owned()),
        non_withdrawable: n.is_multiple_of(5),
    };
    (0..count).map(item).collect()
}

/// What a maker asks for under `external_id`.
pub fn content(external_id: &str, items: Vec<Item>) -> Arc<Content> {
    let (id, purpose) = (external_id.parse().unwrap(), Some(Purpose::Salary));
    Arc::new(Content::new(id, None, purpose, Currency::Try, items).unwrap())
}

fn money(text: &str) -> Money {
    Money::payable(Money::decimal(text).unwrap(), Currency::Try).unwrap()
}

/// Who does everything.
pub fn actor() -> Actor {
    Actor {
        name: "ayse".to_owned(),
        via: "library",
    }
}

/// A worker's name.
pub fn worker(name: &str) -> WorkerName {
    name.parse().unwrap()
}

/// A ledger with the steps rules are made of.
pub struct Scene<'a> {
    harness: &'a dyn Harness,
    /// The ledger.
    pub ledger: Arc<dyn Ledger>,
    opened: AtomicU64,
}

/// Everything a ledger shows.
#[derive(Debug, PartialEq)]
pub struct Seen {
    batch: Option<Stored>,
    journal: Vec<Entry>,
    planned: Jobs,
    heads: Vec<Head>,
    stats: Stats,
}

impl<'a> Scene<'a> {
    /// A scene on a fresh ledger.
    pub fn new(harness: &'a dyn Harness) -> Self {
        Self {
            harness,
            ledger: harness.ledger(),
            opened: AtomicU64::new(0),
        }
    }

    /// The store's time, in the precision records keep.
    pub fn now(&self) -> DateTime<Utc> {
        let now = self.harness.now();
        DateTime::from_timestamp_micros(now.timestamp_micros()).unwrap()
    }

    /// Lets time pass for the store.
    pub async fn pass(&self, time: Duration) {
        self.harness.pass(time).await;
    }

    /// A batch that was just accepted, under the next id.
    pub fn accepted(&self, content: Arc<Content>) -> Transition {
        let id = batch_id(self.opened.fetch_add(1, Ordering::Relaxed));
        Batch::accept(id, content, "ayse".parse().unwrap(), self.now())
    }

    /// Stores a new batch.
    pub async fn open(&self, accepted: Transition) -> Opened {
        let opening = Opening::new(accepted, &actor(), self.now());
        self.ledger.open(opening).await.unwrap()
    }

    /// A batch of three items that is stored, with a job that is due.
    pub async fn opened(&self, external_id: &str) -> Stored {
        let accepted = self.accepted(content(external_id, items(3)));
        match self.open(accepted).await {
            Opened::New(stored) => stored,
            Opened::Existing(stored) => panic!("{external_id} is taken by {stored:?}"),
        }
    }

    /// The batch as it is stored.
    pub async fn load(&self, id: BatchId) -> Option<Stored> {
        self.ledger.load(&BatchRef::Id(id)).await.unwrap()
    }

    /// Initialize is about to be sent: the worker's job is due again now.
    pub fn started(&self, stored: &Stored) -> Transition {
        // Its time is over at once, so that it may be started again and again.
        let started_at = stored.batch.head().since + Duration::from_secs(1);
        let intent = Intent {
            owner: worker("worker-1"),
            started_at,
            deadline: started_at,
        };
        let event = Event::InitializeStarted(intent);
        let started = stored.batch.apply(event, started_at).unwrap();
        let jobs = Jobs {
            worker: Some(self.now()),
            reconciler: None,
        };
        Transition { jobs, ..started }
    }

    /// The provider has the batch and refuses its second item.
    pub fn initialized(&self, stored: &Stored) -> Transition {
        let refused = InvalidItem {
            id: stored.batch.content().items()[1].id.clone(),
            code: Some("5000".to_owned()),
            message: Some("geçersiz IBAN".to_owned()),
        };
        let request_id = "req-1".parse().unwrap();
        let answer = Initialized {
            request_id,
            invalid: vec![refused],
        };
        stored
            .batch
            .apply(Event::Initialized(answer), self.now())
            .unwrap()
    }

    /// A change that plans `jobs`.
    pub fn planning(&self, stored: &Stored, jobs: Jobs) -> Transition {
        Transition {
            jobs,
            ..self.started(stored)
        }
    }

    /// Stores a change of `base`.
    pub async fn commit(
        &self,
        base: &Stored,
        transition: Transition,
        authority: Authority<'_>,
    ) -> Result<Stored, LedgerError> {
        let commit = Commit::new(base, transition, &actor(), self.now(), authority);
        self.ledger.commit(commit).await
    }

    /// Commits the next step by the version alone.
    pub async fn step(&self, base: &Stored) -> Stored {
        self.commit(base, self.started(base), Authority::Version)
            .await
            .unwrap()
    }

    /// What is in these cells.
    pub async fn cells(&self, keys: &[&str]) -> Vec<Option<String>> {
        let keys: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
        self.ledger.cells(&keys).await.unwrap()
    }

    /// Every pause of releases there ever was.
    pub async fn pauses(&self) -> Pauses {
        pauses(&*self.ledger).await.unwrap()
    }

    /// What is due for the worker now.
    pub async fn claim(&self) -> Option<Claim> {
        self.claim_of(Queue::Worker).await
    }

    /// What is due in a queue now.
    pub async fn claim_of(&self, queue: Queue) -> Option<Claim> {
        let name = worker("worker-1");
        let claims = self.ledger.claim(
            queue,
            Terms::new(&name, LEASE, NonZeroU32::MIN),
            Duration::ZERO,
        );
        claims.await.unwrap().pop().map(|claimed| claimed.claim)
    }

    /// Up to `most` that are due for the worker now.
    pub async fn claims(&self, most: u32) -> Vec<Claim> {
        let (name, most) = (worker("worker-1"), NonZeroU32::new(most).unwrap());
        let claims = self.ledger.claim(
            Queue::Worker,
            Terms::new(&name, LEASE, most),
            Duration::ZERO,
        );
        let claims = claims.await.unwrap().into_iter();
        claims.map(|claimed| claimed.claim).collect()
    }

    /// Asks for `calls` of `calls_per_minute` provider calls, and gives how many were granted.
    pub async fn spend(&self, share: Share, calls: u32, calls_per_minute: u32) -> u32 {
        let calls = NonZeroU32::new(calls).unwrap();
        let budget = Budget::per_minute(calls_per_minute).unwrap();
        match self.ledger.spend(share, calls, budget).await.unwrap() {
            Spent::Granted { calls, .. } => calls,
            Spent::Wait(_) => 0,
        }
    }

    /// Everything there is to see.
    pub async fn seen(&self, id: BatchId) -> Seen {
        Seen {
            batch: self.load(id).await,
            journal: self.ledger.journal(&id).await.unwrap(),
            planned: self.ledger.planned(&id).await.unwrap(),
            heads: self.ledger.list(&Filter::default(), &ALL).await.unwrap(),
            stats: self.ledger.stats().await.unwrap(),
        }
    }
}
