//! Calls to the provider never exceed the budget that processes share.

use std::num::NonZeroU32;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use onay_ledger::conformance::Harness;
use onay_ledger::{Budget, Ledger, Metered, Share, Spent};
use onay_payout::provider::{
    Initialized, ItemKind, Lookup, NotSent, Query, RemoteItem, RemotePage,
};
use onay_payout::{
    Account, Content, ExternalId, Provider, ProviderError, ReferenceCode, ReleasePermit, RequestId,
    SendBy,
};
use rusqlite::Connection;
use rust_decimal::Decimal;
use tokio::time::{advance, interval};

use crate::harness::{Memory, Sqlite};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);

/// A provider that knows no batch, and whose own limit meets some calls.
struct Limited {
    account: Account,
    calls: AtomicU32,
    refused: Range<u32>,
}

impl Limited {
    fn never() -> Arc<Self> {
        Self::at(0..0)
    }

    fn at(refused: Range<u32>) -> Arc<Self> {
        Arc::new(Self {
            account: Account::new("provider", "key"),
            calls: AtomicU32::new(0),
            refused,
        })
    }

    fn calls(&self) -> u32 {
        self.calls.load(Ordering::Relaxed)
    }

    fn answer<T>(&self, answer: T) -> Result<T, ProviderError> {
        if self
            .refused
            .contains(&self.calls.fetch_add(1, Ordering::Relaxed))
        {
            Err(limited())
        } else {
            Ok(answer)
        }
    }
}

#[async_trait]
impl Provider for Limited {
    fn account(&self) -> &Account {
        &self.account
    }

    async fn initialize(
        &self,
        _: &Content,
        _: &ExternalId,
        _: SendBy,
    ) -> Result<Initialized, ProviderError> {
        self.answer(Initialized {
            request_id: "req-1".parse().unwrap(),
            invalid: Vec::new(),
        })
    }

    async fn authorize(&self, _: ReleasePermit) -> Result<(), ProviderError> {
        self.answer(())
    }

    async fn retrieve(&self, _: &Query) -> Result<Option<RemotePage>, ProviderError> {
        self.answer(None)
    }

    async fn item(&self, _: &ReferenceCode) -> Result<Option<RemoteItem>, ProviderError> {
        self.answer(None)
    }

    async fn cancel(&self, _: &RequestId, _: SendBy) -> Result<(), ProviderError> {
        self.answer(())
    }

    async fn balance(&self) -> Result<Decimal, ProviderError> {
        self.answer(Decimal::ONE)
    }
}

fn is_over_budget(error: &ProviderError) -> bool {
    matches!(error, ProviderError::NotSent(NotSent::OverBudget(wait)) if *wait <= MINUTE)
}

fn limited() -> ProviderError {
    ProviderError::NotSent(NotSent::RateLimited)
}

fn budget(calls_per_minute: u32) -> Budget {
    Budget::per_minute(calls_per_minute).unwrap()
}

/// One process's view of a provider.
fn metered(
    provider: &Arc<Limited>,
    harness: &dyn Harness,
    reads: Share,
    calls_per_minute: u32,
) -> Metered {
    let provider = Arc::<Limited>::clone(provider);
    Metered::new(provider, harness.ledger(), reads, budget(calls_per_minute))
}

async fn write(provider: &Metered) -> Result<(), ProviderError> {
    let send_by = SendBy {
        monotonic: std::time::Instant::now(),
        wall: DateTime::<Utc>::MAX_UTC,
    };
    provider.cancel(&"req-1".parse().unwrap(), send_by).await
}

async fn reads_until_over_budget(provider: &Metered) -> u32 {
    calls_until_over_budget(async || provider.balance().await.map(drop)).await
}

async fn writes_until_over_budget(provider: &Metered) -> u32 {
    calls_until_over_budget(async || write(provider).await).await
}

/// Makes calls until one is not sent, and gives how many were.
async fn calls_until_over_budget(call: impl AsyncFn() -> Result<(), ProviderError>) -> u32 {
    let mut sent = 0;
    loop {
        match call().await {
            Ok(()) => sent += 1,
            Err(error) => {
                assert!(is_over_budget(&error), "{error:?}");
                return sent;
            }
        }
    }
}

async fn next_minute(harness: &dyn Harness) {
    harness.pass(MINUTE).await;
    advance(MINUTE).await;
}

async fn left(ledger: &dyn Ledger, calls_per_minute: u32) -> u32 {
    let (all, budget) = (NonZeroU32::MAX, budget(calls_per_minute));
    match ledger.spend(Share::Write, all, budget).await.unwrap() {
        Spent::Granted { calls, .. } => calls,
        Spent::Wait(_) => 0,
    }
}

fn page(page: u32) -> Query {
    Query {
        by: Lookup::External("payday".parse().unwrap()),
        items: ItemKind::Valid,
        page,
        size: 100,
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_over_budget_is_not_sent() {
    let (provider, memory) = (Limited::never(), Memory::fresh());
    let one = metered(&provider, &memory, Share::Look, 7);
    let other = metered(&provider, &memory, Share::Look, 7);
    for minute in 1..4 {
        one.balance().await.unwrap();
        assert_eq!(reads_until_over_budget(&other).await, 5);
        assert_eq!(reads_until_over_budget(&one).await, 0);
        assert_eq!(writes_until_over_budget(&one).await, 1);
        let over = one.retrieve(&page(0)).await.unwrap_err();
        assert!(is_over_budget(&over), "{over:?}");
        assert_eq!(provider.calls(), 7 * minute);
        next_minute(&memory).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_storm_of_polls_never_delays_a_release() {
    let (provider, memory) = (Limited::never(), Memory::fresh());
    let polls = metered(&provider, &memory, Share::Poll, 50);
    let releases = metered(&provider, &memory, Share::Look, 50);
    assert_eq!(reads_until_over_budget(&polls).await, 25);
    assert_eq!(reads_until_over_budget(&releases).await, 15);
    assert_eq!(writes_until_over_budget(&releases).await, 10);
}

#[tokio::test(start_paused = true)]
async fn writes_go_through_when_reads_are_over_budget() {
    for (calls_per_minute, kept) in [(5, 1), (50, 10), (6000, 1200)] {
        let (provider, memory) = (Limited::never(), Memory::fresh());
        let releases = metered(&provider, &memory, Share::Look, calls_per_minute);
        let reads = reads_until_over_budget(&releases).await;
        assert_eq!(reads, calls_per_minute - kept);
        assert_eq!(writes_until_over_budget(&releases).await, kept);
        assert_eq!(provider.calls(), calls_per_minute);
    }
}

#[tokio::test(start_paused = true)]
async fn a_copy_of_more_pages_than_a_minute_has_calls_is_read_whole() {
    let (provider, memory) = (Limited::at(4..5), Arc::new(Memory::fresh()));
    let polls = metered(&provider, &*memory, Share::Poll, 5);
    let time = Arc::clone(&memory);
    tokio::spawn(async move {
        let mut ticks = interval(SECOND);
        loop {
            ticks.tick().await;
            time.pass(SECOND).await;
        }
    });
    let began = memory.now();
    for n in 0..10 {
        polls.retrieve(&page(n)).await.unwrap();
    }
    assert_eq!(provider.calls(), 11, "one page met the provider's limit");
    let minutes = (memory.now() - began).num_minutes();
    assert!((4..7).contains(&minutes), "2 calls a minute: {minutes}");
}

#[tokio::test(start_paused = true)]
async fn the_limit_of_the_provider_stops_everybody_until_the_next_minute() {
    let (provider, memory) = (Limited::at(3..u32::MAX), Memory::fresh());
    let one = metered(&provider, &memory, Share::Look, 6000);
    let other = metered(&provider, &memory, Share::Poll, 50);
    for _ in 0..3 {
        one.balance().await.unwrap();
    }
    assert_eq!(one.balance().await, Err(limited()));
    for process in [&one, &other] {
        assert_eq!(reads_until_over_budget(process).await, 0);
        assert_eq!(writes_until_over_budget(process).await, 0);
    }
    assert_eq!(provider.calls(), 4);
    next_minute(&memory).await;
    assert_eq!(other.balance().await, Err(limited()));
    assert_eq!(provider.calls(), 5);
}

#[tokio::test(start_paused = true)]
async fn reads_of_a_large_budget_are_taken_in_lots_and_a_lot_is_lost_with_its_minute() {
    let (provider, memory) = (Limited::never(), Memory::fresh());
    let releases = metered(&provider, &memory, Share::Look, 6000);
    for _ in 0..100 {
        releases.balance().await.unwrap();
    }
    assert_eq!(left(&*memory.ledger(), 6000).await, 5900);
    next_minute(&memory).await;
    releases.balance().await.unwrap();
    next_minute(&memory).await;
    releases.balance().await.unwrap();
    assert_eq!(left(&*memory.ledger(), 6000).await, 5900);
}

#[tokio::test]
async fn nothing_is_sent_while_the_ledger_cannot_count() {
    let (provider, file) = (Limited::never(), Sqlite::impatient());
    let releases = metered(&provider, &file, Share::Look, 50);
    let other = Connection::open(file.path()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_eq!(reads_until_over_budget(&releases).await, 0);
    assert_eq!(writes_until_over_budget(&releases).await, 0);
    other.execute_batch("ROLLBACK").unwrap();
    write(&releases).await.unwrap();
    releases.balance().await.unwrap();
    assert_eq!(provider.calls(), 2);
}
