//! The connection to the server: made when it is needed, made anew when it broke.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::{Route, RoutingInfo, SingleNodeRoutingInfo, SlotAddr};
use redis::{
    AsyncConnectionConfig, Client, Cmd, ErrorKind, FromRedisValue, Pipeline, ProtocolVersion,
    PushInfo, RedisError, RedisFuture, RedisResult, ServerErrorKind, Value, cmd,
};
use tokio::sync::Mutex;
use tracing::debug;

use super::address::{Address, Server};
use super::scripts::Call;
use super::wake::Waker;
use crate::error::LedgerError;

/// What every process of ours calls its connections, so that one can see who is there.
pub(crate) const CLIENT_NAME: &str = "onay";

/// How long a connection may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// How long an answer may take: longer than the server needs to write a full disk buffer, shorter
/// than a lease.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

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
    waker: Arc<Waker>,
    /// Whether somebody waits for jobs, so that messages are wanted.
    listens: AtomicBool,
    current: Mutex<Option<Connection>>,
}

#[derive(Clone)]
enum Connection {
    One(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl Link {
    pub(super) fn new(address: Address, waker: Arc<Waker>) -> Self {
        Self {
            address,
            waker,
            listens: AtomicBool::new(false),
            current: Mutex::new(None),
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
        self.run(Again::Yes, |mut connection| {
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
        let (answer, replicas) = self
            .run(again, |mut connection| {
                async move {
                    let answer = call.run(&mut connection).await?;
                    if wanted == 0 {
                        return Ok((answer, 0));
                    }
                    let mut wait = cmd("WAIT");
                    wait.arg(wanted).arg(REPLICA_TIMEOUT_MS);
                    Ok((answer, wait.query_async::<u32>(&mut connection).await?))
                }
                .boxed()
            })
            .await?;
        if replicas < wanted {
            return Err(LedgerError::Unavailable(format!(
                "only {replicas} of {wanted} replicas confirmed a write in time"
            )));
        }
        Ok(answer)
    }

    /// Sends commands that only read, in one go.
    pub(super) async fn query<'a, T: FromRedisValue + Send>(
        &'a self,
        pipeline: &'a Pipeline,
    ) -> Result<T, LedgerError> {
        self.run(Again::Yes, |mut connection| {
            async move { pipeline.query_async(&mut connection).await }.boxed()
        })
        .await
    }

    /// Sends a command to the server that holds `key`, though the command does not name it.
    pub(super) async fn ask_holder<'a, T: FromRedisValue + Send>(
        &'a self,
        key: &'a str,
        command: &'a Cmd,
    ) -> Result<T, LedgerError> {
        self.run(Again::Yes, |connection| {
            async move {
                match connection {
                    Connection::One(mut one) => command.query_async(&mut one).await,
                    Connection::Cluster(mut cluster) => {
                        let holder = Route::with_key(key, SlotAddr::Master);
                        let holder = SingleNodeRoutingInfo::SpecificNode(holder);
                        let holder = RoutingInfo::SingleNode(holder);
                        let answer = cluster.route_command(command.clone(), holder).await?;
                        Ok(T::from_redis_value(answer)?)
                    }
                }
            }
            .boxed()
        })
        .await
    }

    /// Asks to be told of jobs, on this connection and on every one after it.
    pub(super) async fn listen(&self) -> Result<(), LedgerError> {
        if self.listens.swap(true, Ordering::Relaxed) {
            return Ok(());
        }
        let subscribed = self
            .run(Again::Yes, |connection| self.subscribe(connection).boxed())
            .await;
        if subscribed.is_err() {
            self.listens.store(false, Ordering::Relaxed);
        }
        subscribed
    }

    /// Makes a call; once more over a new connection where the old one turned out to be gone.
    async fn run<'a, T>(
        &'a self,
        again: Again,
        call: impl Fn(Connection) -> BoxFuture<'a, RedisResult<T>> + Send + Sync,
    ) -> Result<T, LedgerError> {
        let is_fresh = self.current.lock().await.is_none();
        match self.once(&call).await {
            Err(error) if again == Again::Yes && !is_fresh && is_gone(&error) => {
                debug!("the connection to the store broke: {error}");
                self.once(&call).await
            }
            other => other,
        }
        .map_err(|error| meaning(&error))
    }

    async fn once<'a, T>(
        &'a self,
        call: &(impl Fn(Connection) -> BoxFuture<'a, RedisResult<T>> + Send + Sync),
    ) -> RedisResult<T> {
        let connection = self.connection().await?;
        let answer = call(connection).await;
        if answer.as_ref().is_err_and(is_gone) {
            *self.current.lock().await = None;
        }
        answer
    }

    /// The connection; whoever needs it first makes it, the others wait.
    async fn connection(&self) -> RedisResult<Connection> {
        let mut current = self.current.lock().await;
        if let Some(connection) = &*current {
            return Ok(connection.clone());
        }
        let connection = self.connect().await?;
        if self.listens.load(Ordering::Relaxed) {
            self.subscribe(connection.clone()).await?;
            self.waker.look_everywhere();
        }
        *current = Some(connection.clone());
        Ok(connection)
    }

    async fn connect(&self) -> RedisResult<Connection> {
        let waker = Arc::clone(&self.waker);
        let hear = move |push: PushInfo| {
            waker.hear(&push);
            Ok::<(), RedisError>(())
        };
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_TIMEOUT))
            .set_response_timeout(Some(ANSWER_TIMEOUT));
        match &self.address.server {
            Server::One(client) => named(client, &config.set_push_sender(hear)).await,
            Server::Sentinel {
                sentinels,
                name,
                node,
            } => {
                let mut asked = Server::sentinel(sentinels, name, node)?;
                let client = asked.async_get_client().await?;
                named(&client, &config.set_push_sender(hear)).await
            }
            Server::Cluster(nodes) => {
                let cluster = ClusterClient::builder(nodes.clone())
                    .use_protocol(ProtocolVersion::RESP3)
                    .connection_timeout(CONNECT_TIMEOUT)
                    .response_timeout(ANSWER_TIMEOUT)
                    .push_sender(hear)
                    .build()?;
                Ok(Connection::Cluster(cluster.get_async_connection().await?))
            }
        }
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

async fn named(client: &Client, config: &AsyncConnectionConfig) -> RedisResult<Connection> {
    let mut connection = client
        .get_multiplexed_async_connection_with_config(config)
        .await?;
    cmd("CLIENT")
        .arg("SETNAME")
        .arg(CLIENT_NAME)
        .query_async::<()>(&mut connection)
        .await?;
    Ok(Connection::One(connection))
}

impl ConnectionLike for Connection {
    fn req_packed_command<'a>(&'a mut self, cmd: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Self::One(one) => one.req_packed_command(cmd),
            Self::Cluster(cluster) => cluster.req_packed_command(cmd),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Self::One(one) => one.req_packed_commands(pipeline, offset, count),
            Self::Cluster(cluster) => cluster.req_packed_commands(pipeline, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match self {
            Self::One(one) => one.get_db(),
            Self::Cluster(cluster) => cluster.get_db(),
        }
    }
}

/// Whether a connection is of no more use: it broke, does not answer, or leads to a server that
/// is no primary any more.
fn is_gone(error: &RedisError) -> bool {
    error.is_io_error()
        || error.is_unrecoverable_error()
        || error.kind() == ErrorKind::Server(ServerErrorKind::ReadOnly)
}

/// What an error means to a caller. A script that is refused for what it finds is a ledger that
/// was tampered with; everything else passes.
fn meaning(error: &RedisError) -> LedgerError {
    let text = match error.detail() {
        Some(detail) => format!("{}: {detail}", error.category()),
        None => error.to_string(),
    };
    let is_corrupt = matches!(error.kind(), ErrorKind::UnexpectedReturnType)
        || error.code() == Some("WRONGTYPE")
        || text.contains("WRONGTYPE");
    if is_corrupt {
        LedgerError::Corrupt(text)
    } else if error.kind() == ErrorKind::AuthenticationFailed {
        LedgerError::Unusable(format!(
            "{text}; check the user and the password in the URL of the store"
        ))
    } else {
        LedgerError::Unavailable(text)
    }
}
