//! What is served over HTTP, and what every request passes through.

mod access;
mod api;
mod headers;
mod health;
mod problem;
mod session;
mod words;

use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use onay_ledger::Ledger;
use onay_payout::Policy;

use crate::pages;
use access::Doorkeeper;
use session::Sessions;

pub(crate) use access::Denied;
pub(crate) use headers::{is_foreign, is_loopback};
pub use health::{Durability, probes};
pub(crate) use problem::{Kind, Problem};
pub(crate) use session::Session;
pub(crate) use words::{NO_REASON, words};

/// What the console works on.
#[derive(Clone)]
pub struct Desk {
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) policy: Arc<Policy>,
    durability: Durability,
    ready: Ready,
}

type Ready = Arc<dyn Fn() -> Result<(), String> + Send + Sync>;

impl Desk {
    /// A desk over an open ledger, under one policy.
    pub fn new(ledger: Arc<dyn Ledger>, policy: Arc<Policy>) -> Self {
        let ready: Ready = Arc::new(|| Ok(()));
        Self {
            ledger,
            policy,
            durability: Durability::default(),
            ready,
        }
    }

    /// Asks this much of the store, for `/readyz` and the pages.
    #[must_use]
    pub fn asking_for(self, durability: Durability) -> Self {
        Self { durability, ..self }
    }

    /// Adds what else must be well for `/readyz` to say so, such as the workers of this process.
    /// The sentence it gives otherwise is shown to whoever asks.
    #[must_use]
    pub fn ready_when(
        self,
        ready: impl Fn() -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        Self {
            ready: Arc::new(ready),
            ..self
        }
    }
}

/// The whole console: `/v1` for programs, pages for people, `/healthz` and `/readyz` for
/// supervisors.
///
/// Sessions live in this process: where several copies run, a person must reach the same one.
/// A proxy in front must pass on `Host` and set `X-Forwarded-Proto`.
pub fn router(desk: Desk) -> Router {
    let console = Arc::new(Console {
        doorkeeper: Doorkeeper::new(Arc::clone(&desk.ledger), Arc::clone(&desk.policy)),
        sessions: Sessions::default(),
        desk: desk.clone(),
    });
    pages::router()
        .nest("/v1", api::router())
        .with_state(console)
        .merge(health::probes(desk))
        .layer(from_fn_with_state(headers::TIME_LIMIT, headers::limit_time))
        .layer(from_fn(headers::secure))
}

/// What all handlers share.
pub(crate) struct Console {
    pub(crate) desk: Desk,
    pub(crate) doorkeeper: Doorkeeper,
    pub(crate) sessions: Sessions,
}
