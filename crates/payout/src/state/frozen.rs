//! Why a batch waits for people, and what they may do about it.

use chrono::{DateTime, Utc};

use super::State;
use crate::ids::PersonName;
use crate::provider::{Authorized, RemoteStatus};

/// A batch that people must look at.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Frozen {
    /// Where it stood. A batch that was found started stands as what it is, `processing`, wherever
    /// it stood here.
    pub from: Box<State>,
    /// Which rule broke.
    pub why: Why,
    /// What exactly was seen.
    pub details: Vec<String>,
    /// The provider's status of the batch, where that is what people must judge.
    pub shown: Option<RemoteStatus>,
    /// What one person wants to be done; it is done when a second one wants the same.
    pub proposal: Option<Proposal>,
}

impl Frozen {
    /// Whether an authorize of it was ever sent.
    pub fn is_sent(&self) -> bool {
        let is_released = matches!(*self.from, State::Releasing(_)) || self.from.is_released();
        is_released || self.from.hold().is_some_and(|hold| hold.is_sent)
    }

    /// What people may do about it. Each is safe by itself; see [`Resolution`].
    pub fn allowed(&self) -> &'static [Resolution] {
        use Resolution::{Close, ConfirmReleased, PrepareAnew, RetryRelease};
        let is_sent = self.is_sent();
        let shown = self.shown.as_ref().map(RemoteStatus::authorized);
        match self.why {
            Why::PastInit | Why::ReleaseStatus if shown == Some(Authorized::Taken) => {
                &[ConfirmReleased, Close]
            }
            Why::CancelUnconfirmed if is_sent => &[ConfirmReleased, Close],
            Why::ReleaseStatus => &[ConfirmReleased, PrepareAnew, Close],
            Why::PastInit | Why::CopyDiffers | Why::Tampered if is_sent => {
                &[ConfirmReleased, PrepareAnew, Close]
            }
            Why::CopyDiffers
            | Why::CopyIncomplete
            | Why::RequestIdUnknown
            | Why::InitializeUnconfirmed
            | Why::Tampered
            | Why::PastInit => &[PrepareAnew, Close],
            Why::ReleaseUnconfirmed | Why::ReleaseRefused | Why::InsufficientBalance => {
                &[RetryRelease, ConfirmReleased, PrepareAnew, Close]
            }
            Why::CancelUnconfirmed => &[Close],
            Why::Contradiction | Why::TieOut => &[ConfirmReleased, Close],
        }
    }
}

/// One person's wish for a frozen batch.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Proposal {
    /// What.
    pub resolution: Resolution,
    /// Who.
    pub by: PersonName,
    /// Why.
    pub reason: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// What two people may do about a frozen batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Resolution {
    /// Authorize the same request id once more, after one more look. Pays twice if the provider
    /// carried the first one out, does not show it, and carries out a second one too.
    RetryRelease,
    /// Take the batch as released and watch it; nothing is sent.
    ConfirmReleased,
    /// Cancel the batch at the provider and, once that is confirmed, store it there anew for a
    /// fresh approval.
    PrepareAnew,
    /// End it: cancelled at the provider, or closed with what every item came to.
    Close,
}

impl Resolution {
    /// Every one.
    pub const ALL: [Self; 4] = [
        Self::RetryRelease,
        Self::ConfirmReleased,
        Self::PrepareAnew,
        Self::Close,
    ];

    /// The word on the command line, in JSON and in the ledger.
    pub const fn word(self) -> &'static str {
        match self {
            Self::RetryRelease => "retry-release",
            Self::ConfirmReleased => "confirm-released",
            Self::PrepareAnew => "re-prepare",
            Self::Close => "close",
        }
    }

    /// The resolution for one of these words.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.word() == word)
    }

    /// What it does, for the person who chooses.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::RetryRelease => {
                "authorize the same request once more, after one more look; choose it only when \
                 iyzico says that nothing was started"
            }
            Self::ConfirmReleased => {
                "take it as released: nothing is sent, and it is watched until every item is final"
            }
            Self::PrepareAnew => {
                "cancel it at the provider and, once that is confirmed, prepare it anew for a fresh \
                 approval"
            }
            Self::Close => {
                "end it: cancelled at the provider and confirmed, or closed with what every item \
                 came to"
            }
        }
    }
}

/// The rule that broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Why {
    /// The provider's copy differs from what was sent.
    CopyDiffers,
    /// The provider's copy stayed incomplete.
    CopyIncomplete,
    /// The provider has the batch but does not tell its request id.
    RequestIdUnknown,
    /// Nobody knows whether the provider has the batch.
    InitializeUnconfirmed,
    /// The provider shows the batch past INIT although it was never authorized from here.
    PastInit,
    /// Authorize may have been sent, and the provider still shows INIT.
    ReleaseUnconfirmed,
    /// The provider said no to authorize, and still shows INIT.
    ReleaseRefused,
    /// The provider shows a status after authorize that people must judge.
    ReleaseStatus,
    /// The provider says that a payout balance is short.
    InsufficientBalance,
    /// The provider does not confirm the cancel.
    CancelUnconfirmed,
    /// The provider contradicts what it said before.
    Contradiction,
    /// The sums do not tie out.
    TieOut,
    /// What is recorded here is not what people said, or not what was recorded.
    Tampered,
}

impl Why {
    /// Every reason.
    pub const ALL: [Self; 13] = [
        Self::CopyDiffers,
        Self::CopyIncomplete,
        Self::RequestIdUnknown,
        Self::InitializeUnconfirmed,
        Self::PastInit,
        Self::ReleaseUnconfirmed,
        Self::ReleaseRefused,
        Self::ReleaseStatus,
        Self::InsufficientBalance,
        Self::CancelUnconfirmed,
        Self::Contradiction,
        Self::TieOut,
        Self::Tampered,
    ];

    /// The code in JSON and in the ledger.
    pub const fn word(self) -> &'static str {
        match self {
            Self::CopyDiffers => "copy_differs",
            Self::CopyIncomplete => "copy_incomplete",
            Self::RequestIdUnknown => "request_id_unknown",
            Self::InitializeUnconfirmed => "initialize_unconfirmed",
            Self::PastInit => "past_init",
            Self::ReleaseUnconfirmed => "release_unconfirmed",
            Self::ReleaseRefused => "release_refused",
            Self::ReleaseStatus => "release_status",
            Self::InsufficientBalance => "insufficient_balance",
            Self::CancelUnconfirmed => "cancel_unconfirmed",
            Self::Contradiction => "contradiction",
            Self::TieOut => "tie_out",
            Self::Tampered => "tampered",
        }
    }

    /// A sentence for people.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::CopyDiffers => "the provider's copy differs from what was submitted",
            Self::CopyIncomplete => "the provider's copy stayed incomplete",
            Self::RequestIdUnknown => {
                "the provider has this batch but does not tell the request id needed to release it"
            }
            Self::InitializeUnconfirmed => {
                "nobody could find out whether the provider has this batch; no money moves"
            }
            Self::PastInit => {
                "the provider shows that this batch was started or ended, and no release that is known \
                 here explains it"
            }
            Self::ReleaseUnconfirmed => {
                "the release may have been sent, but the provider does not show that it started; it \
                 is not sent again, because that could pay twice"
            }
            Self::ReleaseRefused => "the provider refused the release",
            Self::ReleaseStatus => {
                "the provider's answer to the release needs a person's judgement"
            }
            Self::InsufficientBalance => {
                "the provider says that the payout balance does not cover this batch; whether it \
                 goes on after a top-up is not documented"
            }
            Self::CancelUnconfirmed => "the provider does not confirm that the batch is cancelled",
            Self::Contradiction => "the provider contradicts what it reported before",
            Self::TieOut => "the amounts the provider reports do not add up to what was requested",
            Self::Tampered => {
                "the ledger was edited behind our back: what it holds of this batch is not what people \
                 decided, or not what was written; find out who could write there before anything else"
            }
        }
    }
}
