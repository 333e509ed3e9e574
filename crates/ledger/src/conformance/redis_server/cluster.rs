//! Three servers that share the slots of a cluster.

use std::sync::LazyLock;
use std::time::Duration;

use redis::{FromRedisValue, InfoDict};

use super::{DURABLE, Kind, Port, RedisServer, hosts, until};

/// How many slots a cluster has.
const SLOTS: usize = 16_384;

/// A Redis Cluster of three primaries on 127.0.0.1.
#[derive(Debug)]
pub struct Cluster {
    /// Its servers.
    pub nodes: Vec<RedisServer>,
}

impl Cluster {
    /// The one cluster that tests share.
    pub fn shared() -> &'static Self {
        static SHARED: LazyLock<Cluster> = LazyLock::new(|| Cluster::start(Duration::from_mins(1)));
        &SHARED
    }

    /// Starts three servers, gives each a third of the slots, and waits until all agree. A server
    /// that does not answer for `node_timeout` is away, and the cluster with it.
    pub fn start(node_timeout: Duration) -> Self {
        let node_timeout = node_timeout.as_millis().to_string();
        let settings = [
            ("cluster-enabled", "yes"),
            ("cluster-node-timeout", node_timeout.as_str()),
        ];
        let settings = [DURABLE, &settings].concat();
        let start = |_| RedisServer::start_on(Port::with_bus(), Kind::Store, &settings);
        let nodes: Vec<_> = (0..3).map(start).collect();
        let slots: Vec<_> = (0..SLOTS).map(|slot| slot.to_string()).collect();
        let shares = slots.chunks(SLOTS.div_ceil(nodes.len()));
        for (epoch, (node, share)) in (1_u8..).zip(nodes.iter().zip(shares)) {
            let words = ["CLUSTER", "ADDSLOTS"];
            let share = share.iter().map(String::as_str);
            node.command(&words.into_iter().chain(share).collect::<Vec<_>>());
            node.command(&["CLUSTER", "SET-CONFIG-EPOCH", &epoch.to_string()]);
        }
        for node in &nodes[1..] {
            let port = node.port().to_string();
            nodes[0].command(&["CLUSTER", "MEET", "127.0.0.1", &port]);
        }
        for node in &nodes {
            until("all servers of the cluster agree", || is_complete(node));
        }
        Self { nodes }
    }

    /// Names the cluster, for [`crate::open`].
    pub fn url(&self) -> String {
        format!("redis+cluster://{}", hosts(&self.nodes))
    }

    /// Moves the slot of `key`, with all that is in it, to the next server.
    pub fn move_slot_of(&self, key: &str) {
        let holds = |node: &RedisServer| node.try_command(&["EXISTS", key]).is_ok();
        let at = self.nodes.iter().position(holds).unwrap();
        let (from, to) = (&self.nodes[at], &self.nodes[(at + 1) % self.nodes.len()]);
        let number: u16 = answer(from, &["CLUSTER", "KEYSLOT", key]);
        let slot = number.to_string();
        let id = |node| -> String { answer(node, &["CLUSTER", "MYID"]) };
        let (from_id, to_id) = (id(from), id(to));
        to.command(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &from_id]);
        from.command(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", &to_id]);
        let port = to.port().to_string();
        loop {
            let left: Vec<String> = answer(from, &["CLUSTER", "GETKEYSINSLOT", &slot, "1"]);
            let Some(key) = left.first() else { break };
            from.command(&["MIGRATE", "127.0.0.1", &port, key, "0", "5000"]);
        }
        for node in [to, from].into_iter().chain(&self.nodes) {
            node.command(&["CLUSTER", "SETSLOT", &slot, "NODE", &to_id]);
        }
    }
}

fn answer<T: FromRedisValue>(node: &RedisServer, words: &[&str]) -> T {
    redis::from_redis_value(node.command(words)).unwrap()
}

fn is_complete(node: &RedisServer) -> bool {
    let info: InfoDict = answer(node, &["CLUSTER", "INFO"]);
    info.get::<String>("cluster_state").as_deref() == Some("ok")
        && info.get::<usize>("cluster_known_nodes") == Some(3)
}
