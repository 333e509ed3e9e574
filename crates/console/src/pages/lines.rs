//! The items of a batch, page by page.

use onay_payout::{Batch, Item, ItemStatus, Outcome, Personal};

use super::shown::{Amount, Pill, payee, payee_kind};

/// Lines on one page.
const PAGE_SIZE: usize = 100;

/// One item.
pub(super) struct Line {
    pub(super) id: String,
    pub(super) kind: &'static str,
    pub(super) payee: String,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) is_locked: bool,
    pub(super) amount: Amount,
    pub(super) pill: Pill,
    pub(super) reference: String,
    pub(super) errors: Vec<String>,
}

impl Line {
    fn new(item: &Item, outcome: &Outcome) -> Self {
        let recipient = &item.recipient;
        Self {
            id: item.id.to_string(),
            kind: payee_kind(recipient.kind),
            payee: payee(recipient),
            name: recipient
                .name
                .as_ref()
                .map(Personal::expose)
                .unwrap_or_default()
                .to_owned(),
            description: item.description.clone().unwrap_or_default(),
            is_locked: item.non_withdrawable,
            amount: item.amount.into(),
            pill: Pill::from(&outcome.status),
            reference: outcome
                .reference
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            errors: outcome.errors.clone(),
        }
    }
}

/// Which items are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    /// Those that are paid, or are to be.
    ToPay,
    /// Those the provider refused.
    Refused,
}

/// One page of lines.
pub(super) struct Lines {
    pub(super) rows: Vec<Line>,
    pub(super) all: usize,
    /// Counted from 1.
    pub(super) page: usize,
    pub(super) pages: usize,
}

impl Lines {
    pub(super) fn of(batch: &Batch, which: Which, page: usize) -> Self {
        let pairs: Vec<_> = batch
            .content()
            .items()
            .iter()
            .zip(batch.outcomes())
            .filter(|(_, outcome)| {
                (outcome.status == ItemStatus::Invalid) == (which == Which::Refused)
            })
            .collect();
        let pages = pairs.len().div_ceil(PAGE_SIZE).max(1);
        let page = page.clamp(1, pages);
        let rows = pairs
            .chunks(PAGE_SIZE)
            .nth(page.saturating_sub(1))
            .unwrap_or_default();
        let rows = rows
            .iter()
            .map(|(item, outcome)| Line::new(item, outcome))
            .collect();
        Self {
            rows,
            all: pairs.len(),
            page,
            pages,
        }
    }

    pub(super) fn previous(&self) -> usize {
        self.page.saturating_sub(1)
    }

    pub(super) fn next(&self) -> usize {
        self.page.saturating_add(1)
    }
}
