//! Resolving in two steps: a page that repeats what is chosen, then the choice.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use onay_ledger::{Stored, now};
use onay_payout::{BatchRef, IllegalTransition, Resolution, State as BatchState};
use serde::Deserialize;

use super::batch::{Sums, load};
use super::shown::{Header, prose};
use super::stopped::{Step, Stopped, label};
use super::visitor::{Signed, Visitor};
use super::{Fault, page};
use crate::desk::{self, Person, Wish, frozen_since, may_resolve, risk};
use crate::http::{Console, Kind, Problem, words};

#[derive(Template)]
#[template(path = "resolve.html")]
struct Asked {
    header: Header,
    id: String,
    external_id: String,
    maker: String,
    money: Sums,
    stopped: Stopped,
    word: &'static str,
    label: &'static str,
    sentence: String,
    risk: Option<String>,
    consequence: &'static str,
    button: &'static str,
    said: String,
    /// Since when the batch on this page is frozen, for the form.
    since: String,
    error: Option<String>,
}

impl Asked {
    /// Says no before anybody fills in a form for nothing; it is asked again when it counts.
    fn new(stored: &Stored, resolution: Resolution, visitor: &Visitor) -> Result<Self, Fault> {
        let (batch, head) = (&stored.batch, stored.batch.head());
        let (me, now) = (visitor.identity(), now());
        let BatchState::Frozen(frozen) = &head.state else {
            let (event, state) = ("resolve", head.state.name());
            return Err(IllegalTransition::State { event, state }.into());
        };
        may_resolve(batch, me, resolution, now)?;
        let step = Step::of(frozen, resolution, me);
        Ok(Self {
            header: Header::from(visitor),
            id: head.id.to_string(),
            external_id: head.external_id.to_string(),
            maker: head.maker.to_string(),
            money: Sums::of(batch),
            stopped: Stopped::of(batch, frozen, me, now),
            word: resolution.word(),
            label: label(resolution),
            sentence: prose(resolution.sentence()),
            risk: risk(frozen, resolution).map(prose),
            consequence: match (step, &frozen.proposal) {
                (Step::Confirm, _) => "Yours is the second word: it is done right after.",
                (Step::Propose, Some(_)) => {
                    "This takes the place of the proposal that stands. Nothing happens until a \
                     second person chooses the same."
                }
                (Step::Propose | Step::Repeat, _) => {
                    "Nothing happens until a second person chooses the same."
                }
            },
            button: step.word(),
            said: String::new(),
            since: head.since.to_rfc3339(),
            error: None,
        })
    }
}

/// `GET /batches/{batch}/resolve/{action}`: repeats what is to be done and asks once more.
pub(super) async fn ask(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    Path((batch, action)): Path<(String, String)>,
) -> Result<Response, Fault> {
    let stored = load(&console, &batch).await?;
    let asked = Asked::new(&stored, read(&action)?, &visitor)?;
    Ok(page(StatusCode::OK, &asked))
}

#[derive(Deserialize)]
pub(super) struct Said {
    #[serde(default)]
    words: String,
    since: String,
}

/// `POST /batches/{batch}/resolve/{action}`: records it, and shows the batch.
pub(super) async fn act(
    State(console): State<Arc<Console>>,
    Path((batch, action)): Path<(String, String)>,
    Signed { visitor, form }: Signed<Said>,
) -> Result<Response, Fault> {
    let action = read(&action)?;
    let stored = load(&console, &batch).await?;
    let reason = match words(&form.words) {
        Ok(Some(reason)) => reason,
        no => {
            let error = match no {
                Err(what) => format!("This is {what}."),
                Ok(_) => "Say why: whoever must confirm it reads it.".to_owned(),
            };
            let asked = Asked {
                error: Some(error),
                said: form.words,
                ..Asked::new(&stored, action, &visitor)?
            };
            return Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &asked));
        }
    };
    let (identity, via, id) = (visitor.identity(), "console", stored.batch.id());
    let (person, ledger) = (Person { identity, via }, &*console.desk.ledger);
    let wish = Wish {
        resolution: action,
        reason: &reason,
        since: Some(frozen_since(&form.since)?),
    };
    let (policy, batch) = (&console.desk.policy, BatchRef::Id(id));
    desk::resolve(ledger, policy, &person, &batch, &wish).await?;
    Ok(Redirect::to(&format!("/batches/{id}")).into_response())
}

fn read(word: &str) -> Result<Resolution, Fault> {
    let no_page = || Problem::new(Kind::NotFound, "this page does not exist").into();
    Resolution::from_word(word).ok_or_else(no_page)
}
