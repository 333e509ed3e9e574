//! The one trait every store implements.

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use async_trait::async_trait;
use onay_payout::{Account, BatchId, BatchRef, Head, Jobs};

use crate::audit::{Problem, verify};
use crate::budget::{Budget, Share, Spent};
use crate::cell::Swap;
use crate::commit::{Commit, Opening, Stored};
use crate::error::LedgerError;
use crate::job::{Claim, Claimed, Queue, Terms};
use crate::journal::Entry;

/// A durable store of batches.
///
/// Business time comes in with what is stored; leases are timed by the store's own clock. Every
/// method is one atomic step: it happened, or nothing did.
#[async_trait]
pub trait Ledger: Send + Sync + fmt::Debug {
    /// Stores a new batch, its content, its first journal entry and its first job. When its
    /// external id was ever used, nothing is stored and the first batch is returned.
    async fn open(&self, opening: Opening) -> Result<Opened, LedgerError>;

    /// A batch with all its items, if it exists.
    async fn load(&self, batch: &BatchRef) -> Result<Option<Stored>, LedgerError>;

    /// Batches without their items, newest first.
    async fn list(&self, filter: &Filter, page: &Page) -> Result<Vec<Head>, LedgerError>;

    /// The journal of a batch, oldest entry first.
    async fn journal(&self, batch: &BatchId) -> Result<Vec<Entry>, LedgerError>;

    /// Everything about a batch, as it was loaded, that does not fit its journal. What others wrote
    /// since does not count.
    async fn check(&self, stored: &Stored) -> Result<Vec<Problem>, LedgerError> {
        let mut entries = self.journal(&stored.batch.id()).await?;
        entries.truncate(usize::try_from(stored.version).unwrap_or(usize::MAX));
        Ok(verify(stored, &entries))
    }

    /// Stores a change: version, state, changed items, journal entry, jobs, claim and cells in one
    /// step.
    ///
    /// # Errors
    /// [`LedgerError::Stale`] when the batch changed since it was loaded, [`LedgerError::LeaseLost`]
    /// when the change relies on a claim that is gone, [`LedgerError::Paused`] when it starts a
    /// release while releases are paused, [`LedgerError::Changed`] when a cell is not what it must
    /// be. None leaves a trace.
    async fn commit(&self, commit: Commit<'_>) -> Result<Stored, LedgerError>;

    /// Claims jobs, those that have been due longest first; waits up to `wait` for one to fall due.
    async fn claim(
        &self,
        queue: Queue,
        terms: Terms<'_>,
        wait: Duration,
    ) -> Result<Vec<Claimed>, LedgerError>;

    /// Makes a claim last for another `lease` from now.
    async fn renew(&self, claim: &Claim, lease: Duration) -> Result<(), LedgerError>;

    /// Gives a claim back without a change; the job is due again after `delay`.
    async fn postpone(&self, claim: Claim, delay: Duration) -> Result<(), LedgerError>;

    /// When the jobs of a batch will be handed out next; a claimed one when its lease ends, unless
    /// it is renewed, given back or given up before. None for a batch that does not exist.
    async fn planned(&self, batch: &BatchId) -> Result<Jobs, LedgerError>;

    /// Asks for up to `calls` provider calls in this minute, out of a budget that all processes
    /// share.
    async fn spend(
        &self,
        share: Share,
        calls: NonZeroU32,
        budget: Budget,
    ) -> Result<Spent, LedgerError>;

    /// Grants no provider calls before the next minute: the provider said that its limit is
    /// reached. Calls that were granted already may still be made.
    async fn close_window(&self) -> Result<(), LedgerError>;

    /// What is in these cells, in their order. Up to a thousand are as they were at one moment, more
    /// are read part by part.
    async fn cells(&self, keys: &[String]) -> Result<Vec<Option<String>>, LedgerError>;

    /// Compares cells and sets them, all or none. Each stands in it once. The same once more, after
    /// an answer that was lost, counts as done where every cell is what it should become: so one of
    /// them should be of this caller alone.
    ///
    /// # Errors
    /// [`LedgerError::Changed`] when one is not what it must be.
    async fn swap(&self, swaps: &[Swap]) -> Result<(), LedgerError>;

    /// Makes the ledger belong to `account`, for ever.
    ///
    /// # Errors
    /// [`LedgerError::OtherAccount`] when it belongs to another.
    async fn bind(&self, account: &Account) -> Result<(), LedgerError>;

    /// What the store is and how much is in it.
    async fn stats(&self) -> Result<Stats, LedgerError>;
}

/// What came of opening a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// It is stored.
    New(Stored),
    /// Its external id was used before, by this batch.
    Existing(Stored),
}

/// Which batches to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only those in this state ([`onay_payout::State::NAMES`]).
    pub state: Option<String>,
}

/// Which part of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// Only batches older than this one.
    pub before: Option<BatchId>,
    /// At most this many.
    pub size: u32,
}

/// A setting of the store's server under which something that was answered can be lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weakness {
    /// The setting, as the server names it.
    pub setting: &'static str,
    /// What it is set to.
    pub found: String,
    /// What it must be set to.
    pub needed: &'static str,
}

impl fmt::Display for Weakness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            setting,
            found,
            needed,
        } = self;
        write!(f, "{setting} is {found}, and must be {needed}")
    }
}

/// What a store is and how much is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stats {
    /// What kind of store, where, and how durable; for people.
    pub store: String,
    /// Why it may forget what it was told, one line for each setting that must be changed. Empty
    /// for a store that money can rely on.
    pub weaknesses: Vec<Weakness>,
    /// The account it belongs to, once a worker has bound it.
    pub account: Option<Account>,
    /// How many batches are in each state.
    pub by_state: BTreeMap<String, u64>,
    /// How many jobs of each queue are due now.
    pub due: BTreeMap<&'static str, u64>,
}
