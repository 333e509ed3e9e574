//! A write is begun until its deadline or never, wherever it is when the deadline passes.

use std::iter;
use std::net::SocketAddr;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::*;

const TOO_LATE: Result<(), ProviderError> = Err(ProviderError::NotSent(NotSent::TooLate));

/// The three writes: their paths, and whether they have a body.
const WRITES: [(&str, &[u8]); 3] = [("init", b"{}"), ("auth", b"{}"), ("cancel/1", b"")];

fn past_by_the_wall_clock() -> SendBy {
    SendBy {
        wall: DateTime::<Utc>::MIN_UTC,
        ..later()
    }
}

#[tokio::test]
async fn a_late_call_spares_its_connection() {
    let mut server = Server::start(&[SUCCESS]).await;
    let client = client(&server.base_url);
    for late in [past(), past_by_the_wall_clock()] {
        let initialized = client.initialize(&content(), &external_id(), late).await;
        assert_eq!(initialized.map(drop), TOO_LATE);
        assert_eq!(client.start(&request_id(), late).await, TOO_LATE);
        assert_eq!(client.cancel(&request_id(), late).await, TOO_LATE);
    }
    client.balance().await.unwrap();
    assert_eq!(server.next().await.connection, 0, "the first to arrive");
}

/// The deadline passes after the last check of our own. The server would notice a single byte;
/// that each late write takes a connection with it shows that it had come that far.
#[tokio::test]
async fn a_write_that_is_late_at_its_first_byte_leaves_no_byte() {
    for (path, body) in WRITES {
        for late in [past(), past_by_the_wall_clock()] {
            let mut server = Server::start(&[SUCCESS; 2]).await;
            let client = client(&server.base_url);
            let send = async || {
                let request = client.signed(Method::POST, path, body.to_vec(), Some(late));
                client.send(request.unwrap()).await.map(drop)
            };
            assert_eq!(send().await, TOO_LATE, "{path} on a fresh connection");
            client.balance().await.unwrap();
            assert_eq!(server.next().await.connection, 1, "{path}");
            assert_eq!(send().await, TOO_LATE, "{path} on a kept connection");
            client.balance().await.unwrap();
            assert_eq!(server.next().await.connection, 2, "{path}");
        }
    }
}

/// Finds the server when it is too late.
struct SlowLookup {
    address: SocketAddr,
    found_at: Instant,
}

impl Resolve for SlowLookup {
    fn resolve(&self, _: Name) -> Resolving {
        let (address, found_at) = (self.address, self.found_at.into());
        Box::pin(async move {
            tokio::time::sleep_until(found_at).await;
            let found: Addrs = Box::new(iter::once(address));
            Ok(found)
        })
    }
}

#[tokio::test]
async fn a_write_whose_connection_comes_too_late_leaves_no_byte() {
    let mut server = Server::start(&[SUCCESS]).await;
    let address: SocketAddr = server.base_url["http://".len()..].parse().unwrap();
    let mut client = client(&format!("http://localhost:{}", address.port()));
    let found_at = Instant::now() + Duration::from_secs(1);
    let lookup = SlowLookup { address, found_at };
    client.http = http(Timeouts::default())
        .dns_resolver(std::sync::Arc::new(lookup))
        .build()
        .unwrap();
    let (content, external_id, request_id) = (content(), external_id(), request_id());
    let (initialized, started, cancelled) = tokio::join!(
        client.initialize(&content, &external_id, send_by(found_at)),
        client.start(&request_id, send_by(found_at)),
        client.cancel(&request_id, send_by(found_at)),
    );
    assert_eq!([initialized.map(drop), started, cancelled], [TOO_LATE; 3]);
    client.balance().await.unwrap();
    assert_eq!(server.next().await.connection, 3, "each had its connection");
}
