//! Jobs and claims.

use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use chrono::{DateTime, Utc};
use onay_payout::{BatchId, Jobs, WorkerName};

use crate::commit::Stored;

/// Who a job is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Queue {
    /// Initialize, read back, expire, authorize, cancel.
    Worker,
    /// Retrieve.
    Reconciler,
}

impl Queue {
    /// Every queue.
    pub const ALL: [Self; 2] = [Self::Worker, Self::Reconciler];

    /// The name in the store and in logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Worker => "worker",
            Self::Reconciler => "reconciler",
        }
    }

    /// When a plan wants this queue's job done, if at all.
    pub const fn due(self, jobs: &Jobs) -> Option<DateTime<Utc>> {
        match self {
            Self::Worker => jobs.worker,
            Self::Reconciler => jobs.reconciler,
        }
    }
}

impl fmt::Display for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A job that is ours until its lease ended and somebody else claimed it, or a change without a
/// claim took it away. There is at most one job per batch and queue; what is
/// to be done follows from the batch's state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Whose job.
    pub queue: Queue,
    /// For which batch.
    pub batch: BatchId,
    /// The fencing token: grows with every claim in a ledger, and only the newest counts.
    pub fence: u64,
    /// How often this job was claimed before since a commit planned it; what growing intervals are
    /// counted by. The first claim has 0.
    pub attempt: u32,
}

/// Who claims jobs, how many, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// One incarnation of a process.
    pub worker: &'a WorkerName,
    /// How long a claim lasts without being renewed.
    pub lease: Duration,
    /// At most so many jobs; a store may give fewer.
    pub most: NonZeroU32,
}

impl<'a> Terms<'a> {
    /// Up to `most` jobs for `worker`, each for `lease`.
    pub const fn new(worker: &'a WorkerName, lease: Duration, most: NonZeroU32) -> Self {
        Self {
            worker,
            lease,
            most,
        }
    }
}

/// A claim, and perhaps the batch it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// The claim.
    pub claim: Claim,
    /// The batch as it was when it was claimed, where that spares a round trip.
    pub stored: Option<Stored>,
    /// How large the batch is, as far as the store can tell without reading it.
    pub size: Size,
}

/// How large a batch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// Many of these fit into memory.
    Usual,
    /// It has a thousand items or more, and takes some MiB while it is worked on.
    Large,
}

impl Size {
    /// The size of a batch with so many items.
    pub(crate) const fn of(items: u32) -> Self {
        if items < 1000 {
            Self::Usual
        } else {
            Self::Large
        }
    }
}

impl From<Claim> for Claimed {
    fn from(claim: Claim) -> Self {
        Self {
            claim,
            stored: None,
            size: Size::Usual,
        }
    }
}

/// The fence after `newest`. The time is in it, so that a store which lost its last writes gives no
/// fence out twice.
pub(crate) fn next_fence(newest: u64, now_us: i64) -> u64 {
    newest
        .saturating_add(1)
        .max(u64::try_from(now_us).unwrap_or_default())
}

/// `now_us`, microseconds since 1970, later by `delay`.
pub(crate) fn later_us(now_us: i64, delay: Duration) -> i64 {
    now_us.saturating_add(i64::try_from(delay.as_micros()).unwrap_or(i64::MAX))
}
