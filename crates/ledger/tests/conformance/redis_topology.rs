//! Servers that stand in for each other, and servers that share the work.

use std::time::Duration;

use onay_ledger::conformance::redis_server::{Cluster, RedisServer, Sentinels};

use crate::traffic::Traffic;

/// The primary goes away, and comes back after another server took its place. Every write counts
/// once a replica has it, so nothing is lost.
async fn survives_failover(goes: impl Fn(&RedisServer), comes_back: impl Fn(&RedisServer)) {
    let servers = Sentinels::start();
    let traffic = Traffic::start(&format!("{}?wait_replicas=1", servers.url())).await;
    traffic.until_flowing().await;
    goes(&servers.primary);
    servers.promoted();
    traffic.until_flowing().await;
    comes_back(&servers.primary);
    traffic.until_flowing().await;
    traffic.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failover_loses_nothing_that_a_replica_confirmed() {
    survives_failover(RedisServer::kill, RedisServer::start_again).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_primary_that_missed_its_replacement_changes_nothing() {
    survives_failover(RedisServer::freeze, RedisServer::thaw).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_whose_servers_die_one_after_the_other_loses_nothing_that_was_answered() {
    let cluster = Cluster::start(Duration::from_secs(1));
    let traffic = Traffic::start(&cluster.url()).await;
    for node in &cluster.nodes {
        traffic.until_flowing().await;
        node.kill();
        node.start_again();
        traffic.until_flowing().await;
    }
    traffic.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_to_a_cluster_that_are_cut_are_made_again() {
    let cluster = Cluster::start(Duration::from_secs(1));
    let traffic = Traffic::start(&cluster.url()).await;
    for _ in 0..5 {
        for node in &cluster.nodes {
            node.command(&["CLIENT", "KILL", "TYPE", "normal"]);
        }
        traffic.until_flowing().await;
    }
    traffic.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_that_moves_to_another_server_of_its_cluster_is_followed() {
    let cluster = Cluster::shared();
    let traffic = Traffic::start(&cluster.url()).await;
    traffic.until_flowing().await;
    cluster.move_slot_of("{onay}:meta");
    traffic.until_flowing().await;
    traffic.end().await;
}
