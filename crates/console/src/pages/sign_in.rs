//! Signing in and out.

use std::sync::Arc;
use std::time::Instant;

use askama::Template;
use axum::extract::{Form, Query, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};
use onay_payout::BatchId;
use secrecy::SecretString;
use serde::Deserialize;

use super::visitor::{Signed, cookie, refuse_foreign, session_id};
use super::{Fault, page};
use crate::http::{Console, Denied};

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignIn {
    batch: Option<String>,
    error: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Wanted {
    batch: Option<String>,
}

impl Wanted {
    /// The batch to show afterwards: nothing but an id of ours gets through.
    fn batch(&self) -> Option<String> {
        let id = self.batch.as_deref()?.parse::<BatchId>().ok()?;
        Some(id.to_string())
    }
}

/// `GET /sign-in`
pub(super) async fn ask(Query(wanted): Query<Wanted>) -> Response {
    page(
        StatusCode::OK,
        &SignIn {
            batch: wanted.batch(),
            error: None,
        },
    )
}

#[derive(Deserialize)]
pub(super) struct Credentials {
    token: String,
    #[serde(flatten)]
    wanted: Wanted,
}

/// `POST /sign-in`
pub(super) async fn sign_in(
    State(console): State<Arc<Console>>,
    headers: HeaderMap,
    Form(credentials): Form<Credentials>,
) -> Result<Response, Fault> {
    refuse_foreign(&headers)?;
    let batch = credentials.wanted.batch();
    let identity = match console
        .doorkeeper
        .identify(SecretString::from(credentials.token.trim()))
        .await
    {
        Ok(identity) => identity,
        Err(denied) => {
            let (status, sentence) = match denied {
                Denied::Unauthenticated => (
                    StatusCode::UNAUTHORIZED,
                    "This token is not valid. Check that it was copied whole, or ask for a new one.",
                ),
                Denied::NoRole => (
                    StatusCode::FORBIDDEN,
                    "This token is right, but its owner has no role here.",
                ),
                Denied::TooMany { .. } => (
                    StatusCode::TOO_MANY_REQUESTS,
                    "Too many wrong tokens. Wait a while, then try again; each wrong one makes it longer.",
                ),
                Denied::Unavailable => (
                    StatusCode::SERVICE_UNAVAILABLE,
                    "The ledger does not answer. Try again in a moment.",
                ),
            };
            return Ok(page(
                status,
                &SignIn {
                    batch,
                    error: Some(sentence.to_owned()),
                },
            ));
        }
    };
    if let Some(old) = session_id(&headers) {
        console.sessions.close(old);
    }
    tracing::info!(person = %identity.name(), "{} signed in", identity.name());
    let id = console.sessions.open(identity, Instant::now());
    let cookie = [(SET_COOKIE, cookie(&id, &headers))];
    let next = batch.map_or_else(|| "/".to_owned(), |id| format!("/batches/{id}"));
    Ok((cookie, Redirect::to(&next)).into_response())
}

#[derive(Deserialize)]
pub(super) struct Nothing {}

/// `POST /sign-out`
pub(super) async fn sign_out(
    State(console): State<Arc<Console>>,
    headers: HeaderMap,
    _: Signed<Nothing>,
) -> Response {
    if let Some(id) = session_id(&headers) {
        console.sessions.close(id);
    }
    let cookie = [(SET_COOKIE, cookie("", &headers))];
    (cookie, Redirect::to("/sign-in")).into_response()
}
