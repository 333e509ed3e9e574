//! A person's signature under an export.

use onay_payout::{Canonical, Digest, PersonName, PublicKey, Signature, SigningKey};

use super::check::Checked;
use super::flaw::Flaw;
use super::head::Totals;
use super::line::Line;

/// Somebody who signs an export.
#[derive(Debug, Clone, Copy)]
pub struct Signer<'a> {
    /// Who.
    pub name: &'a PersonName,
    /// With what.
    pub key: &'a SigningKey,
}

impl Signer<'_> {
    /// The line that follows the last one.
    pub(super) fn sign(&self, written: &Written<'_>) -> Line {
        let signature = self.key.sign(written.digest(self.name));
        Line::Signature {
            by: self.name.to_string(),
            key: self.key.public_key().to_string(),
            signature: signature.to_string(),
        }
    }
}

/// What a signature covers, but for who signs.
pub(super) struct Written<'a> {
    pub(super) totals: &'a Totals,
    /// As the first line says it.
    pub(super) at: &'a str,
    pub(super) account: Option<&'a str>,
}

impl Written<'_> {
    fn digest(&self, by: &PersonName) -> Digest {
        let mut form = Canonical::new("onay audit signature 1");
        form.field(&self.totals.head.to_string());
        form.field(self.at);
        form.optional(self.account);
        form.field(&self.totals.batches.to_string());
        form.field(&self.totals.entries.to_string());
        form.field(by.as_str());
        form.finish()
    }
}

/// The signature that an export bears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// Who signed, as they say themselves.
    pub by: PersonName,
    /// The key it was made with, as the export says.
    pub key: PublicKey,
    signature: Signature,
}

impl Signed {
    /// The signature of such a line.
    pub(super) fn read(line: &Line) -> Option<Self> {
        let Line::Signature { by, key, signature } = line else {
            return None;
        };
        Some(Self {
            by: by.parse().ok()?,
            key: key.parse().ok()?,
            signature: signature.parse().ok()?,
        })
    }

    /// What is wrong when its key did not sign what is written.
    pub(super) fn flaw(&self, written: &Written<'_>) -> Option<Flaw> {
        let signed = written.digest(&self.by);
        let verified = self.key.verify(signed, &self.signature);
        verified.err().map(|_| Flaw::Signature {
            by: self.by.clone(),
            key: self.key,
        })
    }
}

impl Checked {
    /// What is wrong when one of these keys must have signed it. That its signature fits is checked
    /// already.
    pub fn not_signed_with(&self, keys: &[PublicKey]) -> Option<Flaw> {
        match &self.signed {
            None => Some(Flaw::Unsigned),
            Some(Signed { by, key, .. }) if !keys.contains(key) => Some(Flaw::OtherKey {
                by: by.clone(),
                key: *key,
            }),
            Some(_) => None,
        }
    }
}
