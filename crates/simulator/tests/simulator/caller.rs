//! A caller of the simulator in a few lines: its own signing, its own HTTP over a bare socket.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use onay_simulator::{Credentials, Scenario, Settings, Simulator};
use sha2::Sha256;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::oneshot,
};

pub(crate) const API_KEY: &str = "sandbox-apiKey";
pub(crate) const SECRET_KEY: &str = "sandbox-secretKey";

/// A running simulator; dropping it shuts it down.
pub(crate) struct World {
    pub(crate) simulator: Simulator,
    pub(crate) shutdown: oneshot::Sender<()>,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) text: String,
}

/// Bytes that came back, in how many pieces, and how the connection ended.
pub(crate) struct Raw {
    pub(crate) bytes: Vec<u8>,
    pub(crate) pieces: usize,
    pub(crate) error: Option<std::io::ErrorKind>,
}

impl Answer {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.text).unwrap()
    }
}

pub(crate) fn settings() -> Settings {
    Settings {
        settle_after: std::time::Duration::ZERO,
        ..Settings::new(Credentials::new(API_KEY, SECRET_KEY))
    }
}

impl World {
    pub(crate) async fn start(scenario: impl Into<Scenario>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (shutdown, closed) = oneshot::channel::<()>();
        let closed = async {
            let _ = closed.await;
        };
        let simulator = Simulator::start(listener, scenario, closed).unwrap();
        Self {
            simulator,
            shutdown,
        }
    }

    /// An unsigned call of the simulator's own endpoints that is done.
    pub(crate) async fn steer(&self, method: &str, target: &str, body: &str) -> Answer {
        let answer = self.send(method, target, None, body).await.unwrap();
        assert!(answer.status < 300, "{target}: {}", answer.text);
        answer
    }

    /// A signed call; `None` when the connection closed without an answer.
    pub(crate) async fn try_call(&self, method: &str, target: &str, body: &str) -> Option<Answer> {
        let authorization = sign(target.split('?').next().unwrap(), body);
        self.send(method, target, Some(&authorization), body).await
    }

    /// A signed call that is answered with 200.
    pub(crate) async fn call(&self, method: &str, target: &str, body: &str) -> Answer {
        let answer = self.try_call(method, target, body).await.unwrap();
        assert_eq!(answer.status, 200, "{target}: {}", answer.text);
        answer
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        target: &str,
        authorization: Option<&str>,
        body: &str,
    ) -> Option<Answer> {
        let raw = self.exchange(method, target, authorization, body).await;
        let text = String::from_utf8(raw.bytes).unwrap();
        let (head, body) = text.split_once("\r\n\r\n")?;
        Some(Answer {
            status: head.split(' ').nth(1)?.parse().ok()?,
            text: body.to_owned(),
        })
    }

    /// A signed call, as it looks from the socket.
    pub(crate) async fn signed_exchange(&self, method: &str, target: &str, body: &str) -> Raw {
        let authorization = sign(target, body);
        self.exchange(method, target, Some(&authorization), body)
            .await
    }

    async fn exchange(
        &self,
        method: &str,
        target: &str,
        authorization: Option<&str>,
        body: &str,
    ) -> Raw {
        let base_url = self.simulator.base_url();
        let address = base_url.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).await.unwrap();
        let authorization = authorization.map(|value| format!("Authorization: {value}\r\n"));
        let head = format!(
            "{method} {target} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n{}\r\n",
            body.len(),
            authorization.unwrap_or_default(),
        );
        // A connection may end before all is written; what comes back tells.
        let _ = stream.write_all((head + body).as_bytes()).await;
        let mut raw = Raw {
            bytes: Vec::new(),
            pieces: 0,
            error: None,
        };
        loop {
            match stream.read_buf(&mut raw.bytes).await {
                Ok(0) => return raw,
                Ok(_) => raw.pieces += 1,
                Err(error) => {
                    raw.error = Some(error.kind());
                    return raw;
                }
            }
        }
    }
}

fn sign(path: &str, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET_KEY.as_bytes()).unwrap();
    mac.update(format!("r-1{path}{body}").as_bytes());
    let signature = hex::encode(mac.finalize().into_bytes());
    let token = format!("apiKey:{API_KEY}&randomKey:r-1&signature:{signature}");
    format!("IYZWSv2 {}", STANDARD.encode(token))
}
