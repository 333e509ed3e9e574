//! The cells: one hash.

use redis::{cmd, pipe};

use super::RedisLedger;
use super::link::Again;
use super::scripts::{self, Call};
use crate::cell::Swap;
use crate::error::LedgerError;

/// Cells that are read in one step.
const AT_ONCE: usize = 1000;

impl RedisLedger {
    pub(super) async fn read_cells(
        &self,
        keys: &[String],
    ) -> Result<Vec<Option<String>>, LedgerError> {
        let mut values = Vec::with_capacity(keys.len());
        for keys in keys.chunks(AT_ONCE) {
            let mut asked = cmd("HMGET");
            asked.arg(&self.keys.cell).arg(keys);
            let found: Vec<Option<String>> = self.link.ask(&asked).await?;
            values.extend(found);
        }
        Ok(values)
    }

    pub(super) async fn swap_cells(&self, swaps: &[Swap]) -> Result<(), LedgerError> {
        let call = |nth_try: &str| {
            let call = self
                .call(&scripts::SWAP_CELLS)
                .key(&self.keys.meta)
                .key(&self.keys.cell)
                .arg(nth_try);
            with_swaps(call, swaps)
        };
        let (first, again) = (call("first"), call("again"));
        let refused: usize = match self.link.write(Again::No, &first).await {
            // It may be stored although the answer was lost.
            Err(LedgerError::Unavailable(_)) => self.link.write(Again::No, &again).await?,
            other => other?,
        };
        match refused {
            0 => Ok(()),
            place => Err(refusal(swaps, place)),
        }
    }

    /// A part of the cells, and where the next one begins. Some may come twice.
    pub(super) async fn scan_cells(
        &self,
        cursor: &str,
        size: u32,
    ) -> Result<(String, Vec<(String, String)>), LedgerError> {
        let mut scan = cmd("HSCAN");
        scan.arg(&self.keys.cell).arg(cursor).arg("COUNT").arg(size);
        self.link.ask(&scan).await
    }

    pub(super) async fn count_cells(&self) -> Result<u64, LedgerError> {
        let mut asked = pipe();
        asked.hlen(&self.keys.cell);
        let (count,): (u64,) = self.link.query(&asked).await?;
        Ok(count)
    }
}

/// Adds how many swaps there are, and of each the cell, what it must be and what it becomes.
pub(super) fn with_swaps(call: Call<'static>, swaps: &[Swap]) -> Call<'static> {
    let word = |value: &Option<String>| match value {
        Some(value) => format!("+{value}"),
        None => String::new(),
    };
    swaps.iter().fold(call.arg(swaps.len()), |call, swap| {
        let (before, after) = (word(&swap.before), word(&swap.after));
        call.arg(&swap.key).arg(before).arg(after)
    })
}

/// What is told of the swap at this place, counted from 1.
pub(super) fn refusal(swaps: &[Swap], place: usize) -> LedgerError {
    let refused = swaps.get(place.saturating_sub(1));
    refused.map_or(LedgerError::Changed, Swap::refusal)
}
