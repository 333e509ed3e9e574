//! The ledger on a Redis server: for any number of processes on any number of machines.

mod address;
mod batches;
mod budget;
mod cells;
mod connection;
mod durability;
mod jobs;
mod keys;
mod link;
mod moving;
mod pack;
mod row;
mod scripts;
mod wake;

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use onay_payout::{Account, BatchId, BatchRef, Head, Jobs, State};
use redis::{Script, pipe};
use tokio::time::Instant;

use crate::budget::{Budget, Share, Spent, Window};
use crate::cell::Swap;
use crate::clock::Clock;
use crate::commit::{Commit, Opening, Stored};
use crate::error::LedgerError;
use crate::job::{Claim, Claimed, Queue, Terms};
use crate::journal::Entry;
use crate::ledger::{Filter, Ledger, Opened, Page, Stats};
use crate::sqlite::Access;
use address::Address;
use keys::Keys;
use link::{Again, Link};
use scripts::Call;
use wake::Waker;

/// The format of the keys and of what is under them.
const FORMAT: &str = "1";

/// A ledger on Redis. Each operation is one script, so one step; `keys.rs` tells what is kept.
pub struct RedisLedger {
    keys: Keys,
    link: Link,
    waker: Arc<Waker>,
    /// Instead of the server's time.
    clock: Option<Clock>,
}

impl fmt::Debug for RedisLedger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisLedger")
            .field("at", &self.link.address().to_string())
            .finish_non_exhaustive()
    }
}

impl RedisLedger {
    /// Opens the ledger at a URL: `redis://`, `rediss://`, `redis+sentinel://` or
    /// `redis+cluster://`.
    ///
    /// # Errors
    /// [`LedgerError::Unusable`] when the URL or the format is of no use,
    /// [`LedgerError::Unavailable`] when the server does not answer or, under
    /// [`Access::Existing`], no ledger is there.
    pub async fn open(url: &str, access: Access) -> Result<Self, LedgerError> {
        Self::open_with(url, access, None).await
    }

    /// Opens it with a clock of one's own, if any, instead of the server's.
    pub async fn open_with(
        url: &str,
        access: Access,
        clock: Option<Clock>,
    ) -> Result<Self, LedgerError> {
        let address = Address::parse(url)?;
        let keys = Keys::of(&address.ledger);
        let waker = Waker::new(Queue::ALL.map(|queue| (queue, keys.due(queue))));
        let waker = Arc::new(waker);
        let ledger = Self {
            link: Link::new(address, keys.meta.clone(), Arc::clone(&waker)),
            keys,
            waker,
            clock,
        };
        ledger.check_format(access).await?;
        Ok(ledger)
    }

    async fn check_format(&self, access: Access) -> Result<(), LedgerError> {
        let mut format = pipe();
        if access == Access::Create {
            format.hset_nx(&self.keys.meta, "format", FORMAT).ignore();
        }
        format.hget(&self.keys.meta, "format");
        let (found,): (Option<String>,) = self.link.query(&format).await?;
        match found.as_deref() {
            Some(FORMAT) => Ok(()),
            Some(_) => Err(link::newer()),
            None => Err(LedgerError::Unavailable(format!(
                "there is no ledger at {}; `onay serve` or the first `onay submit` makes it",
                self.link.address()
            ))),
        }
    }

    fn call(&self, script: &'static Script) -> Call<'static> {
        let now_us = self.clock.as_ref().map(|clock| clock().timestamp_micros());
        Call::of(script, now_us)
    }
}

#[async_trait]
impl Ledger for RedisLedger {
    async fn open(&self, opening: Opening) -> Result<Opened, LedgerError> {
        self.open_batch(opening).await
    }

    async fn load(&self, batch: &BatchRef) -> Result<Option<Stored>, LedgerError> {
        self.load_batch(batch).await
    }

    async fn list(&self, filter: &Filter, page: &Page) -> Result<Vec<Head>, LedgerError> {
        self.list_batches(filter, page).await
    }

    async fn journal(&self, batch: &BatchId) -> Result<Vec<Entry>, LedgerError> {
        self.read_journal(batch).await
    }

    async fn commit(&self, commit: Commit<'_>) -> Result<Stored, LedgerError> {
        self.commit_change(commit).await
    }

    async fn claim(
        &self,
        queue: Queue,
        terms: Terms<'_>,
        wait: Duration,
    ) -> Result<Vec<Claimed>, LedgerError> {
        if wait.is_zero() {
            return self.claim_now(queue, terms).await;
        }
        self.link.listen().await?;
        let now = Instant::now();
        let deadline = now.checked_add(wait).unwrap_or(now);
        while self.waker.is_time(queue, deadline).await {
            let claims = self.claim_now(queue, terms).await?;
            if !claims.is_empty() {
                return Ok(claims);
            }
        }
        Ok(Vec::new())
    }

    async fn renew(&self, claim: &Claim, lease: Duration) -> Result<(), LedgerError> {
        self.end_lease(claim, lease, "renew").await
    }

    async fn postpone(&self, claim: Claim, delay: Duration) -> Result<(), LedgerError> {
        self.end_lease(&claim, delay, "give back").await
    }

    async fn planned(&self, batch: &BatchId) -> Result<Jobs, LedgerError> {
        self.planned_jobs(batch).await
    }

    async fn spend(
        &self,
        share: Share,
        calls: NonZeroU32,
        budget: Budget,
    ) -> Result<Spent, LedgerError> {
        self.change_window(|window, now_us| window.spend(now_us, share, calls, budget))
            .await
    }

    async fn close_window(&self) -> Result<(), LedgerError> {
        self.change_window(Window::close).await
    }

    async fn cells(&self, keys: &[String]) -> Result<Vec<Option<String>>, LedgerError> {
        self.read_cells(keys).await
    }

    async fn swap(&self, swaps: &[Swap]) -> Result<(), LedgerError> {
        self.swap_cells(swaps).await
    }

    async fn bind(&self, account: &Account) -> Result<(), LedgerError> {
        let swap = self
            .call(&scripts::SWAP)
            .key(&self.keys.meta)
            .arg("account")
            .arg("")
            .arg(account.as_str());
        if self.link.write(Again::Yes, &swap).await? {
            return Ok(());
        }
        match self.account().await? {
            Some(ledger) if ledger == *account => Ok(()),
            Some(ledger) => Err(LedgerError::OtherAccount {
                ledger,
                ours: account.clone(),
            }),
            None => Err(LedgerError::Stale),
        }
    }

    async fn stats(&self) -> Result<Stats, LedgerError> {
        let weaknesses = durability::weaknesses(&self.link).await?;
        let call = Queue::ALL
            .into_iter()
            .fold(self.call(&scripts::STATS), |call, queue| {
                call.key(self.keys.due(queue))
            });
        let call = State::NAMES
            .into_iter()
            .fold(call, |call, state| call.key(self.keys.state(state)));
        let counts: Vec<u64> = self.link.read(&call).await?;
        let (due, states) = counts
            .split_at_checked(Queue::ALL.len())
            .unwrap_or_default();
        let due = Queue::ALL.into_iter().zip(due);
        let states = State::NAMES.into_iter().zip(states);
        Ok(Stats {
            store: format!("Redis at {}", self.link.address()),
            weaknesses,
            account: self.account().await?,
            by_state: states
                .filter(|(_, count)| **count > 0)
                .map(|(state, count)| (state.to_owned(), *count))
                .collect(),
            due: due
                .map(|(queue, count)| (queue.name(), *count))
                .collect::<BTreeMap<_, _>>(),
        })
    }
}

impl RedisLedger {
    /// Whose ledger it is.
    async fn account(&self) -> Result<Option<Account>, LedgerError> {
        let mut asked = pipe();
        asked.hget(&self.keys.meta, "account");
        let (account,): (Option<String>,) = self.link.query(&asked).await?;
        account
            .map(|text| {
                text.parse()
                    .map_err(|_| LedgerError::Corrupt("the account".to_owned()))
            })
            .transpose()
    }
}
