//! The endpoints.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use axum::{
    Json, Router,
    body::to_bytes,
    extract::{Path, Query, Request, State},
    http::{StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::{Deserialize, Serialize};

use crate::{
    Books, Endpoint, FailureStatus, Fault, FaultPlan, Provider, Refusal, Settings,
    answer::{Balance, Done, Envelope, Failure, Initialized, ItemDetail, Retrieved},
    faults::Faults,
    request::{AuthRequest, InitRequest, RetrieveRequest, parse},
    signature,
};

/// Larger bodies are answered with 413. The provider states no limit.
const BODY_BYTES_MAX: usize = 64 * 1024 * 1024;

/// The provider with what HTTP needs around it; clones share it.
#[derive(Clone)]
pub(crate) struct Desk(Arc<Shared>);

struct Shared {
    settings: Settings,
    provider: Mutex<Provider>,
    faults: Mutex<Faults>,
}

/// Marks a response that must not be sent: the connection closes instead.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("closed without an answer, as planned")]
pub(crate) struct Unanswered;

pub(crate) fn router(desk: Desk) -> Router {
    Router::new()
        .route("/v1/mass/payout/init", post(init))
        .route("/v1/mass/payout/auth", post(auth))
        .route("/v1/mass/payout/retrieve", post(retrieve))
        .route("/v1/mass/payout/retrieve/items/{reference_code}", get(item))
        .route("/v1/mass/payout/cancel/{request_id}", post(cancel))
        .route("/v1/mass/payout/balance", get(balance))
        .route("/_sim/books", get(books))
        .route("/_sim/faults", post(add_fault).delete(clear_faults))
        .route("/_sim/health", get(|| async { "ok" }))
        .with_state(desk)
}

async fn init(State(desk): State<Desk>, request: Request) -> Response {
    desk.answer(Endpoint::Init, request, |provider, body, now_ms| {
        let request: InitRequest = parse(body)?;
        let conversation_id = request.conversation_id.clone();
        let batch = provider.init(request, now_ms)?;
        Ok(Initialized::of(batch, conversation_id))
    })
    .await
}

async fn auth(State(desk): State<Desk>, request: Request) -> Response {
    desk.answer(Endpoint::Auth, request, |provider, body, now_ms| {
        let request: AuthRequest = parse(body)?;
        provider.auth(&request.request_id, now_ms)?;
        Ok(Done {})
    })
    .await
}

async fn retrieve(State(desk): State<Desk>, request: Request) -> Response {
    let behaviour = desk.0.settings.behaviour;
    desk.answer(Endpoint::Retrieve, request, |provider, body, now_ms| {
        let request: RetrieveRequest = parse(body)?;
        let page = provider.retrieve(&request, now_ms)?;
        Ok(Retrieved::of(page.as_ref(), &request, &behaviour))
    })
    .await
}

async fn item(
    State(desk): State<Desk>,
    Path(reference_code): Path<String>,
    request: Request,
) -> Response {
    let behaviour = desk.0.settings.behaviour;
    desk.answer(Endpoint::Item, request, |provider, _, now_ms| {
        let (batch, item) = provider.item(&reference_code, now_ms)?;
        Ok(ItemDetail::of(batch, item, &behaviour))
    })
    .await
}

async fn cancel(
    State(desk): State<Desk>,
    Path(request_id): Path<String>,
    request: Request,
) -> Response {
    desk.answer(Endpoint::Cancel, request, |provider, _, now_ms| {
        provider.cancel(&request_id, now_ms)?;
        Ok(Done {})
    })
    .await
}

async fn balance(State(desk): State<Desk>, request: Request) -> Response {
    let behaviour = desk.0.settings.behaviour;
    desk.answer(Endpoint::Balance, request, |provider, _, now_ms| {
        Ok(Balance::of(provider.balance(now_ms), &behaviour))
    })
    .await
}

#[derive(Deserialize)]
struct BooksQuery {
    external_id: Option<String>,
}

async fn books(State(desk): State<Desk>, Query(query): Query<BooksQuery>) -> Json<Books> {
    Json(desk.books(query.external_id.as_deref()))
}

async fn add_fault(State(desk): State<Desk>, Json(plan): Json<FaultPlan>) -> StatusCode {
    desk.faults().add(plan);
    StatusCode::NO_CONTENT
}

async fn clear_faults(State(desk): State<Desk>) -> StatusCode {
    desk.faults().clear();
    StatusCode::NO_CONTENT
}

impl Desk {
    pub(crate) fn new(settings: Settings) -> Self {
        Self(Arc::new(Shared {
            provider: Mutex::new(Provider::new(settings.clone())),
            settings,
            faults: Mutex::default(),
        }))
    }

    pub(crate) fn books(&self, external_id: Option<&str>) -> Books {
        self.provider().books(external_id, now_ms())
    }

    pub(crate) fn faults(&self) -> MutexGuard<'_, Faults> {
        self.0.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn provider(&self) -> MutexGuard<'_, Provider> {
        let provider = self.0.provider.lock();
        provider.unwrap_or_else(PoisonError::into_inner)
    }

    /// One call of the provider: fault, signature, work, pause, answer. The work has no await in it, so
    /// that a caller who hangs up sees it done or not begun.
    async fn answer<T: Serialize>(
        &self,
        endpoint: Endpoint,
        request: Request,
        work: impl FnOnce(&mut Provider, &[u8], u64) -> Result<T, Refusal>,
    ) -> Response {
        let fault = self.faults().take(endpoint);
        if fault == Some(Fault::CloseBeforeWork) {
            return unanswered();
        }
        let (parts, body) = request.into_parts();
        let Ok(body) = to_bytes(body, BODY_BYTES_MAX).await else {
            return StatusCode::PAYLOAD_TOO_LARGE.into_response();
        };
        let authorization = parts.headers.get(header::AUTHORIZATION);
        let authorization = authorization.and_then(|value| value.to_str().ok());
        let now_ms = now_ms();
        let outcome = signature::verify(
            &self.0.settings.credentials,
            authorization,
            parts.uri.path(),
            &body,
        )
        .and_then(|()| work(&mut self.provider(), &body, now_ms));
        tracing::debug!(?endpoint, ?fault, refusal = ?outcome.as_ref().err(), "answered a call");
        let response = self.response(outcome, &parts.uri, now_ms);

        pause(
            self.0
                .settings
                .latency
                .saturating_add(fault.map_or(Duration::ZERO, Fault::pause)),
        )
        .await;
        match fault {
            Some(Fault::LoseAnswerAfterWork) => unanswered(),
            Some(Fault::CloseBeforeWork | Fault::HoldAnswer { .. }) | None => response,
        }
    }

    fn response<T: Serialize>(
        &self,
        outcome: Result<T, Refusal>,
        uri: &Uri,
        now_ms: u64,
    ) -> Response {
        #[derive(Deserialize)]
        struct Asked {
            locale: Option<String>,
        }
        let locale = Query::<Asked>::try_from_uri(uri).ok();
        let locale = locale.and_then(|Query(asked)| asked.locale);
        match outcome {
            Ok(body) => Json(Envelope {
                status: "success",
                system_time: now_ms,
                locale,
                body,
            })
            .into_response(),
            Err(refusal) => {
                let status = match self.0.settings.behaviour.failure_http_status {
                    FailureStatus::Ok => StatusCode::OK,
                    FailureStatus::BadRequest => StatusCode::BAD_REQUEST,
                };
                let envelope = Envelope {
                    status: "failure",
                    system_time: now_ms,
                    locale,
                    body: Failure::of(&refusal),
                };
                (status, Json(envelope)).into_response()
            }
        }
    }
}

fn unanswered() -> Response {
    let mut response = Response::default();
    response.extensions_mut().insert(Unanswered);
    response
}

/// The one place where the simulator reads the clock.
#[expect(
    clippy::disallowed_methods,
    reason = "the model takes the time from here"
)]
fn now_ms() -> u64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .ok()
        .and_then(|since_epoch| u64::try_from(since_epoch.as_millis()).ok())
        .unwrap_or(0)
}

#[expect(
    clippy::disallowed_methods,
    reason = "a slow provider is what is simulated, and nothing waits for it"
)]
pub(crate) async fn pause(duration: Duration) {
    if !duration.is_zero() {
        tokio::time::sleep(duration).await;
    }
}
