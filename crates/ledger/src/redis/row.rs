//! The row of a batch, and the blocks beside it, as bytes.

use onay_payout::{Batch, BatchId, Digest, Head, Outcome};

use super::keys::{ENTRIES, OUTCOMES, block};
use super::pack::{pack, unpack};
use crate::commit::Stored;
use crate::error::LedgerError;
use crate::journal::{Entry, GENESIS};
use crate::record::{self, Hashes};

/// A batch without its items: how often it was written and the hash of its newest journal entry
/// (its *place*, by which a change finds out whether it is stale), how many items it has, and its
/// record.
pub(super) struct Row {
    pub(super) version: u64,
    pub(super) journal_head: Digest,
    count: u32,
    head: Vec<u8>,
}

impl Row {
    /// What is written for a batch; `head` is its record.
    pub(super) fn of(stored: &Stored, head: &str) -> Result<Vec<u8>, LedgerError> {
        let Stored {
            batch,
            version,
            journal_head,
        } = stored;
        let count = u32::try_from(batch.head().count).unwrap_or(u32::MAX);
        let mut row = place(*version, *journal_head);
        row.extend(count.to_be_bytes());
        row.extend(pack(head)?);
        Ok(row)
    }

    /// Takes a row apart.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, LedgerError> {
        let parts = || {
            let (version, rest) = bytes.split_first_chunk()?;
            let (journal_head, rest) = rest.split_first_chunk()?;
            let (count, head) = rest.split_first_chunk()?;
            Some(Self {
                version: u64::from_be_bytes(*version),
                journal_head: Digest::from_bytes(*journal_head),
                count: u32::from_be_bytes(*count),
                head: head.to_vec(),
            })
        };
        parts().ok_or_else(|| corrupt("a row is too short"))
    }

    /// The batch of `id` without its items.
    pub(super) fn head(&self, id: &BatchId) -> Result<Head, LedgerError> {
        let head = unpack(&self.head)
            .and_then(|text| record::decode_head(&text))
            .map_err(|error| corrupt(&format!("batch {id}: {error}")))?;
        let is_same = head.id == *id && u32::try_from(head.count) == Ok(self.count);
        if is_same {
            Ok(head)
        } else {
            Err(corrupt(&format!(
                "batch {id} has other words beside its record"
            )))
        }
    }
}

/// How the row of a batch begins.
pub(super) fn place(version: u64, journal_head: Digest) -> Vec<u8> {
    [&version.to_be_bytes()[..], journal_head.as_bytes()].concat()
}

/// The blocks of outcomes that hold the items at `changed`, as pairs of field and block.
pub(super) fn changed_blocks(
    batch: &Batch,
    changed: &[usize],
) -> Result<Vec<(Vec<u8>, Vec<u8>)>, LedgerError> {
    let mut numbers: Vec<usize> = changed.iter().map(|place| place / OUTCOMES).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let mut blocks = batch.outcomes().chunks(OUTCOMES).enumerate();
    numbers
        .into_iter()
        .filter_map(|number| blocks.find(|(place, _)| *place == number))
        .map(|(number, outcomes)| {
            let number = u64::try_from(number).unwrap_or(u64::MAX);
            let packed = pack(&record::encode_outcomes(outcomes))?;
            Ok((block(&batch.id(), number), packed))
        })
        .collect()
}

/// What became of `count` items; nothing is known of those without a block.
pub(super) fn outcomes(
    blocks: &[Option<Vec<u8>>],
    count: usize,
) -> Result<Vec<Outcome>, LedgerError> {
    let mut outcomes = vec![Outcome::new(); count];
    for (places, packed) in outcomes.chunks_mut(OUTCOMES).zip(blocks) {
        let Some(packed) = packed else { continue };
        let known = record::decode_outcomes(&unpack(packed)?)?;
        if known.len() != places.len() {
            return Err(corrupt("a block holds outcomes of another number of items"));
        }
        places.clone_from_slice(&known);
    }
    Ok(outcomes)
}

/// The block a journal entry belongs to, and the entry as it is appended: the length of its packed
/// words, the digest of the record it was written with, its own hash, and the words.
pub(super) fn appended(entry: &Entry) -> Result<(Vec<u8>, Vec<u8>), LedgerError> {
    let number = entry.seq.saturating_sub(1) / ENTRIES;
    let packed = pack(&record::encode_entry(entry))?;
    let length = u32::try_from(packed.len()).unwrap_or(u32::MAX);
    let mut appended = length.to_be_bytes().to_vec();
    appended.extend(entry.record.as_bytes());
    appended.extend(entry.hash.as_bytes());
    appended.extend(packed);
    Ok((block(&entry.batch, number), appended))
}

/// Every entry of a batch, oldest first.
pub(super) fn entries(batch: &BatchId, blocks: &[u8]) -> Result<Vec<Entry>, LedgerError> {
    let (mut entries, mut prev, mut rest) = (Vec::new(), GENESIS, blocks);
    while !rest.is_empty() {
        let next = next_entry(rest, prev);
        let (hashes, packed, left) =
            next.ok_or_else(|| corrupt(&format!("journal of {batch}: it is cut off")))?;
        let entry = unpack(packed)
            .and_then(|words| record::decode_entry(&words, *batch, hashes))
            .map_err(|error| corrupt(&format!("journal of {batch}: {error}")))?;
        prev = entry.hash;
        entries.push(entry);
        rest = left;
    }
    Ok(entries)
}

/// The hashes and the packed words of the first entry, and what follows it.
fn next_entry(bytes: &[u8], prev: Digest) -> Option<(Hashes, &[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    let (record, rest) = rest.split_first_chunk()?;
    let (hash, rest) = rest.split_first_chunk()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let (packed, left) = rest.split_at_checked(length)?;
    let hashes = Hashes {
        record: Digest::from_bytes(*record),
        prev,
        hash: Digest::from_bytes(*hash),
    };
    Some((hashes, packed, left))
}

pub(super) fn corrupt(what: &str) -> LedgerError {
    LedgerError::Corrupt(what.to_owned())
}
