//! One entry of the house journal, in one piece: its words and its hashes.

use onay_payout::{BatchId, Digest};
use serde::{Deserialize, Serialize};

use super::Hashes;
use super::entry::EntryRecord;
use super::scalar::Text;
use crate::journal::Entry;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HouseRecord {
    words: EntryRecord,
    record: Text<Digest>,
    prev: Text<Digest>,
    hash: Text<Digest>,
}

impl From<&Entry> for HouseRecord {
    fn from(entry: &Entry) -> Self {
        Self {
            words: EntryRecord::from(entry),
            record: Text(entry.record),
            prev: Text(entry.prev),
            hash: Text(entry.hash),
        }
    }
}

impl HouseRecord {
    /// The entry of the journal of this id.
    pub(super) fn of(self, house: BatchId) -> Entry {
        let hashes = Hashes {
            record: self.record.0,
            prev: self.prev.0,
            hash: self.hash.0,
        };
        self.words.with(house, hashes)
    }
}
