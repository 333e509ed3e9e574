//! What can go wrong on the way in. Nothing was stored when one of these comes back.

use onay_ledger::LedgerError;
use onay_payout::{BatchId, Finding, NotAllowed, PolicyError, Unauthenticated};

/// Why a producer could not be connected.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The policy cannot be read.
    #[error("the policy cannot be used")]
    Policy(#[from] PolicyError),
    /// The token is nobody's.
    #[error(transparent)]
    Unauthenticated(#[from] Unauthenticated),
    /// The token's owner may not submit batches.
    #[error(transparent)]
    NotAllowed(#[from] NotAllowed),
    /// The ledger cannot be opened.
    #[error("the ledger cannot be opened")]
    Ledger(#[from] LedgerError),
}

/// Why a batch was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum EnqueueError {
    /// Validation found errors; every one of them is listed.
    #[error("the batch is not valid: {}", summary(.0))]
    Invalid(Vec<Finding>),
    /// The external id was used before, for something else.
    #[error(
        "external id {external_id} was used before for other content ({}); a changed batch needs an id of its own",
        .differences.join("; ")
    )]
    Conflict {
        /// The id both have.
        external_id: String,
        /// The batch that has it.
        batch: BatchId,
        /// How this one differs from it.
        differences: Vec<String>,
    },
    /// The ledger did not take it; try again.
    #[error("the batch could not be stored")]
    Ledger(#[from] LedgerError),
}

fn summary(findings: &[Finding]) -> String {
    match findings {
        [] => "no reason given".to_owned(),
        [only] => only.to_string(),
        [first, rest @ ..] => format!("{first}, and {} more findings", rest.len()),
    }
}
