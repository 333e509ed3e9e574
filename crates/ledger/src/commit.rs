//! What goes into the ledger in one step.

use chrono::{DateTime, Utc};
use onay_payout::{Batch, Digest, Jobs, Transition};

use crate::cell::{PAUSED, Swap};
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
pub struct Opening(Change);

impl Opening {
    /// Prepares a batch that was just accepted ([`Batch::accept`]).
    pub fn new(accepted: Transition, actor: &Actor, at: DateTime<Utc>) -> Self {
        Self(Change {
            transition: accepted,
            actor: actor.clone(),
            at,
            based_on: 0,
            prev: GENESIS,
            swaps: Vec::new(),
        })
    }

    /// The batch and its first jobs.
    pub const fn transition(&self) -> &Transition {
        &self.0.transition
    }

    /// The batch and its first jobs, for a store that keeps no records.
    pub fn into_transition(self) -> Transition {
        self.0.transition
    }

    /// Writes the record and the first journal entry.
    pub fn seal(self) -> Sealed {
        self.0.seal()
    }
}

/// By what right a change is made.
#[derive(Debug, Clone, Copy)]
pub enum Authority<'a> {
    /// By the version alone: people, and outcomes of a call whose lease is gone. Whoever holds a
    /// claim on the batch loses it.
    Version,
    /// By a claim, which is kept: more is to be done on this job, so its lease must not be over.
    Holding(&'a Claim),
    /// By a claim, which is given up: the planned jobs take its place.
    Finishing(&'a Claim),
}

impl<'a> Authority<'a> {
    /// The claim a change relies on.
    pub const fn claim(self) -> Option<&'a Claim> {
        match self {
            Self::Version => None,
            Self::Holding(claim) | Self::Finishing(claim) => Some(claim),
        }
    }

    /// The queue whose job stays as it is.
    pub const fn kept(self) -> Option<Queue> {
        match self {
            Self::Holding(claim) => Some(claim.queue),
            Self::Version | Self::Finishing(_) => None,
        }
    }
}

/// A change, ready to be stored.
#[derive(Debug)]
pub struct Commit<'a> {
    change: Change,
    authority: Authority<'a>,
}

impl<'a> Commit<'a> {
    /// Prepares a change of what was loaded as `base`. One that starts a release expects that
    /// releases are not paused.
    pub fn new(
        base: &Stored,
        transition: Transition,
        actor: &Actor,
        at: DateTime<Utc>,
        authority: Authority<'a>,
    ) -> Self {
        let is_unpaused = Swap::expect(PAUSED, None);
        let swaps = transition.starts_release().then_some(is_unpaused);
        let change = Change {
            transition,
            actor: actor.clone(),
            at,
            based_on: base.version,
            prev: base.journal_head,
            swaps: swaps.into_iter().collect(),
        };
        Self { change, authority }
    }

    /// The batch after the change, and the jobs it needs.
    pub const fn transition(&self) -> &Transition {
        &self.change.transition
    }

    /// The batch after the change, and the jobs it needs, for a store that keeps no records.
    pub fn into_transition(self) -> Transition {
        self.change.transition
    }

    /// The same change, if these cells are what they must be, together with what they become.
    #[must_use]
    pub fn with_swaps(mut self, swaps: Vec<Swap>) -> Self {
        self.change.swaps.extend(swaps);
        self
    }

    /// The cells that are compared and set with the change.
    pub fn swaps(&self) -> &[Swap] {
        &self.change.swaps
    }

    /// The version the batch must still have.
    pub const fn based_on(&self) -> u64 {
        self.change.based_on
    }

    /// By what right the change is made.
    pub const fn authority(&self) -> Authority<'a> {
        self.authority
    }

    /// Writes the record and the journal entry.
    pub fn seal(self) -> Sealed {
        self.change.seal()
    }
}

/// What a store writes for one change.
#[derive(Debug)]
pub struct Sealed {
    /// The batch, as it is loaded afterwards.
    pub stored: Stored,
    /// The record of the batch without its items.
    pub head: String,
    /// The places of the items whose outcome changed.
    pub changed: Vec<usize>,
    /// The jobs to plan.
    pub jobs: Jobs,
    /// The journal entry, chained to the one before.
    pub entry: Entry,
    /// The cells to compare and set.
    pub swaps: Vec<Swap>,
}

/// One change of one batch. Encoding and hashing are left to the store, so that one that keeps
/// neither record nor journal does not pay for them.
#[derive(Debug)]
struct Change {
    transition: Transition,
    actor: Actor,
    at: DateTime<Utc>,
    based_on: u64,
    prev: Digest,
    swaps: Vec<Swap>,
}

impl Change {
    fn seal(self) -> Sealed {
        let transition = self.transition;
        let head = record::encode_head(transition.batch.head());
        let record = Digest::of(head.as_bytes());
        let version = self.based_on.saturating_add(1);
        let place = (version, self.prev);
        let entry = Entry::seal(&transition, &self.actor, self.at, record, place);
        let stored = Stored {
            batch: transition.batch,
            version,
            journal_head: entry.hash,
        };
        Sealed {
            stored,
            head,
            changed: transition.changed,
            jobs: transition.jobs,
            entry,
            swaps: self.swaps,
        }
    }
}
