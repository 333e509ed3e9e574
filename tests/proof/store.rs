//! A ledger of one batch as plain data, by the rules of `trait Ledger`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use onay_ledger::{Claim, Queue, Swap};
use onay_payout::{Batch, Jobs, State, Transition};

use crate::people::batch_id;
use crate::ports::{Change, Keeps, Kept, No};

/// How long a claim lasts without being renewed.
pub(crate) const LEASE: TimeDelta = TimeDelta::seconds(30);

/// The cell that is there while releases are paused.
const PAUSED: &str = "paused";

/// What a change plans, without reminders: they change nothing but the journal, which is not kept here,
/// and what is held would be met once more for each.
fn unreminded(change: &Change) -> Jobs {
    match change.after.stored.batch.state() {
        State::PendingApproval(hold) => Jobs {
            worker: change.jobs.worker.map(|due| due.max(hold.expires_at)),
            ..change.jobs
        },
        _ => change.jobs,
    }
}

/// What is stored of one batch.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    pub(crate) kept: Arc<Kept>,
    pub(crate) jobs: [Option<Job>; 2],
    pub(crate) fence: u64,
    /// Small named values, such as whether releases are paused.
    pub(crate) cells: BTreeMap<String, String>,
    /// The attempt after which jobs are counted no further: what is explored to the end must end.
    pub(crate) attempts_max: u32,
}

/// A job of a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Job {
    /// When it is handed out; while it is claimed, when its lease ends.
    pub(crate) ready_at: DateTime<Utc>,
    pub(crate) attempt: u32,
    pub(crate) fence: Option<u64>,
}

/// The place of a queue.
pub(crate) const fn place(queue: Queue) -> usize {
    match queue {
        Queue::Worker => 0,
        Queue::Reconciler => 1,
    }
}

impl Store {
    pub(crate) fn open(accepted: Transition) -> Self {
        let jobs = accepted.jobs;
        let mut store = Self {
            kept: Kept::new(accepted.batch, 1),
            jobs: [None; 2],
            fence: 0,
            cells: BTreeMap::new(),
            attempts_max: u32::MAX,
        };
        store.plan(&jobs, None);
        store
    }

    fn plan(&mut self, jobs: &Jobs, kept: Option<Queue>) {
        for (queue, due) in [
            (Queue::Worker, jobs.worker),
            (Queue::Reconciler, jobs.reconciler),
        ] {
            if kept != Some(queue) {
                self.jobs[place(queue)] = due.map(|ready_at| Job {
                    ready_at,
                    attempt: 0,
                    fence: None,
                });
            }
        }
    }

    fn held(&mut self, claim: &Claim) -> Result<&mut Job, No> {
        self.jobs[place(claim.queue)]
            .as_mut()
            .filter(|job| job.fence == Some(claim.fence))
            .ok_or(No::LeaseLost)
    }

    pub(crate) fn commit(&mut self, change: &Change) -> Result<Arc<Kept>, No> {
        let mut kept = None;
        if let Some((claim, keeps)) = &change.claim {
            self.held(claim)?;
            kept = (*keeps == Keeps::Claim).then_some(claim.queue);
        }
        if self.kept.stored.version != change.based_on {
            return Err(No::Stale);
        }
        self.swap(&change.swaps)?;
        self.kept = Arc::clone(&change.after);
        self.plan(&unreminded(change), kept);
        Ok(Arc::clone(&self.kept))
    }

    fn swap(&mut self, swaps: &[Swap]) -> Result<(), No> {
        let is_unlike = |swap: &&Swap| self.cells.get(&swap.key) != swap.before.as_ref();
        if let Some(unlike) = swaps.iter().find(is_unlike) {
            let is_pause = *unlike == Swap::expect(PAUSED, None);
            return Err(if is_pause { No::Paused } else { No::Changed });
        }
        for Swap { key, after, .. } in swaps {
            match after {
                Some(value) => self.cells.insert(key.clone(), value.clone()),
                None => self.cells.remove(key),
            };
        }
        Ok(())
    }

    pub(crate) fn is_paused(&self) -> bool {
        self.cells.contains_key(PAUSED)
    }

    /// Who paused, and that two people resumed, is words: only that it stands is state.
    pub(crate) fn pause(&mut self) {
        self.cells.insert(PAUSED.to_owned(), "1".to_owned());
    }

    pub(crate) fn resume(&mut self) {
        self.cells.remove(PAUSED);
    }

    pub(crate) fn batch(&self) -> &Batch {
        &self.kept.stored.batch
    }

    pub(crate) fn is_due(&self, queue: Queue, now: DateTime<Utc>) -> bool {
        self.jobs[place(queue)].is_some_and(|job| job.ready_at <= now)
    }

    pub(crate) fn claim(&mut self, queue: Queue, now: DateTime<Utc>) -> Claim {
        self.fence += 1;
        let job = self.jobs[place(queue)].as_mut().unwrap();
        let claim = Claim {
            queue,
            batch: batch_id(),
            fence: self.fence,
            attempt: job.attempt,
        };
        job.ready_at = now + LEASE;
        job.attempt = (job.attempt + 1).min(self.attempts_max);
        job.fence = Some(self.fence);
        claim
    }

    pub(crate) fn renew(&mut self, claim: &Claim, now: DateTime<Utc>) {
        if let Ok(job) = self.held(claim) {
            job.ready_at = now + LEASE;
        }
    }

    pub(crate) fn postpone(&mut self, claim: &Claim, delay: Duration, now: DateTime<Utc>) {
        if let Ok(job) = self.held(claim) {
            let delay = TimeDelta::from_std(delay).unwrap_or(TimeDelta::weeks(52));
            // No two steps happen in the same microsecond.
            job.ready_at = now + delay.max(TimeDelta::microseconds(1));
            job.fence = None;
        }
    }
}
