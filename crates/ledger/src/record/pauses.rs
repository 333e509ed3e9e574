//! Every pause of releases there ever was.

use onay_payout::{PauseEntry, PauseStep, Pauses, PersonName};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::V1;
use super::scalar::{Text, Time};
use crate::error::LedgerError;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PausesRecord {
    v: V1,
    /// Whether the newest pause stands: stores look at this in the commit that starts a release.
    paused: bool,
    entries: Vec<PauseRecord>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PauseRecord {
    step: Step,
    by: Text<PersonName>,
    at: Time,
    reason: String,
}

impl From<&Pauses> for PausesRecord {
    fn from(pauses: &Pauses) -> Self {
        let entries = pauses.entries().iter().map(|entry| PauseRecord {
            step: Step(entry.step),
            by: Text(entry.by.clone()),
            at: Time(entry.at),
            reason: entry.reason.clone(),
        });
        Self {
            v: V1,
            paused: pauses.standing().is_some(),
            entries: entries.collect(),
        }
    }
}

impl TryFrom<PausesRecord> for Pauses {
    type Error = LedgerError;

    fn try_from(record: PausesRecord) -> Result<Self, LedgerError> {
        let entries = record.entries.into_iter().map(|entry| PauseEntry {
            step: entry.step.0,
            by: entry.by.0,
            at: entry.at.0,
            reason: entry.reason,
        });
        let pauses = Self::new(entries.collect());
        if pauses.standing().is_some() == record.paused {
            return Ok(pauses);
        }
        let what = "whether releases are paused does not follow from the pauses";
        Err(LedgerError::Corrupt(what.to_owned()))
    }
}

/// A step, by its word.
struct Step(PauseStep);

impl Serialize for Step {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.word())
    }
}

impl<'de> Deserialize<'de> for Step {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        let step = PauseStep::ALL.into_iter().find(|step| step.word() == word);
        step.map(Self)
            .ok_or_else(|| D::Error::custom("unknown step"))
    }
}
