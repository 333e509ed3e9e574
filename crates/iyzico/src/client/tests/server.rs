//! A server that reads raw requests and plays a script, with every fault a wire can have.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// What the server does with one request.
#[derive(Clone, Copy)]
pub(super) enum Then {
    /// Reads it and answers with this status and body.
    Answer(u16, &'static str),
    /// Reads it and writes just this, one byte at a time.
    Trickle(&'static str),
    /// Reads it, writes just this, and hangs up.
    WriteAndClose(&'static str),
    /// Reads it, writes just this, and resets the connection.
    WriteAndReset(&'static str),
    /// Reads it, writes just this, and falls silent.
    WriteAndStall(&'static str),
    /// Reads it, writes this, and then blanks without end, so many at a time.
    Flood(&'static str, usize),
    /// Hangs up without reading.
    Close,
    /// Resets the connection without reading.
    Reset,
}

/// A server that plays one script over all its connections, and what arrived there.
pub(super) struct Server {
    pub(super) base_url: String,
    /// The number of the connection, and the raw request.
    arrived: mpsc::UnboundedReceiver<(usize, Vec<u8>)>,
}

impl Server {
    pub(super) async fn start(script: &[Then]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let (tell, arrived) = mpsc::unbounded_channel();
        tokio::spawn(play(listener, script.to_vec(), tell));
        Self { base_url, arrived }
    }

    /// The next request that arrived.
    pub(super) async fn next(&mut self) -> Request {
        let (connection, raw) = self.arrived.recv().await.unwrap();
        Request::parse(connection, &raw)
    }
}

async fn play(
    listener: TcpListener,
    script: Vec<Then>,
    tell: mpsc::UnboundedSender<(usize, Vec<u8>)>,
) {
    let mut script = script.into_iter().peekable();
    let mut kept = Vec::new();
    for connection in 0.. {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        while let Some(then) = script.peek().copied() {
            if !matches!(then, Then::Close | Then::Reset) {
                let Some(raw) = read_request(&mut stream).await else {
                    break;
                };
                tell.send((connection, raw)).unwrap();
            }
            script.next();
            if !answer(&mut stream, then).await {
                if let Then::WriteAndStall(_) = then {
                    kept.push(stream);
                }
                break;
            }
        }
    }
}

/// Answers a request; whether the connection goes on.
async fn answer(stream: &mut TcpStream, then: Then) -> bool {
    match then {
        Then::Answer(status, body) => {
            let length = body.len();
            let head = format!("HTTP/1.1 {status} -\r\nlocation: /elsewhere\r\n");
            let text = format!("{head}content-length: {length}\r\n\r\n{body}");
            stream.write_all(text.as_bytes()).await.unwrap();
            return true;
        }
        Then::Trickle(text) => {
            for byte in text.bytes() {
                stream.write_all(&[byte]).await.unwrap();
                tokio::task::yield_now().await;
            }
            return true;
        }
        Then::WriteAndClose(text) | Then::WriteAndStall(text) => {
            stream.write_all(text.as_bytes()).await.unwrap();
        }
        Then::WriteAndReset(text) => {
            stream.write_all(text.as_bytes()).await.unwrap();
            stream.set_zero_linger().unwrap();
        }
        Then::Flood(text, at_a_time) => {
            stream.write_all(text.as_bytes()).await.unwrap();
            while stream.write_all(&vec![b' '; at_a_time]).await.is_ok() {}
        }
        Then::Close => {}
        Then::Reset => stream.set_zero_linger().unwrap(),
    }
    false
}

/// The bytes of one request, or nothing when the client hung up before its first byte.
async fn read_request(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut raw = Vec::new();
    while !is_whole(&raw) {
        if stream.read_buf(&mut raw).await.unwrap_or(0) == 0 {
            assert!(raw.is_empty(), "a request was broken off: {raw:?}");
            return None;
        }
    }
    Some(raw)
}

fn is_whole(raw: &[u8]) -> bool {
    raw.windows(4).any(|end| end == b"\r\n\r\n") && {
        let request = Request::parse(0, raw);
        let length = request
            .header("content-length")
            .map_or(0, |length| length.parse().unwrap());
        request.body.len() >= length
    }
}

/// One request, as it came over the wire.
pub(super) struct Request {
    pub(super) connection: usize,
    head: String,
    pub(super) body: Vec<u8>,
}

impl Request {
    fn parse(connection: usize, raw: &[u8]) -> Self {
        let blank = raw.windows(4).position(|end| end == b"\r\n\r\n").unwrap();
        let (head, body) = raw.split_at(blank);
        Self {
            connection,
            head: String::from_utf8(head.into()).unwrap(),
            body: body[4..].into(),
        }
    }

    pub(super) fn line(&self) -> &str {
        self.head.lines().next().unwrap()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    /// Checks the signature as iyzico would: over the path before `?` and the raw body.
    pub(super) fn assert_signed(&self, api_key: &str, secret_key: &str) {
        let path = self.line().split([' ', '?']).nth(1).unwrap();
        let random_key = self.header("x-iyzi-rnd").unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(secret_key.as_bytes()).unwrap();
        mac.update(format!("{random_key}{path}").as_bytes());
        mac.update(&self.body);
        let signature = hex::encode(mac.finalize().into_bytes());
        let token = self
            .header("authorization")
            .unwrap()
            .strip_prefix("IYZWSv2 ")
            .unwrap();
        assert_eq!(
            String::from_utf8(STANDARD.decode(token).unwrap()).unwrap(),
            format!("apiKey:{api_key}&randomKey:{random_key}&signature:{signature}")
        );
    }
}
