//! The page of one batch: what an approver decides on.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};
use onay_ledger::{Entry, Ledger, Stored, now};
use onay_payout::{
    Batch, BatchRef, Head, Identity, ItemStatus, Jobs, Money, ReasonCode, Rejection,
    State as BatchState, TieOut,
};
use onay_producer::Resends;
use serde::Deserialize;

use super::attention::Attention;
use super::gate::{Choice, Gate, may_withdraw};
use super::lines::{Lines, Which};
use super::returned::Returned;
use super::shown::{Amount, Header, Moment, Pill, label, prose, purpose, waits_for_funds};
use super::stopped::{Step, Stopped};
use super::visitor::Visitor;
use super::{Fault, page};
use crate::course::{Blocked, Place};
use crate::http::{Console, Problem};
use crate::view::{Next, words};

#[derive(Template)]
#[template(path = "batch.html")]
struct Page {
    header: Header,
    id: String,
    external_id: String,
    pill: Pill,
    explain: String,
    explain_tone: &'static str,
    rejection: Option<Rejected>,
    /// Why it waits in vain.
    blocked: Option<String>,
    next: Option<Coming>,
    parent: Option<Related>,
    maker: String,
    purpose: String,
    submitted: Moment,
    money: Sums,
    /// What became of it, when that is nothing.
    ended: Option<&'static str>,
    held: Option<Held>,
    stopped: Option<Stopped>,
    gate: Option<Gate>,
    may_withdraw: bool,
    attention: Option<Attention>,
    items: Lines,
    refused: Lines,
    progress: Option<Progress>,
    returned: Option<Returned>,
    journal: Vec<Happened>,
}

/// What happens next by itself.
struct Coming {
    what: String,
    at: Moment,
    /// Nobody has taken it for a while.
    is_late: bool,
}

/// Why it was turned down, for its maker.
struct Rejected {
    by: String,
    label: String,
    reason: String,
}

/// A batch to go to.
struct Related {
    id: String,
    external_id: String,
}

/// The money in question.
pub(super) struct Sums {
    pub(super) total: Amount,
    pub(super) commission: Option<Amount>,
    /// Total and commission together.
    pub(super) debit: Option<Amount>,
    pub(super) count: usize,
    pub(super) refused: usize,
    /// What the refused lines add up to.
    pub(super) refused_total: Option<Amount>,
}

struct Held {
    request_id: String,
    account: String,
    digest: String,
    code: String,
    since: Moment,
}

/// What became of the money so far.
struct Progress {
    done: usize,
    all: usize,
    by_status: Vec<(Pill, usize)>,
    sums: Vec<(&'static str, Amount, &'static str)>,
    requested: Amount,
    difference: Amount,
    ties_out: bool,
}

struct Happened {
    what: String,
    who: String,
    via: String,
    at: Moment,
    note: String,
    after: String,
    is_human: bool,
}

#[derive(Deserialize)]
pub(super) struct Wanted {
    page: Option<String>,
    refused: Option<String>,
}

/// `GET /batches/{batch}?page=&refused=`
pub(super) async fn show(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    Path(batch): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Fault> {
    let stored = load(&console, &batch).await?;
    let (ledger, me) = (&*console.desk.ledger, visitor.identity());
    let journal = ledger.journal(&stored.batch.id()).await?;
    let jobs = ledger.planned(&stored.batch.id()).await?;
    let resends = Resends::of(ledger, &stored.batch).await?;
    let parent = parent(ledger, stored.batch.head()).await?;
    // A wrong page number shows the first page.
    let number = |text: Option<String>| text.and_then(|text| text.parse().ok()).unwrap_or(1);
    let now = now();
    let (batch, head) = (&stored.batch, stored.batch.head());
    let gate = Gate::of(head, &console.desk.policy, me, now);
    let is_open = gate
        .as_ref()
        .is_some_and(|gate| !matches!(gate.choice, Choice::Over));
    let shown = Page {
        header: Header::from(&visitor),
        id: head.id.to_string(),
        external_id: head.external_id.to_string(),
        pill: Pill::from(&head.state),
        explain: prose(&onay_payout::explain_under(head, visitor.pause())),
        explain_tone: tone(&head.state),
        rejection: head.rejection().map(Rejected::of),
        blocked: Blocked::of(head, Some(&console.desk.policy))
            .map(|blocked| prose(&blocked.sentence())),
        next: Coming::of(head, &jobs, now),
        parent,
        maker: head.maker.to_string(),
        purpose: purpose(head),
        submitted: Moment::new(head.accepted_at, now),
        money: Sums::of(batch),
        ended: ended(&head.state),
        held: Held::of(batch, now),
        stopped: stopped(batch, me, now),
        gate,
        may_withdraw: may_withdraw(batch, me, now),
        attention: is_open
            .then(|| Attention::of(batch))
            .filter(|found| !found.is_empty()),
        items: Lines::of(batch, Which::ToPay, number(wanted.page)),
        refused: Lines::of(batch, Which::Refused, number(wanted.refused)),
        progress: Progress::of(batch),
        returned: Returned::of(head, &resends, me, now),
        journal: journal
            .iter()
            .rev()
            .map(|entry| Happened::of(entry, now))
            .collect(),
    };
    Ok(page(StatusCode::OK, &shown))
}

/// The batch whose money came back and is sent again with this one.
async fn parent(ledger: &dyn Ledger, head: &Head) -> Result<Option<Related>, Fault> {
    let Some(parent) = head.parent.clone() else {
        return Ok(None);
    };
    let parent = BatchRef::External(parent.external_id);
    let stored = ledger.load(&parent).await?;
    Ok(stored.map(|stored| Related {
        id: stored.batch.id().to_string(),
        external_id: stored.batch.head().external_id.to_string(),
    }))
}

fn stopped(batch: &Batch, me: &Identity, now: DateTime<Utc>) -> Option<Stopped> {
    if let BatchState::Frozen(frozen) = batch.state() {
        Some(Stopped::of(batch, frozen, me, now))
    } else {
        None
    }
}

/// How loud the sentence is that says where the batch stands.
fn tone(state: &BatchState) -> &'static str {
    if matches!(state, BatchState::Frozen(_)) {
        "bad"
    } else if waits_for_funds(state) {
        "caution"
    } else {
        ""
    }
}

/// What became of a batch that ended without a payment.
const fn ended(state: &BatchState) -> Option<&'static str> {
    match state {
        BatchState::Refused(_)
        | BatchState::Rejected(_)
        | BatchState::Withdrawn(_)
        | BatchState::Expired(_) => Some("nothing was paid"),
        BatchState::Failed(_) => Some("nobody was paid"),
        BatchState::Received
        | BatchState::Preparing(_)
        | BatchState::Prepared(_)
        | BatchState::PendingApproval(_)
        | BatchState::Approved(_)
        | BatchState::Releasing(_)
        | BatchState::Processing(_)
        | BatchState::Settled(_)
        | BatchState::PartlySettled(_)
        | BatchState::Cancelling(_)
        | BatchState::Frozen(_) => None,
    }
}

/// The batch an address names, by our id or the external one.
pub(super) async fn load(console: &Console, named: &str) -> Result<Stored, Fault> {
    let none = || Fault::from(Problem::no_batch(named));
    let batch = named.parse().map_err(|_| none())?;
    let stored = console.desk.ledger.load(&batch).await?;
    stored.ok_or_else(none)
}

impl Sums {
    pub(super) fn of(batch: &Batch) -> Self {
        let head = batch.head();
        let requested = head.tie_out.requested;
        let hold = head.state.hold();
        let (total, count) = hold.map_or((requested, head.count), |hold| (hold.total, hold.count));
        let commission = hold.and_then(|hold| hold.commission);
        let refused = head.count.saturating_sub(count);
        let refused_total = requested.minus(total).ok().filter(|_| refused > 0);
        Self {
            total: total.into(),
            commission: commission.map(Amount::from),
            debit: commission
                .and_then(|fee| total.plus(fee).ok())
                .map(Amount::from),
            count,
            refused,
            refused_total: refused_total.map(Amount::from),
        }
    }
}

impl Rejected {
    fn of(rejection: Rejection<'_>) -> Self {
        let by = rejection.by.map(ToString::to_string);
        let label = rejection.code.and_then(ReasonCode::label);
        Self {
            by: by.unwrap_or_else(|| "the policy".to_owned()),
            label: label.map(prose).unwrap_or_default(),
            reason: rejection.reason.to_owned(),
        }
    }
}

impl Coming {
    fn of(head: &Head, jobs: &Jobs, now: DateTime<Utc>) -> Option<Self> {
        let next = Next::of(head, jobs)?;
        // The deadline of a held batch stands beside its approvals.
        let is_held = matches!(head.state, BatchState::PendingApproval(_));
        (!is_held).then(|| Self {
            what: next.what.to_owned(),
            at: Moment::new(next.at, now),
            is_late: next.is_late(now),
        })
    }
}

impl Held {
    fn of(batch: &Batch, now: DateTime<Utc>) -> Option<Self> {
        let hold = batch.state().hold()?;
        Some(Self {
            request_id: hold
                .request_id
                .as_ref()
                .map_or_else(|| "not told".to_owned(), ToString::to_string),
            account: hold.account.to_string(),
            digest: hold.digest.to_string(),
            code: hold.digest.code(),
            since: Moment::new(hold.held_at, now),
        })
    }
}

impl Progress {
    fn of(batch: &Batch) -> Option<Self> {
        let is_shown = match batch.state() {
            BatchState::Processing(_)
            | BatchState::Settled(_)
            | BatchState::PartlySettled(_)
            | BatchState::Failed(_) => true,
            BatchState::Frozen(_) => batch.head().money_may_move(),
            BatchState::Received
            | BatchState::Preparing(_)
            | BatchState::Prepared(_)
            | BatchState::PendingApproval(_)
            | BatchState::Approved(_)
            | BatchState::Releasing(_)
            | BatchState::Cancelling(_)
            | BatchState::Rejected(_)
            | BatchState::Withdrawn(_)
            | BatchState::Expired(_)
            | BatchState::Refused(_) => false,
        };
        let outcomes = batch.outcomes();
        let mut by_status: Vec<(&ItemStatus, usize)> = Vec::new();
        for outcome in outcomes {
            match by_status
                .iter_mut()
                .find(|(status, _)| *status == &outcome.status)
            {
                Some((_, count)) => *count = count.saturating_add(1),
                None => by_status.push((&outcome.status, 1)),
            }
        }
        by_status.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let tie_out = &batch.head().tie_out;
        is_shown.then(|| Self {
            done: outcomes
                .iter()
                .filter(|outcome| outcome.status.is_payee_final())
                .count(),
            all: outcomes.len(),
            by_status: by_status
                .into_iter()
                .map(|(s, count)| (Pill::from(s), count))
                .collect(),
            sums: sums(tie_out),
            requested: tie_out.requested.into(),
            difference: tie_out.difference.into(),
            ties_out: tie_out.difference.is_zero(),
        })
    }
}

/// What became of the money, in the words of the tie-out, without what is nothing.
fn sums(tie_out: &TieOut) -> Vec<(&'static str, Amount, &'static str)> {
    let lines: [(&str, Money, &str); 7] = [
        ("Paid", tie_out.paid, "payees have it"),
        ("Open", tie_out.open, "not settled yet"),
        (
            "Failed",
            tie_out.failed,
            "not paid; a refund is not known yet",
        ),
        ("Refunded", tie_out.refunded, "not paid; the money is back"),
        (
            "Refund failed",
            tie_out.refund_failed,
            "neither paid nor back: talk to the provider",
        ),
        ("Refused", tie_out.invalid, "never taken"),
        ("Cancelled", tie_out.cancelled, "never taken"),
    ];
    let lines = lines.into_iter().filter(|(_, sum, _)| !sum.is_zero());
    lines
        .map(|(word, sum, meaning)| (word, sum.into(), meaning))
        .collect()
}

impl Happened {
    fn of(entry: &Entry, now: DateTime<Utc>) -> Self {
        let is_moved = entry.after != entry.before;
        let is_human = !matches!(entry.via.as_str(), "worker" | "reconciler");
        Self {
            what: prose(&words(&entry.event)),
            who: entry.actor.clone(),
            via: entry.via.clone(),
            at: Moment::new(entry.at, now),
            // What people wrote stays as they wrote it.
            note: if is_human {
                entry.note.clone()
            } else {
                prose(&entry.note)
            },
            after: if is_moved {
                label(&entry.after)
            } else {
                String::new()
            },
            is_human,
        }
    }
}
