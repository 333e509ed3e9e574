//! Deciding, taking back, and resolving.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use onay_payout::Resolution;
use serde::Deserialize;

use super::caller::{Body, Caller, Maker, Named};
use super::decision::Decision;
use crate::desk::{self, Person, Wish, frozen_since};
use crate::http::problem::{Kind, Problem};
use crate::http::{Console, NO_REASON, words};
use crate::view;

/// `POST /v1/batches/{batch}/decisions`
pub(super) async fn decide(
    State(console): State<Arc<Console>>,
    Caller(identity): Caller,
    Named(batch): Named,
    Body(body): Body,
) -> Result<Json<view::Decided>, Problem> {
    let decision: Decision = read(&body)?;
    let motion = decision.motion()?;
    let word = motion.verdict.word();
    let person = Person {
        identity: &identity,
        via: "http",
    };
    let (ledger, policy) = (&*console.desk.ledger, &console.desk.policy);
    let decided = desk::decide(ledger, policy, &person, &batch, &motion).await?;
    Ok(Json(view::Decided::of(&decided.head, policy, word)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Withdrawal {
    reason: Option<String>,
}

/// `POST /v1/batches/{batch}/withdraw`, with `{reason?}` or no body.
pub(super) async fn withdraw(
    Maker(producer): Maker,
    Named(batch): Named,
    Body(body): Body,
) -> Result<Json<view::Batch>, Problem> {
    let withdrawal = if body.is_empty() {
        Withdrawal { reason: None }
    } else {
        read(&body)?
    };
    let reason = said("reason", withdrawal.reason.as_deref())?;
    let head = producer
        .withdraw(&batch, reason.as_deref().unwrap_or(NO_REASON))
        .await?;
    Ok(Json(view::Batch::of(&head)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    action: Option<String>,
    reason: Option<String>,
    since: Option<String>,
}

/// `POST /v1/batches/{batch}/resolutions`: the first person proposes, the same from a second one
/// confirms.
pub(super) async fn resolve(
    State(console): State<Arc<Console>>,
    Caller(identity): Caller,
    Named(batch): Named,
    Body(body): Body,
) -> Result<Json<view::Resolved>, Problem> {
    let asked: Asked = read(&body)?;
    let action = asked.action.as_deref().and_then(Resolution::from_word);
    let action = action.ok_or_else(|| {
        let known = Resolution::ALL.map(Resolution::word).join(", ");
        incomplete(&format!("`action` is none of {known}"))
    })?;
    let reason = said("reason", asked.reason.as_deref())?.unwrap_or_default();
    let person = Person {
        identity: &identity,
        via: "http",
    };
    let ledger = &*console.desk.ledger;
    let since = asked.since.as_deref().map(frozen_since).transpose()?;
    let wish = Wish {
        resolution: action,
        reason: &reason,
        since,
    };
    let resolved = desk::resolve(ledger, &console.desk.policy, &person, &batch, &wish).await?;
    Ok(Json(view::Resolved::of(&resolved, action)))
}

pub(super) fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|error| Problem::new(Kind::BadRequest, error.to_string()))
}

pub(super) fn said(field: &str, text: Option<&str>) -> Result<Option<String>, Problem> {
    let line = text.map(words).transpose();
    line.map(Option::flatten)
        .map_err(|what| incomplete(&format!("`{field}` is {what}")))
}

pub(super) fn incomplete(detail: &str) -> Problem {
    Problem::new(Kind::InvalidDecision, detail)
}
