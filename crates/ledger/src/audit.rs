//! Checking a batch against its journal. Needs no secret: anyone who can read can check.

use onay_payout::{BatchId, BatchRef, Decision, Digest, outcomes_digest};

use crate::commit::Stored;
use crate::error::LedgerError;
use crate::journal::{Entry, GENESIS};
use crate::ledger::Ledger;
use crate::record;

/// How often a batch that keeps changing is read again before we give up.
const READS_MAX: u32 = 10;

/// Something that cannot be if only this ledger wrote the batch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// What is stored cannot be read.
    #[error("cannot be read: {0}")]
    Unreadable(String),
    /// An entry is missing, doubled or moved.
    #[error("journal: entry {found} stands where entry {expected} belongs")]
    Sequence {
        /// The number that belongs there.
        expected: u64,
        /// The number that stands there.
        found: u64,
    },
    /// An entry does not follow from the one before it.
    #[error("journal: entry {0} is not chained to the entry before it")]
    Chain(u64),
    /// An entry is not what was written.
    #[error("journal: entry {0} was edited")]
    Edited(u64),
    /// A decision is not what its person signed with the key it names, or is told of somebody else.
    #[error("journal: the decision in entry {0} is not what its person signed")]
    Signature(u64),
    /// The newest entries are gone, or were replaced.
    #[error("journal: its end is not the one the batch was stored with")]
    End,
    /// There are not as many entries as changes.
    #[error("journal: {entries} entries for {version} changes")]
    Length {
        /// How often the batch was written.
        version: u64,
        /// How many entries there are.
        entries: usize,
    },
    /// The batch is not what the newest entry was written for.
    #[error("the batch was edited: its state, decisions or sums are not those last journalled")]
    Head,
    /// What people decided is not what was journalled when they did.
    #[error("the decisions were edited: they are not those that were journalled, in their order")]
    Decisions,
    /// The items are not what the maker asked for.
    #[error("the items were edited: they are not what the maker asked for")]
    Content,
    /// The active policy is not the one that the house journal says.
    #[error("the active policy was edited: it is not the one last journalled")]
    Policy,
    /// Whether releases are paused is not what the house journal says.
    #[error("whether releases are paused was edited: it is not what was last journalled")]
    Paused,
    /// What became of the items is not what was recorded.
    #[error("the outcomes were edited: they are not those last recorded")]
    Outcomes,
}

/// Everything about a batch and its journal that does not fit together.
pub fn verify(stored: &Stored, entries: &[Entry]) -> Vec<Problem> {
    let (batch, head) = (&stored.batch, stored.batch.head());
    let mut problems = verify_chain(entries, (1, GENESIS));
    if u64::try_from(entries.len()) != Ok(stored.version) {
        problems.push(Problem::Length {
            version: stored.version,
            entries: entries.len(),
        });
    }
    let newest = entries.last();
    if newest.map(|entry| entry.hash) != Some(stored.journal_head) {
        problems.push(Problem::End);
    }
    // The text that was stored is the text that encoding gives.
    let record = Digest::of(record::encode_head(head).as_bytes());
    if newest.is_some_and(|entry| entry.record != record) {
        problems.push(Problem::Head);
    }
    if !holds_decisions(entries, &head.decisions) {
        problems.push(Problem::Decisions);
    }
    if head.content_digest != batch.content().digest() {
        problems.push(Problem::Content);
    }
    if head.outcomes_digest != outcomes_digest(batch.outcomes()) {
        problems.push(Problem::Outcomes);
    }
    problems
}

/// Whether the decision of an entry, if it has one, is that of its actor, and carries no signature that
/// does not fit. Whose the key is that it names, the policy knows, or whoever checks an export.
fn is_signed_right(entry: &Entry) -> bool {
    let Some(text) = &entry.decision else {
        return true;
    };
    record::decode_decision(text).is_ok_and(|made| {
        let is_theirs = made.person.as_str() == entry.actor;
        let signed = made.signed.as_ref();
        is_theirs && signed.is_none_or(|signed| made.is_proved_by(&entry.batch, &signed.key))
    })
}

/// Whether every decision stands in the entry of its own, and no entry tells of another one. Entries
/// of before decisions were told hold none; then there are as many as decisions without.
fn holds_decisions(entries: &[Entry], decisions: &[Decision]) -> bool {
    let is_decided = |entry: &&Entry| matches!(&*entry.event, "approve" | "reject" | "undo");
    let told: Vec<Option<&str>> = entries
        .iter()
        .filter(|entry| is_decided(entry) || entry.decision.is_some())
        .map(|entry| entry.decision.as_deref())
        .collect();
    told.len() == decisions.len()
        && told
            .iter()
            .zip(decisions)
            .all(|(told, made)| told.is_none_or(|told| told == record::encode_decision(made)))
}

/// Whether entries follow from each other; `first` is the number of the first one, and what it is
/// chained to.
pub(crate) fn verify_chain(entries: &[Entry], first: (u64, Digest)) -> Vec<Problem> {
    let mut problems = Vec::new();
    let (mut expected, mut prev) = first;
    for entry in entries {
        if entry.seq != expected {
            problems.push(Problem::Sequence {
                expected,
                found: entry.seq,
            });
        }
        if entry.prev != prev {
            problems.push(Problem::Chain(entry.seq));
        }
        if entry.hash != entry.expected_hash() {
            problems.push(Problem::Edited(entry.seq));
        }
        if !is_signed_right(entry) {
            problems.push(Problem::Signature(entry.seq));
        }
        // One gap is told once.
        (expected, prev) = (entry.seq.saturating_add(1), entry.hash);
    }
    problems
}

/// Loads a batch with its journal and checks them.
///
/// # Errors
/// [`LedgerError::NotFound`], or [`LedgerError::Unavailable`] also when the batch changes faster
/// than it can be read. What is corrupt is a [`Problem`], not an error.
pub async fn verify_batch(ledger: &dyn Ledger, id: &BatchId) -> Result<Vec<Problem>, LedgerError> {
    match read_batch(ledger, id).await {
        Ok((stored, entries)) => Ok(verify(&stored, &entries)),
        Err(LedgerError::Corrupt(what)) => Ok(vec![Problem::Unreadable(what)]),
        Err(error) => Err(error),
    }
}

/// A batch and its journal as they were at one moment.
///
/// # Errors
/// [`LedgerError::NotFound`], or [`LedgerError::Unavailable`] also when the batch changes faster
/// than it can be read.
pub(crate) async fn read_batch(
    ledger: &dyn Ledger,
    id: &BatchId,
) -> Result<(Stored, Vec<Entry>), LedgerError> {
    for _ in 0..READS_MAX {
        if let Some(found) = read(ledger, id).await? {
            return Ok(found);
        }
    }
    Err(LedgerError::Unavailable(
        "the batch changes faster than it can be read".to_owned(),
    ))
}

/// The batch and its journal, unless it changed while they were read.
async fn read(
    ledger: &dyn Ledger,
    id: &BatchId,
) -> Result<Option<(Stored, Vec<Entry>)>, LedgerError> {
    let by = BatchRef::Id(*id);
    let before = ledger.load(&by).await?.ok_or(LedgerError::NotFound)?;
    let entries = ledger.journal(id).await?;
    let after = ledger.load(&by).await?.ok_or(LedgerError::NotFound)?;
    Ok((before.version == after.version).then_some((after, entries)))
}
