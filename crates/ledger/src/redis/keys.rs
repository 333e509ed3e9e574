//! Every key of a ledger, and what is under it.
//!
//! All keys of a ledger begin with its name in braces, `{onay}:`, so that a Cluster keeps them on
//! one server, where a script can change them in one step. Ids of batches are kept as 16 bytes.
//! Records are packed (`pack.rs`).
//!
//! | key | type | what |
//! |---|---|---|
//! | `meta` | hash | `format` (1), `account`, `fence` (the newest fencing token), `budget` (the window of the rate budget), `stage` (`moving.rs`; none while the ledger is in use and never moved) |
//! | `external` | hash | external id → id; never shrinks |
//! | `batch` | hash | id → row (`row.rs`): version, journal head, number of items, packed head, newest journal entries |
//! | `content` | hash | id → what the maker asked for, packed; written once |
//! | `outcome` | hash | id and number of the block → what became of 128 items of a batch with more than these, packed; no block where nothing is known |
//! | `journal` | hash | id and number of the block → 8 journal entries that are not among the newest |
//! | `cell` | hash | name → value (`cell.rs`); values are text as it is |
//! | `state:NAME` | sorted set | ids of the batches in a state, all with score 0, so by age |
//! | `due:QUEUE` | sorted set | id → when its job is handed out, in microseconds since 1970; a claim moves it to the end of its lease |
//! | `claim:QUEUE` | hash | id → `attempts fence owner` once a job was claimed; fence 0 when it was given back |
//!
//! Channels have the names of `due:QUEUE` and tell in how many microseconds a job falls due.

use onay_payout::BatchId;

use crate::job::Queue;

/// Outcomes in a block.
pub(super) const OUTCOMES: usize = 128;

/// Journal entries in a block.
pub(super) const ENTRIES: u64 = 8;

/// The names of a ledger's keys.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    pub(super) meta: String,
    pub(super) external: String,
    pub(super) batch: String,
    pub(super) content: String,
    pub(super) outcome: String,
    pub(super) journal: String,
    pub(super) cell: String,
    prefix: String,
}

impl Keys {
    /// The keys of the ledger called `name`.
    pub(super) fn of(name: &str) -> Self {
        let prefix = format!("{{{name}}}:");
        let key = |kind: &str| format!("{prefix}{kind}");
        Self {
            meta: key("meta"),
            external: key("external"),
            batch: key("batch"),
            content: key("content"),
            outcome: key("outcome"),
            journal: key("journal"),
            cell: key("cell"),
            prefix,
        }
    }

    /// The batches in a state.
    pub(super) fn state(&self, name: &str) -> String {
        format!("{}state:{name}", self.prefix)
    }

    /// When the jobs of a queue are handed out; also the channel that tells of it.
    pub(super) fn due(&self, queue: Queue) -> String {
        format!("{}due:{}", self.prefix, queue.name())
    }

    /// Who claimed the jobs of a queue.
    pub(super) fn claim(&self, queue: Queue) -> String {
        format!("{}claim:{}", self.prefix, queue.name())
    }
}

/// The field of a block of a batch.
pub(super) fn block(batch: &BatchId, number: u64) -> Vec<u8> {
    let number = u32::try_from(number).unwrap_or(u32::MAX);
    [batch.as_bytes().as_slice(), &number.to_be_bytes()].concat()
}
