//! What tests and people steer the simulator with, unsigned. Bodies are JSON whatever their header says,
//! and read by hand, so that an unknown key is named.

use axum::{
    Json, Router,
    extract::{Query, State},
    http::StatusCode,
    routing::{get, post},
};
use rust_decimal::Decimal;
use serde::Deserialize;

use super::Desk;
use crate::{Behaviour, Books, FaultPlan, OpenFaults, text};

/// A request that cannot be obeyed, and why.
type No = (StatusCode, String);

pub(super) fn router() -> Router<Desk> {
    Router::new()
        .route("/books", get(books))
        .route("/behaviour", get(behaviour).post(behave))
        .route(
            "/faults",
            get(open_faults).post(add_faults).delete(clear_faults),
        )
        .route("/funds", post(add_funds))
        .route("/health", get(|| async { "ok" }))
}

#[derive(Deserialize)]
struct BooksQuery {
    external_id: Option<String>,
}

async fn books(State(desk): State<Desk>, Query(query): Query<BooksQuery>) -> Json<Books> {
    Json(desk.books(query.external_id.as_deref()))
}

async fn behaviour(State(desk): State<Desk>) -> Json<Behaviour> {
    Json(desk.provider().behaviour().clone())
}

async fn behave(State(desk): State<Desk>, fields: String) -> Result<Json<Behaviour>, No> {
    let mut provider = desk.provider();
    let changed = provider.behaviour().changed(&fields).map_err(|e| no(&e))?;
    provider.behave(changed.clone());
    Ok(Json(changed))
}

async fn open_faults(State(desk): State<Desk>) -> Json<OpenFaults> {
    Json(desk.faults().shown())
}

/// One plan, or a list of them.
async fn add_faults(State(desk): State<Desk>, plans: String) -> Result<StatusCode, No> {
    let plans: Vec<FaultPlan> = if plans.trim_start().starts_with('[') {
        serde_json::from_str(&plans)
    } else {
        serde_json::from_str(&plans).map(|plan| vec![plan])
    }
    .map_err(|error| no(&error))?;
    let mut faults = desk.faults();
    for plan in plans {
        faults.add(plan);
    }
    Ok(StatusCode::NO_CONTENT)
}

async fn clear_faults(State(desk): State<Desk>) -> StatusCode {
    desk.faults().clear();
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Funds {
    #[serde(with = "text::amount")]
    add: Decimal,
}

async fn add_funds(State(desk): State<Desk>, funds: String) -> Result<StatusCode, No> {
    let funds: Funds = serde_json::from_str(&funds).map_err(|error| no(&error))?;
    desk.add_funds(funds.add).map_err(|error| no(&error))?;
    Ok(StatusCode::NO_CONTENT)
}

fn no(error: &dyn std::error::Error) -> No {
    (StatusCode::UNPROCESSABLE_ENTITY, error.to_string())
}
