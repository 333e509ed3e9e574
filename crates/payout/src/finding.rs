//! What validation found: every fault with its place and its remedy, never only the first.

use std::fmt;

/// How bad a finding is; the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The batch is not accepted.
    Error,
    /// The batch is accepted; a person should look.
    Warning,
    /// Nothing is wrong; good to know. Batches have none of these, policies do.
    Note,
}

impl Severity {
    /// `error`, `warning` or `note`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// What kind of fault it is: for code that branches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// The file cannot be read as what it claims to be.
    Syntax,
    /// The file is not UTF-8.
    Encoding,
    /// A column the format needs is not there.
    MissingColumn,
    /// A column or field nobody knows.
    UnknownField,
    /// A required value is not there.
    Missing,
    /// A text is too long or has characters that do not belong there.
    Text,
    /// A word that is none of those allowed.
    UnknownWord,
    /// An identifier does not have the form of its kind.
    Form,
    /// The check digits of an identifier are wrong.
    Checksum,
    /// A spreadsheet turned an account number into a number and lost its digits.
    SpreadsheetNumber,
    /// An amount that is not a positive decimal of at most two places.
    Amount,
    /// Items of different currencies.
    MixedCurrencies,
    /// Two items with one id.
    DuplicateItem,
    /// No items.
    EmptyBatch,
    /// More items than a batch may have.
    TooManyItems,
    /// The number of items is not what the maker said.
    CountMismatch,
    /// The sum is not what the maker said.
    SumMismatch,
    /// No rule of the policy covers this batch.
    NoRule,
}

impl Code {
    /// The code as it stands in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Syntax => "syntax",
            Self::Encoding => "encoding",
            Self::MissingColumn => "missing_column",
            Self::UnknownField => "unknown_field",
            Self::Missing => "missing",
            Self::Text => "text",
            Self::UnknownWord => "unknown_word",
            Self::Form => "form",
            Self::Checksum => "checksum",
            Self::SpreadsheetNumber => "spreadsheet_number",
            Self::Amount => "amount",
            Self::MixedCurrencies => "mixed_currencies",
            Self::DuplicateItem => "duplicate_item",
            Self::EmptyBatch => "empty_batch",
            Self::TooManyItems => "too_many_items",
            Self::CountMismatch => "count_mismatch",
            Self::SumMismatch => "sum_mismatch",
            Self::NoRule => "no_rule",
        }
    }
}

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The item's place in the batch, counted from 0.
    pub index: Option<usize>,
    /// The line of the file, counted from 1.
    pub line: Option<u64>,
    /// The item's id, if it has one.
    pub item: Option<String>,
    /// The field, in the words of the file.
    pub field: &'static str,
    /// The kind of fault.
    pub code: Code,
    /// What is wrong and what to do about it. Never repeats personal data whole.
    pub message: String,
    /// How bad it is.
    pub severity: Severity,
}

impl Finding {
    /// A fault of the batch as a whole.
    pub fn batch(field: &'static str, code: Code, message: impl Into<String>) -> Self {
        Self {
            index: None,
            line: None,
            item: None,
            field,
            code,
            message: message.into(),
            severity: Severity::Error,
        }
    }
}

impl fmt::Display for Finding {
    /// `line 14, item ext-7: recipientInfo: …`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = self.line.map(|line| format!("line {line}"));
        let item = match (&self.item, self.index) {
            (Some(id), _) => Some(format!("item {id}")),
            (None, Some(index)) => Some(format!("item at index {index}")),
            (None, None) => None,
        };
        let place: Vec<String> = [line, item].into_iter().flatten().collect();
        if !place.is_empty() {
            write!(f, "{}: ", place.join(", "))?;
        }
        write!(f, "{}: {}", self.field, self.message)
    }
}
