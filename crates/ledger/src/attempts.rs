//! Who is let in: wrong tokens are counted for all processes of a ledger together.

use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};
use onay_payout::{Attempts, Identity, PersonName, Policy};
use secrecy::SecretString;
use tokio::task::spawn_blocking;

use crate::cell::Swap;
use crate::error::LedgerError;
use crate::ledger::Ledger;

/// Why nobody was let in.
#[derive(Debug, thiserror::Error)]
pub enum NotLetIn {
    /// The token is nobody's, or not any more.
    #[error(
        "the token is not valid, or not any more; check ONAY_TOKEN, or ask for a new one (`onay token new`)"
    )]
    Unauthenticated,
    /// Too many wrong ones came before.
    #[error("too many wrong tokens for {name}; try again after {}", .until.format("%F %T UTC"))]
    LockedOut {
        /// In whose name.
        name: PersonName,
        /// Until when.
        until: DateTime<Utc>,
    },
    /// The ledger cannot tell.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// Where somebody comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// Over the network.
    Network,
    /// From this machine, where they can read the policy file and try tokens without asking us.
    Here,
}

/// Finds out who holds a token. Wrong ones in the name of somebody the policy knows are counted in
/// the ledger, and lock the name out for a while; a right one ends the count.
///
/// Takes the time of one hash. Over the network a name that is locked out takes none: not even the
/// right token is looked at. From here it is, and unlocks the name, so that nobody who only reaches us
/// over the network keeps people from stopping a release.
pub async fn let_in(
    ledger: &dyn Ledger,
    policy: &Arc<Policy>,
    token: &SecretString,
    door: Door,
    at: DateTime<Utc>,
) -> Result<Identity, NotLetIn> {
    // Names nobody has are not kept: there is no end to them.
    let Some(name) = policy.claimed_by(token) else {
        return authenticate(policy, token, at).await;
    };
    let before = attempts(ledger, name).await?;
    let locked = before.as_ref().and_then(|(_, made)| made.locked_until(at));
    if let Some(until) = locked.filter(|_| door == Door::Network) {
        let name = name.clone();
        return Err(NotLetIn::LockedOut { name, until });
    }
    let answer = authenticate(policy, token, at).await;
    let text = before.as_ref().map(|(text, _)| text.clone());
    let swap = match (&answer, before) {
        (Ok(_), None) => None,
        (Ok(_), Some(_)) => Some(Swap::new(key(name), text, None)),
        (Err(_), before) => {
            let made = Attempts::failed(before.map(|(_, made)| made), at);
            Some(Swap::new(key(name), text, Some(written(made))))
        }
    };
    if let Some(swap) = swap {
        match ledger.swap(&[swap]).await {
            // Another one came at the same moment, and was counted.
            Ok(()) | Err(LedgerError::Changed) => {}
            Err(error) => return Err(error.into()),
        }
    }
    answer
}

/// Slow on purpose, so not on the thread of others.
async fn authenticate(
    policy: &Arc<Policy>,
    token: &SecretString,
    at: DateTime<Utc>,
) -> Result<Identity, NotLetIn> {
    let (policy, token) = (Arc::clone(policy), token.clone());
    let answer = spawn_blocking(move || policy.authenticate(&token, at)).await;
    let answer = answer.map_err(|_| LedgerError::Unavailable("out of threads".to_owned()))?;
    answer.map_err(|_| NotLetIn::Unauthenticated)
}

async fn attempts(
    ledger: &dyn Ledger,
    name: &PersonName,
) -> Result<Option<(String, Attempts)>, LedgerError> {
    let found = ledger.cells(&[key(name)]).await?;
    let Some(text) = found.into_iter().flatten().next() else {
        return Ok(None);
    };
    let made = read(&text).ok_or_else(|| LedgerError::Corrupt(format!("attempts of {name}")))?;
    Ok(Some((text, made)))
}

fn key(name: &PersonName) -> String {
    format!("attempts:{name}")
}

fn written(made: Attempts) -> String {
    let last = made.last.to_rfc3339_opts(SecondsFormat::Micros, true);
    format!("{} {last}", made.failures)
}

fn read(text: &str) -> Option<Attempts> {
    let (failures, last) = text.split_once(' ')?;
    Some(Attempts {
        failures: failures.parse().ok()?,
        last: last.parse().ok()?,
    })
}
