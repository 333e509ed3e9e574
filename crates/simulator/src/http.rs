//! The endpoints.

mod control;
mod desk;
mod spoil;

use axum::{
    Router,
    extract::{Path, Request, State},
    response::Response,
    routing::{get, post},
};

use crate::{
    Endpoint,
    answer::{Balance, Done, Initialized, ItemDetail, Retrieved},
    request::{AuthRequest, InitRequest, RetrieveRequest, parse},
};
pub(crate) use desk::{Desk, pause};
pub(crate) use spoil::Unanswered;

pub(crate) fn router(desk: Desk) -> Router {
    Router::new()
        .route("/v1/mass/payout/init", post(init))
        .route("/v1/mass/payout/auth", post(auth))
        .route("/v1/mass/payout/retrieve", post(retrieve))
        .route("/v1/mass/payout/retrieve/items/{reference_code}", get(item))
        .route("/v1/mass/payout/cancel/{request_id}", post(cancel))
        .route("/v1/mass/payout/balance", get(balance))
        .nest("/_sim", control::router())
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
    let arrived_us = desk::now_us();
    desk.answer(Endpoint::Auth, request, move |provider, body, now_ms| {
        let request: AuthRequest = parse(body)?;
        provider.note_arrival(&request.request_id, arrived_us);
        provider.auth(&request.request_id, now_ms)?;
        Ok(Done {})
    })
    .await
}

async fn retrieve(State(desk): State<Desk>, request: Request) -> Response {
    desk.answer(Endpoint::Retrieve, request, |provider, body, now_ms| {
        let request: RetrieveRequest = parse(body)?;
        let paging = provider.behaviour().paging;
        let page = provider.retrieve(&request, now_ms)?;
        Ok(match page {
            Some(page) => Retrieved::of(&page, request.page),
            None => Retrieved::nothing(&request, paging),
        })
    })
    .await
}

async fn item(
    State(desk): State<Desk>,
    Path(reference_code): Path<String>,
    request: Request,
) -> Response {
    desk.answer(Endpoint::Item, request, move |provider, _, now_ms| {
        let (view, batch, item) = provider.item(&reference_code, now_ms)?;
        Ok(ItemDetail::of(view, batch, item))
    })
    .await
}

async fn cancel(
    State(desk): State<Desk>,
    Path(request_id): Path<String>,
    request: Request,
) -> Response {
    desk.answer(Endpoint::Cancel, request, move |provider, _, now_ms| {
        provider.cancel(&request_id, now_ms)?;
        Ok(Done {})
    })
    .await
}

async fn balance(State(desk): State<Desk>, request: Request) -> Response {
    desk.answer(Endpoint::Balance, request, |provider, _, now_ms| {
        let balance = provider.balance(now_ms)?;
        Ok(Balance::of(balance, provider.behaviour()))
    })
    .await
}
