//! A maker who submits and an approver who approves each batch as soon as it is held.

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
use super::roles::{PAUSE, Roles};
use crate::args::Bench;
use crate::exit::Failure;

/// How many batches are submitted at once.
const AT_ONCE: usize = 32;

/// Most batches that are looked at to be decided at once.
const PAGE: u32 = 100;

/// Longest time in which nothing moves.
const STALL: Duration = Duration::from_mins(2);

/// The batches of a run.
pub(super) struct Load<'a> {
    args: &'a Bench,
    /// Room for batches on their way to a decision.
    room: Semaphore,
    /// When the decision on each request id was stored, in microseconds since the Unix epoch.
    decided: Mutex<BTreeMap<String, u64>>,
}

/// How a run went.
#[derive(Default)]
pub(super) struct Pace {
    /// When how many had come to their goal.
    arrivals: Vec<(Duration, u64)>,
    /// Memory of a worker when a tenth had.
    pub(super) worker_bytes_at_tenth: Option<u64>,
    /// After a kill: the batches whose release nobody knows anything of, and how long all others took.
    pub(super) after_kill: Option<(u64, Duration)>,
}

impl<'a> Load<'a> {
    pub(super) fn new(args: &'a Bench) -> Self {
        let room = if args.hold {
            args.batches
        } else {
            args.in_flight
        };
        Self {
            args,
            room: Semaphore::new(usize::try_from(room).unwrap_or(Semaphore::MAX_PERMITS)),
            decided: Mutex::default(),
        }
    }

    /// Brings every batch to its goal: held, or settled.
    pub(super) async fn run(&self, house: &House, roles: &mut Roles) -> anyhow::Result<Pace> {
        let (submitted, decided) = (self.submit_all(house), self.decide_all(house));
        let ((), (), pace) = tokio::try_join!(submitted, decided, self.watch(house, roles))?;
        Ok(pace)
    }

    async fn submit_all(&self, house: &House) -> anyhow::Result<()> {
        let submit = |number| async move {
            self.room.acquire().await?.forget();
            house
                .producer
                .enqueue(payroll::batch(number, self.args.items))
                .await?;
            anyhow::Ok(())
        };
        let submitted = stream::iter((0..self.args.batches).map(submit));
        submitted.buffer_unordered(AT_ONCE).try_collect().await
    }

    async fn decide_all(&self, house: &House) -> anyhow::Result<()> {
        if self.args.hold {
            return Ok(());
        }
        let mut pause = tokio::time::interval(PAUSE);
        while u64::try_from(self.decided().len())? < self.batches() {
            pause.tick().await;
            let held = held(house, PAGE).await?;
            try_join_all(held.iter().map(|head| self.decide(house, head))).await?;
            self.room.add_permits(held.len());
        }
        Ok(())
    }

    async fn decide(&self, house: &House, head: &Head) -> anyhow::Result<()> {
        approve(house, head).await?;
        let at_us = u64::try_from(now().timestamp_micros())?;
        let request_id = head.state.request_id().map(ToString::to_string);
        self.decided().insert(request_id.unwrap_or_default(), at_us);
        Ok(())
    }

    /// Looks on until every batch has come to its goal, and kills on the way if asked to.
    async fn watch(&self, house: &House, roles: &mut Roles) -> anyhow::Result<Pace> {
        let goal = if self.args.hold {
            "pending_approval"
        } else {
            "settled"
        };
        let (start, mut pace) = (Instant::now(), Pace::default());
        let (mut last, mut moved) = (BTreeMap::new(), Instant::now());
        let mut killed = None;
        let mut pause = tokio::time::interval(PAUSE);
        loop {
            pause.tick().await;
            let states = house.ledger.stats().await?.by_state;
            let arrived = states.get(goal).copied().unwrap_or_default();
            pace.arrivals.push((start.elapsed(), arrived));
            if pace.worker_bytes_at_tenth.is_none() && arrived >= self.batches() / 10 {
                pace.worker_bytes_at_tenth = roles.worker_bytes("VmRSS:");
            }
            if let Some(kill_after) = self.args.kill_after
                && killed.is_none()
                && self.decided().len() >= usize::try_from(kill_after)?
            {
                roles.kill_workers();
                roles.start_workers()?;
                killed = Some(Instant::now());
            }
            let left = self.batches().saturating_sub(arrived);
            if left == 0 || killed.is_some() && left == unsent(house, &states) {
                pace.after_kill = killed.map(|at| (left, at.elapsed()));
                return Ok(pace);
            }
            roles.check()?;
            if states != last {
                (last, moved) = (states, Instant::now());
            } else if moved.elapsed() > STALL {
                let message = format!("nothing moves any more: {last:?}");
                return Err(Failure::needs_person(message).into());
            }
        }
    }

    /// From each decision to the authorize request that followed, in microseconds, sorted.
    pub(super) fn waits(&self, house: &House) -> Vec<u64> {
        let decided = self.decided();
        let batches = house.simulator.books(None).batches;
        let waits = batches.iter().filter_map(|batch| {
            let decided_us = decided.get(&batch.request_id)?;
            Some(batch.first_auth_us?.saturating_sub(*decided_us))
        });
        let mut waits: Vec<u64> = waits.collect();
        waits.sort_unstable();
        waits
    }

    fn decided(&self) -> MutexGuard<'_, BTreeMap<String, u64>> {
        self.decided.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn batches(&self) -> u64 {
        self.args.batches.into()
    }
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

/// With every batch held: how long a worker that starts takes to release the one that was approved
/// meanwhile.
pub(super) async fn first_release(house: &House, roles: &mut Roles) -> anyhow::Result<Duration> {
    roles.kill_workers();
    let waiting = held(house, 1).await?;
    let head = waiting
        .first()
        .ok_or_else(|| Failure::needs_person("no batch is held"))?;
    approve(house, head).await?;
    let start = Instant::now();
    roles.start_workers()?;
    let mut pause = tokio::time::interval(Duration::from_millis(1));
    while house
        .simulator
        .books(Some(head.external_id.as_str()))
        .calls
        .auth
        == 0
    {
        pause.tick().await;
        if start.elapsed() > STALL {
            return Err(Failure::needs_person("the approved batch is not released").into());
        }
    }
    Ok(start.elapsed())
}

/// Some of the batches that wait for a decision.
async fn held(house: &House, most: u32) -> anyhow::Result<Vec<Head>> {
    let filter = Filter {
        state: Some("pending_approval".to_owned()),
    };
    let page = Page {
        before: None,
        size: most,
    };
    Ok(house.ledger.list(&filter, &page).await?)
}

/// Approves what is held, as a person at the console does.
async fn approve(house: &House, head: &Head) -> anyhow::Result<()> {
    let State::PendingApproval(hold) = &head.state else {
        return Ok(());
    };
    let digest = hold.digest.to_string();
    let motion = Motion {
        verdict: Verdict::Approve { comment: None },
        digest: &digest,
    };
    let by = Person {
        identity: &house.approver,
        via: "console",
    };
    let batch = BatchRef::Id(head.id);
    desk::decide(house.ledger.as_ref(), &house.policy, &by, &batch, &motion).await?;
    Ok(())
}

/// Batches whose release was to begin when its worker was killed, and that the provider never started:
/// they wait for people, or for the end of the time in which it may still arrive.
fn unsent(house: &House, states: &BTreeMap<String, u64>) -> u64 {
    let doubted =
        ["releasing", "frozen"].map(|state| states.get(state).copied().unwrap_or_default());
    let books = house.simulator.books(None).batches;
    let started = books
        .iter()
        .filter(|batch| batch.authorized_times > 0)
        .count();
    let settled = states.get("settled").copied().unwrap_or_default();
    let is_all_seen = u64::try_from(started).is_ok_and(|started| started == settled);
    if is_all_seen {
        doubted.into_iter().sum()
    } else {
        0
    }
}
