//! Pages.
use crate::http::Console;
use axum::Router;
use std::sync::Arc;
pub(crate) fn router() -> Router<Arc<Console>> {
    Router::new()
}
