//! Decisions by seed.

use sha2::{Digest as _, Sha256};
use uuid::Builder;

const PER_MILLE: u64 = 1000;

/// What the seed decides for one key, the same in every run.
pub(crate) struct Chance<'a> {
    pub(crate) seed: u64,
    pub(crate) key: &'a str,
}

impl Chance<'_> {
    /// An id in the provider's shape.
    pub(crate) fn id(&self) -> String {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(self.hash("id").split_at(16).0);
        Builder::from_random_bytes(bytes).into_uuid().to_string()
    }

    /// Whether the key is among this share of all keys.
    pub(crate) fn hits(&self, question: &str, share_per_mille: u16) -> bool {
        self.below_1000(question) < share_per_mille.into()
    }

    pub(crate) fn below_1000(&self, question: &str) -> u64 {
        let [.., a, b, c, d] = self.hash(question);
        u64::from(u32::from_be_bytes([a, b, c, d])) % PER_MILLE
    }

    fn hash(&self, question: &str) -> [u8; 32] {
        Sha256::new_with_prefix(self.seed.to_be_bytes())
            .chain_update(question)
            .chain_update([0])
            .chain_update(self.key)
            .finalize()
            .into()
    }
}

pub(crate) fn per_mille_of(whole: u64, per_mille: u64) -> u64 {
    whole.saturating_mul(per_mille).div_euclid(PER_MILLE)
}
