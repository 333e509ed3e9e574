//! For supervisors: is the process alive, can it do its work.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;

use super::Console;

/// `GET /healthz`: the process is alive.
pub(super) async fn alive() -> &'static str {
    "alive\n"
}

/// `GET /readyz`: the ledger answers, and the rest of the process is well.
pub(super) async fn ready(State(console): State<Arc<Console>>) -> (StatusCode, String) {
    let unready = |why: &str| {
        (
            StatusCode::SERVICE_UNAVAILABLE,
            format!("not ready: {why}\n"),
        )
    };
    if let Err(error) = console.desk.ledger.stats().await {
        tracing::error!(%error, "not ready: the ledger does not answer");
        return unready("the ledger does not answer");
    }
    match (console.desk.ready)() {
        Ok(()) => (StatusCode::OK, "ready\n".to_owned()),
        Err(why) => unready(&why),
    }
}
