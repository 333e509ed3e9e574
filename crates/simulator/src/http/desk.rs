//! One call of the provider, from its bytes to its answer.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use axum::{
    Json,
    body::{Bytes, to_bytes},
    extract::{Query, Request},
    http::{StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};

use super::{Unanswered, spoil};
use crate::{
    BadKeys, Books, Credentials, Endpoint, FailureStatus, Fault, FaultPlan, Provider, Refusal,
    Scenario,
    answer::{Done, Envelope, Failure},
    faults::{Faults, Work},
    signature,
};

/// Larger bodies are answered with 413. The provider states no limit.
const BODY_BYTES_MAX: usize = 64 * 1024 * 1024;

/// The provider with what HTTP needs around it; clones share it.
#[derive(Clone)]
pub(crate) struct Desk(Arc<Shared>);

struct Shared {
    credentials: Credentials,
    latency: Duration,
    provider: Mutex<Provider>,
    faults: Mutex<Faults>,
}

/// A call whose bytes have all come.
struct Call {
    endpoint: Endpoint,
    parts: Parts,
    body: Bytes,
}

impl Desk {
    pub(crate) fn new(scenario: Scenario) -> Self {
        let mut faults = Faults::default();
        for plan in scenario.faults {
            faults.add(plan);
        }
        Self(Arc::new(Shared {
            credentials: scenario.settings.credentials.clone(),
            latency: scenario.settings.latency,
            provider: Mutex::new(Provider::new(scenario.settings)),
            faults: Mutex::new(faults),
        }))
    }

    pub(crate) fn books(&self, external_id: Option<&str>) -> Books {
        self.provider().books(external_id, now_ms())
    }

    pub(crate) fn faults(&self) -> MutexGuard<'_, Faults> {
        self.0.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn provider(&self) -> MutexGuard<'_, Provider> {
        let provider = self.0.provider.lock();
        provider.unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn add_funds(&self, amount: rust_decimal::Decimal) -> Result<(), Refusal> {
        self.provider().add_funds(amount, now_ms())
    }

    /// One call of the provider: fault, signature, work, pause, answer. The work has no await in it, so
    /// that a caller who hangs up sees it done or not begun.
    pub(super) async fn answer<T: Serialize>(
        &self,
        endpoint: Endpoint,
        request: Request,
        work: impl FnOnce(&mut Provider, &[u8], u64) -> Result<T, Refusal> + Send + 'static,
    ) -> Response {
        let plan = self.faults().take(endpoint);
        if let Some(plan) = &plan {
            tracing::debug!(?endpoint, fault = ?plan.kind, "a call meets a fault");
            if matches!(plan.kind, Fault::CloseBeforeWork | Fault::ResetBeforeWork) {
                return spoil::after_the_work(Response::default(), plan).await;
            }
        }
        let (parts, body) = request.into_parts();
        let Ok(body) = to_bytes(body, BODY_BYTES_MAX).await else {
            return StatusCode::PAYLOAD_TOO_LARGE.into_response();
        };
        let call = Call {
            endpoint,
            parts,
            body,
        };
        let Some(plan) = plan else {
            let answer = self.work(&call, work);
            pause(self.0.latency).await;
            return answer;
        };
        let mut answer = match plan.kind.work() {
            Work::Never => Response::default(),
            Work::Now => self.work(&call, work),
            Work::Later => {
                let desk = self.clone();
                tokio::spawn(async move {
                    pause(plan.time()).await;
                    desk.work(&call, work);
                });
                return Unanswered::Closed.into_response();
            }
        };
        if let Some(refusal) = self.planned_refusal(endpoint, &plan) {
            answer = self.respond(&call, Err::<Done, _>(refusal), now_ms());
        }
        pause(self.0.latency).await;
        spoil::after_the_work(answer, &plan).await
    }

    fn work<T: Serialize>(
        &self,
        call: &Call,
        work: impl FnOnce(&mut Provider, &[u8], u64) -> Result<T, Refusal>,
    ) -> Response {
        let authorization = call.parts.headers.get(header::AUTHORIZATION);
        let authorization = authorization.and_then(|value| value.to_str().ok());
        let now_ms = now_ms();
        let outcome = signature::verify(
            &self.0.credentials,
            authorization,
            call.parts.uri.path(),
            &call.body,
        )
        .and_then(|()| work(&mut self.provider(), &call.body, now_ms));
        let refusal = outcome.as_ref().err();
        tracing::debug!(endpoint = ?call.endpoint, ?refusal, "answered a call");
        self.respond(call, outcome, now_ms)
    }

    fn planned_refusal(&self, endpoint: Endpoint, plan: &FaultPlan) -> Option<Refusal> {
        if plan.kind == Fault::RateLimited {
            Some(self.provider().refuse_as_limited(endpoint))
        } else if matches!(
            plan.kind,
            Fault::FailureBeforeWork | Fault::FailureAfterWork
        ) {
            Some(Refusal::Planned(plan.code.clone()))
        } else {
            None
        }
    }

    fn respond<T: Serialize>(
        &self,
        call: &Call,
        outcome: Result<T, Refusal>,
        now_ms: u64,
    ) -> Response {
        #[derive(Deserialize)]
        struct Asked {
            locale: Option<String>,
        }
        let asked = Query::<Asked>::try_from_uri(&call.parts.uri).ok();
        let locale = asked.and_then(|Query(asked)| asked.locale);
        let refusal = match outcome {
            Ok(body) => return Json(Envelope::success(body, locale, now_ms)).into_response(),
            Err(refusal) => refusal,
        };
        let provider = self.provider();
        let behaviour = provider.behaviour();
        if refusal.is_of_keys() && behaviour.bad_keys == BadKeys::Gateway {
            return spoil::gateway_401();
        }
        let status = match behaviour.failure_http_status {
            FailureStatus::Ok => StatusCode::OK,
            FailureStatus::BadRequest => StatusCode::BAD_REQUEST,
        };
        let failure = Failure::of(&refusal, behaviour);
        (status, Json(Envelope::failure(failure, locale, now_ms))).into_response()
    }
}

fn now_ms() -> u64 {
    now_us() / 1000
}

/// The one place where the simulator reads the clock: microseconds since the Unix epoch.
#[expect(
    clippy::disallowed_methods,
    reason = "the model takes the time from here"
)]
pub(super) fn now_us() -> u64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .ok()
        .and_then(|since_epoch| u64::try_from(since_epoch.as_micros()).ok())
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
