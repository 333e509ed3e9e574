//! One connection, to whichever kind of server it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::{Route, RoutingInfo, SingleNodeRoutingInfo, SlotAddr};
use redis::{
    AsyncConnectionConfig, Client, Cmd, ErrorKind, FromRedisValue, Pipeline, ProtocolVersion,
    PushInfo, PushKind, RedisError, RedisFuture, RedisResult, ServerErrorKind, Value, cmd,
};

use super::address::Server;
use super::wake::Waker;

/// What every process of ours calls its connections, so that one can see who is there.
const CLIENT_NAME: &str = "onay";

/// How long a connection may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// How long an answer may take: longer than a slow disk needs to write everything out.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Clone)]
pub(super) enum Connection {
    One(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl Connection {
    /// Sends a command to the server that holds `key`, though the command does not name it.
    pub(super) async fn ask_holder<T: FromRedisValue>(
        self,
        key: &str,
        command: &Cmd,
    ) -> RedisResult<T> {
        match self {
            Self::One(mut one) => command.query_async(&mut one).await,
            Self::Cluster(mut cluster) => {
                let holder = Route::with_key(key, SlotAddr::Master);
                let holder = RoutingInfo::SingleNode(SingleNodeRoutingInfo::SpecificNode(holder));
                let answer = cluster.route_command(command.clone(), holder).await?;
                Ok(T::from_redis_value(answer)?)
            }
        }
    }
}

/// A connection, and whether its end was heard of.
pub(super) struct Live {
    pub(super) connection: Connection,
    pub(super) is_closed: Arc<AtomicBool>,
}

impl Live {
    /// A new connection to the server as it stands now, which tells `waker` what is pushed.
    pub(super) async fn reach(server: &Server, waker: Arc<Waker>) -> RedisResult<Self> {
        let is_closed = Arc::new(AtomicBool::new(false));
        let closed = Arc::clone(&is_closed);
        let hear = move |push: PushInfo| {
            if push.kind == PushKind::Disconnection {
                closed.store(true, Ordering::Relaxed);
            }
            waker.hear(&push);
            Ok::<(), RedisError>(())
        };
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_TIMEOUT))
            .set_response_timeout(Some(ANSWER_TIMEOUT));
        let connection = match server {
            Server::One(client) => named(client, &config.set_push_sender(hear)).await?,
            Server::Sentinel {
                sentinels,
                name,
                node,
            } => {
                let mut asked = Server::sentinel(sentinels, name, node)?;
                let client = asked.async_get_client().await?;
                named(&client, &config.set_push_sender(hear)).await?
            }
            Server::Cluster(nodes) => {
                let cluster = ClusterClient::builder(nodes.clone())
                    .use_protocol(ProtocolVersion::RESP3)
                    .connection_timeout(CONNECT_TIMEOUT)
                    .response_timeout(ANSWER_TIMEOUT)
                    .push_sender(hear)
                    // A command whose answer was lost is ours to send again, or not.
                    .retries(0)
                    .build()?;
                Connection::Cluster(cluster.get_async_connection().await?)
            }
        };
        Ok(Self {
            connection,
            is_closed,
        })
    }
}

/// Whether a connection is of no more use: it broke or does not answer.
pub(super) fn is_gone(error: &RedisError) -> bool {
    error.is_io_error() || error.is_unrecoverable_error()
}

/// Whether a server refused because another leads, or may: nothing was done. Redis before 7 tells the
/// code only in its words when a script asked.
pub(super) fn is_elsewhere(error: &RedisError) -> bool {
    let told = |code: &str| {
        error.code() == Some(code) || error.detail().is_some_and(|detail| detail.contains(code))
    };
    error.is_cluster_error()
        || error.kind() == ErrorKind::Server(ServerErrorKind::ReadOnly)
        || ["READONLY", "NOREPLICAS", "MASTERDOWN"]
            .into_iter()
            .any(told)
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
