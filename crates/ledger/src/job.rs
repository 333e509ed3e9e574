//! Jobs and claims.

use std::fmt;

use onay_payout::BatchId;

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
}

impl fmt::Display for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A job that is ours until its lease ends. There is at most one job per batch and queue; what is
/// to be done follows from the batch's state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Whose job.
    pub queue: Queue,
    /// For which batch.
    pub batch: BatchId,
    /// The fencing token: grows with every claim in a ledger, and only the newest counts.
    pub fence: u64,
    /// How often this job was claimed before since it was planned or postponed for success; what
    /// growing intervals are counted by.
    pub attempt: u32,
}
