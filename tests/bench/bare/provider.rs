//! Three calls of the provider, signed as it wants them.

use std::collections::HashMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use sha2::Sha256;

/// The keys the simulator accepts.
const API_KEY: &str = "sandbox-onay-simulator";
const SECRET_KEY: &str = "sandbox-onay-simulator-secret";

/// Items on a page, as Onay asks for them.
const PAGE: usize = 100;

/// The provider in a box.
pub(crate) struct Provider {
    http: reqwest::Client,
    url: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Initialized {
    request_id: String,
}

#[derive(Deserialize)]
struct Authorized {
    status: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Retrieved {
    mass_payout_items: Page,
}

#[derive(Deserialize)]
struct Page {
    items: Vec<Item>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    item_status: String,
}

#[derive(Deserialize)]
struct Books {
    batches: Vec<Book>,
}

#[derive(Deserialize)]
struct Book {
    request_id: String,
    first_auth_us: Option<i64>,
}

impl Provider {
    pub(crate) fn new(url: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self {
            http: reqwest::Client::new(),
            url: url.to_owned(),
        }
    }

    /// Stores a batch; its request id.
    pub(crate) async fn initialize(&self, request: String) -> String {
        let answer: Initialized = self.call("/v1/mass/payout/init", request).await;
        answer.request_id
    }

    /// Pays it.
    pub(crate) async fn authorize(&self, request_id: &str) {
        let request = json!({ "requestId": request_id }).to_string();
        let answer: Authorized = self.call("/v1/mass/payout/auth", request).await;
        assert_eq!(answer.status, "success", "{request_id}");
    }

    /// How many of its items are paid.
    pub(crate) async fn paid(&self, request_id: &str, items: usize) -> usize {
        let mut paid = 0;
        for page in 0..items.div_ceil(PAGE) {
            let request = json!({
                "requestId": request_id, "itemType": "VALID", "page": page, "size": PAGE,
            });
            let answer: Retrieved = self
                .call("/v1/mass/payout/retrieve", request.to_string())
                .await;
            let items = answer.mass_payout_items.items;
            paid += items
                .iter()
                .filter(|item| item.item_status == "SUCCESS")
                .count();
        }
        paid
    }

    /// When the first authorize of each request id came, in microseconds since the Unix epoch.
    pub(crate) async fn first_auth_us(&self) -> HashMap<String, i64> {
        let books = self
            .http
            .get(format!("{}/_sim/books", self.url))
            .send()
            .await;
        let books: Books = books.expect("answered").json().await.expect("the books");
        let told = books.batches.into_iter();
        told.filter_map(|book| Some((book.request_id, book.first_auth_us?)))
            .collect()
    }

    async fn call<T: DeserializeOwned>(&self, path: &str, body: String) -> T {
        let request = self
            .http
            .post(format!("{}{path}", self.url))
            .header("authorization", signature(path, &body))
            .header("content-type", "application/json")
            .body(body);
        let answer = request.send().await.expect("answered");
        let answer = answer.bytes().await.expect("a whole answer");
        serde_json::from_slice(&answer).expect("a success")
    }
}

fn signature(path: &str, body: &str) -> String {
    let random = fastrand::u64(..).to_string();
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET_KEY.as_bytes()).expect("any key will do");
    for part in [&random, path, body] {
        mac.update(part.as_bytes());
    }
    let signature = hex::encode(mac.finalize().into_bytes());
    let token = format!("apiKey:{API_KEY}&randomKey:{random}&signature:{signature}");
    format!("IYZWSv2 {}", STANDARD.encode(token))
}
