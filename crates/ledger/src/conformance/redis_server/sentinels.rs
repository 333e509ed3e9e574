//! A primary, its replicas, and three sentinels that put one of these in its place.

use super::{Kind, Port, RedisServer, hosts, until};

/// Three sentinels over a primary and two replicas, all on 127.0.0.1. A primary that does not
/// answer for a second is replaced.
#[derive(Debug)]
pub struct Sentinels {
    /// What was the primary at the start.
    pub primary: RedisServer,
    /// What were its replicas at the start.
    pub replicas: Vec<RedisServer>,
    /// Those who watch.
    pub sentinels: Vec<RedisServer>,
}

impl Sentinels {
    /// What the sentinels call the primary.
    pub const SERVICE: &str = "onay";

    /// Starts all six and waits until the sentinels know each other and the replicas.
    pub fn start() -> Self {
        let primary = RedisServer::start();
        let address = format!("127.0.0.1 {}", primary.port());
        let replica = || RedisServer::start_with(&[("replicaof", &address)]);
        let replicas = vec![replica(), replica()];
        for replica in &replicas {
            replica.wait_for_info("replication", "master_link_status", "up");
        }
        let watched = format!("monitor {} {address} 2", Self::SERVICE);
        let settings = [
            ("sentinel", watched.as_str()),
            ("sentinel", "down-after-milliseconds onay 1000"),
            ("sentinel", "failover-timeout onay 4000"),
            ("sentinel", "parallel-syncs onay 2"),
        ];
        let sentinel = || RedisServer::start_on(Port::free(), Kind::Sentinel, &settings);
        let sentinels = vec![sentinel(), sentinel(), sentinel()];
        for sentinel in &sentinels {
            until("the sentinels know everyone", || {
                let info = sentinel.info("sentinel");
                let seen: String = info.get("master0").unwrap_or_default();
                seen.contains("status=ok") && seen.ends_with("slaves=2,sentinels=3")
            });
        }
        Self {
            primary,
            replicas,
            sentinels,
        }
    }

    /// Names the primary, whichever it is, for [`crate::open`].
    pub fn url(&self) -> String {
        let sentinels = hosts(&self.sentinels);
        format!("redis+sentinel://{sentinels}/{}", Self::SERVICE)
    }

    /// Waits until all sentinels send clients to the same replica, and gives it.
    pub fn promoted(&self) -> &RedisServer {
        let mut promoted = None;
        until("the sentinels agree on a promoted server", || {
            let named = self.sentinels.iter().map(primary_port);
            let named: Vec<u16> = named.collect();
            promoted = self
                .replicas
                .iter()
                .find(|replica| named.iter().all(|port| *port == replica.port()));
            promoted.is_some()
        });
        promoted.unwrap()
    }
}

fn primary_port(sentinel: &RedisServer) -> u16 {
    let asked = ["SENTINEL", "get-master-addr-by-name", Sentinels::SERVICE];
    let address = sentinel.command(&asked);
    let (_, port): (String, u16) = redis::from_redis_value(address).unwrap();
    port
}
