//! A primary, its replica, and three sentinels that put the one in the other's place.

use redis::InfoDict;

use super::{Kind, Port, RedisServer, until};

/// Three sentinels over a primary and a replica, all on 127.0.0.1. A primary that does not answer
/// for a second is replaced.
#[derive(Debug)]
pub struct Sentinels {
    /// What was the primary at the start.
    pub primary: RedisServer,
    /// What was its replica at the start.
    pub replica: RedisServer,
    /// Those who watch.
    pub sentinels: Vec<RedisServer>,
}

impl Sentinels {
    /// What the sentinels call the primary.
    pub const SERVICE: &str = "onay";

    /// Starts all five and waits until the sentinels know each other and the replica.
    pub fn start() -> Self {
        let primary = RedisServer::start();
        let of_primary = format!("127.0.0.1 {}", primary.port());
        let replica = RedisServer::start_with(&[("replicaof", &of_primary)]);
        replica.wait_for_info("replication", "master_link_status", "up");
        let watched = format!("monitor {} {of_primary} 2", Self::SERVICE);
        let settings = [
            ("sentinel", watched.as_str()),
            ("sentinel", "down-after-milliseconds onay 1000"),
            ("sentinel", "failover-timeout onay 4000"),
        ];
        let start = || RedisServer::start_on(Port::free(), Kind::Sentinel, &settings);
        let sentinels = vec![start(), start(), start()];
        let know = "status=ok,address=127.0.0.1:";
        for sentinel in &sentinels {
            until("the sentinels know everyone", || {
                let info: InfoDict = sentinel.info("sentinel");
                let seen: String = info.get("master0").unwrap_or_default();
                seen.contains(know) && seen.ends_with("slaves=1,sentinels=3")
            });
        }
        Self {
            primary,
            replica,
            sentinels,
        }
    }

    /// Waits until all sentinels send clients to the replica, and it takes writes.
    pub fn wait_until_promoted(&self) {
        self.replica.wait_for_info("replication", "role", "master");
        let port = self.replica.port().to_string();
        for sentinel in &self.sentinels {
            until("the sentinels name the promoted server", || {
                let name = ["SENTINEL", "get-master-addr-by-name", Self::SERVICE];
                let address = sentinel.command(&name);
                let (_, answered): (String, String) = redis::from_redis_value(address).unwrap();
                answered == port
            });
        }
    }
}
