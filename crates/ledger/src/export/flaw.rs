//! What can be wrong with an export.

use onay_payout::{BatchId, Digest, PersonName, PublicKey};

use crate::audit::Problem;

/// Something wrong with an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The batch it is about; none when it is about the whole.
    pub batch: Option<BatchId>,
    /// What.
    pub flaw: Flaw,
}

/// What cannot be if an export is whole, and is what a ledger wrote.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// A line that no export has, or not there.
    #[error("line {0} is not one that an export has there")]
    Line(u64),
    /// The end is missing.
    #[error("the export is cut off: its last line is missing")]
    Cut,
    /// The journal of a batch does not fit together.
    #[error(transparent)]
    Journal(#[from] Problem),
    /// Entries of a batch without the batch.
    #[error("its entries are there, but not the line of the batch that closes them")]
    Unclosed,
    /// A batch twice, or not in its place.
    #[error("it stands where an older batch belongs")]
    Order,
    /// The last line counts something else.
    #[error("the last line does not count the {batches} batches and {entries} entries there are")]
    Counts {
        /// The batches there are.
        batches: u64,
        /// The entries their journals have.
        entries: u64,
    },
    /// The last line has another head.
    #[error("the head is {0}, not what the last line says: a batch was removed, put in or changed")]
    Head(Digest),
    /// It only goes on from an earlier one.
    #[error(
        "it goes on from the export with the head {0}: give that one, and no other, as --earlier"
    )]
    Since(String),
    /// It has no journals.
    #[error("it holds heads alone; what can be checked is made by `onay audit export`")]
    HeadsAlone,
    /// The earlier one is of another ledger.
    #[error("the earlier one belongs to another account")]
    Account,
    /// A batch that was there.
    #[error("it is gone; earlier it had {0} entries")]
    Gone(u64),
    /// Entries that were there.
    #[error("its newest entries are gone: {version} are left of {earlier}")]
    Shorter {
        /// How many there are.
        version: u64,
        /// How many there were.
        earlier: u64,
    },
    /// An entry that was another one.
    #[error("entry {0} is not the one that was there earlier: it, or one before it, was rewritten")]
    Rewritten(u64),
    /// It was changed, or somebody else signed.
    #[error("the signature does not fit: this is not what {by} signed with {key}")]
    Signature {
        /// Who is said to have signed.
        by: PersonName,
        /// With what.
        key: PublicKey,
    },
    /// A signature is asked for.
    #[error("it is not signed")]
    Unsigned,
    /// A signature of somebody else is asked for.
    #[error("it is signed by {by} with {key}, not with a key that was given")]
    OtherKey {
        /// Who is said to have signed.
        by: PersonName,
        /// With what.
        key: PublicKey,
    },
}
