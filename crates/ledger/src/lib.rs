//! The memory of Onay: batches, their journal, and the jobs that move them on.
//!
//! **Invariant: one atomic step.** [`Ledger::commit`] compares the version, writes the new state
//! and the changed items, appends the journal entry, plans the jobs and gives up the claim, all or
//! nothing. There is no second store to fall out of step with.

mod commit;
mod error;
mod journal;
mod job;
mod ledger;

pub use commit::{Authority, Commit, Opening, Stored};
pub use error::LedgerError;
pub use job::{Claim, Queue};
pub use journal::{Actor, Entry, GENESIS};
pub use ledger::{Filter, Ledger, Opened, Page, Stats};
