//! The row of a batch, and the blocks beside it, as bytes.

use onay_payout::{Batch, BatchId, Digest, Head, Outcome};

use super::keys::{ENTRIES, OUTCOMES, block};
use super::pack::{pack, unpack};
use crate::commit::Stored;
use crate::error::LedgerError;
use crate::journal::{Entry, GENESIS};
use crate::record::{self, Hashes};

/// A batch but for what was asked for, as bytes:
///
/// | bytes | what |
/// |---|---|
/// | 40 | its *place*, by which a change finds out whether it is stale: how often it was written, and the hash of its newest journal entry |
/// | 4 | how many items it has |
/// | 4 | how long the packed record is |
/// | … | the packed record: the head, and behind a line break what became of the items, if they fit into one block and anything is known of them |
/// | … | the newest journal entries, those that fill no block yet |
///
/// The first three are the *front*, which a change replaces; the server moves the entries on.
pub(super) struct Row<'a> {
    pub(super) version: u64,
    pub(super) journal_head: Digest,
    count: u32,
    record: &'a [u8],
    pub(super) entries: &'a [u8],
}

impl<'a> Row<'a> {
    /// The row of a batch up to its journal entries; `head` is its record.
    pub(super) fn front(stored: &Stored, head: &str) -> Result<Vec<u8>, LedgerError> {
        let Stored {
            batch,
            version,
            journal_head,
        } = stored;
        let outcomes = batch.outcomes();
        let is_known = outcomes.iter().any(|outcome| *outcome != Outcome::new());
        let record = if is_known && is_small(outcomes.len()) {
            pack(&format!("{head}\n{}", record::encode_outcomes(outcomes)))?
        } else {
            pack(head)?
        };
        let mut front = place(*version, *journal_head);
        for number in [batch.head().count, record.len()] {
            let number = u32::try_from(number).unwrap_or(u32::MAX);
            front.extend(number.to_be_bytes());
        }
        front.extend(record);
        Ok(front)
    }

    /// Takes a row apart.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, LedgerError> {
        let parts = || {
            let (version, rest) = bytes.split_first_chunk()?;
            let (journal_head, rest) = rest.split_first_chunk()?;
            let (count, rest) = rest.split_first_chunk()?;
            let (length, rest) = rest.split_first_chunk()?;
            let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
            let (record, entries) = rest.split_at_checked(length)?;
            Some(Self {
                version: u64::from_be_bytes(*version),
                journal_head: Digest::from_bytes(*journal_head),
                count: u32::from_be_bytes(*count),
                record,
                entries,
            })
        };
        parts().ok_or_else(|| corrupt("a row is too short"))
    }

    /// The batch of `id` without its items.
    pub(super) fn head(&self, id: &BatchId) -> Result<Head, LedgerError> {
        self.decoded(id).map(|(head, _)| head)
    }

    /// The batch of `id` without its items, and what became of them; `blocks` hold that for a batch
    /// that is not small.
    pub(super) fn decoded(
        &self,
        id: &BatchId,
    ) -> Result<(Head, Option<Vec<Outcome>>), LedgerError> {
        let text = unpack(self.record)?;
        let (head, outcomes) = match text.split_once('\n') {
            Some((head, outcomes)) => (head, Some(outcomes)),
            None => (text.as_str(), None),
        };
        let head =
            record::decode_head(head).map_err(|error| corrupt(&format!("batch {id}: {error}")))?;
        if head.id != *id || u32::try_from(head.count) != Ok(self.count) {
            let what = format!("batch {id} has other words beside its record");
            return Err(corrupt(&what));
        }
        let outcomes = outcomes.map(record::decode_outcomes).transpose()?;
        Ok((head, outcomes))
    }
}

/// Whether what becomes of so many items stands in the row.
pub(super) const fn is_small(items: usize) -> bool {
    items <= OUTCOMES
}

/// The field of a block, and what is under it.
pub(super) type Block = (Vec<u8>, Vec<u8>);

/// How the row of a batch begins.
pub(super) fn place(version: u64, journal_head: Digest) -> Vec<u8> {
    [&version.to_be_bytes()[..], journal_head.as_bytes()].concat()
}

/// The blocks of outcomes that hold the items at `changed`, as pairs of field and block; none for a
/// small batch.
pub(super) fn changed_blocks(batch: &Batch, changed: &[usize]) -> Result<Vec<Block>, LedgerError> {
    if is_small(batch.outcomes().len()) {
        return Ok(Vec::new());
    }
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

/// A journal entry as it is appended: the length of its packed words, the digest of the record it was
/// written with, the hash it is chained to (but for the first, which has none), and the words. Its own
/// hash stands with the next entry, and that of the newest one in the row.
pub(super) fn appended(entry: &Entry) -> Result<Vec<u8>, LedgerError> {
    let packed = pack(&record::encode_entry(entry))?;
    let length = u32::try_from(packed.len()).unwrap_or(u32::MAX);
    let mut appended = length.to_be_bytes().to_vec();
    appended.extend(entry.record.as_bytes());
    if entry.prev != GENESIS {
        appended.extend(entry.prev.as_bytes());
    }
    appended.extend(packed);
    Ok(appended)
}

/// The field of the block that the entries before this one fill, if they do.
pub(super) fn filled_block(entry: &Entry) -> Option<Vec<u8>> {
    let before = entry.seq.saturating_sub(1);
    let number = (before / ENTRIES).checked_sub(1)?;
    before
        .is_multiple_of(ENTRIES)
        .then(|| block(&entry.batch, number))
}

/// Every entry of a batch, oldest first; the newest one has the hash `newest`.
pub(super) fn entries(
    batch: &BatchId,
    bytes: &[u8],
    newest: Digest,
) -> Result<Vec<Entry>, LedgerError> {
    let cut_off = || corrupt(&format!("journal of {batch}: it is cut off"));
    let (mut parts, mut rest) = (Vec::new(), bytes);
    while !rest.is_empty() {
        let part = if parts.is_empty() {
            Part::first(rest)
        } else {
            Part::next(rest)
        };
        let (part, left) = part.ok_or_else(cut_off)?;
        parts.push(part);
        rest = left;
    }
    let following = parts.iter().skip(1).map(|next| next.prev);
    let hashes = following.chain([newest]);
    let entry = |(part, hash): (&Part<'_>, Digest)| {
        let hashes = Hashes {
            record: part.record,
            prev: part.prev,
            hash,
        };
        unpack(part.words)
            .and_then(|words| record::decode_entry(&words, *batch, hashes))
            .map_err(|error| corrupt(&format!("journal of {batch}: {error}")))
    };
    parts.iter().zip(hashes).map(entry).collect()
}

/// A journal entry in its bytes.
struct Part<'a> {
    record: Digest,
    prev: Digest,
    words: &'a [u8],
}

impl<'a> Part<'a> {
    /// Takes the first entry of a journal off, which is chained to none.
    fn first(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (length, rest) = bytes.split_first_chunk()?;
        let (record, rest) = rest.split_first_chunk()?;
        Self::with_words(*length, [*record, *GENESIS.as_bytes()], rest)
    }

    /// Takes an entry off that is chained to another.
    fn next(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (length, rest) = bytes.split_first_chunk()?;
        let (record, rest) = rest.split_first_chunk()?;
        let (prev, rest) = rest.split_first_chunk()?;
        Self::with_words(*length, [*record, *prev], rest)
    }

    fn with_words(
        length: [u8; 4],
        hashes: [[u8; 32]; 2],
        bytes: &'a [u8],
    ) -> Option<(Self, &'a [u8])> {
        let length = usize::try_from(u32::from_be_bytes(length)).ok()?;
        let (words, left) = bytes.split_at_checked(length)?;
        let [record, prev] = hashes.map(Digest::from_bytes);
        let part = Self {
            record,
            prev,
            words,
        };
        Some((part, left))
    }
}

pub(super) fn corrupt(what: &str) -> LedgerError {
    LedgerError::Corrupt(what.to_owned())
}
