//! Ids are types: a batch is never mistaken for an item, a name never for an id.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// Longest text accepted for an id or a name. iyzico documents no limit (read 2026-11-22).
pub const ID_CHARS_MAX: usize = 128;

/// Why a text is not an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Nothing there.
    #[error("empty")]
    Empty,
    /// Above [`ID_CHARS_MAX`] characters.
    #[error("longer than {ID_CHARS_MAX} characters")]
    TooLong,
    /// A character that does not belong there.
    #[error("contains {0:?}")]
    Character(char),
}

fn checked(text: &str, allowed: fn(char) -> bool) -> Result<Box<str>, IdError> {
    if text.is_empty() {
        return Err(IdError::Empty);
    }
    if text.chars().count() > ID_CHARS_MAX {
        return Err(IdError::TooLong);
    }
    // `.` and `..` would lead elsewhere in a path.
    if text.chars().all(|c| c == '.') {
        return Err(IdError::Character('.'));
    }
    match text.chars().find(|c| !allowed(*c)) {
        Some(odd) => Err(IdError::Character(odd)),
        None => Ok(text.into()),
    }
}

fn is_visible(c: char) -> bool {
    !c.is_control() && !c.is_whitespace()
}

fn is_url_safe(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $allowed:path) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Box<str>);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                checked(text, $allowed).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id!(
    /// The caller's id of a batch (iyzico: `externalId`). Kept for ever; the key of replay.
    ExternalId,
    is_visible
);
text_id!(
    /// The caller's id of an item (iyzico: `itemExternalId`), unique within its batch.
    ItemId,
    is_visible
);
text_id!(
    /// iyzico's id of a prepared batch. Opaque: one of their samples is no UUID, so it is only
    /// required to be safe in a URL path.
    RequestId,
    is_url_safe
);
text_id!(
    /// iyzico's id of an item.
    ReferenceCode,
    is_url_safe
);
text_id!(
    /// The one name of a person, as the policy file writes it.
    PersonName,
    is_url_safe
);
text_id!(
    /// One incarnation of a process that works on batches; unique per start.
    WorkerName,
    is_url_safe
);

impl ExternalId {
    /// The id under which a later attempt is stored at the provider; the first one (0) is this id
    /// itself. The same for the same id and attempt, and no id a maker would think of, so that it
    /// never meets another batch.
    #[must_use]
    pub fn of_attempt(&self, attempt: u32) -> Self {
        if attempt == 0 {
            return self.clone();
        }
        let mark = Sha256::new()
            .chain_update(b"onay attempt 1\0")
            .chain_update(attempt.to_be_bytes())
            .chain_update(self.0.as_bytes());
        Self(suffixed(&self.0, &format!("~{attempt}-{}", short(mark))))
    }

    /// The id of the batch that sends again what came back from this one.
    #[must_use]
    pub fn of_resend(&self, number: u32) -> Self {
        Self(suffixed(&self.0, &format!("~resend-{number}")))
    }
}

impl ItemId {
    /// The id of this item when it is sent again.
    #[must_use]
    pub fn of_resend(&self, number: u32) -> Self {
        Self(suffixed(&self.0, &format!("~resend-{number}")))
    }
}

/// `id` with `suffix`; what would be too long is cut short and told apart by its hash.
fn suffixed(id: &str, suffix: &str) -> Box<str> {
    let whole = id.chars().count().saturating_add(suffix.chars().count());
    if whole <= ID_CHARS_MAX {
        return format!("{id}{suffix}").into();
    }
    let mark = short(Sha256::new().chain_update(id.as_bytes()));
    let kept = ID_CHARS_MAX
        .saturating_sub(suffix.chars().count())
        .saturating_sub(mark.len());
    let start: String = id.chars().take(kept).collect();
    format!("{start}{mark}{suffix}").into()
}

fn short(hash: Sha256) -> String {
    let bytes = hash.finalize();
    hex::encode(bytes.iter().take(4).copied().collect::<Vec<u8>>())
}

impl WorkerName {
    /// The name of one claim of this worker. Two jobs of one process never share it, so neither
    /// can record the outcome of the other's call.
    #[must_use]
    pub fn with_fence(&self, fence: u64) -> Self {
        Self(format!("{}.{fence}", self.0).into())
    }
}

/// Our id of a batch: `b_` and 32 hexadecimal digits that grow with time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BatchId(Uuid);

impl BatchId {
    /// An id from a UUID; use version 7, so that ids sort by age.
    pub const fn new(uuid: Uuid) -> Self {
        Self(uuid)
    }

    /// The id of these bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }

    /// Its bytes, which sort by age too.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }
}

impl fmt::Display for BatchId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b_{}", self.0.simple())
    }
}

impl FromStr for BatchId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let digits = text.strip_prefix("b_").ok_or(IdError::Empty)?;
        Uuid::try_parse(digits)
            .map(Self)
            .map_err(|_| IdError::Character('?'))
    }
}

/// How a person names a batch: our id, or the external id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BatchRef {
    /// Our id.
    Id(BatchId),
    /// The caller's id.
    External(ExternalId),
}

impl FromStr for BatchRef {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        match text.parse() {
            Ok(id) => Ok(Self::Id(id)),
            Err(_) => text.parse().map(Self::External),
        }
    }
}

impl fmt::Display for BatchRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::External(id) => id.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_named_by_either_id() {
        let id = BatchId::new(Uuid::from_u128(7));
        assert_eq!(id.to_string().parse(), Ok(BatchRef::Id(id)));
        let external: BatchRef = "payday-2026-11".parse().unwrap();
        assert_eq!(external.to_string(), "payday-2026-11");
        assert!(matches!(external, BatchRef::External(_)));
    }

    #[test]
    fn a_request_id_is_safe_in_a_path() {
        assert!(
            "79cdefc1-3ce6-4f51-bdd9-0c050274db64"
                .parse::<RequestId>()
                .is_ok()
        );
        assert_eq!("../auth".parse::<RequestId>(), Err(IdError::Character('/')));
        assert_eq!("..".parse::<RequestId>(), Err(IdError::Character('.')));
        assert_eq!("a?b".parse::<RequestId>(), Err(IdError::Character('?')));
        assert_eq!("".parse::<RequestId>(), Err(IdError::Empty));
        assert_eq!("x".repeat(129).parse::<ItemId>(), Err(IdError::TooLong));
    }
}
