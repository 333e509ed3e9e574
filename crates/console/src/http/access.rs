//! Who is asking: tokens, and patience with wrong ones.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use onay_ledger::{Door, Ledger, NotLetIn, let_in, now};
use onay_payout::{Digest, Identity, Policy, Role};
use secrecy::{ExposeSecret as _, SecretString};

/// How long a token that was right is believed without computing its hash again.
const KNOWN_FOR: Duration = Duration::from_mins(5);

/// So many wrong tokens for one name within [`PATIENCE`], and the name is refused for as long.
const FAILURES_MAX: u32 = 5;
const PATIENCE: Duration = Duration::from_mins(1);

/// So many different names with wrong tokens within [`PATIENCE`] are an attack: every token that is
/// not known yet is refused until it calms down.
const NAMES_MAX: usize = 1000;

/// Finds out who holds a token. Computes one hash at a time, however many ask.
pub(crate) struct Doorkeeper {
    ledger: Arc<dyn Ledger>,
    policy: Arc<Policy>,
    known: Mutex<HashMap<Digest, Known>>,
    failures: Arc<tokio::sync::Mutex<Failures>>,
}

struct Known {
    identity: Identity,
    since: Instant,
}

/// Why nobody is known by this token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Denied {
    /// It is nobody's.
    Unauthenticated,
    /// Its owner may not even look.
    NoRole,
    /// Too many wrong ones came before.
    TooMany {
        /// When to try again.
        retry_after: Duration,
    },
    /// The ledger, which counts wrong ones, does not answer.
    Unavailable,
}

impl From<NotLetIn> for Denied {
    fn from(no: NotLetIn) -> Self {
        match no {
            NotLetIn::Unauthenticated => Self::Unauthenticated,
            NotLetIn::LockedOut { until, .. } => Self::TooMany {
                retry_after: until
                    .signed_duration_since(now())
                    .to_std()
                    .unwrap_or_default(),
            },
            NotLetIn::Ledger(error) => {
                tracing::warn!(%error, "nobody can be let in");
                Self::Unavailable
            }
        }
    }
}

impl Doorkeeper {
    pub(crate) fn new(ledger: Arc<dyn Ledger>, policy: Arc<Policy>) -> Self {
        Self {
            ledger,
            policy,
            known: Mutex::default(),
            failures: Arc::default(),
        }
    }

    /// Who holds `token` and has any role. A token that was right a moment ago is let in even while its name is
    /// refused, so that nobody can lock out a program that is at work.
    pub(crate) async fn identify(&self, token: SecretString) -> Result<Identity, Denied> {
        let identity = self.authenticate(token).await?;
        let has_role = Role::ALL.iter().any(|role| identity.has(*role));
        has_role.then_some(identity).ok_or(Denied::NoRole)
    }

    async fn authenticate(&self, token: SecretString) -> Result<Identity, Denied> {
        let key = Digest::of(token.expose_secret().as_bytes());
        if let Some(identity) = self.known(&key) {
            return Ok(identity);
        }
        let name = claimed_name(&token).ok_or(Denied::Unauthenticated)?;
        let mut failures = Arc::clone(&self.failures).lock_owned().await;
        if let Some(identity) = self.known(&key) {
            return Ok(identity);
        }
        if let Some(retry_after) = failures.refused_for(&name, Instant::now()) {
            return Err(Denied::TooMany { retry_after });
        }
        let (ledger, policy) = (Arc::clone(&self.ledger), Arc::clone(&self.policy));
        // The task keeps the lock, so that whoever hangs up early is counted all the same.
        let answer = tokio::spawn(async move {
            let answer = let_in(ledger.as_ref(), &policy, &token, Door::Network, now()).await;
            match answer {
                Ok(_) => failures.forget(&name),
                Err(NotLetIn::Unauthenticated) => failures.add(name, Instant::now()),
                Err(NotLetIn::LockedOut { .. } | NotLetIn::Ledger(_)) => {}
            }
            answer
        });
        let identity = answer.await.map_err(|_| Denied::Unavailable)??;
        self.remember(key, &identity);
        Ok(identity)
    }

    fn known(&self, key: &Digest) -> Option<Identity> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let known = known.get(key)?;
        let is_known = known.since.elapsed() < KNOWN_FOR && known.identity.is_valid(now());
        is_known.then(|| known.identity.clone())
    }

    fn remember(&self, key: Digest, identity: &Identity) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, known| known.since.elapsed() < KNOWN_FOR);
        let (identity, since) = (identity.clone(), Instant::now());
        known.insert(key, Known { identity, since });
    }
}

/// The name in `onay_<name>_<hex>`, whether or not anybody is called so.
fn claimed_name(token: &SecretString) -> Option<String> {
    let (name, _) = token
        .expose_secret()
        .strip_prefix("onay_")?
        .rsplit_once('_')?;
    (name.len() <= onay_payout::ID_CHARS_MAX).then(|| name.to_owned())
}

/// Wrong tokens by the name they claim.
#[derive(Default)]
struct Failures(HashMap<String, Tally>);

struct Tally {
    failures: u32,
    /// The first failure; the last one allowed, once there are too many.
    since: Instant,
}

impl Tally {
    fn left(&self, now: Instant) -> Option<Duration> {
        PATIENCE
            .checked_sub(now.saturating_duration_since(self.since))
            .filter(|left| !left.is_zero())
    }
}

impl Failures {
    /// How long a name is still refused.
    fn refused_for(&mut self, name: &str, now: Instant) -> Option<Duration> {
        self.0.retain(|_, tally| tally.left(now).is_some());
        if self.0.len() >= NAMES_MAX {
            return Some(PATIENCE);
        }
        let tally = self.0.get(name)?;
        tally.left(now).filter(|_| tally.failures >= FAILURES_MAX)
    }

    fn add(&mut self, name: String, now: Instant) {
        let tally = self.0.entry(name).or_insert(Tally {
            failures: 0,
            since: now,
        });
        tally.failures = tally.failures.saturating_add(1);
        if tally.failures == FAILURES_MAX {
            tally.since = now;
        }
    }

    fn forget(&mut self, name: &str) {
        self.0.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_wrong_tokens_in_a_minute_refuse_a_name_for_a_minute() {
        let (mut failures, start) = (Failures::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        for second in 0..4 {
            failures.add("mehmet".to_owned(), at(second));
        }
        assert_eq!(failures.refused_for("mehmet", at(4)), None);
        failures.add("mehmet".to_owned(), at(50));
        let left = Duration::from_secs(50);
        assert_eq!(failures.refused_for("mehmet", at(60)), Some(left));
        assert_eq!(failures.refused_for("zeynep", at(60)), None);
        assert_eq!(failures.refused_for("mehmet", at(110)), None);
    }

    #[test]
    fn slow_failures_are_forgiven() {
        let (mut failures, start) = (Failures::default(), Instant::now());
        for minute in 0..20 {
            let now = start + Duration::from_secs(minute * 61);
            assert_eq!(failures.refused_for("mehmet", now), None);
            failures.add("mehmet".to_owned(), now);
        }
    }

    #[test]
    fn a_flood_of_names_is_refused_and_not_remembered_for_ever() {
        let (mut failures, now) = (Failures::default(), Instant::now());
        for number in 0..NAMES_MAX {
            failures.add(format!("name{number}"), now);
        }
        assert_eq!(failures.refused_for("mehmet", now), Some(PATIENCE));
        assert_eq!(failures.refused_for("mehmet", now + PATIENCE), None);
        assert!(failures.0.is_empty());
    }
}
