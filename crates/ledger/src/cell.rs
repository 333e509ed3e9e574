//! Cells: small named values that are compared and set in one step, alone or with a change of a
//! batch.
//!
//! Whoever decides by something that others may change (whether releases are paused, what was
//! released this week) reads it from cells, decides, and stores the decision under the condition that
//! the cells still are what was read. So no store knows what a cell means.

use crate::error::LedgerError;

/// There while releases are paused: every commit that starts one expects that it is not.
pub(crate) const PAUSED: &str = "paused";

/// What a cell must be, and what it becomes. Nothing where it is not there.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Swap {
    /// Its name, never empty. Colons part a kind from what is of that kind, as in `log:7`.
    pub key: String,
    /// What it must be.
    pub before: Option<String>,
    /// What it becomes.
    pub after: Option<String>,
}

impl Swap {
    /// The cell is `before` and becomes `after`.
    pub fn new(key: impl Into<String>, before: Option<String>, after: Option<String>) -> Self {
        let key = key.into();
        Self { key, before, after }
    }

    /// The cell is `value`, and stays so.
    pub fn expect(key: impl Into<String>, value: Option<String>) -> Self {
        Self::new(key, value.clone(), value)
    }

    /// Whether the cell stays as it is.
    pub fn is_expectation(&self) -> bool {
        self.before == self.after
    }

    /// What a caller is told whose cell is another.
    pub(crate) fn refusal(&self) -> LedgerError {
        if self.key == PAUSED && self.before.is_none() && self.is_expectation() {
            LedgerError::Paused
        } else {
            LedgerError::Changed
        }
    }
}
