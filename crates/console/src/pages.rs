//! Pages for the people who decide. They work without scripts.
//!
//! Whole account numbers and names are shown here, and only here: whoever approves must check them.

mod act;
mod attention;
mod batch;
mod gate;
mod inbox;
mod lines;
mod resolve;
mod returned;
mod shown;
mod sign_in;
mod stopped;
mod visitor;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;

use crate::http::{Console, Kind, Problem};

/// The largest form.
const FORM_BYTES_MAX: usize = 64 * 1024;

pub(crate) fn router() -> Router<Arc<Console>> {
    Router::new()
        .route("/", get(inbox::inbox))
        .route("/batches", get(inbox::all))
        .route("/batches/{batch}", get(batch::show))
        .route("/batches/{batch}/{action}", get(act::ask).post(act::act))
        .route(
            "/batches/{batch}/resend",
            get(returned::ask).post(returned::act),
        )
        .route(
            "/batches/{batch}/resolve/{action}",
            get(resolve::ask).post(resolve::act),
        )
        .route("/sign-in", get(sign_in::ask).post(sign_in::sign_in))
        .route("/sign-out", axum::routing::post(sign_in::sign_out))
        .route("/assets/console.css", get(stylesheet))
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
        .fallback(async || Fault(Problem::new(Kind::NotFound, "this page does not exist")))
        .method_not_allowed_fallback(async || {
            Fault(Problem::new(
                Kind::MethodNotAllowed,
                "this page is not used in this way",
            ))
        })
}

async fn stylesheet() -> impl IntoResponse {
    let css = include_str!("../assets/console.css");
    ([(CONTENT_TYPE, "text/css; charset=utf-8")], css)
}

/// Something went wrong, as a page.
pub(crate) struct Fault(Problem);

#[derive(Template)]
#[template(path = "fault.html")]
struct FaultPage<'a> {
    title: &'a str,
    detail: String,
}

impl<T: Into<Problem>> From<T> for Fault {
    fn from(what: T) -> Self {
        Self(what.into())
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let detail = shown::prose(self.0.detail());
        page(
            self.0.status(),
            &FaultPage {
                title: self.0.title(),
                detail,
            },
        )
    }
}

fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
