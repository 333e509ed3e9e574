//! What is remembered of makers and payees: in cells, each a text of its own.

use std::collections::BTreeMap;

use onay_payout::history::{History, HistoryKey, Remembered};

use crate::cell::Swap;
use crate::error::LedgerError;
use crate::ledger::Ledger;
use crate::record::{decode_history, encode_history};

/// What was read for some keys, to be stored changed.
#[derive(Debug, Default)]
pub struct Reading {
    history: History,
    texts: BTreeMap<HistoryKey, String>,
}

/// Reads what is remembered under these keys.
pub async fn read(ledger: &dyn Ledger, keys: Vec<HistoryKey>) -> Result<Reading, LedgerError> {
    let names: Vec<String> = keys.iter().map(ToString::to_string).collect();
    let found = keys.into_iter().zip(ledger.cells(&names).await?);
    let mut reading = Reading::default();
    for (key, text) in found.filter_map(|(key, text)| Some((key, text?))) {
        reading.history.insert(decode(&key, &text)?);
        reading.texts.insert(key, text);
    }
    Ok(reading)
}

impl Reading {
    /// What is remembered.
    pub const fn history(&self) -> &History {
        &self.history
    }

    /// The cells that hold what changed, where they are still what was read.
    pub fn swaps(&self, changed: History) -> Vec<Swap> {
        let changed = changed.into_iter().map(|value| {
            let key = value.key();
            let before = self.texts.get(&key).cloned();
            let after = (!value.is_empty()).then(|| encode(&value));
            Swap::new(key.to_string(), before, after)
        });
        changed.filter(|swap| !swap.is_expectation()).collect()
    }
}

/// Writes one value; its key ([`Remembered::key`]) is kept beside it.
pub fn encode(value: &Remembered) -> String {
    encode_history(value)
}

/// Reads the value that was kept under a key.
///
/// # Errors
/// [`LedgerError::Corrupt`] when the text is not what was ever written for a key of this kind.
pub fn decode(key: &HistoryKey, text: &str) -> Result<Remembered, LedgerError> {
    decode_history(key, text)
}
