//! What became of every item, and what to do about it.

use chrono::{DateTime, TimeDelta, Utc};
use onay_ledger::Stored;
use onay_payout as payout;
use onay_producer::Resends;
use payout::Head;
use payout::cadence::REFUND_WATCH;
use serde::Serialize;

use super::{Approvals, Rejection};

/// The money by what became of it.
#[derive(Debug, Serialize)]
pub struct TieOut {
    requested: String,
    paid: String,
    failed: String,
    refunded: String,
    refund_failed: String,
    invalid: String,
    cancelled: String,
    open: String,
    difference: String,
}

impl TieOut {
    pub(super) fn of(sums: &payout::TieOut) -> Self {
        Self {
            requested: sums.requested.number(),
            paid: sums.paid.number(),
            failed: sums.failed.number(),
            refunded: sums.refunded.number(),
            refund_failed: sums.refund_failed.number(),
            invalid: sums.invalid.number(),
            cancelled: sums.cancelled.number(),
            open: sums.open.number(),
            difference: sums.difference.number(),
        }
    }
}

/// One item and what became of it.
#[derive(Debug, Serialize)]
#[expect(clippy::struct_field_names, reason = "the fields are the JSON's")]
pub struct Item {
    item: String,
    recipient_type: &'static str,
    /// Masked: whole account numbers stay in the ledger and on the approver's page.
    recipient: String,
    amount: String,
    status: String,
    reference_code: Option<String>,
    errors: Vec<String>,
}

/// Every item of a batch.
pub fn items(stored: &Stored) -> Vec<Item> {
    let batch = &stored.batch;
    let pairs = batch.content().items().iter().zip(batch.outcomes());
    pairs
        .map(|(item, outcome)| Item {
            item: item.id.to_string(),
            recipient_type: item.recipient.kind.word(),
            recipient: item.recipient.info.to_string(),
            amount: item.amount.number(),
            status: outcome.status.word().to_owned(),
            reference_code: outcome.reference.as_ref().map(ToString::to_string),
            errors: outcome.errors.clone(),
        })
        .collect()
}

/// Per item outcome and totals.
#[derive(Debug, Serialize)]
pub struct Report {
    batch: String,
    external_id: String,
    state: &'static str,
    currency: &'static str,
    #[serde(flatten)]
    totals: TieOut,
    approvals: Option<Approvals>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rejection: Option<Rejection>,
    items: Vec<Item>,
    /// What is left to do, a sentence each.
    next: Vec<String>,
}

impl Report {
    /// The settlement report of a batch.
    pub fn of(stored: &Stored, resends: &Resends) -> Self {
        let head = stored.batch.head();
        Self {
            batch: head.id.to_string(),
            external_id: head.external_id.to_string(),
            state: head.state.name(),
            currency: head.tie_out.requested.currency().code(),
            totals: TieOut::of(&head.tie_out),
            approvals: Approvals::of(head, None),
            rejection: Rejection::of(head),
            items: items(stored),
            next: next_steps(head, resends),
        }
    }
}

/// What people can do about money that did not reach its payees, a sentence each.
pub fn next_steps(head: &Head, resends: &Resends) -> Vec<String> {
    let mut steps = Vec::new();
    for child in &resends.children {
        let child = child.batch.head();
        let (sum, state) = (child.tie_out.requested, child.state.name());
        let id = &child.external_id;
        steps.push(if child.state.is_turned_down() {
            format!("{id} was to send {sum} again, and is {state}")
        } else {
            format!("{sum} is sent again as {id}, which is {state}")
        });
    }
    if let Ok(content) = &resends.next {
        let (sum, count) = (content.total(), content.items().len());
        let id = &head.external_id;
        steps.push(format!(
            "{sum} of {count} items is certainly back, or was never taken; `onay resend-failed \
             {id} --as NAME` sends it again as a batch with an approval of its own"
        ));
    }
    if let Some(until) = refund_watch(head) {
        let (sum, until) = (head.tie_out.failed, until.format("%F"));
        steps.push(format!(
            "{sum} failed and may still come back; it is watched until {until}"
        ));
    }
    if !head.tie_out.refund_failed.is_zero() {
        let sum = head.tie_out.refund_failed;
        steps.push(format!(
            "{sum} is neither paid nor back; ask iyzico where it is, item by item"
        ));
    }
    steps
}

/// Until when a closed batch is watched for refunds, if any may come.
pub fn refund_watch(head: &Head) -> Option<DateTime<Utc>> {
    let watch = TimeDelta::from_std(REFUND_WATCH).ok()?;
    let is_watched = head.state.is_final() && head.awaits_refund();
    head.since.checked_add_signed(watch).filter(|_| is_watched)
}
