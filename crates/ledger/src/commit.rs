//! What goes into the ledger in one step.

use chrono::{DateTime, Utc};
use onay_payout::{Batch, Digest, Jobs, Transition};

use crate::job::{Claim, Queue};
use crate::journal::{Actor, Entry, GENESIS};
use crate::record;

/// A batch as the ledger holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The batch.
    pub batch: Batch,
    /// How often it was written.
    pub version: u64,
    /// The hash of its newest journal entry.
    pub journal_head: Digest,
}

/// A new batch, ready to be stored.
#[derive(Debug)]
pub struct Opening {
    pub(crate) stored: Stored,
    pub(crate) head: String,
    pub(crate) jobs: Jobs,
    pub(crate) entry: Entry,
}

impl Opening {
    /// Prepares a batch that was just accepted ([`Batch::accept`]).
    pub fn new(accepted: Transition, actor: &Actor, at: DateTime<Utc>) -> Self {
        let head = record::encode_head(accepted.batch.head());
        let record = Digest::of(head.as_bytes());
        let entry = Entry::seal(&accepted, actor, at, record, (1, GENESIS));
        let stored = Stored {
            batch: accepted.batch,
            version: 1,
            journal_head: entry.hash,
        };
        Self {
            stored,
            head,
            jobs: accepted.jobs,
            entry,
        }
    }
}

/// By what right a change is made.
#[derive(Debug, Clone, Copy)]
pub enum Authority<'a> {
    /// By the version alone: people, and outcomes of a call whose lease is gone. Whoever holds a
    /// claim on the batch loses it.
    Version,
    /// By a claim, which is kept: more is to be done on this job.
    Holding(&'a Claim),
    /// By a claim, which is given up: the planned jobs take its place.
    Finishing(&'a Claim),
}

impl<'a> Authority<'a> {
    /// The claim a change relies on.
    pub(crate) const fn claim(self) -> Option<&'a Claim> {
        match self {
            Self::Version => None,
            Self::Holding(claim) | Self::Finishing(claim) => Some(claim),
        }
    }

    /// The queue whose job stays as it is.
    pub(crate) const fn kept(self) -> Option<Queue> {
        match self {
            Self::Holding(claim) => Some(claim.queue),
            Self::Version | Self::Finishing(_) => None,
        }
    }
}

/// A change, ready to be stored.
#[derive(Debug)]
pub struct Commit<'a> {
    pub(crate) stored: Stored,
    pub(crate) based_on: u64,
    pub(crate) head: String,
    pub(crate) changed: Vec<usize>,
    pub(crate) jobs: Jobs,
    pub(crate) entry: Entry,
    pub(crate) authority: Authority<'a>,
}

impl<'a> Commit<'a> {
    /// Prepares a change of what was loaded as `base`.
    pub fn new(
        base: &Stored,
        transition: Transition,
        actor: &Actor,
        at: DateTime<Utc>,
        authority: Authority<'a>,
    ) -> Self {
        let head = record::encode_head(transition.batch.head());
        let record = Digest::of(head.as_bytes());
        let version = base.version.saturating_add(1);
        let entry = Entry::seal(&transition, actor, at, record, (version, base.journal_head));
        let stored = Stored {
            batch: transition.batch,
            version,
            journal_head: entry.hash,
        };
        Self {
            stored,
            based_on: base.version,
            head,
            changed: transition.changed,
            jobs: transition.jobs,
            entry,
            authority,
        }
    }
}
