//! One entry of a journal, for a store that keeps it in one piece: its words. Its hashes are kept
//! beside them, and what it is chained to is the hash of the entry before.

use onay_payout::{BatchId, Digest};
use serde::{Deserialize, Serialize};

use super::Hashes;
use super::V1;
use super::scalar::{Text, Time};
use crate::journal::Entry;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EntryRecord {
    v: V1,
    seq: u64,
    at: Time,
    actor: String,
    via: String,
    event: String,
    before: String,
    after: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    note: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    digest: Option<Text<Digest>>,
    /// The text of the decision's record, as it is hashed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    decision: Option<String>,
}

impl From<&Entry> for EntryRecord {
    fn from(entry: &Entry) -> Self {
        Self {
            v: V1,
            seq: entry.seq,
            at: Time(entry.at),
            actor: entry.actor.clone(),
            via: entry.via.clone(),
            event: entry.event.clone(),
            before: entry.before.clone(),
            after: entry.after.clone(),
            note: entry.note.clone(),
            digest: entry.digest.map(Text),
            decision: entry.decision.clone(),
        }
    }
}

impl EntryRecord {
    /// The entry of `batch` with these hashes.
    pub(super) fn with(self, batch: BatchId, hashes: Hashes) -> Entry {
        Entry {
            batch,
            seq: self.seq,
            at: self.at.0,
            actor: self.actor,
            via: self.via,
            event: self.event,
            before: self.before,
            after: self.after,
            note: self.note,
            digest: self.digest.map(|Text(digest)| digest),
            decision: self.decision,
            record: hashes.record,
            prev: hashes.prev,
            hash: hashes.hash,
        }
    }
}
