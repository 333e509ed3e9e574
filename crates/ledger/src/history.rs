//! What is remembered of makers and payees, as the text that a ledger keeps.

use onay_payout::history::{HistoryKey, Remembered};

use crate::error::LedgerError;
use crate::record::{decode_history, encode_history};

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
