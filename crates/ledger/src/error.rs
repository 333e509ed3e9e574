//! One variant per path a caller takes.

use onay_payout::Account;

/// Why a ledger did not do what it was asked. Nothing was changed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum LedgerError {
    /// The batch changed since it was loaded: load it again and decide anew.
    #[error("the batch changed in the meantime")]
    Stale,
    /// A cell that this relies on changed: read again and decide anew.
    #[error("what this relies on changed in the meantime")]
    Changed,
    /// Somebody else holds the job now: stop working on it.
    #[error("the claim on this job was lost")]
    LeaseLost,
    /// There is no such batch.
    #[error("no such batch")]
    NotFound,
    /// Releases are paused, and this would start one.
    #[error("releases are paused; `onay release resume`, by two people, lets them go on")]
    Paused,
    /// Another policy is the active one: nothing is decided or released by this one.
    #[error(
        "policy {active} is active on this ledger, and this process has {ours}; use the active file, or \
         make this one active with `onay policy activate`"
    )]
    OtherPolicy {
        /// The first digits of the hash of the active one.
        active: String,
        /// Those of ours.
        ours: String,
    },
    /// The ledger belongs to another provider account, for ever.
    #[error(
        "this ledger belongs to account {ledger}, not {ours}; check ONAY_IYZICO_URL and the API key, \
         or use another ledger"
    )]
    OtherAccount {
        /// The account it belongs to.
        ledger: Account,
        /// The account it was opened for.
        ours: Account,
    },
    /// Everything in the ledger is in another store now.
    #[error("this ledger moved to {to}; set ONAY_STORE to that place, or --store")]
    Moved {
        /// Where it is used now.
        to: String,
    },
    /// Something stored cannot be what was written: a person must look.
    #[error("the ledger holds something it cannot have written: {0}")]
    Corrupt(String),
    /// The store cannot be used as it is named: waiting does not help, a setting must be changed.
    #[error("the ledger cannot be used: {0}")]
    Unusable(String),
    /// The store cannot be reached or is busy: wait and try again.
    #[error("the ledger is not available: {0}")]
    Unavailable(String),
}
