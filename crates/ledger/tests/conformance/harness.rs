//! Fresh ledgers for the rules.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use onay_ledger::conformance::Harness;
use onay_ledger::conformance::redis_server::{Cluster, RedisServer};
use onay_ledger::{
    Access, Ledger, ManualClock, MemoryLedger, RedisLedger, SqliteLedger, SqliteSettings,
};
use tempfile::TempDir;

fn clock() -> ManualClock {
    ManualClock::new("2026-11-22T09:30:00.123456Z".parse().unwrap())
}

/// The reference model.
pub(crate) struct Memory {
    ledger: Arc<MemoryLedger>,
    clock: ManualClock,
}

impl Memory {
    pub(crate) fn fresh() -> Self {
        let clock = clock();
        Self {
            ledger: Arc::new(MemoryLedger::new(clock.clone())),
            clock,
        }
    }
}

#[async_trait]
impl Harness for Memory {
    fn ledger(&self) -> Arc<dyn Ledger> {
        Arc::<MemoryLedger>::clone(&self.ledger)
    }

    fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    async fn pass(&self, time: Duration) {
        self.clock.pass(time);
    }
}

/// A file in a folder of its own.
pub(crate) struct Sqlite {
    ledger: Arc<SqliteLedger>,
    clock: ManualClock,
    busy_timeout: Duration,
    folder: TempDir,
}

impl Sqlite {
    pub(crate) fn fresh() -> Self {
        Self::with_patience(Duration::from_secs(20))
    }

    /// A ledger that hardly waits for others who write.
    pub(crate) fn impatient() -> Self {
        Self::with_patience(Duration::from_millis(20))
    }

    fn with_patience(busy_timeout: Duration) -> Self {
        let (clock, folder) = (clock(), tempfile::tempdir().unwrap());
        Self::in_folder(folder, clock, busy_timeout)
    }

    fn in_folder(folder: TempDir, clock: ManualClock, busy_timeout: Duration) -> Self {
        let path = folder.path().join("new/onay.db");
        let ledger = Arc::new(open(&path, Access::Create, &clock, busy_timeout));
        Self {
            ledger,
            clock,
            busy_timeout,
            folder,
        }
    }

    pub(crate) fn store(&self) -> Arc<SqliteLedger> {
        Arc::clone(&self.ledger)
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("new/onay.db")
    }

    /// The same file once more, as another process would open it.
    pub(crate) fn another(&self) -> SqliteLedger {
        open(
            &self.path(),
            Access::Existing,
            &self.clock,
            self.busy_timeout,
        )
    }

    /// The same file after the process that wrote it is gone.
    pub(crate) fn restarted(self) -> Self {
        let Self {
            ledger,
            clock,
            busy_timeout,
            folder,
        } = self;
        drop(Arc::into_inner(ledger).unwrap());
        Self::in_folder(folder, clock, busy_timeout)
    }
}

/// A server or a Cluster that all tests share, and a ledger of its own for each.
pub(crate) struct Redis {
    ledger: Arc<RedisLedger>,
    clock: ManualClock,
    url: String,
}

static LEDGERS: AtomicU64 = AtomicU64::new(0);

impl Redis {
    pub(crate) async fn fresh() -> Self {
        Self::at(&RedisServer::shared().url()).await
    }

    pub(crate) async fn on_cluster() -> Self {
        Self::at(&Cluster::shared().url()).await
    }

    async fn at(url: &str) -> Self {
        let (clock, n) = (clock(), LEDGERS.fetch_add(1, Ordering::Relaxed));
        let url = format!("{url}?ledger=test-{n}");
        let ledger = RedisLedger::open_with(&url, Access::Create, Some(clock.clock())).await;
        Self {
            ledger: Arc::new(ledger.unwrap()),
            clock,
            url,
        }
    }

    pub(crate) fn store(&self) -> Arc<RedisLedger> {
        Arc::clone(&self.ledger)
    }

    /// The same ledger once more, as another process would open it.
    pub(crate) async fn another(&self) -> RedisLedger {
        let clock = self.clock.clock();
        RedisLedger::open_with(&self.url, Access::Existing, Some(clock))
            .await
            .unwrap()
    }
}

#[async_trait]
impl Harness for Redis {
    fn ledger(&self) -> Arc<dyn Ledger> {
        Arc::<RedisLedger>::clone(&self.ledger)
    }

    fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    async fn pass(&self, time: Duration) {
        self.clock.pass(time);
    }
}

fn open(path: &Path, access: Access, clock: &ManualClock, busy_timeout: Duration) -> SqliteLedger {
    let settings = SqliteSettings {
        clock: clock.clock(),
        busy_timeout,
    };
    SqliteLedger::open_with(path, access, settings).unwrap()
}

#[async_trait]
impl Harness for Sqlite {
    fn ledger(&self) -> Arc<dyn Ledger> {
        Arc::<SqliteLedger>::clone(&self.ledger)
    }

    fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    async fn pass(&self, time: Duration) {
        self.clock.pass(time);
    }
}
