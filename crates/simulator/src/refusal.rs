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
}

impl Refusal {
    /// The provider's `errorCode`.
    pub fn code(&self) -> &'static str {
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
        }
    }
}
