//! Errors as problem details (RFC 9457).

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::response::{IntoResponse, Response};
use onay_ledger::LedgerError;
use onay_payout::{IllegalTransition, NotAllowed};
use onay_producer::{EnqueueError, ResendError, WithdrawError};
use serde::Serialize;

use super::access::Denied;
use crate::desk::DeskError;
use crate::view;

/// What kind of error it is. One `type` and one status each; both stay as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    BadRequest,
    Unauthenticated,
    NotAllowed,
    NotFound,
    MethodNotAllowed,
    ExternalIdUsed,
    Conflict,
    TooLarge,
    UnsupportedMediaType,
    InvalidBatch,
    InvalidDecision,
    TooManyAttempts,
    Internal,
    Unavailable,
}

impl Kind {
    pub(crate) const fn status(self) -> StatusCode {
        self.parts().1
    }

    /// The end of the type's URN, the status, and the title.
    const fn parts(self) -> (&'static str, StatusCode, &'static str) {
        use StatusCode as S;
        match self {
            Self::BadRequest => ("bad-request", S::BAD_REQUEST, "The request cannot be read"),
            Self::Unauthenticated => (
                "unauthenticated",
                S::UNAUTHORIZED,
                "Nobody is known by this token",
            ),
            Self::NotAllowed => ("not-allowed", S::FORBIDDEN, "This person may not do this"),
            Self::NotFound => ("not-found", S::NOT_FOUND, "There is nothing here"),
            Self::MethodNotAllowed => (
                "method-not-allowed",
                S::METHOD_NOT_ALLOWED,
                "This cannot be done here",
            ),
            Self::ExternalIdUsed => (
                "external-id-used",
                S::CONFLICT,
                "The external id belongs to another batch",
            ),
            Self::Conflict => (
                "conflict",
                S::CONFLICT,
                "The batch does not stand where this is possible",
            ),
            Self::TooLarge => ("too-large", S::PAYLOAD_TOO_LARGE, "The body is too large"),
            Self::UnsupportedMediaType => (
                "unsupported-media-type",
                S::UNSUPPORTED_MEDIA_TYPE,
                "The body's type is not known",
            ),
            Self::InvalidBatch => (
                "invalid-batch",
                S::UNPROCESSABLE_ENTITY,
                "The batch is not valid",
            ),
            Self::InvalidDecision => (
                "invalid-decision",
                S::UNPROCESSABLE_ENTITY,
                "The decision is not complete",
            ),
            Self::TooManyAttempts => (
                "too-many-attempts",
                S::TOO_MANY_REQUESTS,
                "Too many wrong tokens",
            ),
            Self::Internal => (
                "internal",
                S::INTERNAL_SERVER_ERROR,
                "Something is wrong here",
            ),
            Self::Unavailable => (
                "unavailable",
                S::SERVICE_UNAVAILABLE,
                "Try again in a moment",
            ),
        }
    }
}

/// An error as it is answered, to programs as JSON, to people as a page.
#[derive(Debug)]
pub(crate) struct Problem {
    kind: Kind,
    detail: String,
    retry_after_seconds: Option<u64>,
    findings: Vec<view::Finding>,
    differences: Vec<String>,
}

impl Problem {
    pub(crate) fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            retry_after_seconds: (kind == Kind::Unavailable).then_some(5),
            findings: Vec::new(),
            differences: Vec::new(),
        }
    }

    pub(crate) fn no_batch(named: &str) -> Self {
        Self::new(Kind::NotFound, format!("no batch `{named}`"))
    }

    pub(crate) fn invalid_batch(findings: &[onay_payout::Finding]) -> Self {
        let detail = match findings.len() {
            1 => "1 finding; nothing was stored".to_owned(),
            many => format!("{many} findings; nothing was stored"),
        };
        let findings = view::findings(findings);
        Self {
            findings,
            ..Self::new(Kind::InvalidBatch, detail)
        }
    }

    pub(crate) const fn status(&self) -> StatusCode {
        self.kind.status()
    }

    pub(crate) const fn title(&self) -> &'static str {
        self.kind.parts().2
    }

    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }
}

#[derive(Serialize)]
struct Body<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    findings: &'a [view::Finding],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    differences: &'a [String],
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (name, status, title) = self.kind.parts();
        let body = Json(Body {
            r#type: format!("urn:onay:problem:{name}"),
            title,
            status: status.as_u16(),
            detail: &self.detail,
            findings: &self.findings,
            differences: &self.differences,
        });
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if self.kind == Kind::Unauthenticated {
            headers.insert(
                WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"onay\""),
            );
        }
        if let Some(seconds) = self.retry_after_seconds {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        response
    }
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Unauthenticated => Self::new(
                Kind::Unauthenticated,
                "the token is not valid; send `Authorization: Bearer onay_…`, or ask for a new \
                 token (`onay token new`)",
            ),
            Denied::Unavailable => Self::new(
                Kind::Unavailable,
                "the ledger is not available; nobody can be let in",
            ),
            Denied::NoRole => Self::new(Kind::NotAllowed, "the token's owner has no role"),
            Denied::TooMany { retry_after } => Self {
                retry_after_seconds: Some(retry_after.as_secs().max(1)),
                ..Self::new(
                    Kind::TooManyAttempts,
                    "too many wrong tokens; wait as long as Retry-After says",
                )
            },
        }
    }
}

impl From<NotAllowed> for Problem {
    fn from(no: NotAllowed) -> Self {
        let kind = match &no {
            NotAllowed::Role(..)
            | NotAllowed::OwnBatch(_)
            | NotAllowed::NotMaker(..)
            | NotAllowed::NotAsked { .. }
            | NotAllowed::SignatureNeeded(_)
            | NotAllowed::NoRule(_) => Kind::NotAllowed,
            NotAllowed::NotHeld(..)
            | NotAllowed::Expired(_)
            | NotAllowed::OtherDigest { .. }
            | NotAllowed::NothingToUndo(_) => Kind::Conflict,
            NotAllowed::NoReason | NotAllowed::Signature(_) => Kind::InvalidDecision,
        };
        Self::new(kind, no.to_string())
    }
}

impl From<IllegalTransition> for Problem {
    fn from(illegal: IllegalTransition) -> Self {
        let kind = match &illegal {
            IllegalTransition::OwnBatch(_)
            | IllegalTransition::NotMaker(_)
            | IllegalTransition::NotResolver(_) => Kind::NotAllowed,
            IllegalTransition::State { .. }
            | IllegalTransition::NotOwner { .. }
            | IllegalTransition::TooEarly(_)
            | IllegalTransition::Expired(_)
            | IllegalTransition::OtherDigest
            | IllegalTransition::NoResolution { .. }
            | IllegalTransition::NotSafe(_)
            | IllegalTransition::FrozeAnew(_)
            | IllegalTransition::AlreadyDecided(_) => Kind::Conflict,
            IllegalTransition::NoReason => Kind::InvalidDecision,
            IllegalTransition::Unsummable => Kind::Internal,
        };
        Self::new(kind, illegal.to_string())
    }
}

impl From<LedgerError> for Problem {
    fn from(error: LedgerError) -> Self {
        match &error {
            LedgerError::NotFound => Self::new(Kind::NotFound, error.to_string()),
            LedgerError::Stale
            | LedgerError::Changed
            | LedgerError::LeaseLost
            | LedgerError::Unavailable(_) => {
                tracing::warn!(%error, "the ledger did not answer");
                Self::new(
                    Kind::Unavailable,
                    "the ledger is not available; nothing was changed",
                )
            }
            LedgerError::Paused | LedgerError::OtherPolicy { .. } => {
                Self::new(Kind::Conflict, error.to_string())
            }
            LedgerError::OtherAccount { .. }
            | LedgerError::Moved { .. }
            | LedgerError::Unusable(_)
            | LedgerError::Corrupt(_) => {
                tracing::error!(%error, "the ledger cannot be used");
                Self::new(
                    Kind::Internal,
                    "the ledger cannot be used; ask your operator",
                )
            }
        }
    }
}

impl From<DeskError> for Problem {
    fn from(error: DeskError) -> Self {
        match error {
            DeskError::NotFound(batch) => Self::no_batch(&batch.to_string()),
            DeskError::NotAllowed(no) => no.into(),
            DeskError::Illegal(illegal) => illegal.into(),
            DeskError::Since => Self::new(Kind::InvalidDecision, error.to_string()),
            DeskError::Ledger(error) => error.into(),
        }
    }
}

impl From<WithdrawError> for Problem {
    fn from(error: WithdrawError) -> Self {
        match error {
            WithdrawError::NotAllowed(illegal) => illegal.into(),
            WithdrawError::Ledger(error) => error.into(),
        }
    }
}

impl From<EnqueueError> for Problem {
    fn from(error: EnqueueError) -> Self {
        match error {
            EnqueueError::Invalid(findings) => Self::invalid_batch(&findings),
            EnqueueError::Conflict {
                external_id,
                batch,
                differences,
            } => Self {
                differences,
                ..Self::new(
                    Kind::ExternalIdUsed,
                    format!(
                        "external id {external_id} was used before for other content, by {batch}; \
                         a changed batch needs an id of its own"
                    ),
                )
            },
            EnqueueError::Ledger(error) => error.into(),
        }
    }
}

impl From<ResendError> for Problem {
    fn from(error: ResendError) -> Self {
        match error {
            ResendError::Nothing(_) => Self::new(Kind::Conflict, error.to_string()),
            ResendError::Refused(error) => error.into(),
            ResendError::Ledger(error) => error.into(),
        }
    }
}
