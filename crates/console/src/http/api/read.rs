//! Reading batches.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use onay_ledger::{Filter, Page, Stored, now};
use onay_payout::{BatchId, BatchRef, PersonName, State as BatchState};
use onay_producer::Resends;
use serde::{Deserialize, Serialize};

use super::caller::{Asked, Caller, Named};
use crate::http::Console;
use crate::http::problem::{Kind, Problem};
use crate::view;

/// Batches of one page, unless asked for otherwise.
const PAGE_SIZE: u32 = 50;
const PAGE_SIZE_MAX: u32 = 200;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    state: Option<String>,
    before: Option<String>,
    limit: Option<u32>,
}

/// `GET /v1/batches?state=&before=&limit=`: newest first.
pub(super) async fn list(
    State(console): State<Arc<Console>>,
    _: Caller,
    Asked(wanted): Asked<Wanted>,
) -> Result<Json<view::Batches>, Problem> {
    let bad = |detail: String| Problem::new(Kind::BadRequest, detail);
    if let Some(state) = &wanted.state
        && !BatchState::NAMES.contains(&state.as_str())
    {
        let known = BatchState::NAMES.join(", ");
        return Err(bad(format!("`state` is none of {known}")));
    }
    let before = wanted.before.map(|id| id.parse::<BatchId>()).transpose();
    let before = before.map_err(|_| bad("`before` is not the id of a batch".to_owned()))?;
    let limit = wanted.limit.unwrap_or(PAGE_SIZE);
    if !(1..=PAGE_SIZE_MAX).contains(&limit) {
        return Err(bad(format!("`limit` is not from 1 to {PAGE_SIZE_MAX}")));
    }
    let filter = Filter {
        state: wanted.state,
    };
    let page = Page {
        before,
        size: limit.saturating_add(1),
    };
    let heads = console.desk.ledger.list(&filter, &page).await?;
    let size = usize::try_from(limit).unwrap_or(usize::MAX);
    Ok(Json(view::Batches::of(&heads, size, &console.desk.policy)))
}

/// `GET /v1/batches/{batch}`
pub(super) async fn show(
    State(console): State<Arc<Console>>,
    _: Caller,
    Named(batch): Named,
) -> Result<Json<view::Batch>, Problem> {
    let ledger = &*console.desk.ledger;
    let stored = load(&console, &batch).await?;
    let head = stored.batch.head();
    let jobs = ledger.planned(&head.id).await?;
    let resends = Resends::of(ledger, &stored.batch).await?;
    let pause = onay_ledger::pauses(ledger).await?.standing();
    let shown = view::Batch::of(head)
        .under(head, &console.desk.policy)
        .planned(head, &jobs)
        .paused(head, pause.as_ref())
        .with_children(&resends.children);
    Ok(Json(shown))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Whom {
    person: Option<String>,
}

/// `GET /v1/batches/{batch}/why?person=`: whether a person may decide, and why; whoever asks, when
/// nobody is named.
pub(super) async fn why(
    State(console): State<Arc<Console>>,
    Caller(identity): Caller,
    Named(batch): Named,
    Asked(whom): Asked<Whom>,
) -> Result<Json<view::Why>, Problem> {
    let person = whom.person.map(|name| name.parse::<PersonName>());
    let person = person.transpose().map_err(|error| {
        let detail = format!("`person` is not a name: {error}");
        Problem::new(Kind::BadRequest, detail)
    })?;
    let person = person.as_ref().unwrap_or_else(|| identity.name());
    let (stored, policy) = (load(&console, &batch).await?, &console.desk.policy);
    let why = view::Why::of(stored.batch.head(), policy, person, now());
    Ok(Json(why))
}

#[derive(Serialize)]
pub(super) struct Items {
    items: Vec<view::Item>,
}

/// `GET /v1/batches/{batch}/items`: all of them, in the maker's order.
pub(super) async fn items(
    State(console): State<Arc<Console>>,
    _: Caller,
    Named(batch): Named,
) -> Result<Json<Items>, Problem> {
    let stored = load(&console, &batch).await?;
    Ok(Json(Items {
        items: view::items(&stored),
    }))
}

#[derive(Serialize)]
pub(super) struct Journal {
    journal: Vec<view::JournalEntry>,
}

/// `GET /v1/batches/{batch}/journal`: oldest entry first.
pub(super) async fn journal(
    State(console): State<Arc<Console>>,
    _: Caller,
    Named(batch): Named,
) -> Result<Json<Journal>, Problem> {
    let stored = load(&console, &batch).await?;
    let entries = console.desk.ledger.journal(&stored.batch.id()).await?;
    Ok(Json(Journal {
        journal: view::journal(&entries),
    }))
}

async fn load(console: &Console, batch: &BatchRef) -> Result<Stored, Problem> {
    let stored = console.desk.ledger.load(batch).await?;
    stored.ok_or_else(|| Problem::no_batch(&batch.to_string()))
}
