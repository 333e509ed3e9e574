//! The reference model: what a ledger means, without a store. For tests only; it forgets.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use onay_payout::{Account, BatchId, BatchRef, ExternalId, Head, Jobs};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

use crate::budget::{Budget, Share, Spent, Window};
use crate::cell::Swap;
use crate::clock::Clock;
use crate::commit::{Commit, Opening, Sealed, Stored};
use crate::error::LedgerError;
use crate::job::{Claim, Claimed, Queue, Terms, later_us, next_fence};
use crate::journal::Entry;
use crate::ledger::{Filter, Ledger, Opened, Page, Stats};

/// How long a waiting claim goes without looking at a clock that somebody may have set.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A clock that stands still until it is told.
#[derive(Debug, Clone)]
pub struct ManualClock(Arc<Mutex<DateTime<Utc>>>);

impl ManualClock {
    /// A clock that shows `now`.
    pub fn new(now: DateTime<Utc>) -> Self {
        Self(Arc::new(Mutex::new(now)))
    }

    /// What it shows.
    pub fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves it on.
    pub fn pass(&self, time: Duration) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let time = chrono::TimeDelta::from_std(time).unwrap_or_default();
        *now = now.checked_add_signed(time).unwrap_or(*now);
    }

    /// The clock as a ledger reads it.
    pub fn clock(&self) -> Clock {
        let clock = self.clone();
        Arc::new(move || clock.now())
    }
}

/// A ledger in memory.
#[derive(Debug)]
pub struct MemoryLedger {
    clock: ManualClock,
    state: Mutex<Memory>,
    planned: Notify,
}

#[derive(Debug, Default)]
struct Memory {
    batches: BTreeMap<BatchId, Stored>,
    external_ids: BTreeMap<ExternalId, BatchId>,
    journal: BTreeMap<BatchId, Vec<Entry>>,
    jobs: BTreeMap<(Queue, BatchId), Job>,
    fence: u64,
    account: Option<Account>,
    cells: BTreeMap<String, String>,
    window: Window,
}

#[derive(Debug)]
struct Job {
    ready_at_us: i64,
    attempt: u32,
    fence: Option<u64>,
}

impl MemoryLedger {
    /// An empty ledger that times its leases by `clock`.
    pub fn new(clock: ManualClock) -> Self {
        Self {
            clock,
            state: Mutex::default(),
            planned: Notify::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, Memory> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now_us(&self) -> i64 {
        self.clock.now().timestamp_micros()
    }
}

impl Memory {
    fn plan(&mut self, batch: BatchId, jobs: &Jobs, kept: Option<Queue>) {
        for queue in Queue::ALL.into_iter().filter(|queue| Some(*queue) != kept) {
            self.jobs.remove(&(queue, batch));
            if let Some(due) = queue.due(jobs) {
                let job = Job {
                    ready_at_us: due.timestamp_micros(),
                    attempt: 0,
                    fence: None,
                };
                self.jobs.insert((queue, batch), job);
            }
        }
    }

    fn held(&mut self, claim: &Claim) -> Result<&mut Job, LedgerError> {
        self.jobs
            .get_mut(&(claim.queue, claim.batch))
            .filter(|job| job.fence == Some(claim.fence))
            .ok_or(LedgerError::LeaseLost)
    }

    fn swap(&mut self, swaps: &[Swap]) -> Result<(), LedgerError> {
        let is_unlike = |swap: &&Swap| self.cells.get(&swap.key) != swap.before.as_ref();
        if let Some(unlike) = swaps.iter().find(is_unlike) {
            return Err(unlike.refusal());
        }
        for Swap { key, after, .. } in swaps.iter().filter(|swap| !swap.is_expectation()) {
            match after {
                Some(value) => self.cells.insert(key.clone(), value.clone()),
                None => self.cells.remove(key),
            };
        }
        Ok(())
    }

    fn claim(&mut self, queue: Queue, now_us: i64, lease: Duration) -> Option<Claim> {
        let ((_, batch), job) = self
            .jobs
            .iter_mut()
            .filter(|((of, _), job)| *of == queue && job.ready_at_us <= now_us)
            .min_by_key(|((_, batch), job)| (job.ready_at_us, *batch))?;
        self.fence = next_fence(self.fence, now_us);
        let claim = Claim {
            queue,
            batch: *batch,
            fence: self.fence,
            attempt: job.attempt,
        };
        job.ready_at_us = later_us(now_us, lease);
        job.attempt = job.attempt.saturating_add(1);
        job.fence = Some(self.fence);
        Some(claim)
    }
}

#[async_trait]
impl Ledger for MemoryLedger {
    async fn open(&self, opening: Opening) -> Result<Opened, LedgerError> {
        let Sealed {
            stored,
            jobs,
            entry,
            ..
        } = opening.seal();
        let mut state = self.state();
        let external_id = stored.batch.head().external_id.clone();
        if let Some(existing) = state.external_ids.get(&external_id) {
            return state
                .batches
                .get(existing)
                .cloned()
                .map(Opened::Existing)
                .ok_or(LedgerError::NotFound);
        }
        let id = stored.batch.id();
        state.external_ids.insert(external_id, id);
        state.batches.insert(id, stored.clone());
        state.journal.insert(id, vec![entry]);
        state.plan(id, &jobs, None);
        drop(state);
        self.planned.notify_waiters();
        Ok(Opened::New(stored))
    }

    async fn load(&self, batch: &BatchRef) -> Result<Option<Stored>, LedgerError> {
        let state = self.state();
        let id = match batch {
            BatchRef::Id(id) => Some(id),
            BatchRef::External(external_id) => state.external_ids.get(external_id),
        };
        Ok(id.and_then(|id| state.batches.get(id)).cloned())
    }

    async fn list(&self, filter: &Filter, page: &Page) -> Result<Vec<Head>, LedgerError> {
        let state = self.state();
        let heads = state
            .batches
            .values()
            .rev()
            .map(|stored| stored.batch.head());
        Ok(heads
            .filter(|head| {
                filter
                    .state
                    .as_deref()
                    .is_none_or(|name| head.state.name() == name)
            })
            .filter(|head| page.before.is_none_or(|before| head.id < before))
            .take(usize::try_from(page.size).unwrap_or(usize::MAX))
            .cloned()
            .collect())
    }

    async fn journal(&self, batch: &BatchId) -> Result<Vec<Entry>, LedgerError> {
        Ok(self.state().journal.get(batch).cloned().unwrap_or_default())
    }

    async fn commit(&self, commit: Commit<'_>) -> Result<Stored, LedgerError> {
        let (based_on, authority) = (commit.based_on(), commit.authority());
        let Sealed {
            stored,
            jobs,
            entry,
            swaps,
            ..
        } = commit.seal();
        let (id, now_us) = (stored.batch.id(), self.now_us());
        let mut state = self.state();
        let version = state.batches.get(&id).ok_or(LedgerError::NotFound)?.version;
        if let Some(claim) = authority.claim() {
            let job = state.held(claim)?;
            let is_over = authority.kept().is_some() && job.ready_at_us < now_us;
            if claim.batch != id || is_over {
                return Err(LedgerError::LeaseLost);
            }
        }
        if version != based_on {
            return Err(LedgerError::Stale);
        }
        state.swap(&swaps)?;
        state.batches.insert(id, stored.clone());
        state.journal.entry(id).or_default().push(entry);
        state.plan(id, &jobs, authority.kept());
        drop(state);
        self.planned.notify_waiters();
        Ok(stored)
    }

    async fn claim(
        &self,
        queue: Queue,
        terms: Terms<'_>,
        wait: Duration,
    ) -> Result<Vec<Claimed>, LedgerError> {
        let began = Instant::now();
        loop {
            let mut planned = std::pin::pin!(self.planned.notified());
            planned.as_mut().enable();
            let claims: Vec<Claimed> = (0..terms.most.get())
                .map_while(|_| self.state().claim(queue, self.now_us(), terms.lease))
                .map(Claimed::from)
                .collect();
            let left = wait.saturating_sub(began.elapsed());
            if !claims.is_empty() || left.is_zero() {
                return Ok(claims);
            }
            let _ = timeout(left.min(LOOK_EVERY), planned).await;
        }
    }

    async fn renew(&self, claim: &Claim, lease: Duration) -> Result<(), LedgerError> {
        let now_us = self.now_us();
        let mut state = self.state();
        let job = state.held(claim)?;
        if job.ready_at_us < now_us {
            return Err(LedgerError::LeaseLost);
        }
        job.ready_at_us = later_us(now_us, lease);
        Ok(())
    }

    async fn postpone(&self, claim: Claim, delay: Duration) -> Result<(), LedgerError> {
        let ready_at_us = later_us(self.now_us(), delay);
        let mut state = self.state();
        let job = state.held(&claim)?;
        job.ready_at_us = ready_at_us;
        job.fence = None;
        drop(state);
        self.planned.notify_waiters();
        Ok(())
    }

    async fn planned(&self, batch: &BatchId) -> Result<Jobs, LedgerError> {
        let state = self.state();
        let ready_at = |queue| {
            let job = state.jobs.get(&(queue, *batch))?;
            DateTime::from_timestamp_micros(job.ready_at_us)
        };
        Ok(Jobs {
            worker: ready_at(Queue::Worker),
            reconciler: ready_at(Queue::Reconciler),
        })
    }

    async fn spend(
        &self,
        share: Share,
        calls: NonZeroU32,
        budget: Budget,
    ) -> Result<Spent, LedgerError> {
        let now_us = self.now_us();
        Ok(self.state().window.spend(now_us, share, calls, budget))
    }

    async fn close_window(&self) -> Result<(), LedgerError> {
        let now_us = self.now_us();
        self.state().window.close(now_us);
        Ok(())
    }

    async fn cells(&self, keys: &[String]) -> Result<Vec<Option<String>>, LedgerError> {
        let state = self.state();
        Ok(keys
            .iter()
            .map(|key| state.cells.get(key).cloned())
            .collect())
    }

    async fn swap(&self, swaps: &[Swap]) -> Result<(), LedgerError> {
        self.state().swap(swaps)
    }

    async fn bind(&self, account: &Account) -> Result<(), LedgerError> {
        let mut state = self.state();
        let ledger = state.account.get_or_insert_with(|| account.clone()).clone();
        if ledger == *account {
            Ok(())
        } else {
            Err(LedgerError::OtherAccount {
                ledger,
                ours: account.clone(),
            })
        }
    }

    async fn stats(&self) -> Result<Stats, LedgerError> {
        let now_us = self.now_us();
        let state = self.state();
        let mut by_state: BTreeMap<String, u64> = BTreeMap::new();
        for stored in state.batches.values() {
            let count = by_state
                .entry(stored.batch.state().name().to_owned())
                .or_default();
            *count = count.saturating_add(1);
        }
        let is_due = |queue: Queue| {
            let due = state
                .jobs
                .iter()
                .filter(|((of, _), job)| *of == queue && job.ready_at_us <= now_us);
            (queue.name(), u64::try_from(due.count()).unwrap_or(u64::MAX))
        };
        let due = Queue::ALL.into_iter().map(is_due).collect();
        let store = "memory, forgets everything".to_owned();
        Ok(Stats {
            store,
            weaknesses: Vec::new(),
            account: state.account.clone(),
            by_state,
            due,
        })
    }
}
