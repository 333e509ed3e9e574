//! For supervisors: is the process alive, can it do its work. For people: can the store forget.

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use onay_ledger::{Weakness, pauses};
use onay_payout::Pause;
use serde::Deserialize;
use tokio::time::timeout;
use tracing::error;

use super::Desk;

/// How long the store may take to answer a supervisor, who gives up soon as well.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a deployment asks of its store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Durability {
    /// It must not forget what it answered.
    #[default]
    Strict,
    /// It may forget its last moments when its machine fails: somebody chose that.
    Relaxed,
}

impl Desk {
    /// Whether the store answers soon, and under which of its settings it can forget.
    async fn weaknesses(&self) -> Result<Vec<Weakness>, &'static str> {
        match timeout(PATIENCE, self.ledger.stats()).await {
            Ok(Ok(stats)) => Ok(stats.weaknesses),
            Ok(Err(error)) => {
                error!(%error, "not ready: the ledger does not answer");
                Err("the ledger does not answer")
            }
            Err(_) => {
                let seconds = PATIENCE.as_secs();
                error!("not ready: the ledger did not answer within {seconds} s");
                Err("the ledger does not answer in time")
            }
        }
    }

    /// Whether releases are paused, as far as the store tells.
    pub(crate) async fn pause(&self) -> Option<Pause> {
        let pauses = timeout(PATIENCE, pauses(self.ledger.as_ref())).await;
        pauses.ok()?.ok()?.standing()
    }

    /// What readers of a page must know about the store before they rely on what they do here.
    pub(crate) async fn caution(&self) -> Option<&'static str> {
        let can_forget = self.weaknesses().await.is_ok_and(|weak| !weak.is_empty());
        can_forget.then_some(match self.durability {
            Durability::Strict => {
                "The store of this system is set up so that a power cut could make it forget its \
                 last seconds, such as an approval you have just given. This is not as it should be: \
                 tell your operator, and after an outage look at your batches again."
            }
            Durability::Relaxed => {
                "Your operator has chosen a store that could forget its last seconds in a power cut, \
                 such as an approval you have just given. After an outage, look at your batches again."
            }
        })
    }
}

/// `/healthz` and `/readyz` alone, for a process that has nothing to show to people.
pub fn probes(desk: Desk) -> Router {
    Router::new()
        .route("/healthz", get(alive))
        .route("/readyz", get(ready))
        .with_state(desk)
}

/// `GET /healthz`: the process is alive.
async fn alive() -> &'static str {
    "alive\n"
}

/// `GET /readyz`: the ledger answers and keeps what it is told, and the rest of the process is well.
async fn ready(State(desk): State<Desk>) -> (StatusCode, String) {
    match readiness(&desk).await {
        Ok(how) => {
            let paused = desk.pause().await.map(|pause| format!("; {pause}"));
            let answer = format!("{how}{}\n", paused.unwrap_or_default());
            (StatusCode::OK, answer)
        }
        Err(why) => {
            let answer = format!("not ready: {why}\n");
            (StatusCode::SERVICE_UNAVAILABLE, answer)
        }
    }
}

async fn readiness(desk: &Desk) -> Result<String, String> {
    let weaknesses = desk.weaknesses().await?;
    (desk.ready)()?;
    if weaknesses.is_empty() {
        return Ok("ready".to_owned());
    }
    let told: Vec<_> = weaknesses.iter().map(ToString::to_string).collect();
    let told = format!("the store can forget what it was told: {}", told.join("; "));
    match desk.durability {
        Durability::Strict => Err(told),
        Durability::Relaxed => Ok(format!("ready, with relaxed durability by choice: {told}")),
    }
}
