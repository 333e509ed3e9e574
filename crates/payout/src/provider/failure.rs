//! Errors that say what is known.

use std::fmt;
use std::time::Duration;

/// Why a call failed, by what is *known* about it at the provider.
#[derive(Debug, Clone, PartialEq, Eq, Hash, thiserror::Error)]
pub enum ProviderError {
    /// The call certainly changed nothing: try again later.
    #[error("the call changed nothing: {0}")]
    NotSent(NotSent),
    /// The provider's clear no.
    #[error("the provider refused: {0}")]
    Refused(Refusal),
    /// The call may have been carried out: look before doing anything else.
    #[error("the outcome is not known: {0}")]
    InDoubt(String),
}

/// Reads a refused question as "there is none": what iyzico answers for an unknown id is not
/// documented (read 2026-11-22). Right only where finding nothing leads to nothing worse than
/// asking again.
pub fn none_if_refused<T>(
    found: Result<Option<T>, ProviderError>,
) -> Result<Option<T>, ProviderError> {
    match found {
        Err(ProviderError::Refused(_)) => Ok(None),
        other => other,
    }
}

/// Why a call certainly changed nothing.
#[derive(Debug, Clone, PartialEq, Eq, Hash, thiserror::Error)]
pub enum NotSent {
    /// No connection was made.
    #[error("no connection: {0}")]
    Connection(String),
    /// The moment until which it could be sent had passed.
    #[error("its time to be sent had passed")]
    TooLate,
    /// The provider's limit of calls (code 50000): wait for the next minute.
    #[error("the provider's rate limit is reached")]
    RateLimited,
    /// Our own budget of calls is used up for now.
    #[error("the budget of provider calls is used up for {} s", .0.as_secs())]
    OverBudget(Duration),
    /// The provider does not accept our key or signature: a person must mend the configuration.
    #[error("the provider does not accept our credentials ({0})")]
    Credentials(Refusal),
    /// The request could not be put together.
    #[error("the request could not be built: {0}")]
    Unbuildable(String),
}

/// The provider's no, in its own words.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Refusal {
    /// The provider's code, if it gave one.
    pub code: Option<String>,
    /// The provider's words, if it gave any.
    pub message: Option<String>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = self.message.as_deref().unwrap_or("no reason given");
        match &self.code {
            Some(code) => write!(f, "{message} (code {code})"),
            None => f.write_str(message),
        }
    }
}
