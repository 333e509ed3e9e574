//! The lines of an export.

use std::io::{self, Write};

use chrono::{DateTime, SecondsFormat, Utc};
use onay_payout::BatchId;
use serde::{Deserialize, Serialize};

use super::head::Totals;
use crate::journal::Entry;

/// The format of the whole file.
pub(super) const FORMAT: &str = "onay audit export 1";

/// What an export holds of each batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Holds {
    /// Its journal.
    Journals,
    /// The head of its journal alone.
    Heads,
}

/// One line: the start, then for each batch its entries and the batch itself, then the end, then
/// perhaps a signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
#[expect(clippy::large_enum_variant, reason = "one line at a time is in memory")]
pub(super) enum Line {
    Start {
        format: String,
        at: String,
        account: Option<String>,
        holds: Holds,
        since: Option<String>,
    },
    Entry {
        batch: String,
        seq: u64,
        at: String,
        actor: String,
        via: String,
        event: String,
        before: String,
        after: String,
        note: String,
        digest: Option<String>,
        decision: Option<String>,
        record: String,
        prev: String,
        hash: String,
    },
    Batch {
        batch: String,
        version: u64,
        head: String,
    },
    End {
        batches: u64,
        entries: u64,
        head: String,
    },
    Signature {
        by: String,
        key: String,
        signature: String,
    },
}

impl Line {
    pub(super) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        serde_json::to_writer(&mut *out, self)?;
        out.write_all(b"\n")
    }

    /// The entry of such a line. What is written otherwise than we write it, is no entry: hashes
    /// are taken over the text as it stands.
    pub(super) fn entry(&self) -> Option<Entry> {
        let Self::Entry {
            batch,
            seq,
            at,
            actor,
            via,
            event,
            before,
            after,
            note,
            digest,
            decision,
            record,
            prev,
            hash,
        } = self
        else {
            return None;
        };
        let entry = Entry {
            batch: batch.parse().ok()?,
            seq: *seq,
            at: DateTime::parse_from_rfc3339(at).ok()?.with_timezone(&Utc),
            actor: actor.clone(),
            via: via.clone(),
            event: event.clone(),
            before: before.clone(),
            after: after.clone(),
            note: note.clone(),
            digest: digest.as_deref().map(str::parse).transpose().ok()?,
            decision: decision.clone(),
            record: record.parse().ok()?,
            prev: prev.parse().ok()?,
            hash: hash.parse().ok()?,
        };
        (Self::from(&entry) == *self).then_some(entry)
    }
}

impl From<&Entry> for Line {
    fn from(entry: &Entry) -> Self {
        Self::Entry {
            batch: entry.batch.to_string(),
            seq: entry.seq,
            at: entry.at.to_rfc3339_opts(SecondsFormat::Micros, true),
            actor: entry.actor.clone(),
            via: entry.via.clone(),
            event: entry.event.clone(),
            before: entry.before.clone(),
            after: entry.after.clone(),
            note: entry.note.clone(),
            digest: entry.digest.map(|digest| digest.to_string()),
            decision: entry.decision.clone(),
            record: entry.record.to_string(),
            prev: entry.prev.to_string(),
            hash: entry.hash.to_string(),
        }
    }
}

impl From<Totals> for Line {
    fn from(totals: Totals) -> Self {
        Self::End {
            batches: totals.batches,
            entries: totals.entries,
            head: totals.head.to_string(),
        }
    }
}

/// The id a text names, if it names it as we do.
pub(super) fn batch_id(text: &str) -> Option<BatchId> {
    let id: BatchId = text.parse().ok()?;
    (id.to_string() == text).then_some(id)
}
