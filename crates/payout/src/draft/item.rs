//! Checking the items of a draft.

use std::collections::HashMap;
use std::str::FromStr;

use rust_decimal::Decimal;

use super::{Checksums, DraftItem, shortened, text_problem};
use crate::finding::{Code, Finding, Severity};
use crate::ids::{IdError, ItemId};
use crate::item::Item;
use crate::money::{Currency, Money, MoneyError};
use crate::recipient::{Personal, Recipient, RecipientProblem, RecipientType, check_identifier};

/// Checks items one after the other, remembering what spans them.
pub(super) struct ItemCheck<'a> {
    checksums: Checksums,
    seen: HashMap<&'a str, usize>,
    pub(super) currency: Option<Currency>,
    pub(super) findings: Vec<Finding>,
}

impl<'a> ItemCheck<'a> {
    pub(super) fn new(checksums: Checksums, findings: Vec<Finding>) -> Self {
        Self {
            checksums,
            seen: HashMap::new(),
            currency: None,
            findings,
        }
    }

    pub(super) fn item(&mut self, index: usize, item: &'a DraftItem) -> Option<Item> {
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
        written_number(value)
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

const fn expected_form(kind: RecipientType) -> &'static str {
    match kind {
        RecipientType::Iban => "an IBAN in capitals without spaces (TR and 24 digits)",
        RecipientType::Phone => "a phone number with its country code, such as +905551234567",
        RecipientType::IdentityNumber => "a national number of 11 digits or a tax number of 10",
        RecipientType::MemberId => "a member number of at most 19 digits",
    }
}

/// Digits, and at most one point with digits around it: no exponent, no thousands mark, nothing a
/// spreadsheet may have made of an amount.
fn written_number(text: &str) -> Result<Decimal, MoneyError> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if is_digits(whole) && is_digits(fraction) {
        Money::decimal(text)
    } else {
        Err(MoneyError::NotANumber)
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
