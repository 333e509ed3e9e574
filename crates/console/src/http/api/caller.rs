//! What a request must say before anything of its body is read.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use onay_payout::{BatchRef, Identity};
use onay_producer::Producer;
use secrecy::SecretString;
use serde::de::DeserializeOwned;

use crate::http::Console;
use crate::http::access::Denied;
use crate::http::problem::{Kind, Problem};

/// Somebody the policy knows, with any role: may read.
pub(super) struct Caller(pub(super) Identity);

impl FromRequestParts<Arc<Console>> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        console: &Arc<Console>,
    ) -> Result<Self, Problem> {
        let token = bearer(parts).ok_or(Denied::Unauthenticated)?;
        Ok(Self(console.doorkeeper.identify(token).await?))
    }
}

fn bearer(parts: &Parts) -> Option<SecretString> {
    let (scheme, token) = parts
        .headers
        .get(AUTHORIZATION)?
        .to_str()
        .ok()?
        .split_once(' ')?;
    let is_bearer = scheme.eq_ignore_ascii_case("bearer");
    is_bearer.then(|| SecretString::from(token.trim()))
}

/// A maker, and their way in.
pub(super) struct Maker(pub(super) Producer);

impl FromRequestParts<Arc<Console>> for Maker {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        console: &Arc<Console>,
    ) -> Result<Self, Problem> {
        let Caller(identity) = Caller::from_request_parts(parts, console).await?;
        let (ledger, policy) = (
            Arc::clone(&console.desk.ledger),
            Arc::clone(&console.desk.policy),
        );
        Ok(Self(Producer::new(ledger, policy, identity, "http")?))
    }
}

/// The batch in the address, by our id or the external one.
pub(super) struct Named(pub(super) BatchRef);

impl FromRequestParts<Arc<Console>> for Named {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        console: &Arc<Console>,
    ) -> Result<Self, Problem> {
        let path = Path::<String>::from_request_parts(parts, console).await;
        let named = path.ok().and_then(|Path(text)| text.parse().ok());
        named
            .map(Self)
            .ok_or_else(|| Problem::new(Kind::NotFound, "the address names no batch"))
    }
}

/// What stands behind the `?`.
pub(super) struct Asked<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequestParts<Arc<Console>> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Console>) -> Result<Self, Problem> {
        let query = Query::<T>::try_from_uri(&parts.uri);
        query
            .map(|Query(asked)| Self(asked))
            .map_err(|error| Problem::new(Kind::BadRequest, error.body_text()))
    }
}

/// The body, whole.
pub(super) struct Body(pub(super) Bytes);

impl FromRequest<Arc<Console>> for Body {
    type Rejection = Problem;

    async fn from_request(request: Request, console: &Arc<Console>) -> Result<Self, Problem> {
        let body = Bytes::from_request(request, console).await;
        body.map(Self).map_err(|error| {
            if error.status() == Kind::TooLarge.status() {
                Problem::new(Kind::TooLarge, "larger than is read here; split the batch")
            } else {
                Problem::new(Kind::BadRequest, "the body did not arrive whole")
            }
        })
    }
}
