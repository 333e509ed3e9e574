//! iyzico's init shape.

use std::collections::BTreeMap;

use onay_payout::{Code, Draft, DraftItem, Finding, Severity};
use serde_json::value::RawValue;

use super::{Intake, Lines};

/// An object whose values are kept as the text they were.
type Fields<'a> = BTreeMap<String, &'a RawValue>;

pub(super) fn read(text: &str) -> Intake {
    let mut fields = match serde_json::from_str::<Fields<'_>>(text) {
        Ok(fields) => fields,
        Err(error) => return Intake::unreadable(syntax(&error)),
    };
    let mut reader = Reader {
        text,
        findings: Vec::new(),
    };
    let external_id = reader.string(&mut fields, "externalId");
    let conversation_id = reader.string(&mut fields, "conversationId");
    let purpose = reader.string(&mut fields, "purpose");
    let items = reader.items(fields.remove("items"));
    fields.remove("locale"); // iyzico's own clients send it; it says nothing about the batch.
    reader.unknown("batch", &fields);
    let draft = Draft {
        external_id,
        conversation_id,
        purpose,
        items,
        ..Draft::default()
    };
    Intake {
        draft,
        findings: reader.findings,
    }
}

fn syntax(error: &serde_json::Error) -> Finding {
    let line = u64::try_from(error.line()).ok();
    let message = format!("not a JSON object of a batch: {error}");
    Finding {
        line,
        ..Finding::batch("file", Code::Syntax, message)
    }
}

struct Reader<'a> {
    text: &'a str,
    findings: Vec<Finding>,
}

impl<'a> Reader<'a> {
    fn items(&mut self, items: Option<&'a RawValue>) -> Vec<DraftItem> {
        let Some(items) = items else {
            return Vec::new();
        };
        let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(items.get()) else {
            self.findings
                .push(Finding::batch("items", Code::Syntax, "not a list of items"));
            return Vec::new();
        };
        let mut lines = Lines::of(self.text.as_bytes());
        let start = self.text.as_ptr().addr();
        items
            .into_iter()
            .enumerate()
            .map(|(index, raw)| {
                let offset = raw.get().as_ptr().addr().saturating_sub(start);
                self.item(index, lines.at(offset), raw)
            })
            .collect()
    }

    fn item(&mut self, index: usize, line: u64, raw: &'a RawValue) -> DraftItem {
        let found_before = self.findings.len();
        let mut item = DraftItem {
            line: Some(line),
            ..DraftItem::default()
        };
        if let Ok(mut fields) = serde_json::from_str::<Fields<'_>>(raw.get()) {
            item.id = self.string(&mut fields, "itemExternalId");
            item.recipient_type = self.string(&mut fields, "recipientType");
            item.recipient_info = self.string(&mut fields, "recipientInfo");
            item.recipient_name = self.string(&mut fields, "recipientName");
            item.description = self.string(&mut fields, "description");
            (item.amount, item.currency) = self.amount(fields.remove("amount"));
            item.non_withdrawable = self.flag(&mut fields, "nonWithdrawable");
            self.unknown("item", &fields);
        } else {
            self.findings
                .push(Finding::batch("items", Code::Syntax, "not an item object"));
        }
        for finding in self.findings.iter_mut().skip(found_before) {
            finding.index = Some(index);
            finding.line = Some(line);
            finding.item.clone_from(&item.id);
        }
        item
    }

    fn amount(&mut self, raw: Option<&'a RawValue>) -> (Option<String>, Option<String>) {
        let Some(raw) = raw else { return (None, None) };
        let Ok(mut fields) = serde_json::from_str::<Fields<'_>>(raw.get()) else {
            let message = "not an object; write {\"value\": 1250.50, \"currency\": \"TRY\"}";
            self.findings
                .push(Finding::batch("amount", Code::Syntax, message));
            return (None, None);
        };
        let value = fields.remove("value").map(|raw| {
            // A number keeps its own text; a string is unquoted.
            serde_json::from_str(raw.get()).unwrap_or_else(|_| raw.get().to_owned())
        });
        let currency = self.string(&mut fields, "currency");
        self.unknown("amount", &fields);
        (value, currency)
    }

    fn string(&mut self, fields: &mut Fields<'a>, name: &'static str) -> Option<String> {
        let raw = fields.remove(name)?;
        serde_json::from_str::<Option<String>>(raw.get()).unwrap_or_else(|_| {
            let message = "not a text; put it in quotes";
            self.findings
                .push(Finding::batch(name, Code::Syntax, message));
            None
        })
    }

    fn flag(&mut self, fields: &mut Fields<'a>, name: &'static str) -> bool {
        let Some(raw) = fields.remove(name) else {
            return false;
        };
        serde_json::from_str(raw.get()).unwrap_or_else(|_| {
            self.findings
                .push(Finding::batch(name, Code::Syntax, "write true or false"));
            false
        })
    }

    /// A misspelt field would otherwise be lost in silence.
    fn unknown(&mut self, place: &'static str, fields: &Fields<'a>) {
        for name in fields.keys() {
            let short: String = name.chars().take(40).collect();
            let message = format!("`{short}` is not a field iyzico knows; it is ignored");
            self.findings.push(Finding {
                severity: Severity::Warning,
                ..Finding::batch(place, Code::UnknownField, message)
            });
        }
    }
}
