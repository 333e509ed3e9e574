//! The servers that the other tests rely on do what they are told.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use onay_ledger::conformance::redis_server::{Cluster, RedisServer, Sentinels};

fn write(server: &RedisServer, key: &str) {
    server.command(&["SET", key, "kept"]);
}

fn read(server: &RedisServer, key: &str) -> Option<String> {
    redis::from_redis_value(server.command(&["GET", key])).unwrap()
}

#[test]
fn a_killed_server_comes_back_at_its_place_with_its_data() {
    let server = RedisServer::start();
    let url = server.url();
    write(&server, "a");
    server.kill();
    server.try_command(&["PING"]).unwrap_err();
    server.start_again();
    write(&server, "b");
    server.stop();
    server.start_again();
    assert_eq!(server.url(), url);
    assert_eq!(read(&server, "a").as_deref(), Some("kept"));
    assert_eq!(read(&server, "b").as_deref(), Some("kept"));
    assert!(server.append_only_folder().is_dir());
}

#[test]
fn a_frozen_server_answers_once_it_is_thawed() {
    let server = RedisServer::start();
    server.freeze();
    let mut connection = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    connection.write_all(b"PING\r\n").unwrap();
    let briefly = Some(Duration::from_millis(50));
    connection.set_read_timeout(briefly).unwrap();
    connection.read_exact(&mut [0]).unwrap_err();
    std::thread::scope(|scope| {
        let asked = scope.spawn(|| write(&server, "a"));
        server.thaw();
        asked.join().unwrap();
    });
    assert_eq!(read(&server, "a").as_deref(), Some("kept"));
    server.freeze();
    // Ends all the same.
}

#[test]
fn a_server_takes_its_settings() {
    let server = RedisServer::start_with(&[("appendfsync", "everysec"), ("maxmemory", "3mb")]);
    assert_eq!(server.info("memory").get::<u64>("maxmemory"), Some(3 << 20));
    let setting = server.command(&["CONFIG", "GET", "appendfsync"]);
    let (_, value): (String, String) = redis::from_redis_value(setting).unwrap();
    assert_eq!(value, "everysec");
}

#[test]
fn sentinels_promote_a_replica() {
    let sentinels = Sentinels::start();
    write(&sentinels.primary, "a");
    let confirmed = sentinels.primary.command(&["WAIT", "2", "0"]);
    assert_eq!(confirmed, redis::Value::Int(2));
    sentinels.primary.kill();
    let promoted = sentinels.promoted();
    assert_eq!(read(promoted, "a").as_deref(), Some("kept"));
    write(promoted, "b");
}

#[test]
fn a_cluster_answers_for_every_slot() {
    let cluster = Cluster::start(Duration::from_mins(1));
    let mut answered = 0;
    for (node, key) in cluster
        .nodes
        .iter()
        .flat_map(|node| [(node, "a"), (node, "b"), (node, "c")])
    {
        match node.try_command(&["SET", key, "kept"]) {
            Ok(_) => answered += 1,
            Err(moved) => assert_eq!(moved.code(), Some("MOVED"), "{moved}"),
        }
    }
    assert_eq!(answered, 3, "each key has one place");
}
