//! What an approval binds to: SHA-256 over one canonical form of a batch.
//!
//! Every field is written as its length in bytes, a colon, and its bytes, so that no two different
//! batches share a form. An absent field is written as `-`.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

/// A SHA-256 digest. Shown whole in JSON, by its first twelve digits to people.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of some bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The digest of the bytes that were handed over.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The first twelve digits: what people compare and type.
    pub fn code(&self) -> String {
        hex::encode(self.0).chars().take(12).collect()
    }

    /// Whether `text` is this digest, or its first twelve or more digits.
    pub fn matches(&self, text: &str) -> bool {
        let text = text.trim().to_ascii_lowercase();
        text.len() >= 12 && hex::encode(self.0).starts_with(&text)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({})", self.code())
    }
}

impl FromStr for Digest {
    type Err = hex::FromHexError;

    fn from_str(text: &str) -> Result<Self, hex::FromHexError> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes)?;
        Ok(Self(bytes))
    }
}

/// Writes a canonical form straight into the hash.
pub struct Canonical(Sha256);

impl Canonical {
    /// Starts a form of its own kind; `format` keeps forms of different kinds apart.
    pub fn new(format: &str) -> Self {
        let mut canonical = Self(Sha256::new());
        canonical.field(format);
        canonical
    }

    /// Adds a field that is there.
    pub fn field(&mut self, text: &str) {
        self.0.update(text.len().to_string());
        self.0.update(":");
        self.0.update(text);
    }

    /// Adds a field that may be absent.
    pub fn optional(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.field(text),
            None => self.0.update("-"),
        }
    }

    /// The digest of all that was added.
    pub fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}
