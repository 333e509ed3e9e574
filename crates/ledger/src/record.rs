//! The persisted format, version 1: JSON with a `"v":1` in every record.
//!
//! Domain types are not serialisable; the structs here are. What was written by any released
//! version can be read for ever (`tests/records`), and a field nobody knows is refused, not
//! dropped. Encoding what was decoded gives the same text again, so a record's digest can be
//! checked without keeping its text.

mod content;
mod entry;
mod frozen;
mod head;
mod history;
mod hold;
mod house;
mod outcome;
mod requirement;
mod scalar;
mod state;
#[cfg(test)]
mod tests;

use onay_payout::history::{HistoryKey, Remembered};
use onay_payout::{BatchId, Content, Decision, Digest, Head, Outcome};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::LedgerError;
use crate::journal::Entry;

/// Writes a batch without its items.
pub(crate) fn encode_head(head: &Head) -> String {
    written(&head::HeadRecord::from(head))
}

/// Reads a batch without its items.
pub(crate) fn decode_head(text: &str) -> Result<Head, LedgerError> {
    read::<head::HeadRecord>("head", text).map(Head::from)
}

/// Writes what a maker asked for.
pub(crate) fn encode_content(content: &Content) -> String {
    written(&content::ContentRecord::from(content))
}

/// Reads what a maker asked for.
pub(crate) fn decode_content(text: &str) -> Result<Content, LedgerError> {
    read::<content::ContentRecord>("content", text)?
        .try_into()
        .map_err(|error| LedgerError::Corrupt(format!("content record: {error}")))
}

/// Writes what became of one item.
pub(crate) fn encode_outcome(outcome: &Outcome) -> String {
    written(&outcome::OutcomeRecord::from(outcome))
}

/// Reads what became of one item.
pub(crate) fn decode_outcome(text: &str) -> Result<Outcome, LedgerError> {
    read::<outcome::OutcomeRecord>("outcome", text).map(Outcome::from)
}

/// Writes what became of several items, in their order.
pub(crate) fn encode_outcomes(outcomes: &[Outcome]) -> String {
    let records: Vec<_> = outcomes.iter().map(outcome::OutcomeRecord::from).collect();
    written(&records)
}

/// Reads what became of several items, in their order.
pub(crate) fn decode_outcomes(text: &str) -> Result<Vec<Outcome>, LedgerError> {
    let records: Vec<outcome::OutcomeRecord> = read("outcomes", text)?;
    Ok(records.into_iter().map(Outcome::from).collect())
}

/// Writes what a person decided, as it stands in the head.
pub(crate) fn encode_decision(decision: &Decision) -> String {
    written(&head::DecisionRecord::from(decision))
}

/// Reads what [`encode_decision`] wrote.
pub(crate) fn decode_decision(text: &str) -> Result<Decision, LedgerError> {
    read::<head::DecisionRecord>("decision", text).map(Decision::from)
}

/// Writes one thing that is remembered, without its key.
pub(crate) fn encode_history(value: &Remembered) -> String {
    match value {
        Remembered::Maker(_, maker) => written(&history::MakerRecord::from(maker)),
        Remembered::Payee(_, payee) => written(&history::PayeeRecord::from(payee)),
        Remembered::Name(_, name) => written(&history::NameRecord::from(name)),
    }
}

/// Reads what is remembered under a key.
pub(crate) fn decode_history(key: &HistoryKey, text: &str) -> Result<Remembered, LedgerError> {
    Ok(match key {
        HistoryKey::Maker(name) => {
            let record: history::MakerRecord = read("maker's history", text)?;
            Remembered::Maker(name.clone(), record.into())
        }
        HistoryKey::Payee(key) => {
            let record: history::PayeeRecord = read("payee's history", text)?;
            Remembered::Payee(*key, record.into())
        }
        HistoryKey::Name(key) => {
            let record: history::NameRecord = read("name's history", text)?;
            Remembered::Name(*key, record.into())
        }
    })
}

/// What a journal entry is chained by ([`Entry`]).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hashes {
    pub(crate) record: Digest,
    pub(crate) prev: Digest,
    pub(crate) hash: Digest,
}

/// Writes the words of a journal entry, without its hashes.
pub(crate) fn encode_entry(entry: &Entry) -> String {
    written(&entry::EntryRecord::from(entry))
}

/// Reads the words of an entry of a batch's journal.
pub(crate) fn decode_entry(
    text: &str,
    batch: BatchId,
    hashes: Hashes,
) -> Result<Entry, LedgerError> {
    read::<entry::EntryRecord>("journal entry", text).map(|record| record.with(batch, hashes))
}

/// Writes an entry of the house journal, with its hashes.
pub(crate) fn encode_house(entry: &Entry) -> String {
    written(&house::HouseRecord::from(entry))
}

/// Reads an entry of the house journal.
pub(crate) fn decode_house(text: &str, house: BatchId) -> Result<Entry, LedgerError> {
    read::<house::HouseRecord>("house journal entry", text).map(|record| record.of(house))
}

#[expect(
    clippy::expect_used,
    reason = "records have no maps, so writing them cannot fail"
)]
fn written<T: Serialize>(record: &T) -> String {
    serde_json::to_string(record).expect("a record can be written")
}

/// The parser's own message may quote personal data, so only the place is told.
fn read<T: DeserializeOwned>(kind: &str, text: &str) -> Result<T, LedgerError> {
    serde_json::from_str(text).map_err(|error| {
        LedgerError::Corrupt(format!(
            "{kind} record: unreadable at column {}",
            error.column()
        ))
    })
}

/// The version every record begins with.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
struct V1;

impl From<V1> for u8 {
    fn from(_: V1) -> Self {
        1
    }
}

impl TryFrom<u8> for V1 {
    type Error = &'static str;

    fn try_from(version: u8) -> Result<Self, Self::Error> {
        match version {
            1 => Ok(Self),
            _ => Err("another version"),
        }
    }
}
