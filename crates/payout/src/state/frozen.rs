//! Why a batch waits for people.

use super::State;

/// A batch that a person must look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frozen {
    /// Where it stood.
    pub from: Box<State>,
    /// Which rule broke.
    pub why: Why,
    /// What exactly was seen.
    pub details: Vec<String>,
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
    /// The provider shows the batch past INIT although it was never authorized from here.
    PastInit,
    /// Authorize may have been sent, and the provider still shows INIT.
    ReleaseUnconfirmed,
    /// The provider said no to authorize, and still shows INIT.
    ReleaseRefused,
    /// The provider shows a status after authorize that people must judge.
    ReleaseStatus,
    /// The provider does not confirm the cancel.
    CancelUnconfirmed,
    /// The provider contradicts what it said before.
    Contradiction,
    /// The sums do not tie out.
    TieOut,
}

impl Why {
    /// Every reason.
    pub const ALL: [Self; 10] = [
        Self::CopyDiffers,
        Self::CopyIncomplete,
        Self::RequestIdUnknown,
        Self::PastInit,
        Self::ReleaseUnconfirmed,
        Self::ReleaseRefused,
        Self::ReleaseStatus,
        Self::CancelUnconfirmed,
        Self::Contradiction,
        Self::TieOut,
    ];

    /// The code in JSON and in the ledger.
    pub const fn word(self) -> &'static str {
        match self {
            Self::CopyDiffers => "copy_differs",
            Self::CopyIncomplete => "copy_incomplete",
            Self::RequestIdUnknown => "request_id_unknown",
            Self::PastInit => "past_init",
            Self::ReleaseUnconfirmed => "release_unconfirmed",
            Self::ReleaseRefused => "release_refused",
            Self::ReleaseStatus => "release_status",
            Self::CancelUnconfirmed => "cancel_unconfirmed",
            Self::Contradiction => "contradiction",
            Self::TieOut => "tie_out",
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
            Self::PastInit => {
                "the provider shows this batch as started although it was never released from here"
            }
            Self::ReleaseUnconfirmed => {
                "the release may have been sent, but the provider still shows the batch as not \
                 started; it is not sent again, because that could pay twice"
            }
            Self::ReleaseRefused => "the provider refused the release",
            Self::ReleaseStatus => {
                "the provider's answer to the release needs a person's judgement"
            }
            Self::CancelUnconfirmed => "the provider does not confirm that the batch is cancelled",
            Self::Contradiction => "the provider contradicts what it reported before",
            Self::TieOut => "the amounts the provider reports do not add up to what was requested",
        }
    }
}
