//! The pauses of releases: a field of the ledger's own hash.

use onay_payout::Pauses;
use redis::pipe;

use super::RedisLedger;
use super::link::Again;
use super::scripts;
use crate::error::LedgerError;
use crate::record;

impl RedisLedger {
    pub(super) async fn read_pauses(&self) -> Result<Pauses, LedgerError> {
        let mut asked = pipe();
        asked.hget(&self.keys.meta, "pauses");
        let (text,): (Option<String>,) = self.link.query(&asked).await?;
        record::decode_pauses(&text.unwrap_or_default())
    }

    /// Writes them, if they still are what was `known`.
    pub(super) async fn swap_pauses(
        &self,
        known: &Pauses,
        after: &Pauses,
    ) -> Result<(), LedgerError> {
        let swap = self
            .call(&scripts::SWAP)
            .key(&self.keys.meta)
            .arg("pauses")
            .arg(record::encode_pauses(known))
            .arg(record::encode_pauses(after));
        let is_swapped: bool = self.link.write(Again::Yes, &swap).await?;
        // It may have been swapped by an earlier try whose answer was lost.
        if is_swapped || self.read_pauses().await? == *after {
            Ok(())
        } else {
            Err(LedgerError::Stale)
        }
    }
}
