//! A console over an empty ledger, the people of its policy, and batches that the provider holds.

use std::fmt::Write as _;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use chrono::{DateTime, TimeDelta, Utc};
use http_body_util::BodyExt as _;
use onay_console::{Desk, router};
use onay_ledger::{Access, Actor, Authority, Commit, Ledger, SqliteLedger, Stored, now};
use onay_payout::provider::{
    Initialized, InvalidItem, RemoteBatch, RemoteCopy, RemoteItem, RemoteStatus,
};
use onay_payout::{
    BatchRef, CopyRead, Digest, Event, Facts, HeldHistory, Identity, Intent, ItemStatus, OnInvalid,
    Policy, ReadBack, SigningKey, Why, issue_token,
};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt as _;

use crate::log::listen;

/// Names, roles; `nobody` is known and has no role.
const PEOPLE: [(&str, &str); 8] = [
    ("ayse", r#""maker""#),
    ("deniz", r#""maker", "approver""#),
    ("mehmet", r#""approver""#),
    ("zeynep", r#""approver""#),
    ("kemal", r#""approver""#),
    ("ela", r#""auditor""#),
    ("okan", r#""operator""#),
    ("nobody", ""),
];

/// Everybody else has a key.
const WITHOUT_KEY: [&str; 1] = ["kemal"];

const RULES: &str = r#"
[[rule]]
name = "everyday"
up_to = "50000.00 TRY"
approvals = 1
from = ["mehmet", "zeynep", "deniz"]
expires_after = "48h"

[[rule]]
name = "large"
above = "50000.00 TRY"
approvals = 2
from = ["mehmet", "zeynep"]
expires_after = "24h"
"#;

/// How long a batch is held that no rule covers.
const HOUR: Duration = Duration::from_hours(1);

struct People {
    /// Their tables of the policy file.
    text: String,
    policy: Arc<Policy>,
    tokens: Vec<(&'static str, String)>,
}

/// Hashes are slow by design, so they are computed once.
fn people() -> &'static People {
    static PEOPLE_ONCE: OnceLock<People> = OnceLock::new();
    PEOPLE_ONCE.get_or_init(|| {
        let (mut text, mut tokens) = ("format = 1\n".to_owned(), Vec::new());
        for (number, (name, roles)) in PEOPLE.into_iter().enumerate() {
            let seed = u8::try_from(number).unwrap();
            let (token, hash) = issue_token(&name.parse().unwrap(), &[seed; 40]).unwrap();
            let hash = hash.as_str();
            write!(
                text,
                "[[person]]\nname = \"{name}\"\nroles = [{roles}]\ntoken = \"{hash}\"\n"
            )
            .unwrap();
            if !WITHOUT_KEY.contains(&name) {
                let key = key(name).public_key();
                writeln!(text, "public_key = \"{key}\"").unwrap();
            }
            tokens.push((name, token.expose_secret().to_owned()));
        }
        let policy = Arc::new(Policy::parse(&format!("{text}{RULES}")).unwrap());
        People {
            text,
            policy,
            tokens,
        }
    })
}

pub(crate) fn token(name: &str) -> &'static str {
    let people = people();
    &people
        .tokens
        .iter()
        .find(|(known, _)| *known == name)
        .unwrap()
        .1
}

/// What somebody signs with.
pub(crate) fn key(name: &str) -> SigningKey {
    SigningKey::from_seed(Digest::of(name.as_bytes()).as_bytes())
}

/// Who somebody is, where they have proved it.
pub(crate) fn identity(name: &str) -> Identity {
    let token = SecretString::from(token(name));
    people().policy.authenticate(&token, now()).unwrap()
}

pub(crate) struct World {
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) policy: Arc<Policy>,
    /// What other batches tell of the next ones that are held.
    pub(crate) history: Option<HeldHistory>,
    router: Router,
    _dir: TempDir,
}

/// An answer, read whole.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// The error's type, after checking that it is one.
    pub(crate) fn problem(&self) -> (u16, String) {
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{}",
            self.text
        );
        let body = self.json();
        assert_eq!(body["status"], self.status.as_u16());
        assert!(body["title"].is_string() && body["detail"].is_string());
        let name = body["type"]
            .as_str()
            .unwrap()
            .strip_prefix("urn:onay:problem:")
            .unwrap();
        (self.status.as_u16(), name.to_owned())
    }
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(|desk| desk)
    }

    pub(crate) fn with(change: impl FnOnce(Desk) -> Desk) -> Self {
        Self::open(Arc::clone(&people().policy), change)
    }

    /// The same people under other rules.
    pub(crate) fn ruled(rules: &str) -> Self {
        let policy = Policy::parse(&format!("{}{rules}", people().text)).unwrap();
        Self::open(Arc::new(policy), |desk| desk)
    }

    fn open(policy: Arc<Policy>, change: impl FnOnce(Desk) -> Desk) -> Self {
        listen();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("onay.db");
        let ledger: Arc<dyn Ledger> = Arc::new(SqliteLedger::open(&path, Access::Create).unwrap());
        let desk = Desk::new(Arc::clone(&ledger), Arc::clone(&policy));
        Self {
            ledger,
            policy,
            history: None,
            router: router(change(desk)),
            _dir: dir,
        }
    }

    /// The same ledger, and a policy file that differs in a comment.
    pub(crate) fn under_another_policy(self) -> Self {
        self.under(&format!("{RULES}# other\n"))
    }

    /// The same ledger under other rules.
    pub(crate) fn under(self, rules: &str) -> Self {
        let text = format!("{}{rules}", people().text);
        let policy = Arc::new(Policy::parse(&text).unwrap());
        let desk = Desk::new(Arc::clone(&self.ledger), Arc::clone(&policy));
        let router = router(desk);
        Self {
            policy,
            router,
            ..self
        }
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            text,
        }
    }

    pub(crate) async fn get(&self, who: &str, path: &str) -> Answer {
        self.send(request(Method::GET, path, who).body(Body::empty()).unwrap())
            .await
    }

    pub(crate) async fn post(&self, who: &str, path: &str, body: &Value) -> Answer {
        let request = request(Method::POST, path, who)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_string()));
        self.send(request.unwrap()).await
    }

    pub(crate) async fn load(&self, batch: &str) -> Stored {
        let batch: BatchRef = batch.parse().unwrap();
        self.ledger.load(&batch).await.unwrap().unwrap()
    }

    /// Submits a batch as `maker`; gives our id.
    pub(crate) async fn submitted(&self, maker: &str, batch: &Value) -> String {
        let answer = self.post(maker, "/v1/batches", batch).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
        answer.json()["batch"].as_str().unwrap().to_owned()
    }

    /// A batch as the provider holds it since now; gives our id.
    pub(crate) async fn held(&self, maker: &str, batch: &Value) -> String {
        self.held_since(maker, batch, TimeDelta::zero(), &[]).await
    }

    /// The same, held for a while already, with some items refused.
    pub(crate) async fn held_since(
        &self,
        maker: &str,
        batch: &Value,
        ago: TimeDelta,
        refused: &[&str],
    ) -> String {
        let id = self.submitted(maker, batch).await;
        self.hold(&id, ago, refused).await;
        id
    }

    /// The provider takes a batch that was submitted, and holds it.
    pub(crate) async fn hold(&self, id: &str, ago: TimeDelta, refused: &[&str]) {
        let at = Utc::now() - ago;
        let intent = Intent {
            owner: "w-1".parse().unwrap(),
            started_at: at,
            deadline: at,
        };
        self.happened(id, Event::InitializeStarted(intent), at)
            .await;
        let invalid = refused.iter().map(|item| InvalidItem {
            id: item.parse().unwrap(),
            code: Some("1045".to_owned()),
            message: Some("hesap bulunamadı <b>".to_owned()),
        });
        let request_id = format!("req-{id}").parse().unwrap();
        let initialized = Initialized {
            request_id,
            invalid: invalid.collect(),
        };
        self.happened(id, Event::Initialized(initialized), at).await;
        self.happened(id, self.read_back(id).await, at).await;
        assert_eq!(self.load(id).await.batch.state().name(), "pending_approval");
    }

    async fn read_back(&self, id: &str) -> Event {
        let policy = &self.policy;
        let stored = self.load(id).await;
        let facts = Facts {
            history: self.history.as_ref().map(HeldHistory::facts),
            ..stored.batch.content().facts()
        };
        Event::ReadBack(Box::new(CopyRead {
            copy: None,
            depth: ReadBack::Off,
            account: "sandbox.example/3f9a01c2".parse().unwrap(),
            rules: policy.requirement(&facts, stored.batch.head()),
            history: self.history.clone(),
            expires_after: policy.expires_after(&facts).unwrap_or(HOUR),
            on_invalid: OnInvalid::Ask,
        }))
    }

    /// Records an event as a worker would.
    pub(crate) async fn happened(&self, id: &str, event: Event, at: DateTime<Utc>) {
        let stored = self.load(id).await;
        let transition = stored.batch.apply(event, at).unwrap();
        let actor = Actor {
            name: "w-1".to_owned(),
            via: "worker",
        };
        let commit = Commit::new(&stored, transition, &actor, at, Authority::Version);
        self.ledger.commit(commit).await.unwrap();
    }

    /// The quorum is reached and authorize is under way.
    pub(crate) async fn releasing(&self, id: &str) {
        self.releasing_until(id, Utc::now() + Duration::from_mins(1))
            .await;
    }

    async fn releasing_until(&self, id: &str, deadline: DateTime<Utc>) {
        let stored = self.load(id).await;
        let at = Utc::now();
        let owner = "w-1".parse().unwrap();
        let intent = Intent {
            owner,
            started_at: at,
            deadline,
        };
        let quorum = self.policy.quorum(stored.batch.head()).unwrap();
        self.happened(id, Event::ReleaseStarted { intent, quorum }, at)
            .await;
    }

    /// A batch with enough approvals.
    pub(crate) async fn approved(&self, maker: &str, batch: &Value) -> String {
        let id = self.held(maker, batch).await;
        let body = json!({ "verdict": "approve", "digest": self.digest(&id).await });
        let path = format!("/v1/batches/{id}/decisions");
        let answer = self.post("mehmet", &path, &body).await;
        assert_eq!(answer.json()["state"], "approved", "{}", answer.text);
        id
    }

    /// A batch whose release may have been sent, and is past its deadline.
    pub(crate) async fn frozen(&self, maker: &str, batch: &Value) -> String {
        let id = self.approved(maker, batch).await;
        self.releasing_until(&id, Utc::now()).await;
        let (why, details) = (Why::ReleaseUnconfirmed, vec!["four looks".to_owned()]);
        self.happened(&id, Event::Froze { why, details }, Utc::now())
            .await;
        id
    }

    /// A batch that froze before anybody could approve it.
    pub(crate) async fn frozen_early(&self, maker: &str, batch: &Value) -> String {
        let id = self.held(maker, batch).await;
        let (why, details) = (Why::CopyDiffers, vec!["another total".to_owned()]);
        self.happened(&id, Event::Froze { why, details }, Utc::now())
            .await;
        id
    }

    /// Releases an approved batch; its items end like this.
    pub(crate) async fn closed(&self, id: &str, ends: &[ItemStatus]) {
        self.releasing(id).await;
        let stored = self.load(id).await;
        let request_id = stored.batch.state().request_id().unwrap().clone();
        let account = stored.batch.state().hold().unwrap().account.clone();
        let released = Event::Released {
            request_id,
            account,
        };
        self.happened(id, released, Utc::now()).await;
        let items = stored.batch.content().items().iter().zip(ends);
        let items = items.map(|(item, status)| RemoteItem {
            id: item.id.clone(),
            reference: None,
            status: status.clone(),
            recipient_kind: None,
            recipient_info: None,
            recipient_name: None,
            description: None,
            amount: Some(item.amount),
            commission: None,
            errors: Vec::new(),
            request_id: None,
        });
        let copy = RemoteCopy {
            items: items.collect(),
            total_items: None,
            batch: RemoteBatch {
                external_id: None,
                status: RemoteStatus::Completed,
                total: None,
                commission: None,
            },
        };
        self.happened(id, Event::Reported(copy), Utc::now()).await;
    }

    pub(crate) async fn digest(&self, id: &str) -> String {
        self.load(id)
            .await
            .batch
            .state()
            .hold()
            .unwrap()
            .digest
            .to_string()
    }
}

pub(crate) fn request(method: Method, path: &str, who: &str) -> axum::http::request::Builder {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, "localhost");
    if who.is_empty() {
        return request;
    }
    request.header(header::AUTHORIZATION, format!("Bearer {}", token(who)))
}

/// A batch of items of 100.50 lira, in iyzico's shape.
pub(crate) fn batch(external_id: &str, count: usize) -> Value {
    let items = (0..count).map(|number| {
        json!({
            "itemExternalId": format!("item-{number}"),
            "recipientType": "IBAN",
            "recipientInfo": "TR190006200000000012600000",
            "recipientName": "Ayşe Çağlayan",
            "amount": { "value": 100.50, "currency": "TRY" },
            "description": "Kasım maaşı",
        })
    });
    json!({ "externalId": external_id, "purpose": "SALARY", "items": items.collect::<Vec<_>>() })
}
