//! The JSON that programs rely on: the same from the command line and over HTTP.
//!
//! Amounts are strings. Fields may be added, never renamed.

use chrono::{DateTime, SecondsFormat, Utc};
use onay_ledger::{Entry, Stored};
use onay_payout as payout;
use payout::{Head, Money, State};
use serde::Serialize;

/// A batch without its items.
#[derive(Debug, Serialize)]
#[expect(clippy::struct_field_names, reason = "the fields are the JSON's")]
pub struct Batch {
    batch: String,
    external_id: String,
    state: &'static str,
    since: String,
    explain: String,
    maker: String,
    purpose: Option<&'static str>,
    request_id: Option<String>,
    digest: Option<String>,
    count: usize,
    total: String,
    commission: Option<String>,
    currency: &'static str,
    tie_out: TieOut,
    approvals: Option<Approvals>,
    /// Why the batch is frozen.
    #[serde(skip_serializing_if = "Option::is_none")]
    frozen: Option<Frozen>,
    #[serde(skip_serializing_if = "Option::is_none")]
    items: Option<Vec<Item>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    journal: Option<Vec<JournalEntry>>,
}

impl Batch {
    /// What is shown of a batch.
    pub fn of(head: &Head) -> Self {
        let hold = head.state.hold();
        Self {
            batch: head.id.to_string(),
            external_id: head.external_id.to_string(),
            state: head.state.name(),
            since: time(head.since),
            explain: payout::explain(head),
            maker: head.maker.to_string(),
            purpose: head.purpose.map(payout::Purpose::word),
            request_id: head.state.request_id().map(ToString::to_string),
            digest: hold.map(|hold| hold.digest.to_string()),
            count: head.count,
            total: head.tie_out.requested.number(),
            commission: hold.and_then(|hold| hold.commission).map(Money::number),
            currency: head.tie_out.requested.currency().code(),
            tie_out: TieOut::of(&head.tie_out),
            approvals: Approvals::of(head),
            frozen: Frozen::of(&head.state),
            items: None,
            journal: None,
        }
    }

    /// Adds the items.
    #[must_use]
    pub fn with_items(mut self, stored: &Stored) -> Self {
        self.items = Some(items(stored));
        self
    }

    /// Adds the journal.
    #[must_use]
    pub fn with_journal(mut self, entries: &[Entry]) -> Self {
        self.journal = Some(journal(entries));
        self
    }
}

/// A page of batches, newest first.
#[derive(Debug, Serialize)]
pub struct Batches {
    batches: Vec<Batch>,
    /// What to ask for `before` to get the next page.
    next: Option<String>,
}

impl Batches {
    /// A page of at most `size` batches, from a list that was asked for one more.
    pub fn of(heads: &[Head], size: usize) -> Self {
        let (page, rest) = heads.split_at(size.min(heads.len()));
        let next = page.last().filter(|_| !rest.is_empty());
        Self {
            batches: page.iter().map(Batch::of).collect(),
            next: next.map(|last| last.id.to_string()),
        }
    }
}

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
    fn of(sums: &payout::TieOut) -> Self {
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

/// Who approved, and who still may.
#[derive(Debug, Serialize)]
pub struct Approvals {
    rule: String,
    needed: u32,
    given: Vec<Given>,
    missing: Vec<String>,
    expires_at: String,
}

/// An approval that stands.
#[derive(Debug, Serialize)]
pub struct Given {
    person: String,
    at: String,
    comment: Option<String>,
}

impl Approvals {
    /// What is shown of the approvals of a held or released batch.
    pub fn of(head: &Head) -> Option<Self> {
        let hold = head.state.hold()?;
        let given = head.standing_approvals().into_iter().map(|made| Given {
            person: made.person.to_string(),
            at: time(made.at),
            comment: made.verdict.text().map(str::to_owned),
        });
        let missing = hold
            .rule
            .asked
            .iter()
            .filter(|name| !head.has_approval_of(name));
        Some(Self {
            rule: hold.rule.name.clone(),
            needed: hold.rule.needed,
            given: given.collect(),
            missing: missing.map(ToString::to_string).collect(),
            expires_at: time(hold.expires_at),
        })
    }
}

/// Why a batch is frozen.
#[derive(Debug, Serialize)]
pub struct Frozen {
    from: &'static str,
    why: &'static str,
    details: Vec<String>,
}

impl Frozen {
    fn of(state: &State) -> Option<Self> {
        if let State::Frozen(frozen) = state {
            let details = frozen.details.clone();
            Some(Self {
                from: frozen.from.name(),
                why: frozen.why.word(),
                details,
            })
        } else {
            None
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
    items: Vec<Item>,
}

impl Report {
    /// The settlement report of a batch.
    pub fn of(stored: &Stored) -> Self {
        let head = stored.batch.head();
        Self {
            batch: head.id.to_string(),
            external_id: head.external_id.to_string(),
            state: head.state.name(),
            currency: head.tie_out.requested.currency().code(),
            totals: TieOut::of(&head.tie_out),
            items: items(stored),
        }
    }
}

/// One line of the journal.
#[derive(Debug, Serialize)]
pub struct JournalEntry {
    seq: u64,
    at: String,
    actor: String,
    via: String,
    event: String,
    before: String,
    after: String,
    note: String,
    digest: Option<String>,
    hash: String,
}

impl JournalEntry {
    fn of(entry: &Entry) -> Self {
        Self {
            seq: entry.seq,
            at: time(entry.at),
            actor: entry.actor.clone(),
            via: entry.via.clone(),
            event: entry.event.clone(),
            before: entry.before.clone(),
            after: entry.after.clone(),
            note: entry.note.clone(),
            digest: entry.digest.map(|digest| digest.to_string()),
            hash: entry.hash.to_string(),
        }
    }
}

/// What is shown of a journal.
pub fn journal(entries: &[Entry]) -> Vec<JournalEntry> {
    entries.iter().map(JournalEntry::of).collect()
}

/// One fault that validation found.
#[derive(Debug, Serialize)]
pub struct Finding {
    index: Option<usize>,
    line: Option<u64>,
    item: Option<String>,
    field: &'static str,
    code: &'static str,
    message: String,
    severity: &'static str,
}

/// What is shown of findings.
pub fn findings(found: &[payout::Finding]) -> Vec<Finding> {
    let view = |finding: &payout::Finding| Finding {
        index: finding.index,
        line: finding.line,
        item: finding.item.clone(),
        field: finding.field,
        code: finding.code.word(),
        message: finding.message.clone(),
        severity: finding.severity.word(),
    };
    found.iter().map(view).collect()
}

/// The answer to a submission.
#[derive(Debug, Serialize)]
pub struct Submitted {
    batch: String,
    external_id: String,
    state: &'static str,
    replayed: bool,
    count: usize,
    total: String,
    currency: &'static str,
    findings: Vec<Finding>,
}

impl Submitted {
    /// What is shown of an accepted batch.
    pub fn of(enqueued: &onay_producer::Enqueued) -> Self {
        use onay_producer::Enqueued;
        let (head, found, replayed) = match enqueued {
            Enqueued::New { head, findings } => (head, findings, false),
            Enqueued::Replayed { head, findings } => (head, findings, true),
        };
        Self {
            batch: head.id.to_string(),
            external_id: head.external_id.to_string(),
            state: head.state.name(),
            replayed,
            count: head.count,
            total: head.tie_out.requested.number(),
            currency: head.tie_out.requested.currency().code(),
            findings: findings(found),
        }
    }
}

/// The answer to a decision.
#[derive(Debug, Serialize)]
pub struct Decided {
    batch: String,
    state: &'static str,
    decision: &'static str,
    approvals: Option<Approvals>,
}

impl Decided {
    /// What is shown after a decision.
    pub fn of(head: &Head, decision: &'static str) -> Self {
        Self {
            batch: head.id.to_string(),
            state: head.state.name(),
            decision,
            approvals: Approvals::of(head),
        }
    }
}

/// RFC 3339 in UTC, to the second.
fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
