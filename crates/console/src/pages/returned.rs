//! Money that did not reach its payees: sent again, to be sent again, or still missing.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use chrono::{DateTime, Utc};
use onay_payout::{BatchRef, Head, Identity, NotAllowed, Role};
use onay_producer::{Producer, ResendError, Resends};
use serde::Deserialize;

use super::batch::load;
use super::shown::{Amount, Header, Moment, Pill};
use super::visitor::{Signed, Visitor};
use super::{Fault, page};
use crate::http::{Console, Desk};
use crate::view::refund_watch;

/// What became of money that did not reach its payees.
pub(super) struct Returned {
    /// What can be sent again.
    pub(super) left: Option<Left>,
    /// Whether this person can send it again.
    pub(super) may_resend: bool,
    pub(super) children: Vec<Child>,
    /// Failed money that may still come back, and until when that is watched.
    pub(super) watched: Option<(Amount, Moment)>,
    /// Neither paid nor back.
    pub(super) missing: Option<Amount>,
}

pub(super) struct Left {
    pub(super) sum: Amount,
    pub(super) count: usize,
}

/// A batch that sends some of it again.
pub(super) struct Child {
    pub(super) id: String,
    pub(super) external_id: String,
    pub(super) pill: Pill,
    pub(super) sum: Amount,
}

impl Returned {
    /// Nothing, when there is nothing to tell.
    pub(super) fn of(
        head: &Head,
        resends: &Resends,
        me: &Identity,
        now: DateTime<Utc>,
    ) -> Option<Self> {
        let children = resends.children.iter().map(|child| {
            let head = child.batch.head();
            Child {
                id: head.id.to_string(),
                external_id: head.external_id.to_string(),
                pill: Pill::from(&head.state),
                sum: head.tie_out.requested.into(),
            }
        });
        let (failed, missing) = (head.tie_out.failed, head.tie_out.refund_failed);
        let told = Self {
            left: resends.next.as_ref().ok().map(|content| Left {
                sum: content.total().into(),
                count: content.items().len(),
            }),
            may_resend: me.has(Role::Maker),
            children: children.collect(),
            watched: refund_watch(head).map(|until| (failed.into(), Moment::new(until, now))),
            missing: (!missing.is_zero()).then(|| missing.into()),
        };
        let is_news = told.left.is_some()
            || !told.children.is_empty()
            || told.watched.is_some()
            || told.missing.is_some();
        is_news.then_some(told)
    }
}

#[derive(Template)]
#[template(path = "resend.html")]
struct Asked {
    header: Header,
    id: String,
    external_id: String,
    sum: Amount,
    count: usize,
}

/// `GET /batches/{batch}/resend`: repeats what would be sent again and asks.
pub(super) async fn ask(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    Path(batch): Path<String>,
) -> Result<Response, Fault> {
    let stored = load(&console, &batch).await?;
    let (me, head) = (visitor.identity(), stored.batch.head());
    if !me.has(Role::Maker) {
        return Err(NotAllowed::Role(me.name().clone(), Role::Maker).into());
    }
    let resends = Resends::of(&*console.desk.ledger, &stored.batch).await?;
    let content = resends.next.map_err(ResendError::from)?;
    let asked = Asked {
        header: Header::from(&visitor),
        id: head.id.to_string(),
        external_id: head.external_id.to_string(),
        sum: content.total().into(),
        count: content.items().len(),
    };
    Ok(page(StatusCode::OK, &asked))
}

#[derive(Deserialize)]
pub(super) struct Nothing {}

/// `POST /batches/{batch}/resend`: makes the batch, or finds it, and shows it.
pub(super) async fn act(
    State(console): State<Arc<Console>>,
    Path(batch): Path<String>,
    Signed { visitor, .. }: Signed<Nothing>,
) -> Result<Response, Fault> {
    let stored = load(&console, &batch).await?;
    let Desk { ledger, policy, .. } = console.desk.clone();
    let producer = Producer::new(ledger, policy, visitor.identity().clone(), "console")?;
    let enqueued = producer.resend(&BatchRef::Id(stored.batch.id())).await?;
    let child = enqueued.head().id;
    Ok(Redirect::to(&format!("/batches/{child}")).into_response())
}
