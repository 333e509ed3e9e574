//! Files in: iyzico's own JSON shape, and CSV with the same fields as columns.
//!
//! Reading never stops at the first fault, and reading never decides: what a field means is
//! checked by [`Draft::check`].

mod csv;
mod json;

use onay_payout::{Checksums, Code, Draft, Finding, Severity};

/// The largest file that is read. Far above 100,000 items of usual length.
const FILE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// What a file claims to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// iyzico's init body: `externalId`, `conversationId`, `purpose`, `items[…]`.
    Json,
    /// One item a line, under a header line.
    Csv,
}

impl Format {
    /// The format by a file name's ending.
    pub fn of_file_name(name: &str) -> Option<Self> {
        let (_, ending) = name.rsplit_once('.')?;
        match ending.to_ascii_lowercase().as_str() {
            "json" => Some(Self::Json),
            "csv" => Some(Self::Csv),
            _ => None,
        }
    }
}

/// What a file held, and what was wrong with it as a file.
#[derive(Debug)]
pub struct Intake {
    /// The batch as text.
    pub draft: Draft,
    /// Faults of the file itself.
    pub findings: Vec<Finding>,
}

impl Intake {
    /// Reads a file.
    pub fn read(bytes: &[u8], format: Format) -> Self {
        if bytes.len() > FILE_BYTES_MAX {
            let message = format!(
                "the file is larger than {} MiB; split it",
                FILE_BYTES_MAX >> 20
            );
            return Self::unreadable(Finding::batch("file", Code::Syntax, message));
        }
        let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => return Self::unreadable(not_utf8(bytes, error.valid_up_to())),
        };
        match format {
            Format::Json => json::read(text),
            Format::Csv => csv::read(text),
        }
    }

    /// Whether the file could be read as what it claims to be.
    pub fn is_readable(&self) -> bool {
        !self
            .findings
            .iter()
            .any(|found| found.severity == Severity::Error)
    }

    /// Everything that is wrong with a file that could not be read whole, by line: its own faults,
    /// and those of the items that could be read.
    pub fn faults(&self, checksums: Checksums) -> Vec<Finding> {
        let mut faults = self.findings.clone();
        if !self.draft.items.is_empty() {
            let found = self.draft.check(checksums).findings;
            faults.extend(found.into_iter().filter(|found| !self.explains(found)));
        }
        faults.sort_by_key(|fault| fault.line);
        faults
    }

    /// Whether a finding only says in other words that something could not be read: counts and sums
    /// of the items that are left, and values that are called missing.
    fn explains(&self, found: &Finding) -> bool {
        let is_about_all_items = found.index.is_none() && found.field == "items";
        let is_unread = |fault: &Finding| {
            fault.severity == Severity::Error
                && fault.index == found.index
                && (fault.field == "items" || found.field.starts_with(fault.field))
        };
        is_about_all_items || (found.code == Code::Missing && self.findings.iter().any(is_unread))
    }

    fn unreadable(finding: Finding) -> Self {
        Self {
            draft: Draft::default(),
            findings: vec![finding],
        }
    }
}

fn not_utf8(bytes: &[u8], valid_up_to: usize) -> Finding {
    let line = Lines::of(bytes).at(valid_up_to);
    let message =
        "not UTF-8; save the file as UTF-8 (Turkish letters would arrive broken at the bank)";
    Finding {
        line: Some(line),
        ..Finding::batch("file", Code::Encoding, message)
    }
}

/// Tells on which line a place of a file is, for places that come in order: the file is read once.
struct Lines<'a> {
    bytes: &'a [u8],
    offset: usize,
    line: u64,
}

impl<'a> Lines<'a> {
    const fn of(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            offset: 0,
            line: 1,
        }
    }

    /// The line, counted from 1, of the first byte at or after `offset` that is no line break.
    fn at(&mut self, offset: usize) -> u64 {
        let rest = self.bytes.get(offset..).unwrap_or_default();
        let breaks = rest
            .iter()
            .take_while(|byte| matches!(byte, b'\r' | b'\n'))
            .count();
        let place = offset.saturating_add(breaks);
        let passed = self.bytes.get(self.offset..place).unwrap_or_default();
        for _ in passed.iter().filter(|byte| **byte == b'\n') {
            self.line = self.line.saturating_add(1);
        }
        self.offset = self.offset.max(place);
        self.line
    }
}
