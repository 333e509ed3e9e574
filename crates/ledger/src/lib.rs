//! The memory of Onay: batches, their journal, and the jobs that move them on.
//!
//! **Invariant: one atomic step.** [`Ledger::commit`] compares the version, writes the new state
//! and the changed items, appends the journal entry, plans the jobs and gives up the claim, all or
//! nothing. There is no second store to fall out of step with.

mod activations;
mod active;
mod attempts;
mod audit;
mod backend;
mod budget;
mod cell;
mod clock;
mod commit;
#[cfg(feature = "conformance")]
pub mod conformance;
mod error;
pub mod export;
mod guard;
mod health;
pub mod history;
pub mod house;
mod job;
mod journal;
mod ledger;
#[cfg(feature = "conformance")]
mod memory;
mod metered;
pub mod moving;
mod pauses;
mod record;
mod redis;
mod role;
mod sqlite;

use std::path::Path;
use std::sync::Arc;

pub use activations::{activations, add_activation};
pub use active::{active_policy, begin_policy, expect_policy, policy_text, with_past};
pub use attempts::{Door, NotLetIn, let_in};
pub use audit::{Problem, verify, verify_batch};
pub use backend::{LedgerBackend, Taken};
pub use budget::{Budget, Share, Spent};
pub use cell::Swap;
pub use clock::{Clock, now, system_clock};
pub use commit::{Authority, Commit, Opening, Sealed, Stored};
pub use error::LedgerError;
pub use guard::ClaimGuard;
pub use health::{Health, HealthState};
pub use job::{Claim, Claimed, Queue, Size, Terms};
pub use journal::{Actor, Entry, GENESIS};
pub use ledger::{Filter, Ledger, Opened, Page, Stats, Weakness};
#[cfg(feature = "conformance")]
pub use memory::{ManualClock, MemoryLedger};
pub use metered::Metered;
use moving::Move;
pub use pauses::{add_pause, is_paused, pauses};
pub use redis::RedisLedger;
pub use role::{Done, Handler, Role, RoleSettings, StepError};
pub use sqlite::{Access, SqliteLedger, SqliteSettings};

/// Opens the ledger a URL names: `sqlite:///absolute/path/onay.db`, or one on Redis
/// ([`RedisLedger::open`]).
///
/// # Errors
/// [`LedgerError::Unusable`] when the URL names nothing that could be opened, whenever it is tried
/// again; [`LedgerError::Unavailable`] with what to do, when it cannot be opened now or, under
/// [`Access::Existing`], is not there.
pub async fn open(url: &str, access: Access) -> Result<Arc<dyn Ledger>, LedgerError> {
    Ok(open_to_move(url, access).await?)
}

/// Opens the ledger a URL names, like [`open`], to move it.
///
/// # Errors
/// Those of [`open`].
pub async fn open_to_move(url: &str, access: Access) -> Result<Arc<dyn Move>, LedgerError> {
    let unusable = |what: &str| Err(LedgerError::Unusable(what.to_owned()));
    match url.split_once("://") {
        Some(("sqlite", path)) if Path::new(path).is_absolute() => {
            Ok(Arc::new(SqliteLedger::open(Path::new(path), access)?))
        }
        Some(("sqlite", _)) => unusable(
            "the path must be absolute, so that another folder is not another memory: \
             sqlite:///path/onay.db",
        ),
        Some((scheme, _)) if scheme.starts_with("redis") => {
            Ok(Arc::new(RedisLedger::open(url, access).await?))
        }
        Some(_) | None => unusable("a store is named by a URL such as sqlite:///path/onay.db"),
    }
}
