//! iyzico's mass payout API: the only crate that speaks its wire language.
//!
//! | module | job |
//! |---|---|
//! | `settings` | what a client needs to know, and what it refuses to start with |
//! | `client` | the six calls over HTTP |
//! | `gate` | lets no write begin after its deadline |
//! | `sign` | the `IYZWSv2` signature |
//! | `request` | the bodies we send |
//! | `answer` | the bodies we get, as values of the domain |
//! | `scalar` | one string or number of an answer |
//! | `failure` | everything that is no success, by what is known about it |
//!
//! The invariant: **an error says only what is certain.** [`NotSent`] when the call cannot have
//! changed anything, [`Refused`] when iyzico clearly said no, and [`InDoubt`] for all the rest,
//! including every body that cannot be read to the last amount.
//!
//! The facts come from iyzico's public documentation, read 2026-11-22; no call to iyzico was made
//! to check them. Where its pages disagree, both readings are accepted.
//!
//! [`NotSent`]: onay_payout::provider::ProviderError::NotSent
//! [`Refused`]: onay_payout::provider::ProviderError::Refused
//! [`InDoubt`]: onay_payout::provider::ProviderError::InDoubt

mod answer;
mod client;
mod failure;
mod gate;
mod request;
mod scalar;
mod settings;
mod sign;

pub use client::Client;
pub use settings::{
    CALL_TIMEOUT, CONNECT_TIMEOUT, ClientError, LIVE_URL, Locale, SANDBOX_URL, Settings, Timeouts,
};
