//! The JSON that programs rely on: the same from the command line and over HTTP.
//!
//! Amounts are strings. Fields may be added, never renamed.

mod approvals;
mod decided;
mod journal;
mod noticed;
mod pause;
mod report;
mod waiting;
mod why;

use chrono::{DateTime, SecondsFormat, Utc};
use onay_ledger::{Entry, Stored};
use onay_payout as payout;
use payout::{Head, Jobs, Money, Policy};
use serde::Serialize;

pub use approvals::{Approvals, Given};
pub use decided::{Decided, Resolved};
pub use journal::{JournalEntry, journal, words};
pub use noticed::{History, Rejection, Signals, counted};
pub use pause::{Pause, PauseEntry, Releases};
pub use report::{Item, Report, TieOut, items, next_steps, refund_watch};
pub use waiting::{Choice, Frozen, Next, Proposal, Release, Waits};
pub use why::Why;

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
    /// What people should look at before they decide.
    #[serde(skip_serializing_if = "Option::is_none")]
    signals: Option<Signals>,
    /// What other batches told, where anything is remembered of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    history: Option<History>,
    /// Why an approver, or the policy, turned it down.
    #[serde(skip_serializing_if = "Option::is_none")]
    rejection: Option<Rejection>,
    /// The batch whose money came back and is sent again with this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<String>,
    /// The batches that send again what came back from this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    children: Option<Vec<Child>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frozen: Option<Frozen>,
    #[serde(skip_serializing_if = "Option::is_none")]
    waits: Option<Waits>,
    /// Why an approved batch is not released: releases are paused.
    #[serde(skip_serializing_if = "Option::is_none")]
    paused: Option<Pause>,
    #[serde(skip_serializing_if = "Option::is_none")]
    release: Option<Release>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Planned>,
    #[serde(skip_serializing_if = "Option::is_none")]
    items: Option<Vec<Item>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    journal: Option<Vec<JournalEntry>>,
}

impl Batch {
    /// What is shown of a batch.
    pub fn of(head: &Head) -> Self {
        let hold = head.state.hold();
        let history = hold.and_then(|hold| hold.history.as_ref());
        Self {
            batch: head.id.to_string(),
            external_id: head.external_id.to_string(),
            state: head.state.name(),
            // Whole, because a resolution names it.
            since: head.since.to_rfc3339_opts(SecondsFormat::Micros, true),
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
            approvals: Approvals::of(head, None),
            signals: Signals::of(history),
            history: History::of(history),
            rejection: Rejection::of(head),
            parent: parent(head),
            children: None,
            frozen: Frozen::of(&head.state),
            waits: Waits::of(&head.state),
            paused: None,
            release: Release::of(&head.state),
            next: None,
            items: None,
            journal: None,
        }
    }

    /// What is shown of it in a list of batches.
    pub fn listed(head: &Head) -> Self {
        let shown = Self::of(head);
        Self {
            signals: shown.signals.map(Signals::counted),
            ..shown
        }
    }

    /// Says which approvals count under the policy in force.
    #[must_use]
    pub fn under(mut self, head: &Head, policy: &Policy) -> Self {
        self.approvals = Approvals::of(head, Some(policy));
        self
    }

    /// Says that releases are paused, where that is why nothing happens.
    #[must_use]
    pub fn paused(mut self, head: &Head, pause: Option<&payout::Pause>) -> Self {
        let is_approved = matches!(head.state, payout::State::Approved(_));
        self.explain = payout::explain_under(head, pause);
        self.paused = pause.filter(|_| is_approved).map(Pause::from);
        self
    }

    /// Adds what happens next by itself.
    #[must_use]
    pub fn planned(mut self, head: &Head, jobs: &Jobs) -> Self {
        let next = Next::of(head, jobs);
        if let Some(release) = &mut self.release {
            release.planned(next.as_ref());
        }
        self.next = next.map(|next| Planned {
            at: time(next.at),
            what: next.what,
        });
        self
    }

    /// Adds the batches that send again what came back.
    #[must_use]
    pub fn with_children(mut self, children: &[Stored]) -> Self {
        let children: Vec<Child> = children
            .iter()
            .map(|child| Child::of(child.batch.head()))
            .collect();
        self.children = (!children.is_empty()).then_some(children);
        self
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

/// What happens next by itself.
#[derive(Debug, Serialize)]
struct Planned {
    at: String,
    what: &'static str,
}

/// A batch that sends again what came back from another.
#[derive(Debug, Serialize)]
struct Child {
    batch: String,
    external_id: String,
    state: &'static str,
    count: usize,
    total: String,
}

impl Child {
    fn of(head: &Head) -> Self {
        Self {
            batch: head.id.to_string(),
            external_id: head.external_id.to_string(),
            state: head.state.name(),
            count: head.count,
            total: head.tie_out.requested.number(),
        }
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
    pub fn of(heads: &[Head], size: usize, policy: &Policy) -> Self {
        let (page, rest) = heads.split_at(size.min(heads.len()));
        let next = page.last().filter(|_| !rest.is_empty());
        Self {
            batches: page
                .iter()
                .map(|head| Batch::listed(head).under(head, policy))
                .collect(),
            next: next.map(|last| last.id.to_string()),
        }
    }
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
    /// The batch whose money came back and is sent again.
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<String>,
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
            parent: parent(head),
            count: head.count,
            total: head.tie_out.requested.number(),
            currency: head.tie_out.requested.currency().code(),
            findings: findings(found),
        }
    }
}

/// RFC 3339 in UTC, to the second.
fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn parent(head: &Head) -> Option<String> {
    let parent = head.parent.as_ref()?;
    Some(parent.external_id.to_string())
}
