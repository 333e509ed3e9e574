//! A batch as it came in, before anything of it is believed.

use std::collections::HashMap;
use std::str::FromStr;

use rust_decimal::Decimal;

use crate::content::{Content, ITEMS_PER_BATCH_MAX, Purpose};
use crate::finding::{Code, Finding, Severity};
use crate::ids::{ExternalId, IdError, ItemId};
use crate::item::Item;
use crate::money::{Currency, Money, MoneyError};
use crate::recipient::{Personal, Recipient, RecipientProblem, RecipientType, check_identifier};

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
        let mut check = ItemCheck {
            checksums,
            seen: HashMap::new(),
            currency: None,
            findings,
        };
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

/// Checks items one after the other, remembering what spans them.
struct ItemCheck<'a> {
    checksums: Checksums,
    seen: HashMap<&'a str, usize>,
    currency: Option<Currency>,
    findings: Vec<Finding>,
}

impl<'a> ItemCheck<'a> {
    fn item(&mut self, index: usize, item: &'a DraftItem) -> Option<Item> {
        let mut place = Place {
            index,
            item,
            findings: &mut self.findings,
        };
        let id = place.id(&mut self.seen);
        let recipient = place.recipient(self.checksums);
        let amount = place.amount(&mut self.currency);
        let description = place.optional_text("description", item.description.as_deref());
        Some(Item {
            id: id?,
            recipient: recipient?,
            amount: amount?,
            description: description?.map(str::to_owned),
            non_withdrawable: item.non_withdrawable,
        })
    }
}

/// Where we are, and where findings go.
struct Place<'a, 'f> {
    index: usize,
    item: &'a DraftItem,
    findings: &'f mut Vec<Finding>,
}

impl<'a> Place<'a, '_> {
    fn report(&mut self, field: &'static str, code: Code, message: impl Into<String>) {
        self.add(field, code, message.into(), Severity::Error);
    }

    fn add(&mut self, field: &'static str, code: Code, message: String, severity: Severity) {
        self.findings.push(Finding {
            index: Some(self.index),
            line: self.item.line,
            item: self.item.id.as_deref().map(shortened),
            field,
            code,
            message,
            severity,
        });
    }

    fn required(&mut self, field: &'static str, text: Option<&'a str>) -> Option<&'a str> {
        let text = text.map(str::trim).filter(|text| !text.is_empty());
        if text.is_none() {
            self.report(field, Code::Missing, "missing");
        }
        text
    }

    fn id(&mut self, seen: &mut HashMap<&'a str, usize>) -> Option<ItemId> {
        let text = self.required("itemExternalId", self.item.id.as_deref())?;
        if let Some(first) = seen.insert(text, self.index) {
            let message =
                format!("already used by the item at index {first}; ids are unique within a batch");
            self.report("itemExternalId", Code::DuplicateItem, message);
            return None;
        }
        text.parse()
            .map_err(|error: IdError| self.report("itemExternalId", Code::Text, error.to_string()))
            .ok()
    }

    fn recipient(&mut self, checksums: Checksums) -> Option<Recipient> {
        let word = self.required("recipientType", self.item.recipient_type.as_deref());
        let info = self.required("recipientInfo", self.item.recipient_info.as_deref());
        let name = self.optional_text("recipientName", self.item.recipient_name.as_deref());
        let kind = RecipientType::from_str(word?)
            .map_err(|error| {
                let message = format!(
                    "unknown recipient type `{}`; {error}",
                    shortened(word.unwrap_or_default())
                );
                self.report("recipientType", Code::UnknownWord, message);
            })
            .ok()?;
        let name = name?;
        if kind == RecipientType::Iban && name.is_none() {
            self.report(
                "recipientName",
                Code::Missing,
                "missing; iyzico requires the account holder's name for an IBAN",
            );
        }
        let info = info?;
        self.identifier(kind, info, checksums)?;
        Some(Recipient {
            kind,
            info: Personal::new(info),
            name: name.map(Personal::new),
        })
    }

    fn identifier(&mut self, kind: RecipientType, info: &str, checksums: Checksums) -> Option<()> {
        let shown = Personal::new(info);
        match check_identifier(kind, info) {
            Ok(()) => Some(()),
            Err(RecipientProblem::Form) if is_spreadsheet_number(info) => {
                let message = "a spreadsheet turned this account number into a number and lost digits; format the \
                               column as text and export again";
                self.report("recipientInfo", Code::SpreadsheetNumber, message);
                None
            }
            Err(RecipientProblem::Form) => {
                let message = format!("{shown} is not {}", expected_form(kind));
                self.report("recipientInfo", Code::Form, message);
                None
            }
            Err(RecipientProblem::Checksum) => {
                let (severity, remedy) = match checksums {
                    Checksums::Enforce => (Severity::Error, "check it with the recipient"),
                    Checksums::Warn => (
                        Severity::Warning,
                        "sent as it is, for the provider to judge",
                    ),
                };
                let message = format!("{kind} {shown} fails its own check digits; {remedy}");
                self.add("recipientInfo", Code::Checksum, message, severity);
                (checksums == Checksums::Warn).then_some(())
            }
        }
    }

    fn amount(&mut self, batch_currency: &mut Option<Currency>) -> Option<Money> {
        let value = self.required("amount.value", self.item.amount.as_deref());
        let code = self.required("amount.currency", self.item.currency.as_deref());
        let currency = Currency::from_str(code?)
            .map_err(|error| self.report("amount.currency", Code::UnknownWord, error.to_string()))
            .ok()?;
        let first = *batch_currency.get_or_insert(currency);
        if first != currency {
            let message = format!("{currency} in a batch of {first}; a batch has one currency");
            self.report("amount.currency", Code::MixedCurrencies, message);
        }
        let value = value?;
        Money::decimal(value)
            .and_then(|amount| Money::payable(amount, currency))
            .map_err(|error| {
                let message = format!(
                    "`{}` is {error}; write a positive amount with at most two decimals, such as 1250.50",
                    shortened(value)
                );
                self.report("amount.value", Code::Amount, message);
            })
            .ok()
    }

    /// The text if it is fit to be sent; `None` when it was reported.
    #[expect(
        clippy::option_option,
        reason = "absent and unusable are two different answers"
    )]
    fn optional_text(
        &mut self,
        field: &'static str,
        text: Option<&'a str>,
    ) -> Option<Option<&'a str>> {
        let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else {
            return Some(None);
        };
        match text_problem(text) {
            Some(problem) => {
                self.report(field, Code::Text, problem);
                None
            }
            None => Some(Some(text)),
        }
    }
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

const fn expected_form(kind: RecipientType) -> &'static str {
    match kind {
        RecipientType::Iban => "an IBAN in capitals without spaces (TR and 24 digits)",
        RecipientType::Phone => "a phone number with its country code, such as +905551234567",
        RecipientType::IdentityNumber => "a national number of 11 digits or a tax number of 10",
        RecipientType::MemberId => "a member number of at most 19 digits",
    }
}

/// `9,20086E+24`: what a spreadsheet makes of a long number.
fn is_spreadsheet_number(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else {
        return false;
    };
    let is_number = |part: &str| {
        part.bytes()
            .all(|b| b.is_ascii_digit() || b",.+-".contains(&b))
    };
    !mantissa.is_empty() && !exponent.is_empty() && is_number(mantissa) && is_number(exponent)
}
