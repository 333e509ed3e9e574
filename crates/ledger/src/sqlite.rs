//! The ledger in one SQLite file: for one box, any number of processes.

mod batch;
mod budget;
mod cell;
mod failure;
mod file;
mod job;
mod journal;
mod moving;
mod presence;
mod reader;
mod writer;

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use onay_payout::{Account, BatchId, BatchRef, Head, Jobs};
use rusqlite::Connection;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

use crate::budget::{Budget, Share, Spent};
use crate::cell::Swap;
use crate::clock::{Clock, system_clock};
use crate::commit::{Commit, Opening, Stored};
use crate::error::LedgerError;
use crate::job::{Claim, Claimed, Queue, Terms};
use crate::journal::Entry;
use crate::ledger::{Filter, Ledger, Opened, Page, Stats};
use presence::Presence;
use reader::Readers;
use writer::Writer;

pub use file::Access;

/// How long a waiting claim goes without a look at the file: what other processes plan is noticed
/// within this time. One look is one read of an index.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// The same while there is work, and for how long after a claim there is.
const LOOK_AT_WORK_EVERY: Duration = Duration::from_millis(5);
const AT_WORK: Duration = Duration::from_secs(1);

/// What differs between a role and a test.
#[derive(Clone)]
pub struct SqliteSettings {
    /// What leases and due times are measured by.
    pub clock: Clock,
    /// How long to wait for another process that is writing.
    pub busy_timeout: Duration,
}

impl SqliteSettings {
    /// What every role uses.
    pub fn standard() -> Self {
        Self {
            clock: system_clock(),
            busy_timeout: Duration::from_secs(5),
        }
    }
}

impl fmt::Debug for SqliteSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteSettings")
            .field("busy_timeout", &self.busy_timeout)
            .finish_non_exhaustive()
    }
}

/// A ledger in one SQLite file.
///
/// One thread writes, several operations to a transaction when they come together, each answered
/// only once it is durable. Readers have their own connections and never wait for it.
pub struct SqliteLedger {
    path: PathBuf,
    clock: Clock,
    writer: Writer,
    readers: Readers,
    presence: Presence,
    /// Wakes claims in this process when something may have fallen due.
    planned: Notify,
    /// When a claim found something last.
    found: Mutex<Option<Instant>>,
}

impl fmt::Debug for SqliteLedger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteLedger")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl SqliteLedger {
    /// Opens the ledger in the file at `path`. Blocks for a moment.
    pub fn open(path: &Path, access: Access) -> Result<Self, LedgerError> {
        Self::open_with(path, access, SqliteSettings::standard())
    }

    /// Opens it with a clock and a patience of one's own.
    pub fn open_with(
        path: &Path,
        access: Access,
        settings: SqliteSettings,
    ) -> Result<Self, LedgerError> {
        let SqliteSettings {
            clock,
            busy_timeout,
        } = settings;
        let connection = file::open(path, access, busy_timeout)?;
        Ok(Self {
            path: path.to_owned(),
            clock,
            writer: Writer::start(connection)?,
            readers: Readers::new(path.to_owned(), busy_timeout),
            presence: Presence::enter(path, busy_timeout)?,
            planned: Notify::new(),
            found: Mutex::new(None),
        })
    }

    /// Changes something, unless the ledger is closed.
    async fn write<T: Send + 'static>(
        &self,
        step: impl FnOnce(&Connection) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, LedgerError> {
        let step = |connection: &Connection| {
            moving::stage(connection)?.check_open()?;
            step(connection)
        };
        self.writer.run(step).await
    }

    fn now_us(&self) -> i64 {
        (self.clock)().timestamp_micros()
    }

    fn look_every(&self) -> Duration {
        let found = *self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if found.is_some_and(|at| at.elapsed() < AT_WORK) {
            LOOK_AT_WORK_EVERY
        } else {
            LOOK_EVERY
        }
    }
}

#[async_trait]
impl Ledger for SqliteLedger {
    async fn open(&self, opening: Opening) -> Result<Opened, LedgerError> {
        let opening = opening.seal();
        let opened = self
            .write(move |connection| batch::open(connection, opening))
            .await?;
        self.planned.notify_waiters();
        Ok(opened)
    }

    async fn load(&self, batch: &BatchRef) -> Result<Option<Stored>, LedgerError> {
        let batch = batch.clone();
        self.readers
            .run(move |connection| batch::load(connection, &batch))
            .await
    }

    async fn list(&self, filter: &Filter, page: &Page) -> Result<Vec<Head>, LedgerError> {
        let (filter, page) = (filter.clone(), *page);
        self.readers
            .run(move |connection| batch::list(connection, &filter, &page))
            .await
    }

    async fn journal(&self, batch: &BatchId) -> Result<Vec<Entry>, LedgerError> {
        let batch = *batch;
        self.readers
            .run(move |connection| journal::entries(connection, &batch))
            .await
    }

    async fn commit(&self, commit: Commit<'_>) -> Result<Stored, LedgerError> {
        let (stored, change) = batch::Change::of(commit);
        let clock = self.clock.clone();
        self.write(move |connection| change.write(connection, clock().timestamp_micros()))
            .await?;
        self.planned.notify_waiters();
        Ok(stored)
    }

    async fn claim(
        &self,
        queue: Queue,
        terms: Terms<'_>,
        wait: Duration,
    ) -> Result<Vec<Claimed>, LedgerError> {
        let give_up = Instant::now().checked_add(wait);
        loop {
            // Listening starts before the look, so that nothing planned in between is missed.
            let mut planned = std::pin::pin!(self.planned.notified());
            planned.as_mut().enable();
            let next = self
                .readers
                .run(move |connection| {
                    moving::stage(connection)?.check_open()?;
                    job::next_due_us(connection, queue)
                })
                .await?;
            let until_due =
                next.map_or(LOOK_EVERY, |due| micros(due.saturating_sub(self.now_us())));
            if until_due.is_zero() {
                let Terms { lease, most, .. } = terms;
                let (owner, clock) = (terms.worker.clone(), self.clock.clone());
                let claim = move |connection: &Connection| {
                    let now_us = clock().timestamp_micros();
                    (0..most.get())
                        .map_while(|_| {
                            job::claim(connection, queue, &owner, now_us, lease).transpose()
                        })
                        .collect::<Result<Vec<Claim>, _>>()
                };
                let claims = self.write(claim).await?;
                if !claims.is_empty() {
                    *self.found.lock().unwrap_or_else(PoisonError::into_inner) =
                        Some(Instant::now());
                    return Ok(claims.into_iter().map(Claimed::from).collect());
                }
            }
            let left = give_up.map_or(LOOK_EVERY, |end| {
                end.saturating_duration_since(Instant::now())
            });
            if left.is_zero() {
                return Ok(Vec::new());
            }
            let pause = left
                .min(self.look_every())
                .min(until_due.max(Duration::from_millis(1)));
            let _ = timeout(pause, planned).await;
        }
    }

    async fn renew(&self, claim: &Claim, lease: Duration) -> Result<(), LedgerError> {
        let (claim, clock) = (claim.clone(), self.clock.clone());
        self.write(move |connection| {
            job::renew(connection, &claim, clock().timestamp_micros(), lease)
        })
        .await
    }

    async fn postpone(&self, claim: Claim, delay: Duration) -> Result<(), LedgerError> {
        let clock = self.clock.clone();
        self.write(move |connection| {
            job::postpone(connection, &claim, clock().timestamp_micros(), delay)
        })
        .await?;
        self.planned.notify_waiters();
        Ok(())
    }

    async fn planned(&self, batch: &BatchId) -> Result<Jobs, LedgerError> {
        let batch = batch.to_string();
        self.readers
            .run(move |connection| job::planned(connection, &batch))
            .await
    }

    async fn spend(
        &self,
        share: Share,
        calls: NonZeroU32,
        budget: Budget,
    ) -> Result<Spent, LedgerError> {
        let clock = self.clock.clone();
        self.write(move |connection| {
            let now_us = clock().timestamp_micros();
            budget::update(connection, |window| {
                window.spend(now_us, share, calls, budget)
            })
        })
        .await
    }

    async fn close_window(&self) -> Result<(), LedgerError> {
        let clock = self.clock.clone();
        self.write(move |connection| {
            let now_us = clock().timestamp_micros();
            budget::update(connection, |window| window.close(now_us))
        })
        .await
    }

    async fn cells(&self, keys: &[String]) -> Result<Vec<Option<String>>, LedgerError> {
        let keys = keys.to_vec();
        self.readers
            .run(move |connection| cell::values(connection, &keys))
            .await
    }

    async fn swap(&self, swaps: &[Swap]) -> Result<(), LedgerError> {
        let swaps = swaps.to_vec();
        self.write(move |connection| cell::swap(connection, &swaps))
            .await
    }

    async fn bind(&self, account: &Account) -> Result<(), LedgerError> {
        let ours = account.clone();
        self.write(move |connection| file::bind(connection, ours))
            .await
    }

    async fn stats(&self) -> Result<Stats, LedgerError> {
        let now_us = self.now_us();
        let store = format!("SQLite file {}, WAL, synchronous=FULL", self.path.display());
        self.readers
            .run(move |connection| {
                let mut due = BTreeMap::new();
                for queue in Queue::ALL {
                    due.insert(queue.name(), job::count_due(connection, queue, now_us)?);
                }
                let (account, by_state) =
                    (file::account(connection)?, batch::by_state(connection)?);
                Ok(Stats {
                    store,
                    weaknesses: Vec::new(),
                    account,
                    by_state,
                    due,
                })
            })
            .await
    }
}

/// A span of microseconds; nothing when it is negative.
fn micros(span: i64) -> Duration {
    Duration::from_micros(u64::try_from(span).unwrap_or(0))
}
