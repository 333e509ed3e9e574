//! Who is looking: the session in the cookie, and the key in every form.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Form, FromRequest, FromRequestParts, Request};
use axum::http::HeaderMap;
use axum::http::header::COOKIE;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Redirect, Response};
use onay_payout::{BatchId, Identity, Pause};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Fault;
use crate::http::{Console, Kind, Problem, Session, is_foreign, is_loopback};

const COOKIE_NAME: &str = "onay_session";

/// A signed-in person. Anybody else is sent to the sign-in page, and from there back.
pub(super) struct Visitor {
    session: Session,
    caution: Option<&'static str>,
    pause: Option<Pause>,
}

impl Visitor {
    pub(super) const fn identity(&self) -> &Identity {
        &self.session.identity
    }

    pub(super) fn form_key(&self) -> &str {
        &self.session.form_key
    }

    /// What must be known about the store, on every page.
    pub(super) const fn caution(&self) -> Option<&'static str> {
        self.caution
    }

    /// Whether releases are paused, on every page.
    pub(super) const fn pause(&self) -> Option<&Pause> {
        self.pause.as_ref()
    }
}

impl FromRequestParts<Arc<Console>> for Visitor {
    type Rejection = Redirect;

    async fn from_request_parts(
        parts: &mut Parts,
        console: &Arc<Console>,
    ) -> Result<Self, Redirect> {
        let session =
            session_id(&parts.headers).and_then(|id| console.sessions.find(id, Instant::now()));
        let Some(session) = session else {
            return Err(Redirect::to(&sign_in_address(parts.uri.path())));
        };
        Ok(Self {
            session,
            caution: console.desk.caution().await,
            pause: console.desk.pause().await,
        })
    }
}

/// Where to sign in; remembers a batch that was asked for, by our id, which is safe anywhere.
fn sign_in_address(path: &str) -> String {
    let named = path
        .strip_prefix("/batches/")
        .and_then(|rest| rest.split('/').next());
    match named.and_then(|id| id.parse::<BatchId>().ok()) {
        Some(id) => format!("/sign-in?batch={id}"),
        None => "/sign-in".to_owned(),
    }
}

/// A form that a signed-in person sent from a page of their session, and nobody else.
pub(super) struct Signed<T> {
    pub(super) visitor: Visitor,
    pub(super) form: T,
}

#[derive(Deserialize)]
struct Sealed<T> {
    form_key: String,
    #[serde(flatten)]
    form: T,
}

impl<T: DeserializeOwned> FromRequest<Arc<Console>> for Signed<T> {
    type Rejection = Response;

    async fn from_request(request: Request, console: &Arc<Console>) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        refuse_foreign(&parts.headers).map_err(Fault::into_response)?;
        let visitor = Visitor::from_request_parts(&mut parts, console).await;
        let visitor = visitor.map_err(Redirect::into_response)?;
        let request = Request::from_parts(parts, body);
        let sealed = Form::<Sealed<T>>::from_request(request, console).await;
        let Ok(Form(Sealed { form_key, form })) = sealed else {
            let problem = Problem::new(Kind::BadRequest, "the form is not complete; go back");
            return Err(Fault::from(problem).into_response());
        };
        if visitor.session.wrote(&form_key) {
            return Ok(Self { visitor, form });
        }
        let detail = "the form belongs to a session that has ended; go back, reload the page and \
                      try again; nothing was changed";
        Err(Fault::from(Problem::new(Kind::NotAllowed, detail)).into_response())
    }
}

/// Refuses what another site sent, or what a browser does not vouch for.
pub(super) fn refuse_foreign(headers: &HeaderMap) -> Result<(), Fault> {
    if !is_foreign(headers) {
        return Ok(());
    }
    let detail = "your browser does not confirm that this form comes from this site; open the \
                  console over https (or on this machine) and try again; nothing was changed";
    Err(Problem::new(Kind::NotAllowed, detail).into())
}

/// The session id in the cookie, if there is one.
pub(super) fn session_id(headers: &HeaderMap) -> Option<&str> {
    let pairs = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok());
    let mut pairs = pairs
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.split_once('='));
    pairs.find_map(|(name, value)| (name.trim() == COOKIE_NAME).then(|| value.trim()))
}

/// The `Set-Cookie` that starts a session, or ends one when `id` is empty.
pub(super) fn cookie(id: &str, headers: &HeaderMap) -> String {
    let secure = if is_loopback(headers) { "" } else { "; Secure" };
    let end = if id.is_empty() { "; Max-Age=0" } else { "" };
    format!("{COOKIE_NAME}={id}; Path=/; HttpOnly; SameSite=Strict{secure}{end}")
}
