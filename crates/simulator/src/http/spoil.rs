//! Answers that go wrong on their way.

use std::{convert::Infallible, io};

use axum::{
    Json,
    body::{Body, Bytes, to_bytes},
    http::{HeaderValue, StatusCode, header, response::Parts},
    response::{Html, IntoResponse, Response},
};
use futures_util::{StreamExt as _, stream};
use serde_json::json;

use super::desk::pause;
use crate::{Fault, FaultPlan};

/// What gateways show people when the service behind them is away.
const HTML: &str = "<html><head><title>Service unavailable</title></head>\
                    <body><h1>Please try again later</h1></body></html>\n";

/// Marks a response that must not be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unanswered {
    #[error("closed without an answer, as planned")]
    Closed,
    #[error("reset without an answer, as planned")]
    Reset,
}

impl IntoResponse for Unanswered {
    fn into_response(self) -> Response {
        let mut response = Response::default();
        response.extensions_mut().insert(self);
        response
    }
}

/// What becomes of the answer; when there is no work, of an empty one.
pub(super) async fn after_the_work(answer: Response, plan: &FaultPlan) -> Response {
    match plan.kind {
        Fault::CloseBeforeWork | Fault::LoseAnswerAfterWork | Fault::LoseAnswerThenWork => {
            Unanswered::Closed.into_response()
        }
        Fault::ResetBeforeWork | Fault::ResetAfterWork => Unanswered::Reset.into_response(),
        Fault::NeverAnswer => std::future::pending().await,
        Fault::HoldAnswer => {
            pause(plan.time()).await;
            answer
        }
        Fault::TrickleAnswer => streamed(answer, |body| trickled(&body, plan.millis)).await,
        Fault::CutAnswer => streamed(answer, |body| cut(&body)).await,
        Fault::EmptyAnswer => rewritten(answer, |_| Bytes::new()).await,
        Fault::MalformedAnswer => {
            let without_end = |body: Bytes| body.slice(..body.len().saturating_sub(1));
            rewritten(answer, without_end).await
        }
        Fault::HtmlAnswer => Html(HTML).into_response(),
        Fault::BadGatewayBeforeWork | Fault::BadGatewayAfterWork => {
            (StatusCode::BAD_GATEWAY, Html(HTML)).into_response()
        }
        Fault::ErrorBeforeWork | Fault::ErrorAfterWork => {
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
        Fault::Gateway401 => gateway_401(),
        Fault::RateLimited | Fault::FailureBeforeWork | Fault::FailureAfterWork => answer,
    }
}

/// As seen in iyzipay-php issue 215 (2025-07); the HTTP status is a judgement.
pub(super) fn gateway_401() -> Response {
    let body = json!({
        "status": 401, "errorCode": "5", "errorMessage": "Authentication failed!",
    });
    (StatusCode::UNAUTHORIZED, Json(body)).into_response()
}

/// A complete answer with another body.
async fn rewritten(answer: Response, rewrite: impl FnOnce(Bytes) -> Bytes) -> Response {
    let (parts, body) = taken(answer).await;
    Response::from_parts(parts, rewrite(body).into())
}

/// An answer that promises its whole body and sends it in its own way.
async fn streamed(answer: Response, stream: impl FnOnce(Bytes) -> Body) -> Response {
    let (mut parts, body) = taken(answer).await;
    let length = HeaderValue::from(body.len());
    parts.headers.insert(header::CONTENT_LENGTH, length);
    Response::from_parts(parts, stream(body))
}

async fn taken(answer: Response) -> (Parts, Bytes) {
    let (mut parts, body) = answer.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    // The body is ours and in memory: reading it cannot fail.
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    (parts, body)
}

/// The first half; the whole length is promised.
fn cut(body: &Bytes) -> Body {
    let half = body.slice(..body.len().div_euclid(2));
    let half = stream::once(async { Ok(half) });
    let end = stream::once(async {
        // Whoever waits lets the first half be sent.
        tokio::task::yield_now().await;
        Err(io::Error::other("cut off, as planned"))
    });
    Body::from_stream(half.chain(end))
}

/// Piece by piece, each after at least a millisecond; byte by byte where the time allows.
fn trickled(body: &Bytes, millis: u64) -> Body {
    let pieces_max = usize::try_from(millis.max(1)).unwrap_or(usize::MAX);
    let size = body.len().div_ceil(pieces_max).max(1);
    let pieces: Vec<Bytes> = body.chunks(size).map(Bytes::copy_from_slice).collect();
    let count = u64::try_from(pieces.len().max(1)).unwrap_or(u64::MAX);
    let wait = std::time::Duration::from_millis(millis.div_euclid(count));
    Body::from_stream(stream::iter(pieces).then(move |piece| async move {
        pause(wait).await;
        Ok::<_, Infallible>(piece)
    }))
}
