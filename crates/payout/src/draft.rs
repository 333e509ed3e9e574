//! A batch as it came in, before anything of it is believed.

mod item;

use std::str::FromStr;

use rust_decimal::Decimal;

use self::item::ItemCheck;
use crate::content::{Content, ITEMS_PER_BATCH_MAX, Purpose};
use crate::finding::{Code, Finding, Severity};
use crate::ids::{ExternalId, IdError};
use crate::item::Item;
use crate::money::MoneyError;

/// Longest description or name, in characters. iyzico documents no limit (read 2026-11-22).
pub const TEXT_CHARS_MAX: usize = 255;

/// What to do about identifiers whose check digits are wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checksums {
    /// Refuse the batch.
    Enforce,
    /// Warn, and let the provider judge (`--allow-invalid`).
    Warn,
}

/// A batch as text: nothing checked, nothing lost.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    /// The caller's id of the batch.
    pub external_id: Option<String>,
    /// The caller's correlation id.
    pub conversation_id: Option<String>,
    /// What the money is for.
    pub purpose: Option<String>,
    /// The items.
    pub items: Vec<DraftItem>,
    /// How many items the maker says there are.
    pub expected_count: Option<usize>,
    /// The sum the maker says they have.
    pub expected_sum: Option<Decimal>,
}

/// An item as text.
#[derive(Clone, Default)]
pub struct DraftItem {
    /// The line of the file it began on, counted from 1.
    pub line: Option<u64>,
    /// `itemExternalId`.
    pub id: Option<String>,
    /// `recipientType`.
    pub recipient_type: Option<String>,
    /// `recipientInfo`.
    pub recipient_info: Option<String>,
    /// `recipientName`.
    pub recipient_name: Option<String>,
    /// `amount.value`, the text of the number.
    pub amount: Option<String>,
    /// `amount.currency`.
    pub currency: Option<String>,
    /// `description`.
    pub description: Option<String>,
    /// `nonWithdrawable`.
    pub non_withdrawable: bool,
}

impl std::fmt::Debug for DraftItem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DraftItem")
            .field("line", &self.line)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// What came of checking a draft.
#[derive(Debug)]
pub struct Checked {
    /// The batch, unless a finding is an error.
    pub content: Option<Content>,
    /// Everything that was found, in the order of the file.
    pub findings: Vec<Finding>,
}

impl Draft {
    /// Checks everything and reports every fault, not the first.
    pub fn check(&self, checksums: Checksums) -> Checked {
        let mut findings = Vec::new();
        let external_id = self.check_external_id(&mut findings);
        let purpose = self.check_purpose(&mut findings);
        self.check_conversation_id(&mut findings);
        self.check_size(&mut findings);
        let mut check = ItemCheck::new(checksums, findings);
        let items: Vec<Item> = self
            .items
            .iter()
            .enumerate()
            .filter_map(|(index, item)| check.item(index, item))
            .collect();
        let (mut findings, currency) = (check.findings, check.currency);
        let is_whole = !findings
            .iter()
            .any(|found| found.severity == Severity::Error);
        let content = match (external_id, currency) {
            (Some(id), Some(currency)) if is_whole => {
                Content::new(id, self.conversation_id.clone(), purpose, currency, items)
                    .map_err(|error| findings.push(sum_finding(&error)))
                    .ok()
            }
            _ => None,
        };
        let content = content.filter(|content| self.sum_is_as_expected(content, &mut findings));
        Checked { content, findings }
    }

    fn check_external_id(&self, findings: &mut Vec<Finding>) -> Option<ExternalId> {
        let Some(text) = self.external_id.as_deref() else {
            findings.push(Finding::batch(
                "externalId",
                Code::Missing,
                "missing; give the batch an id of your own (in the file or with --external-id): it is what \
                 makes submitting twice harmless",
            ));
            return None;
        };
        text.parse()
            .map_err(|error: IdError| {
                findings.push(Finding::batch("externalId", Code::Text, error.to_string()));
            })
            .ok()
    }

    fn check_purpose(&self, findings: &mut Vec<Finding>) -> Option<Purpose> {
        let word = self.purpose.as_deref()?;
        Purpose::from_str(word)
            .map_err(|error| {
                let message = format!("unknown purpose `{}`; {error}", shortened(word));
                findings.push(Finding::batch("purpose", Code::UnknownWord, message));
            })
            .ok()
    }

    fn check_conversation_id(&self, findings: &mut Vec<Finding>) {
        if let Some(text) = self.conversation_id.as_deref()
            && let Some(problem) = text_problem(text)
        {
            findings.push(Finding::batch("conversationId", Code::Text, problem));
        }
    }

    fn check_size(&self, findings: &mut Vec<Finding>) {
        let count = self.items.len();
        if count == 0 {
            findings.push(Finding::batch(
                "items",
                Code::EmptyBatch,
                "the batch has no items",
            ));
        }
        if count > ITEMS_PER_BATCH_MAX {
            let message = format!(
                "{count} items, at most {ITEMS_PER_BATCH_MAX} are allowed; split the batch and give each part \
                 its own external id"
            );
            findings.push(Finding::batch("items", Code::TooManyItems, message));
        }
        if let Some(expected) = self.expected_count.filter(|expected| *expected != count) {
            let message = format!(
                "{count} items, but {expected} were announced; check that the file is complete"
            );
            findings.push(Finding::batch("items", Code::CountMismatch, message));
        }
    }

    fn sum_is_as_expected(&self, content: &Content, findings: &mut Vec<Finding>) -> bool {
        match self.expected_sum {
            Some(expected) if expected != content.total().amount() => {
                let message = format!(
                    "the items sum to {}, but {expected} was announced; check that the file is complete",
                    content.total()
                );
                findings.push(Finding::batch("items", Code::SumMismatch, message));
                false
            }
            Some(_) | None => true,
        }
    }
}

fn sum_finding(error: &MoneyError) -> Finding {
    Finding::batch(
        "items",
        Code::Amount,
        format!("the sum of all items is {error}"),
    )
}

fn text_problem(text: &str) -> Option<String> {
    if text.chars().count() > TEXT_CHARS_MAX {
        return Some(format!("longer than {TEXT_CHARS_MAX} characters"));
    }
    text.chars()
        .any(char::is_control)
        .then(|| "contains control characters".to_owned())
}

/// A word of a file, short enough to stand in a message.
fn shortened(text: &str) -> String {
    let mut short: String = text.chars().filter(|c| !c.is_control()).take(40).collect();
    if text.chars().nth(40).is_some() {
        short.push('…');
    }
    short
}
