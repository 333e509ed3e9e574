//! The way to the server: connected when it is needed, and anew when the connection broke.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use redis::{Cmd, ErrorKind, FromRedisValue, Pipeline, RedisError, RedisResult, cmd};
use tokio::sync::Mutex;
use tokio::time::Instant;
use tracing::debug;

use super::address::Address;
use super::connection::{Connection, Live, is_elsewhere, is_gone};
use super::scripts::Call;
use super::wake::Waker;
use crate::error::LedgerError;
use crate::moving::Stage;

/// How long replicas may take to confirm a write.
const REPLICA_TIMEOUT_MS: u32 = 2000;

/// Whether a call whose answer was lost may be made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    /// It gives the same answer and changes nothing more.
    Yes,
    /// It may do something twice.
    No,
}

/// The way to the server.
pub(super) struct Link {
    address: Address,
    /// One of the ledger's keys: where it is, all of them are.
    key: String,
    waker: Arc<Waker>,
    /// Whether somebody waits for jobs, so that messages are wanted.
    listens: AtomicBool,
    line: Mutex<Line>,
    confirmed: Mutex<Option<Confirmed>>,
}

/// The newest connection, or why there is none.
#[derive(Default)]
struct Line {
    /// How many were made.
    number: u64,
    connection: Option<Live>,
    failed: Option<(Instant, LedgerError)>,
}

/// The newest answer to how many replicas have all that was written over a connection before.
#[derive(Clone, Copy)]
struct Confirmed {
    number: u64,
    asked: Instant,
    replicas: u32,
}

impl Link {
    pub(super) fn new(address: Address, key: String, waker: Arc<Waker>) -> Self {
        Self {
            address,
            key,
            waker,
            listens: AtomicBool::new(false),
            line: Mutex::default(),
            confirmed: Mutex::new(None),
        }
    }

    pub(super) fn address(&self) -> &Address {
        &self.address
    }

    /// Runs a script that only reads.
    pub(super) async fn read<'a, T: FromRedisValue + Send>(
        &'a self,
        call: &'a Call<'a>,
    ) -> Result<T, LedgerError> {
        self.run(Again::Yes, |_, mut connection| {
            async move { call.run(&mut connection).await }.boxed()
        })
        .await
    }

    /// Runs a script that writes, and waits for the replicas that must have it.
    pub(super) async fn write<'a, T: FromRedisValue + Send>(
        &'a self,
        again: Again,
        call: &'a Call<'a>,
    ) -> Result<T, LedgerError> {
        let wanted = self.address.wait_replicas;
        let (number, answer, replicas) = self
            .run(again, |number, mut connection| {
                async move {
                    let answer = call.run(&mut connection).await?;
                    let replicas = match wanted {
                        0 => 0,
                        _ => self.replicas_with_it(number, connection).await?,
                    };
                    Ok((number, answer, replicas))
                }
                .boxed()
            })
            .await?;
        if replicas < wanted {
            // It may be cut off from the others: the next call asks anew who leads.
            self.forget(number).await;
            return Err(LedgerError::Unavailable(format!(
                "only {replicas} of {wanted} replicas confirmed a write in time"
            )));
        }
        Ok(answer)
    }

    /// How many replicas have what was just written over this connection. Whoever comes while one
    /// asks shares the next answer, as asking holds up everything else on the connection.
    async fn replicas_with_it(&self, number: u64, connection: Connection) -> RedisResult<u32> {
        let written = Instant::now();
        let mut confirmed = self.confirmed.lock().await;
        if let Some(newest) = *confirmed
            && newest.number == number
            && newest.asked >= written
        {
            return Ok(newest.replicas);
        }
        let asked = Instant::now();
        let mut wait = cmd("WAIT");
        wait.arg(self.address.wait_replicas).arg(REPLICA_TIMEOUT_MS);
        let replicas = connection.ask_holder(&self.key, &wait).await?;
        *confirmed = Some(Confirmed {
            number,
            asked,
            replicas,
        });
        Ok(replicas)
    }

    /// Sends commands that only read, in one go.
    pub(super) async fn query<'a, T: FromRedisValue + Send>(
        &'a self,
        pipeline: &'a Pipeline,
    ) -> Result<T, LedgerError> {
        self.run(Again::Yes, |_, mut connection| {
            async move { pipeline.query_async(&mut connection).await }.boxed()
        })
        .await
    }

    /// Sends a command that only reads; in a Cluster, to whom such a command goes.
    pub(super) async fn ask<'a, T: FromRedisValue + Send>(
        &'a self,
        command: &'a Cmd,
    ) -> Result<T, LedgerError> {
        self.run(Again::Yes, |_, mut connection| {
            async move { command.query_async(&mut connection).await }.boxed()
        })
        .await
    }

    /// Sends a command to the server that holds the ledger, though the command names no key.
    pub(super) async fn ask_holder<'a, T: FromRedisValue + Send>(
        &'a self,
        command: &'a Cmd,
    ) -> Result<T, LedgerError> {
        self.run(Again::Yes, |_, connection| {
            async move { connection.ask_holder(&self.key, command).await }.boxed()
        })
        .await
    }

    /// Asks to be told of jobs, on this connection and on every one after it.
    pub(super) async fn listen(&self) -> Result<(), LedgerError> {
        if self.listens.swap(true, Ordering::Relaxed) {
            return Ok(());
        }
        let subscribed = self
            .run(Again::Yes, |_, connection| {
                self.subscribe(connection).boxed()
            })
            .await;
        if subscribed.is_err() {
            self.listens.store(false, Ordering::Relaxed);
        }
        subscribed
    }

    /// Makes a call; once more over a new connection where the old one turned out to be broken.
    async fn run<'a, T>(
        &'a self,
        again: Again,
        call: impl Fn(u64, Connection) -> BoxFuture<'a, RedisResult<T>> + Send + Sync,
    ) -> Result<T, LedgerError> {
        let (number, connection) = self.connection().await?;
        let error = match call(number, connection).await {
            Err(error) if is_gone(&error) || is_elsewhere(&error) => error,
            other => return other.map_err(|error| meaning(&error)),
        };
        self.forget(number).await;
        // A server that does not answer is not asked twice.
        let is_asked_again = again == Again::Yes && !error.is_timeout();
        if !is_asked_again && !is_elsewhere(&error) {
            return Err(meaning(&error));
        }
        debug!("the connection to the store broke: {error}");
        let (number, connection) = self.connection().await?;
        let answer = call(number, connection).await;
        let is_of_use = |error: &RedisError| !is_gone(error) && !is_elsewhere(error);
        if !answer.as_ref().err().is_none_or(is_of_use) {
            self.forget(number).await;
        }
        answer.map_err(|error| meaning(&error))
    }

    /// The connection and its number. Whoever needs it first makes it; the others wait, and share
    /// what came of it.
    async fn connection(&self) -> Result<(u64, Connection), LedgerError> {
        let asked = Instant::now();
        let mut line = self.line.lock().await;
        if let Some(newest) = &line.connection
            && !newest.is_closed.load(Ordering::Relaxed)
        {
            return Ok((line.number, newest.connection.clone()));
        }
        if let Some((at, why)) = &line.failed
            && *at >= asked
        {
            return Err(why.clone());
        }
        match self.connect().await {
            Ok(fresh) => {
                let connection = fresh.connection.clone();
                line.number = line.number.saturating_add(1);
                line.connection = Some(fresh);
                Ok((line.number, connection))
            }
            Err(error) => {
                let error = meaning(&error);
                line.failed = Some((Instant::now(), error.clone()));
                Err(error)
            }
        }
    }

    /// The connection of this number is of no more use.
    async fn forget(&self, number: u64) {
        let mut line = self.line.lock().await;
        if line.number == number {
            line.connection = None;
        }
    }

    /// A new connection, which listens if anybody waits for jobs.
    async fn connect(&self) -> RedisResult<Live> {
        let live = Live::reach(&self.address.server, Arc::clone(&self.waker)).await?;
        if self.listens.load(Ordering::Relaxed) {
            self.subscribe(live.connection.clone()).await?;
            self.waker.look_everywhere();
        }
        Ok(live)
    }

    async fn subscribe(&self, connection: Connection) -> RedisResult<()> {
        for channel in self.waker.channels() {
            match &connection {
                Connection::One(one) => one.clone().subscribe(channel).await?,
                Connection::Cluster(cluster) => cluster.clone().subscribe(channel).await?,
            }
        }
        Ok(())
    }
}

/// The ledger has a format that this version does not know.
pub(super) fn newer() -> LedgerError {
    LedgerError::Unusable(
        "the ledger was written by a newer version of onay; update this one".to_owned(),
    )
}

/// What an error means to a caller. A script that is refused for what it finds is a ledger that
/// was tampered with; everything else passes.
fn meaning(error: &RedisError) -> LedgerError {
    if error.code() == Some("FORMAT") {
        return match error.detail() {
            Some("none") | None => LedgerError::Unavailable(
                "the server answers, but holds no ledger any more; find out what became of it before \
                 anything goes on"
                    .to_owned(),
            ),
            Some(_) => newer(),
        };
    }
    if error.code() == Some("CLOSED") {
        let stage = Stage::read(error.detail().unwrap_or_default());
        if let Err(closed) = stage.and_then(Stage::check_open) {
            return closed;
        }
    }
    let text = match error.detail() {
        Some(detail) => format!("{}: {detail}", error.category()),
        None => error.to_string(),
    };
    let is_corrupt = matches!(error.kind(), ErrorKind::UnexpectedReturnType)
        || error.code() == Some("WRONGTYPE")
        || text.contains("WRONGTYPE");
    if is_corrupt {
        LedgerError::Corrupt(text)
    } else if error.kind() == ErrorKind::AuthenticationFailed
        || matches!(error.code(), Some("WRONGPASS" | "NOAUTH"))
    {
        LedgerError::Unusable(format!(
            "{text}; check the user and the password in the URL of the store"
        ))
    } else {
        LedgerError::Unavailable(text)
    }
}
