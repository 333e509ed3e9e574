//! A maker who submits, and an approver who approves what is held.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use onay_console::desk::{self, Person};
use onay_ledger::{Filter, Page, now};
use onay_payout::{BatchRef, Head, Motion, State, Verdict};
use serde_json::Number;
use tokio::sync::Semaphore;

use super::house::House;
use super::payroll;
use super::report::per;
use super::roles::Roles;
use crate::args::Bench;
use crate::exit::Failure;

/// How many batches are submitted at once.
const AT_ONCE: usize = 32;

/// Most batches that are looked at to be decided at once.
const PAGE: u32 = 100;

/// Between two looks at what waits for a decision. Each costs the store a little.
const DECIDE: Duration = Duration::from_millis(3);

/// Between two looks at how far all batches have come.
const WATCH: Duration = Duration::from_millis(50);

/// Longest time in which nothing moves.
const STALL: Duration = Duration::from_mins(2);

/// How many batches are in each state.
pub(super) type States = BTreeMap<String, u64>;

/// The batches of a run.
pub(super) struct Load<'a> {
    args: &'a Bench,
    house: &'a House,
    /// Room for batches on their way to a decision.
    room: Semaphore,
    /// When the decision on each request id was stored, in microseconds since the Unix epoch.
    decided: Mutex<BTreeMap<String, u64>>,
}

impl<'a> Load<'a> {
    pub(super) fn new(args: &'a Bench, house: &'a House) -> Self {
        Self {
            args,
            house,
            room: Semaphore::new(0),
            decided: Mutex::default(),
        }
    }

    /// Brings every batch to where people decide.
    pub(super) async fn hold_all(&self, roles: &mut Roles) -> anyhow::Result<Pace> {
        self.room.add_permits(usize::try_from(self.args.batches)?);
        let (submitted, held) = (self.submit_all(), self.watch(roles, "pending_approval"));
        let ((), pace) = tokio::try_join!(submitted, held)?;
        Ok(pace)
    }

    /// Brings every batch to its end, approved as soon as it is held.
    pub(super) async fn settle_all(&self, roles: &mut Roles) -> anyhow::Result<Pace> {
        self.room.add_permits(usize::try_from(self.args.in_flight)?);
        let (submitted, decided) = (self.submit_all(), self.decide_all());
        let ((), (), pace) = tokio::try_join!(submitted, decided, self.watch(roles, "settled"))?;
        Ok(pace)
    }

    /// Approves every batch as soon as it is held.
    pub(super) async fn decide_all(&self) -> anyhow::Result<()> {
        let mut pause = tokio::time::interval(DECIDE);
        while u64::try_from(self.decided().len())? < self.batches() {
            pause.tick().await;
            let held = held(self.house, PAGE).await?;
            try_join_all(held.iter().map(|head| self.decide(head))).await?;
            self.room.add_permits(held.len());
        }
        Ok(())
    }

    /// From each decision to the authorize request that followed, in microseconds, sorted.
    pub(super) fn waits(&self) -> Vec<u64> {
        let decided = self.decided();
        let batches = self.house.simulator.books(None).batches;
        let waits = batches.iter().filter_map(|batch| {
            let decided_us = decided.get(&batch.request_id)?;
            Some(batch.first_auth_us?.saturating_sub(*decided_us))
        });
        let mut waits: Vec<u64> = waits.collect();
        waits.sort_unstable();
        waits
    }

    pub(super) fn batches(&self) -> u64 {
        self.args.batches.into()
    }

    async fn submit_all(&self) -> anyhow::Result<()> {
        let submit = |number| async move {
            self.room.acquire().await?.forget();
            let batch = payroll::batch(number, self.args.items);
            self.house.producer.enqueue(batch).await?;
            anyhow::Ok(())
        };
        let submitted = stream::iter((0..self.args.batches).map(submit));
        submitted.buffer_unordered(AT_ONCE).try_collect().await
    }

    async fn decide(&self, head: &Head) -> anyhow::Result<()> {
        let at_us = approve(self.house, head).await?;
        let request_id = head.state.request_id().map(ToString::to_string);
        self.decided().insert(request_id.unwrap_or_default(), at_us);
        Ok(())
    }

    /// Looks on until every batch has come to its goal.
    async fn watch(&self, roles: &mut Roles, goal: &str) -> anyhow::Result<Pace> {
        let (start, mut pace) = (Instant::now(), Pace::default());
        let mut watch = Watch::new();
        loop {
            let states = watch.look(self.house, roles).await?;
            let arrived = states.get(goal).copied().unwrap_or_default();
            pace.arrivals.push((start.elapsed(), arrived));
            if pace.worker_bytes_at_tenth.is_none() && arrived >= self.batches() / 10 {
                pace.worker_bytes_at_tenth = roles.worker_bytes("VmRSS:");
            }
            if arrived >= self.batches() {
                return Ok(pace);
            }
        }
    }

    fn decided(&self) -> MutexGuard<'_, BTreeMap<String, u64>> {
        self.decided.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How a run went.
#[derive(Default)]
pub(super) struct Pace {
    /// When how many had come to their goal.
    arrivals: Vec<(Duration, u64)>,
    /// Memory of a worker when a tenth had.
    pub(super) worker_bytes_at_tenth: Option<u64>,
}

impl Pace {
    /// How many come to their goal in a second, between a tenth and nine tenths of all: neither the
    /// start nor the last look at the last batch is counted.
    pub(super) fn per_second(&self) -> Number {
        let all = self.arrivals.last().map_or(0, |(_, arrived)| *arrived);
        let at = |part: u64| {
            let part = all.saturating_mul(part) / 10;
            let mut arrivals = self.arrivals.iter();
            arrivals.find(|(_, arrived)| *arrived >= part).copied()
        };
        let (Some((first, before)), Some((last, after))) = (at(1), at(9)) else {
            return 0.into();
        };
        let millis = last.saturating_sub(first).as_millis();
        let arrived = after.saturating_sub(before).saturating_mul(1000);
        per(arrived, u64::try_from(millis).unwrap_or(u64::MAX))
    }
}

/// Looks at all batches from time to time, and notices when nothing moves any more.
pub(super) struct Watch {
    pause: tokio::time::Interval,
    last: States,
    moved: Instant,
}

impl Watch {
    pub(super) fn new() -> Self {
        Self {
            pause: tokio::time::interval(WATCH),
            last: States::new(),
            moved: Instant::now(),
        }
    }

    /// How many batches are in each state.
    pub(super) async fn look(
        &mut self,
        house: &House,
        roles: &mut Roles,
    ) -> anyhow::Result<&States> {
        self.pause.tick().await;
        roles.check()?;
        let states = house.ledger.stats().await?.by_state;
        if states != self.last {
            (self.last, self.moved) = (states, Instant::now());
        } else if self.moved.elapsed() > STALL {
            let message = format!("nothing moves any more: {states:?}");
            return Err(Failure::needs_person(message).into());
        }
        Ok(&self.last)
    }
}

/// Some of the batches that wait for a decision, the newest first.
pub(super) async fn held(house: &House, most: u32) -> anyhow::Result<Vec<Head>> {
    let filter = Filter {
        state: Some("pending_approval".to_owned()),
    };
    let page = Page {
        before: None,
        size: most,
    };
    Ok(house.ledger.list(&filter, &page).await?)
}

/// Approves what is held, as a person at the console does; when that was stored, in microseconds since
/// the Unix epoch.
pub(super) async fn approve(house: &House, head: &Head) -> anyhow::Result<u64> {
    let State::PendingApproval(hold) = &head.state else {
        return Err(Failure::needs_person("a batch is not held any more").into());
    };
    let digest = hold.digest.to_string();
    let motion = Motion::new(Verdict::Approve { comment: None }, &digest);
    let by = Person {
        identity: &house.approver,
        via: "console",
    };
    let batch = BatchRef::Id(head.id);
    desk::decide(house.ledger.as_ref(), &house.policy, &by, &batch, &motion).await?;
    Ok(u64::try_from(now().timestamp_micros())?)
}
