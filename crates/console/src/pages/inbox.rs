//! What waits, and what was.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use onay_ledger::{Filter, LedgerError, Page, now};
use onay_payout::{BatchId, Head, Hold, Policy, State as BatchState, Turn};
use serde::Deserialize;

use super::attention::signals;
use super::gate::rules;
use super::shown::{Amount, Header, Moment, Pill, label, prose, purpose, waits_for_funds};
use super::visitor::Visitor;
use super::{Fault, page};
use crate::course::{Blocked, Course};
use crate::http::Console;

/// Most waiting or frozen batches shown at once.
const WAITING_MAX: u32 = 1000;

/// A deadline this near stands out.
const SOON: TimeDelta = TimeDelta::hours(4);

const RECENT: u32 = 10;
const PAGE_SIZE: u32 = 50;

#[derive(Template)]
#[template(path = "inbox.html")]
struct Inbox {
    header: Header,
    frozen: Vec<Row>,
    short: Vec<Row>,
    /// Nobody can approve these.
    blocked: Vec<Row>,
    yours: Vec<Row>,
    others: Vec<Row>,
    has_more: bool,
    recent: Vec<Row>,
}

/// A batch as one line.
struct Row {
    id: String,
    external_id: String,
    pill: Pill,
    total: Amount,
    count: usize,
    refused: usize,
    maker: String,
    purpose: String,
    submitted: Moment,
    explain: String,
    gate: Option<Gate>,
}

struct Gate {
    rule: String,
    given: usize,
    needed: Option<u32>,
    blocked: Option<String>,
    /// In whose place the visitor is asked.
    in_place_of: Option<String>,
    /// Who is asked next.
    next: String,
    /// What to look at first, by kind and number.
    signals: String,
    deadline: Moment,
    /// When it expires, from now.
    due: String,
    due_tone: &'static str,
}

/// Most names on one line.
const NAMES_MAX: usize = 6;

/// Who looks, under which policy, and when.
#[derive(Clone, Copy)]
struct Seen<'a> {
    policy: &'a Policy,
    visitor: &'a Visitor,
    now: DateTime<Utc>,
}

impl Row {
    fn new(head: &Head, seen: Seen<'_>) -> Self {
        let hold = head.state.hold();
        let count = hold.map_or(head.count, |hold| hold.count);
        Self {
            id: head.id.to_string(),
            external_id: head.external_id.to_string(),
            pill: Pill::from(&head.state),
            total: hold
                .map_or(head.tie_out.requested, |hold| hold.total)
                .into(),
            count,
            refused: head.count.saturating_sub(count),
            maker: head.maker.to_string(),
            purpose: purpose(head),
            submitted: Moment::new(head.accepted_at, seen.now),
            explain: prose(&onay_payout::explain(head)),
            gate: hold.and_then(|hold| Gate::new(head, hold, seen)),
        }
    }
}

impl Gate {
    fn new(head: &Head, hold: &Hold, seen: Seen<'_>) -> Option<Self> {
        let Seen { policy, now, .. } = seen;
        let deadline = Moment::new(hold.expires_at, now);
        let course = Course::of(head, Some(policy), now)?;
        let me = seen.visitor.identity().name();
        let is_yours = policy.turn(head, me, now) == Turn::Now;
        let may = policy.may_decide(head, me, now).ok();
        Some(Self {
            rule: rules(hold),
            given: course.tally(),
            needed: course.needed,
            blocked: course.blocked.as_ref().map(|why| prose(&why.sentence())),
            in_place_of: may
                .and_then(|may| may.on_behalf)
                .filter(|_| is_yours)
                .map(|other| other.to_string()),
            next: names(&course),
            signals: signals(hold),
            due: if now < hold.expires_at {
                format!("expires {}", deadline.relative)
            } else {
                format!("expired {}", deadline.relative)
            },
            due_tone: if hold.expires_at.signed_duration_since(now) < SOON {
                "warn"
            } else {
                ""
            },
            deadline,
        })
    }
}

/// Who is asked next; the first of them, when they are many.
fn names(course: &Course) -> String {
    let mut names: Vec<String> = course.next.iter().map(ToString::to_string).collect();
    let rest = names.len().saturating_sub(NAMES_MAX);
    names.truncate(NAMES_MAX);
    if rest > 0 {
        names.push(format!("{rest} more"));
    }
    names.join(", ")
}

/// `GET /`: what waits for this person, then for others; what is frozen, cannot be approved, or waits
/// for funds, stands above all.
pub(super) async fn inbox(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
) -> Result<Response, Fault> {
    let (now, policy) = (now(), &*console.desk.policy);
    let mut waiting = list(&console, Some("pending_approval"), None, WAITING_MAX).await?;
    let has_more = waiting.len() >= usize::try_from(WAITING_MAX).unwrap_or(usize::MAX);
    waiting.sort_by_key(|head| head.state.hold().map(|hold| hold.expires_at));
    let is_blocked = |head: &&Head| Blocked::of(head, Some(policy)).is_some();
    let is_yours = |head: &&Head| {
        let me = visitor.identity().name();
        policy.turn(head, me, now) == Turn::Now
    };
    let (blocked, rest): (Vec<&Head>, Vec<&Head>) = waiting.iter().partition(is_blocked);
    let (yours, others): (Vec<&Head>, Vec<&Head>) = rest.into_iter().partition(is_yours);
    let visitor = &visitor;
    let seen = Seen {
        policy,
        visitor,
        now,
    };
    let rows = |heads: Vec<&Head>| -> Vec<Row> {
        let heads = heads.into_iter();
        heads.map(|head| Row::new(head, seen)).collect()
    };
    let frozen = list(&console, Some("frozen"), None, WAITING_MAX).await?;
    let approved = list(&console, Some("approved"), None, WAITING_MAX).await?;
    let short = approved.iter().filter(|head| waits_for_funds(&head.state));
    let recent = list(&console, None, None, RECENT).await?;
    let inbox = Inbox {
        header: Header::from(visitor),
        frozen: rows(frozen.iter().collect()),
        short: rows(short.collect()),
        blocked: rows(blocked),
        yours: rows(yours),
        others: rows(others),
        has_more,
        recent: rows(recent.iter().collect()),
    };
    Ok(page(StatusCode::OK, &inbox))
}

#[derive(Template)]
#[template(path = "batches.html")]
struct All {
    header: Header,
    states: Vec<Choice>,
    rows: Vec<Row>,
    state: String,
    next: Option<String>,
}

struct Choice {
    word: &'static str,
    label: String,
    is_chosen: bool,
}

#[derive(Deserialize)]
pub(super) struct Wanted {
    state: Option<String>,
    /// A wrong one shows the first page.
    before: Option<String>,
}

/// `GET /batches?state=&before=`: every batch, newest first.
pub(super) async fn all(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Fault> {
    let state = wanted
        .state
        .as_deref()
        .and_then(|word| BatchState::NAMES.into_iter().find(|known| *known == word));
    let before = wanted.before.and_then(|id| id.parse().ok());
    let heads = list(&console, state, before, PAGE_SIZE.saturating_add(1)).await?;
    let size = usize::try_from(PAGE_SIZE).unwrap_or(usize::MAX);
    let (shown, rest) = heads.split_at(size.min(heads.len()));
    let next = shown
        .last()
        .filter(|_| !rest.is_empty())
        .map(|last| last.id.to_string());
    let choice = |word: &'static str| Choice {
        word,
        label: label(word),
        is_chosen: state == Some(word),
    };
    let seen = Seen {
        policy: &console.desk.policy,
        visitor: &visitor,
        now: now(),
    };
    let all = All {
        header: Header::from(&visitor),
        states: BatchState::NAMES.into_iter().map(choice).collect(),
        rows: shown.iter().map(|head| Row::new(head, seen)).collect(),
        state: state.unwrap_or_default().to_owned(),
        next,
    };
    Ok(page(StatusCode::OK, &all))
}

async fn list(
    console: &Console,
    state: Option<&str>,
    before: Option<BatchId>,
    size: u32,
) -> Result<Vec<Head>, LedgerError> {
    let filter = Filter {
        state: state.map(str::to_owned),
    };
    console
        .desk
        .ledger
        .list(&filter, &Page { before, size })
        .await
}
