//! `/v1`: for programs, and for people who script.

mod caller;
mod decide;
mod decision;
mod read;
mod submit;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use super::Console;
use super::problem::{Kind, Problem};

/// The largest body of anything but a batch.
const SMALL_BYTES_MAX: usize = 64 * 1024;

pub(super) fn router() -> Router<Arc<Console>> {
    let batches = get(read::list).post(submit::submit);
    Router::new()
        .route("/batches/{batch}", get(read::show))
        .route("/batches/{batch}/items", get(read::items))
        .route("/batches/{batch}/journal", get(read::journal))
        .route("/batches/{batch}/why", get(read::why))
        .route("/batches/{batch}/decisions", post(decide::decide))
        .route("/batches/{batch}/withdraw", post(decide::withdraw))
        .route("/batches/{batch}/resolutions", post(decide::resolve))
        .route("/batches/{batch}/resend", post(submit::resend))
        .layer(DefaultBodyLimit::max(SMALL_BYTES_MAX))
        .route(
            "/batches",
            batches.layer(DefaultBodyLimit::max(submit::BODY_BYTES_MAX)),
        )
        .fallback(async || Problem::new(Kind::NotFound, "no such address; see /v1/batches"))
        .method_not_allowed_fallback(async || {
            Problem::new(
                Kind::MethodNotAllowed,
                "the address is right, the method is not",
            )
        })
}
