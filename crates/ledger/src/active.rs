//! The active policy: whose file decisions and releases go by, on every machine.
//!
//! A cell holds its hash, and every decision and every release expects it there, in the step that
//! stores it. So a process with another file can neither decide nor release, from the moment on at
//! which the policy changed.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use onay_payout::{Digest, Policy};

use crate::cell::Swap;
use crate::error::LedgerError;
use crate::house::{self, HouseEvent};
use crate::journal::{Actor, Entry};
use crate::ledger::Ledger;

/// The hash of the active policy.
pub(crate) const POLICY: &str = "policy";

/// What the house journal says when a policy becomes the active one.
pub(crate) const ACTIVATED: &str = "activate_policy";

/// The cell with the text of a policy file that was ever active, or proposed.
pub(crate) fn text_key(policy: Digest) -> String {
    format!("policy:{policy}")
}

/// The hash of the active policy; none before the first one.
pub async fn active_policy(ledger: &dyn Ledger) -> Result<Option<Digest>, LedgerError> {
    let found = ledger.cells(&[POLICY.to_owned()]).await?;
    let text = found.into_iter().flatten().next();
    text.map(|text| {
        text.parse()
            .map_err(|_| LedgerError::Corrupt("the hash of the active policy".to_owned()))
    })
    .transpose()
}

/// What a change must expect that goes by the policy with this hash: that it is the active one, or
/// that there is none yet.
///
/// # Errors
/// [`LedgerError::OtherPolicy`] when another one is active.
pub async fn expect_policy(ledger: &dyn Ledger, ours: Digest) -> Result<Swap, LedgerError> {
    match active_policy(ledger).await? {
        Some(active) if active != ours => Err(LedgerError::OtherPolicy {
            active: active.code(),
            ours: ours.code(),
        }),
        Some(active) => Ok(Swap::expect(POLICY, Some(active.to_string()))),
        None => {
            none_ever(ledger).await?;
            Ok(Swap::expect(POLICY, None))
        }
    }
}

/// That no policy was ever active is what the house journal says, too.
async fn none_ever(ledger: &dyn Ledger) -> Result<(), LedgerError> {
    let house = house::read(ledger).await?;
    match standing(&house.entries) {
        Some(_) if house.policy.is_none() => {
            let what = "the active policy is missing; the house journal names one";
            Err(LedgerError::Corrupt(what.to_owned()))
        }
        Some(_) | None => Ok(()),
    }
}

/// The text of a policy file that was ever active, or proposed.
pub async fn policy_text(
    ledger: &dyn Ledger,
    policy: Digest,
) -> Result<Option<String>, LedgerError> {
    let found = ledger.cells(&[text_key(policy)]).await?;
    Ok(found.into_iter().flatten().next())
}

/// What is in the cell when these entries of the house journal are all there are.
pub(crate) fn standing(entries: &[Entry]) -> Option<String> {
    let activated = entries.iter().rfind(|entry| entry.event == ACTIVATED);
    activated?.digest.map(|policy| policy.to_string())
}

/// Makes a policy the first one that is active, where none is yet. Whoever starts to work on a new
/// ledger does so; from then on it takes people.
pub async fn begin_policy(
    ledger: &dyn Ledger,
    policy: &Policy,
    actor: &Actor,
    at: DateTime<Utc>,
) -> Result<(), LedgerError> {
    while active_policy(ledger).await?.is_none() {
        none_ever(ledger).await?;
        let hash = policy.hash();
        let kept = policy_text(ledger, hash).await?;
        let event = HouseEvent {
            actor: actor.clone(),
            event: ACTIVATED,
            before: String::new(),
            after: hash.code(),
            note: "the first policy of this ledger".to_owned(),
            digest: Some(hash),
            at,
        };
        let swaps = vec![
            Swap::new(POLICY, None, Some(hash.to_string())),
            Swap::new(text_key(hash), kept, Some(policy.text().to_owned())),
        ];
        match house::record(ledger, event, swaps).await {
            // Somebody else was first.
            Ok(_) | Err(LedgerError::Changed) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The policy, with those that were active on this ledger before: what was approved under them
/// counts still.
pub async fn with_past(ledger: &dyn Ledger, policy: &Policy) -> Result<Arc<Policy>, LedgerError> {
    let entries = house::journal(ledger).await?.into_iter();
    let active = entries.filter(|entry| entry.event == ACTIVATED);
    let past = active.filter_map(|entry| entry.digest);
    Ok(Arc::new(policy.clone().after(past)))
}
