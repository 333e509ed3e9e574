//! The journal of the ledger itself: what happened to no batch, chained like the journals of batches.
//!
//! It is kept in cells: `log` names the newest entry, `log:7` is the seventh. So an entry is added in
//! one step with the cells it tells of, and nobody can add one without having seen the newest.

use chrono::{DateTime, Utc};
use onay_payout::{BatchId, Canonical, Digest};

use crate::active::POLICY;
use crate::audit::{Problem, verify_chain};
use crate::cell::{PAUSED, Swap};
use crate::error::LedgerError;
use crate::journal::{Actor, Entry, GENESIS};
use crate::ledger::Ledger;
use crate::{active, pauses, record};

/// The house in place of a batch: the smallest id, which no batch has.
pub const HOUSE: BatchId = BatchId::from_bytes([0; 16]);

/// The cell that names the newest entry.
const LOG: &str = "log";

/// How often a journal that keeps growing is checked again before we give up.
const READS_MAX: u32 = 10;

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HouseEvent {
    /// Who did it, and from where.
    pub actor: Actor,
    /// What.
    pub event: &'static str,
    /// How it was before.
    pub before: String,
    /// How it is now.
    pub after: String,
    /// Why.
    pub note: String,
    /// The digest of what it is about, if it has one.
    pub digest: Option<Digest>,
    /// When.
    pub at: DateTime<Utc>,
}

/// Where the house journal ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tip {
    /// How many entries it has.
    pub version: u64,
    /// The hash of the newest one.
    pub head: Digest,
}

impl Tip {
    const NONE: Self = Self {
        version: 0,
        head: GENESIS,
    };

    fn read(text: Option<&str>) -> Result<Self, LedgerError> {
        let Some(text) = text else {
            return Ok(Self::NONE);
        };
        let parts = || {
            let (version, head) = text.split_once(' ')?;
            Some(Self {
                version: version.parse().ok()?,
                head: head.parse().ok()?,
            })
        };
        parts().ok_or_else(|| LedgerError::Corrupt("the end of the house journal".to_owned()))
    }

    fn written(self) -> Option<String> {
        (self != Self::NONE).then(|| format!("{} {}", self.version, self.head))
    }
}

/// The house journal as it was at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct House {
    /// Where it ends.
    pub tip: Tip,
    /// Its entries, oldest first.
    pub entries: Vec<Entry>,
    /// What was in the cell `paused` at that moment.
    pub(crate) paused: Option<String>,
    /// What was in the cell `policy`.
    pub(crate) policy: Option<String>,
}

/// Reads the house journal.
pub async fn read(ledger: &dyn Ledger) -> Result<House, LedgerError> {
    let keys = [LOG, PAUSED, POLICY].map(ToOwned::to_owned);
    let [log, paused, policy] = some(ledger, keys).await?;
    let tip = Tip::read(log.as_deref())?;
    // No entry below the newest one ever changes.
    let keys: Vec<String> = (1..=tip.version).map(key).collect();
    let texts = ledger.cells(&keys).await?;
    let entries = texts.into_iter().flatten();
    Ok(House {
        tip,
        entries: entries
            .map(|text| record::decode_house(&text, HOUSE))
            .collect::<Result<_, _>>()?,
        paused,
        policy,
    })
}

/// Every entry of the house journal, oldest first.
pub async fn journal(ledger: &dyn Ledger) -> Result<Vec<Entry>, LedgerError> {
    Ok(read(ledger).await?.entries)
}

/// Where the house journal ends now.
pub async fn tip(ledger: &dyn Ledger) -> Result<Tip, LedgerError> {
    let log = ledger.cells(&[LOG.to_owned()]).await?;
    Tip::read(log.first().and_then(Option::as_deref))
}

/// Adds an entry at the end, in one step with these cells.
///
/// # Errors
/// [`LedgerError::Changed`] when somebody else was first, or a cell is not what it must be.
pub async fn record(
    ledger: &dyn Ledger,
    event: HouseEvent,
    swaps: Vec<Swap>,
) -> Result<Entry, LedgerError> {
    append(ledger, tip(ledger).await?, event, swaps).await
}

/// Adds an entry where the journal ended when it was read: for whoever decided by what it said.
///
/// # Errors
/// Those of [`record`].
pub async fn append(
    ledger: &dyn Ledger,
    tip: Tip,
    event: HouseEvent,
    mut swaps: Vec<Swap>,
) -> Result<Entry, LedgerError> {
    let entry = sealed(event, tip, written_with(&swaps));
    let newest = Tip {
        version: entry.seq,
        head: entry.hash,
    };
    swaps.push(Swap::new(LOG, tip.written(), newest.written()));
    let text = record::encode_house(&entry);
    swaps.push(Swap::new(key(entry.seq), None, Some(text)));
    ledger.swap(&swaps).await?;
    Ok(entry)
}

/// Everything about the house journal that does not fit together, and where it ends.
///
/// # Errors
/// [`LedgerError::Unavailable`] also when it grows faster than it can be read. What is corrupt is a
/// [`Problem`], not an error.
pub async fn verify_house(ledger: &dyn Ledger) -> Result<(Tip, Vec<Problem>), LedgerError> {
    for _ in 0..READS_MAX {
        let house = match read(ledger).await {
            Ok(house) => house,
            Err(LedgerError::Corrupt(what)) => {
                let tip = tip(ledger).await.unwrap_or(Tip::NONE);
                return Ok((tip, vec![Problem::Unreadable(what)]));
            }
            Err(error) => return Err(error),
        };
        let Tip { version, .. } = house.tip;
        let [log, next] = some(ledger, [LOG.to_owned(), key(version.saturating_add(1))]).await?;
        if log == house.tip.written() {
            return Ok((house.tip, problems(&house, next.iter().len())));
        }
    }
    Err(LedgerError::Unavailable(
        "the house journal grows faster than it can be read".to_owned(),
    ))
}

/// Behind the newest entry stand so many that nobody wrote there.
fn problems(house: &House, behind: usize) -> Vec<Problem> {
    let Tip { version, head } = house.tip;
    let mut problems = verify_chain(&house.entries, (1, GENESIS));
    let entries = house.entries.len().saturating_add(behind);
    if u64::try_from(entries) != Ok(version) {
        problems.push(Problem::Length { version, entries });
    }
    if house.entries.last().map_or(GENESIS, |entry| entry.hash) != head {
        problems.push(Problem::End);
    }
    if active::standing(&house.entries) != house.policy {
        problems.push(Problem::Policy);
    }
    if pauses::standing(&house.entries) != house.paused {
        problems.push(Problem::Paused);
    }
    problems
}

fn sealed(event: HouseEvent, tip: Tip, record: Digest) -> Entry {
    let HouseEvent { actor, at, .. } = event;
    let mut entry = Entry {
        batch: HOUSE,
        seq: tip.version.saturating_add(1),
        at: DateTime::from_timestamp_micros(at.timestamp_micros()).unwrap_or(at),
        actor: actor.name,
        via: actor.via.to_owned(),
        event: event.event.to_owned(),
        before: event.before,
        after: event.after,
        note: event.note,
        digest: event.digest,
        decision: None,
        record,
        prev: tip.head,
        hash: GENESIS,
    };
    entry.hash = entry.expected_hash();
    entry
}

/// The digest of what an entry is written with: the cells it sets, and what they become.
fn written_with(swaps: &[Swap]) -> Digest {
    let mut canonical = Canonical::new("onay cells 1");
    for swap in swaps.iter().filter(|swap| !swap.is_expectation()) {
        canonical.field(&swap.key);
        canonical.optional(swap.after.as_deref());
    }
    canonical.finish()
}

/// The cell of an entry.
fn key(seq: u64) -> String {
    format!("{LOG}:{seq}")
}

/// Some cells as they were at one moment.
async fn some<const N: usize>(
    ledger: &dyn Ledger,
    keys: [String; N],
) -> Result<[Option<String>; N], LedgerError> {
    let values = ledger.cells(&keys).await?;
    let is_more = |_| LedgerError::Corrupt("another number of cells than was asked for".to_owned());
    values.try_into().map_err(is_more)
}
