//! The client against a real socket. Whatever goes wrong on the wire, the error says only what is
//! certain; what arrives is exactly what was signed.

use std::time::Instant;

use chrono::{DateTime, Utc};
use onay_payout::provider::{ItemKind, Lookup, Refusal};
use onay_payout::{Currency, Item, Money, Personal, Recipient, RecipientType};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use self::server::{Server, Then};
use super::*;
use crate::settings::{CALL_TIMEOUT, CONNECT_TIMEOUT, Timeouts};

mod late;
mod server;

const API_KEY: &str = "sandbox-MARKERapikey";
const SECRET_KEY: &str = "sandbox-MARKERsecret";
const IBAN: &str = "TR920086402100005482986178";
const NAME: &str = "MARKER Yılmaz";

/// Long enough for a test to notice, short enough to wait for.
const MOMENT: Duration = Duration::from_millis(300);

const SUCCESS: Then = Then::Answer(200, r#"{"status":"success","balance":"12.50"}"#);

/// All of the JSON is there, but not all of the answer.
const HALF: &str = "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{\"status\":\"success\"}";

fn settings(base_url: &str) -> Settings {
    Settings {
        base_url: base_url.to_owned(),
        api_key: API_KEY.into(),
        secret_key: SECRET_KEY.into(),
        locale: Locale::En,
        timeouts: Timeouts::default(),
    }
}

fn client(base_url: &str) -> Client {
    Client::new(settings(base_url)).unwrap()
}

/// A client that gives up on a connection, or on a whole call, after a moment.
fn impatient(base_url: &str, timeouts: Timeouts) -> Client {
    Client::new(Settings {
        timeouts,
        ..settings(base_url)
    })
    .unwrap()
}

fn brief_call() -> Timeouts {
    Timeouts {
        call: MOMENT,
        ..Timeouts::default()
    }
}

fn later() -> SendBy {
    send_by(Instant::now().checked_add(Duration::from_hours(1)).unwrap())
}

fn past() -> SendBy {
    send_by(Instant::now())
}

fn send_by(monotonic: Instant) -> SendBy {
    let wall = DateTime::<Utc>::MAX_UTC;
    SendBy { monotonic, wall }
}

fn external_id() -> ExternalId {
    "m-1".parse().unwrap()
}

fn request_id() -> RequestId {
    "79cdefc1-3ce6-4f51-bdd9-0c050274db64".parse().unwrap()
}

fn content() -> Content {
    let item = Item {
        id: "line-1".parse().unwrap(),
        recipient: Recipient {
            kind: RecipientType::Iban,
            info: Personal::new(IBAN),
            name: Some(Personal::new(NAME)),
        },
        amount: Money::payable(Money::decimal("100.50").unwrap(), Currency::Try).unwrap(),
        description: Some("Ödeme".into()),
        non_withdrawable: false,
    };
    Content::new(
        "batch-7".parse().unwrap(),
        None,
        None,
        Currency::Try,
        vec![item],
    )
    .unwrap()
}

fn query() -> Query {
    let by = Lookup::External("batch-7".parse().unwrap());
    Query {
        by,
        items: ItemKind::Valid,
        page: 0,
        size: 40,
    }
}

fn assert_in_doubt<T: fmt::Debug>(result: &Result<T, ProviderError>) {
    assert!(
        matches!(result, Err(ProviderError::InDoubt(_))),
        "{result:?}"
    );
}

fn assert_no_connection<T: fmt::Debug>(result: &Result<T, ProviderError>) {
    let certain = matches!(result, Err(ProviderError::NotSent(NotSent::Connection(_))));
    assert!(certain, "{result:?}");
}

#[tokio::test]
async fn each_of_the_six_calls_is_signed_over_the_bytes_that_arrive() {
    let mut server = Server::start(&[SUCCESS; 6]).await;
    let client = client(&server.base_url);
    assert_in_doubt(&client.initialize(&content(), &external_id(), later()).await);
    assert_eq!(client.start(&request_id(), later()).await, Ok(()));
    assert_eq!(client.retrieve(&query()).await, Ok(None));
    assert_eq!(client.item(&"code-1".parse().unwrap()).await, Ok(None));
    assert_eq!(client.cancel(&request_id(), later()).await, Ok(()));
    assert_eq!(client.balance().await, Ok(Decimal::new(1250, 2)));

    for (line, has_body) in [
        ("POST /v1/mass/payout/init?locale=en HTTP/1.1", true),
        ("POST /v1/mass/payout/auth?locale=en HTTP/1.1", true),
        ("POST /v1/mass/payout/retrieve?locale=en HTTP/1.1", true),
        (
            "GET /v1/mass/payout/retrieve/items/code-1?locale=en HTTP/1.1",
            false,
        ),
        (
            "POST /v1/mass/payout/cancel/79cdefc1-3ce6-4f51-bdd9-0c050274db64?locale=en HTTP/1.1",
            false,
        ),
        ("GET /v1/mass/payout/balance?locale=en HTTP/1.1", false),
    ] {
        let request = server.next().await;
        request.assert_signed(API_KEY, SECRET_KEY);
        assert_eq!(request.line(), line);
        assert_eq!(!request.body.is_empty(), has_body, "{line}");
        assert_eq!(request.header("content-type"), Some("application/json"));
        assert_eq!(request.header("accept"), Some("application/json"));
        // An empty POST says so: some servers refuse one without a length.
        assert_eq!(
            request.header("content-length").is_some(),
            line.starts_with("POST"),
            "{line}"
        );
        assert_eq!(request.header("transfer-encoding"), None, "{line}");
        assert_eq!(request.connection, 0, "the connection is kept");
    }
}

#[tokio::test]
async fn no_random_key_is_used_twice() {
    let mut server = Server::start(&[SUCCESS; 2]).await;
    let client = client(&server.base_url);
    client.balance().await.unwrap();
    client.balance().await.unwrap();
    let keys = [server.next().await, server.next().await]
        .map(|request| request.header("x-iyzi-rnd").unwrap().to_owned());
    assert_ne!(keys[0], keys[1]);
}

#[tokio::test]
async fn without_a_connection_nothing_was_sent() {
    let refused = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    assert_no_connection(
        &client(&format!("http://{refused}"))
            .start(&request_id(), later())
            .await,
    );

    // The TLS handshake fails, or never ends.
    for (answer, connect) in [(Some("no TLS\r\n"), CONNECT_TIMEOUT), (None, MOMENT)] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("https://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            match answer {
                Some(text) => stream.write_all(text.as_bytes()).await,
                None => stream.read_to_end(&mut Vec::new()).await.map(drop),
            }
        });
        let client = impatient(
            &base_url,
            Timeouts {
                connect,
                ..Timeouts::default()
            },
        );
        assert_no_connection(&client.start(&request_id(), later()).await);
        server.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn once_connected_any_broken_exchange_is_in_doubt() {
    for then in [
        Then::Close,
        Then::WriteAndClose(""),
        Then::WriteAndClose("nonsense\r\n\r\n"),
        Then::WriteAndClose(HALF),
        Then::WriteAndReset(""),
        Then::WriteAndReset(HALF),
        Then::Reset,
        Then::Answer(200, ""),
        Then::Answer(200, "<html>"),
        Then::Answer(502, "<html>"),
        Then::Answer(429, "<html>"),
        Then::Answer(503, r#"{"status":"success"}"#),
    ] {
        let server = Server::start(&[then]).await;
        assert_in_doubt(&client(&server.base_url).start(&request_id(), later()).await);
    }
}

#[tokio::test]
async fn a_provider_without_end_is_given_up_on_in_time_and_in_doubt() {
    for then in [
        Then::WriteAndStall(""),
        Then::WriteAndStall(HALF),
        Then::Flood("HTTP/1.1 200 OK\r\nx: ", 1),
        Then::Flood("HTTP/1.1 200 OK\r\n\r\n", 1),
    ] {
        let server = Server::start(&[then]).await;
        let client = impatient(&server.base_url, brief_call());
        let asked_at = Instant::now();
        assert_in_doubt(&client.start(&request_id(), later()).await);
        assert!(asked_at.elapsed() < CALL_TIMEOUT, "its own timeout counts");
    }
}

#[tokio::test]
async fn an_answer_that_comes_byte_by_byte_is_read() {
    let slow = "HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n{\"status\":\"success\"}";
    let server = Server::start(&[Then::Trickle(slow)]).await;
    let client = client(&server.base_url);
    assert_eq!(client.start(&request_id(), later()).await, Ok(()));
}

#[tokio::test]
async fn an_answer_without_end_is_not_read() {
    let server = Server::start(&[Then::Flood("HTTP/1.1 200 OK\r\n\r\n", 16_384)]).await;
    let too_large = ProviderError::InDoubt("the answer is too large".into());
    assert_eq!(client(&server.base_url).balance().await, Err(too_large));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let mut server = Server::start(&[Then::Answer(307, ""), SUCCESS]).await;
    let client = client(&server.base_url);
    assert_in_doubt(&client.start(&request_id(), later()).await);
    client.balance().await.unwrap();
    assert!(server.next().await.line().contains("/auth"));
    assert!(
        server.next().await.line().contains("/balance"),
        "nothing in between"
    );
}

#[tokio::test]
async fn a_refused_lookup_is_told_apart_from_an_empty_one() {
    let refusal = Then::Answer(404, r#"{"status":"failure","errorCode":"1234"}"#);
    let server = Server::start(&[refusal; 2]).await;
    let client = client(&server.base_url);
    let refused = ProviderError::Refused(Refusal {
        code: Some("1234".into()),
        message: None,
    });
    assert_eq!(client.retrieve(&query()).await, Err(refused.clone()));
    let item = client.item(&"code-1".parse().unwrap()).await;
    assert_eq!(item, Err(refused));
}

#[test]
fn the_account_is_the_host_and_a_fingerprint_of_the_key() {
    for (base_url, host) in [
        ("https://sandbox-api.iyzipay.com", "sandbox-api.iyzipay.com"),
        (
            "https://sandbox-api.iyzipay.com:443/",
            "sandbox-api.iyzipay.com",
        ),
        ("http://127.0.0.1:8080", "127.0.0.1:8080"),
        ("http://[::1]:8080", "[::1]:8080"),
    ] {
        assert_eq!(
            *client(base_url).account(),
            Account::new(host, API_KEY),
            "{base_url}"
        );
    }
}

/// Keys, the payee and his account are marked; the server even sends them back.
#[tokio::test]
async fn keys_and_payees_show_in_no_debug_output_and_in_no_error() {
    let bad_id = r#"{"status":"success","requestId":"TR920086402100005482986178 MARKER"}"#;
    let bad_field = r#"{"status":"TR920086402100005482986178","invalidItems":"MARKER"}"#;
    let script = [
        Then::Answer(200, bad_id),
        Then::Answer(200, bad_field),
        Then::Close,
        Then::WriteAndStall(""),
    ];
    let server = Server::start(&script).await;
    let client = impatient(&server.base_url, brief_call());
    let mut shown = vec![format!("{client:?} {:?}", settings(&server.base_url))];
    for base_url in [
        "http://MARKER.example",
        "https://MARKER:MARKER@localhost",
        "MARKER",
    ] {
        let error = Client::new(settings(base_url)).unwrap_err();
        shown.push(format!("{error} {error:?}"));
    }
    for send_by in [past(), later(), later(), later(), later()] {
        let error = client
            .initialize(&content(), &external_id(), send_by)
            .await
            .unwrap_err();
        shown.push(format!("{error} {error:?}"));
    }
    let shown = shown.join("\n");
    for marker in ["MARKER", IBAN, "locale="] {
        assert!(!shown.contains(marker), "{shown}");
    }
}
