//! Where a ledger is: the URL of a store on Redis.
//!
//! | URL | server |
//! |---|---|
//! | `redis://[user:password@]host:port/db`, `rediss://…` | one server, `rediss` over TLS |
//! | `redis+sentinel://[user:password@]host:port,host:port/NAME/db` | the primary that Sentinels call NAME; the password is the primary's |
//! | `redis+cluster://[user:password@]host:port,host:port` | a Cluster |
//!
//! Each may end in options: `?ledger=NAME` (its keys begin with `{NAME}:`, default `onay`) and
//! `&wait_replicas=N` (a write counts once N replicas have it).

use std::fmt;

use redis::sentinel::{SentinelClient, SentinelNodeConnectionInfo, SentinelServerType};
use redis::{Client, ConnectionInfo, IntoConnectionInfo, ProtocolVersion, RedisError};

use crate::error::LedgerError;

/// The name of a ledger whose URL tells none.
const LEDGER: &str = "onay";

/// A URL, read.
#[derive(Clone)]
pub(super) struct Address {
    pub(super) server: Server,
    pub(super) ledger: String,
    pub(super) wait_replicas: u32,
    /// The URL without user and password.
    shown: String,
}

/// Which server to speak to.
#[derive(Clone)]
pub(super) enum Server {
    One(Client),
    /// The primary of this name, as these Sentinels know it; `node` says how to speak to it.
    Sentinel {
        sentinels: Vec<ConnectionInfo>,
        name: String,
        node: Box<ConnectionInfo>,
    },
    Cluster(Vec<ConnectionInfo>),
}

impl Address {
    /// Reads a URL.
    ///
    /// # Errors
    /// [`LedgerError::Unusable`] that says how it must look; never repeats the URL, which may
    /// hold a password.
    pub(super) fn parse(url: &str) -> Result<Self, LedgerError> {
        let (scheme, rest) = url.split_once("://").ok_or_else(unreadable)?;
        let (rest, options) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, hosts) = match authority.rsplit_once('@') {
            Some((user, hosts)) => (format!("{user}@"), hosts),
            None => (String::new(), authority),
        };
        let (transport, kind) = scheme.split_once('+').unwrap_or((scheme, ""));
        if transport == "rediss" {
            // An error means that the process chose its cryptography already, which is as good.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        let node = |user: &str, host: &str, db: &str| {
            let info = format!("{transport}://{user}{host}/{db}").into_connection_info();
            let info = info.map_err(|error| refused(&error))?;
            let settings = info
                .redis_settings()
                .clone()
                .set_protocol(ProtocolVersion::RESP3);
            Ok::<_, LedgerError>(info.set_redis_settings(settings))
        };
        let server = match kind {
            "" => {
                let client = Client::open(node(&user, hosts, path)?);
                Server::One(client.map_err(|error| refused(&error))?)
            }
            "sentinel" => {
                let (name, db) = path.split_once('/').unwrap_or((path, ""));
                if name.is_empty() {
                    return Err(unreadable());
                }
                let sentinels = hosts.split(',').map(|host| node("", host, ""));
                Server::Sentinel {
                    sentinels: sentinels.collect::<Result<_, _>>()?,
                    name: name.to_owned(),
                    node: Box::new(node(&user, "localhost", db)?),
                }
            }
            "cluster" => {
                let nodes = hosts.split(',').map(|host| node(&user, host, ""));
                Server::Cluster(nodes.collect::<Result<_, _>>()?)
            }
            _ => return Err(unreadable()),
        };
        let mut address = Self {
            server,
            ledger: LEDGER.to_owned(),
            wait_replicas: 0,
            shown: format!("{scheme}://{hosts}/{path}"),
        };
        for option in options.split('&').filter(|option| !option.is_empty()) {
            address.set(option)?;
        }
        Ok(address)
    }

    fn set(&mut self, option: &str) -> Result<(), LedgerError> {
        let is_name = |name: &str| {
            let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            !name.is_empty() && name.chars().all(is_allowed)
        };
        match option.split_once('=') {
            Some(("ledger", name)) if is_name(name) => name.clone_into(&mut self.ledger),
            Some(("wait_replicas", count)) => {
                self.wait_replicas = count.parse().map_err(|_| unreadable())?;
            }
            Some(_) | None => return Err(unreadable()),
        }
        Ok(())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, ledger {}", self.shown, self.ledger)
    }
}

impl Server {
    /// A client that asks the Sentinels where the primary is now.
    pub(super) fn sentinel(
        sentinels: &[ConnectionInfo],
        name: &str,
        node: &ConnectionInfo,
    ) -> Result<SentinelClient, RedisError> {
        let mut info = SentinelNodeConnectionInfo::default()
            .set_redis_connection_info(node.redis_settings().clone());
        if matches!(node.addr(), redis::ConnectionAddr::TcpTls { .. }) {
            info = info.set_tls_mode(redis::TlsMode::Secure);
        }
        SentinelClient::build(
            sentinels.to_vec(),
            name,
            Some(info),
            SentinelServerType::Master,
        )
    }
}

fn unreadable() -> LedgerError {
    LedgerError::Unusable(
        "a store on Redis is named by redis://host:6379/0, \
         redis+sentinel://host:26379,host:26379/NAME/0 or redis+cluster://host:6379,host:6379, \
         with the options ?ledger=NAME and &wait_replicas=N"
            .to_owned(),
    )
}

/// The library's own message may quote the URL, so only the kind is told.
fn refused(error: &RedisError) -> LedgerError {
    LedgerError::Unusable(format!(
        "the URL of the store cannot be read: {}",
        error.category()
    ))
}
