//! Status words that the provider's pages do not list.

use serde::{Deserialize, Serialize};

use crate::chance::Chance;

/// Another word for a status, in answers only: the books keep the true one.
///
/// `{"say": "ON_HOLD", "instead_of": "PROCESSING", "share": 100}`. The first entry that fits counts.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Word<S> {
    /// The word shown.
    pub say: String,
    /// The status it hides. Default every status.
    #[serde(default = "none")]
    pub instead_of: Option<S>,
    /// The external ids it is shown for. Default all.
    #[serde(default)]
    pub ids: Vec<String>,
    /// How many of those, in per mille, by seed. Default all.
    #[serde(default = "all")]
    pub share: u16,
}

impl<S: PartialEq> Word<S> {
    pub(crate) fn fits(&self, status: &S, id: &str, seed: u64) -> bool {
        self.instead_of.as_ref().is_none_or(|word| word == status)
            && (self.ids.is_empty() || self.ids.iter().any(|known| known == id))
            && Chance { seed, key: id }.hits(&self.say, self.share)
    }
}

/// Spares `S` a default of its own.
fn none<S>() -> Option<S> {
    None
}

fn all() -> u16 {
    1000
}
