//! What became of one item.

use onay_payout::{ItemStatus, Outcome, ReferenceCode};
use serde::{Deserialize, Serialize};

use super::V1;
use super::scalar::{Amount, Text};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OutcomeRecord {
    v: V1,
    /// The provider's word, so that an unknown one is kept.
    status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<Text<ReferenceCode>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reported: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    commission: Option<Amount>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    errors: Vec<String>,
}

impl From<&Outcome> for OutcomeRecord {
    fn from(outcome: &Outcome) -> Self {
        Self {
            v: V1,
            status: outcome.status.provider_word().to_owned(),
            reference: outcome.reference.clone().map(Text),
            reported: outcome.reported.map(Amount),
            commission: outcome.commission.map(Amount),
            errors: outcome.errors.clone(),
        }
    }
}

impl From<OutcomeRecord> for Outcome {
    fn from(record: OutcomeRecord) -> Self {
        Self {
            status: ItemStatus::from_provider_word(&record.status),
            reference: record.reference.map(|Text(code)| code),
            reported: record.reported.map(|Amount(money)| money),
            commission: record.commission.map(|Amount(money)| money),
            errors: record.errors,
        }
    }
}
