//! What the simulator says no to.

/// A failure answer. No code is documented for mass payout; these are the provider's general ones, and
/// [`Refusal::code`] is a judgement for everything but the signature.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No usable `Authorization` header.
    #[error("authorization header is missing or not IYZWSv2")]
    NoAuthorization,
    /// The key is not the configured one.
    #[error("api credentials not found")]
    UnknownKey,
    /// The signature does not fit the bytes received.
    #[error("invalid signature")]
    WrongSignature,
    /// A mandatory field is not there.
    #[error("{0}")]
    FieldMissing(String),
    /// The request cannot be understood or obeyed.
    #[error("invalid request: {0}")]
    Invalid(&'static str),
    /// No batch or item has this id.
    #[error("invalid request: nothing is known under this id")]
    UnknownId,
    /// The external id has a batch already.
    #[error("invalid request: the external id is already in use")]
    Duplicate,
    /// The batch is past the state the call needs.
    #[error("invalid request: the state of the batch does not allow this")]
    WrongState,
    /// The balance does not cover the batch with its commission.
    #[error("invalid request: the mass payout balance is insufficient")]
    InsufficientFunds,
    /// Too many calls in this minute.
    #[error("request limit exceeded")]
    RateLimited,
    /// A failure that was asked for, with its code.
    #[error("refused as planned")]
    Planned(String),
}

impl Refusal {
    /// Whether it is about keys and signature.
    pub(crate) fn is_of_keys(&self) -> bool {
        matches!(
            self,
            Self::NoAuthorization | Self::UnknownKey | Self::WrongSignature
        )
    }

    /// The provider's `errorCode`.
    pub fn code(&self) -> &str {
        match self {
            Self::NoAuthorization => "1009",
            Self::UnknownKey => "1001",
            Self::WrongSignature => "1000",
            Self::FieldMissing(_) => "24",
            Self::Invalid(_)
            | Self::UnknownId
            | Self::Duplicate
            | Self::WrongState
            | Self::InsufficientFunds => "11",
            Self::RateLimited => "50000",
            Self::Planned(code) => code,
        }
    }
}
