//! The status of a whole batch, and what it says about authorize.

/// iyzico's status of a whole batch.
///
/// Sources: "Mass Payout Retrieve" (the first seven), iyzipay-java pull request 184 (`SUCCESS`,
/// `IYZICO_INSUFFICIENT_BALANCE`), read 2026-11-22.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RemoteStatus {
    /// Received, not authorized.
    Init,
    /// Authorized.
    InProgress,
    /// At least one item went to the bank.
    PublishedToQueue,
    /// All items done.
    Completed,
    /// All items failed.
    Fail,
    /// The merchant's balance is short. Whether it can be revived is not documented.
    InsufficientBalance,
    /// Cancelled.
    Canceled,
    /// In the unmerged client only; meaning unknown.
    Success,
    /// In the unmerged client only; by its name iyzico's own account is short.
    IyzicoInsufficientBalance,
    /// A word we do not know.
    Unknown(String),
}

impl RemoteStatus {
    const KNOWN: [Self; 9] = [
        Self::Init,
        Self::InProgress,
        Self::PublishedToQueue,
        Self::Completed,
        Self::Fail,
        Self::InsufficientBalance,
        Self::Canceled,
        Self::Success,
        Self::IyzicoInsufficientBalance,
    ];

    /// iyzico's word.
    pub fn word(&self) -> &str {
        match self {
            Self::Init => "INIT",
            Self::InProgress => "IN_PROGRESS",
            Self::PublishedToQueue => "PUBLISHED_TO_QUEUE",
            Self::Completed => "COMPLETED",
            Self::Fail => "FAIL",
            Self::InsufficientBalance => "INSUFFICIENT_BALANCE",
            Self::Canceled => "CANCELED",
            Self::Success => "SUCCESS",
            Self::IyzicoInsufficientBalance => "IYZICO_INSUFFICIENT_BALANCE",
            Self::Unknown(word) => word,
        }
    }

    /// The status for one of iyzico's words.
    pub fn from_word(word: &str) -> Self {
        Self::KNOWN
            .into_iter()
            .find(|status| status.word() == word)
            .unwrap_or_else(|| Self::Unknown(word.to_owned()))
    }

    /// What this status says about an authorize whose answer we do not have.
    pub const fn authorized(&self) -> Authorized {
        match self {
            Self::Init => Authorized::NotYet,
            Self::InProgress | Self::PublishedToQueue | Self::Completed | Self::Fail => {
                Authorized::Taken
            }
            Self::InsufficientBalance | Self::IyzicoInsufficientBalance | Self::Canceled => {
                Authorized::NeedsPerson
            }
            Self::Success | Self::Unknown(_) => Authorized::Unclear,
        }
    }
}

/// What a batch status says about authorize.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Authorized {
    /// The batch still waits for authorize.
    NotYet,
    /// Authorize was carried out.
    Taken,
    /// A person must choose what happens next.
    NeedsPerson,
    /// The word says nothing certain: no more writes, keep looking, tell a person.
    Unclear,
}
