//! Which merchant account at which provider host.

use std::fmt;
use std::str::FromStr;

use crate::ids::IdError;

/// One merchant account at one provider host: `sandbox-api.iyzipay.com/3f9a01c2`.
///
/// A ledger belongs to one account for ever, so that sandbox and live are never mixed up; it is
/// part of what an approval binds to. The second half is a fingerprint of the API key: enough to
/// tell two keys apart, useless to anyone who reads it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Account(Box<str>);

impl Account {
    /// The account of an API key at a host (with port, if it is not the usual one).
    pub fn new(host: &str, api_key: &str) -> Self {
        use sha2::{Digest as _, Sha256};
        let fingerprint: String = hex::encode(Sha256::digest(api_key))
            .chars()
            .take(8)
            .collect();
        Self(format!("{host}/{fingerprint}").into())
    }

    /// The account as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Account {
    type Err = IdError;

    /// Reads back what [`Account::as_str`] wrote.
    fn from_str(text: &str) -> Result<Self, IdError> {
        match text.rsplit_once('/') {
            Some((host, key)) if !host.is_empty() && !key.is_empty() => Ok(Self(text.into())),
            Some(_) | None => Err(IdError::Empty),
        }
    }
}
