//! One item a line, under a header line with iyzico's field names.

use csv::{ReaderBuilder, StringRecord, Trim};
use onay_payout::{Code, Draft, DraftItem, Finding, Severity};

use super::{Intake, Lines};

/// Columns and the names they go by; the first is the one we print.
const COLUMNS: [(&[&str], Presence); 8] = [
    (&["itemExternalId"], Presence::Required),
    (&["recipientType"], Presence::Required),
    (&["recipientInfo"], Presence::Required),
    (&["amount", "amount.value", "value"], Presence::Required),
    (&["currency", "amount.currency"], Presence::Required),
    (&["recipientName"], Presence::Optional),
    (&["description"], Presence::Optional),
    (&["nonWithdrawable"], Presence::Optional),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Presence {
    Required,
    Optional,
}

/// What stands between two fields.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Separator {
    Comma,
    Semicolon,
}

impl Separator {
    const fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
        }
    }
}

pub(super) fn read(text: &str) -> Intake {
    let header_line = text.lines().next().unwrap_or_default();
    let separator = if header_line.contains(';') && !header_line.contains(',') {
        Separator::Semicolon
    } else {
        Separator::Comma
    };
    let mut reader = ReaderBuilder::new()
        .delimiter(separator.byte())
        .trim(Trim::All)
        .from_reader(text.as_bytes());
    let headers = match reader.headers() {
        Ok(headers) => headers.clone(),
        Err(error) => return Intake::unreadable(syntax(&error, Some(1))),
    };
    let mut findings = Vec::new();
    let columns = find_columns(&headers, &mut findings);
    let mut intake = Intake {
        draft: Draft::default(),
        findings,
    };
    if !intake.is_readable() {
        return intake;
    }
    let mut lines = Lines::of(text.as_bytes());
    let mut line_of = |position: Option<&csv::Position>| {
        // The reader's own count is one short where lines end in CR LF.
        position
            .and_then(|at| usize::try_from(at.byte()).ok())
            .map(|offset| lines.at(offset))
    };
    for record in reader.records() {
        match record {
            Ok(record) => {
                let line = line_of(record.position());
                let item = read_item(line, &record, &columns, separator, &mut intake);
                intake.draft.items.push(item);
            }
            Err(error) => {
                let line = line_of(error.position());
                intake.findings.push(syntax(&error, line));
            }
        }
    }
    intake
}

fn syntax(error: &csv::Error, line: Option<u64>) -> Finding {
    let message = if let csv::ErrorKind::UnequalLengths {
        expected_len, len, ..
    } = error.kind()
    {
        format!(
            "{len} fields where the header has {expected_len}; a field with the separator in it must \
             stand in quotes"
        )
    } else {
        format!("not a line of CSV: {error}")
    };
    Finding {
        line,
        ..Finding::batch("file", Code::Syntax, message)
    }
}

/// Where each of [`COLUMNS`] stands in the file.
fn find_columns(headers: &StringRecord, findings: &mut Vec<Finding>) -> Vec<Option<usize>> {
    let at_header = |code, severity, message| Finding {
        line: Some(1),
        severity,
        ..Finding::batch("header", code, message)
    };
    for (position, name) in headers.iter().enumerate() {
        let Some((names, _)) = COLUMNS.iter().find(|(names, _)| names.contains(&name)) else {
            let message = format!("column `{name}` is not one of ours; it is ignored");
            findings.push(at_header(Code::UnknownField, Severity::Warning, message));
            continue;
        };
        if headers
            .iter()
            .take(position)
            .any(|earlier| names.contains(&earlier))
        {
            let message = format!("column `{name}` stands there twice, or under two names");
            findings.push(at_header(Code::Syntax, Severity::Error, message));
        }
    }
    let places = COLUMNS.iter().map(|(names, presence)| {
        let place = headers.iter().position(|header| names.contains(&header));
        if place.is_none() && *presence == Presence::Required {
            let name = names.first().copied().unwrap_or_default();
            let message = format!(
                "column `{name}` is missing; the first line must be \
                 itemExternalId,recipientType,recipientInfo,amount,currency,recipientName,description \
                 (the last two may be left out; `;` may separate them too)"
            );
            findings.push(at_header(Code::MissingColumn, Severity::Error, message));
        }
        place
    });
    places.collect()
}

fn read_item(
    line: Option<u64>,
    record: &StringRecord,
    columns: &[Option<usize>],
    separator: Separator,
    intake: &mut Intake,
) -> DraftItem {
    let mut fields = columns.iter().map(|place| {
        let text = place.and_then(|place| record.get(place))?;
        (!text.is_empty()).then(|| text.to_owned())
    });
    let mut next = || fields.next().flatten();
    let mut item = DraftItem {
        line,
        id: next(),
        recipient_type: next(),
        recipient_info: next(),
        amount: next(),
        currency: next(),
        recipient_name: next(),
        description: next(),
        non_withdrawable: false,
    };
    let flag = next();
    let (index, id) = (intake.draft.items.len(), item.id.clone());
    let mut report = |field, code, message: &str| {
        let finding = Finding::batch(field, code, message);
        intake.findings.push(Finding {
            index: Some(index),
            line,
            item: id.clone(),
            ..finding
        });
    };
    match flag.as_deref() {
        None | Some("false") => {}
        Some("true") => item.non_withdrawable = true,
        Some(_) => report("nonWithdrawable", Code::UnknownWord, "write true or false"),
    }
    if separator == Separator::Semicolon
        && let Some(text) = item.amount.take()
    {
        // Where `;` separates fields, the comma is the decimal mark, and a point could only mark
        // thousands: `41.250` is forty-one thousand there.
        if text.contains('.') {
            let message = format!(
                "`{}` has a point; in a file separated by `;` the decimal mark is a comma and \
                 thousands are not marked, such as 41250,00",
                text.chars().take(40).collect::<String>()
            );
            report("amount", Code::Amount, &message);
        } else {
            item.amount = Some(text.replace(',', "."));
        }
    }
    item
}
