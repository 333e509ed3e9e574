//! The store as an operator meets it: how it is named, whether it is there, whether it can forget.

use std::fmt;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable as _};
use onay_console::Durability;
use onay_ledger::{Ledger, LedgerError, Weakness};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::{interval, timeout};
use tracing::{error, info, warn};

use crate::exit::Failure;

/// First and longest pause before a store that is away at the start is tried again.
const PAUSE: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(15));

/// How long one try may take.
const TRY: Duration = Duration::from_secs(20);

/// How often a running process looks whether the store has become able to forget.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// The URL of a ledger, which may hold a password: shown without it.
#[derive(Clone)]
pub(crate) struct StoreUrl(SecretString);

impl StoreUrl {
    /// The whole URL, to open the ledger with.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// The path of a SQLite file; none for a store behind a network, which may be away for a while.
    pub(crate) fn file(&self) -> Option<&str> {
        self.expose().strip_prefix("sqlite://")
    }
}

impl From<String> for StoreUrl {
    fn from(url: String) -> Self {
        Self(url.into())
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.expose();
        if self.file().is_some() {
            return f.write_str(url);
        }
        // Whatever stands before the last @ may be a password, also in a URL that is misspelt.
        let (scheme, rest) = url.split_once("://").unwrap_or(("…", url));
        let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
        let host = host.split_once('?').map_or(host, |(host, _)| host);
        let hosts = host.split_once('/').map_or(host, |(hosts, _)| hosts);
        let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
        let mut ports = hosts.split(',').filter_map(|host| host.rsplit_once(':'));
        let shown = if ports.all(|(_, port)| is_port(port)) {
            host
        } else {
            "…"
        };
        write!(f, "{scheme}://{shown}")
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreUrl({self})")
    }
}

/// Does what needs the store; while the store is away, waits and tries again, for ever.
pub(crate) async fn patiently<T>(
    store: &StoreUrl,
    attempt: impl AsyncFn() -> Result<T, LedgerError>,
) -> Result<T, LedgerError> {
    let attempt = async || {
        let why = || LedgerError::Unavailable(format!("no answer within {} s", TRY.as_secs()));
        let outcome = timeout(TRY, attempt()).await;
        outcome.unwrap_or_else(|_| Err(why()))
    };
    let pauses = ExponentialBuilder::new()
        .with_min_delay(PAUSE.0)
        .with_max_delay(PAUSE.1)
        .without_max_times();
    let is_away = |error: &LedgerError| {
        matches!(error, LedgerError::Unavailable(_)) && store.file().is_none()
    };
    let tell = |error: &LedgerError, pause: Duration| {
        warn!("waiting for the store {store}, trying again in {pause:?}: {error}");
    };
    let trying = || attempt();
    trying.retry(pauses).when(is_away).notify(tell).await
}

/// Whether roles that move money may start on a store with these weaknesses.
pub(crate) fn admit(durability: Durability, weaknesses: &[Weakness]) -> Result<(), Failure> {
    match durability {
        Durability::Relaxed => Ok(()),
        Durability::Strict if weaknesses.is_empty() => Ok(()),
        Durability::Strict => {
            let told: Vec<_> = weaknesses.iter().map(told).collect();
            let message = format!(
                "the store can forget what it was told, and nothing that moves money works on it:\n  {}",
                told.join("\n  ")
            );
            let hint = "CONFIG SET changes the running server, the line in redis.conf the next one; \
                        durability = \"relaxed\" in onay.toml accepts that the last moments are lost \
                        when the server or its machine fails";
            Err(Failure::refused(message).hint(hint))
        }
    }
}

/// A weakness with what to change.
fn told(weakness: &Weakness) -> String {
    format!("{weakness}; {}", remedy(weakness))
}

/// What to change about a weakness.
pub(crate) fn remedy(weakness: &Weakness) -> String {
    let Weakness {
        setting, needed, ..
    } = weakness;
    if *setting == "wait_replicas" {
        return format!("add the option {setting}={needed} to the URL of the store");
    }
    format!("CONFIG SET {setting} {needed}, and in redis.conf: {setting} {needed}")
}

/// Tells of a store that can forget, and when it no longer can.
pub(crate) fn tell(durability: Durability, weaknesses: &[Weakness]) {
    if weaknesses.is_empty() {
        info!("the store forgets nothing it was told");
    }
    for weakness in weaknesses {
        let told = told(weakness);
        match durability {
            Durability::Strict => error!("the store can forget what it was told: {told}"),
            Durability::Relaxed => {
                warn!("the store can forget what it was told (durability is relaxed): {told}");
            }
        }
    }
}

/// Looks now and then, and tells when the store's weaknesses are others than those `known`.
pub(crate) async fn watch(
    ledger: &dyn Ledger,
    durability: Durability,
    mut known: Vec<Weakness>,
) -> std::convert::Infallible {
    let mut ticks = interval(LOOK_EVERY);
    loop {
        ticks.tick().await;
        // A store that does not answer is told of by those who need it.
        if let Ok(Ok(stats)) = timeout(TRY, ledger.stats()).await
            && stats.weaknesses != known
        {
            tell(durability, &stats.weaknesses);
            known = stats.weaknesses;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn redis() -> StoreUrl {
        StoreUrl::from("redis://onay:planted@127.0.0.1:6379/0".to_owned())
    }

    #[test]
    fn a_url_is_shown_without_its_password() {
        for (url, shown) in [
            (
                "sqlite:///var/lib/a@b/onay.db",
                "sqlite:///var/lib/a@b/onay.db",
            ),
            ("redis://host:6379/2", "redis://host:6379/2"),
            ("redis://:planted@host/0?ledger=x", "redis://host/0"),
            ("rediss://user:pl@n/ted@host:1/0", "rediss://host:1/0"),
            (
                "redis+sentinel://u:planted@a:1,b:2/main/0",
                "redis+sentinel://a:1,b:2/main/0",
            ),
            ("user:planted@host", "…://host"),
            ("redis://user:planted/host", "redis://…"),
        ] {
            let url = StoreUrl::from(url.to_owned());
            assert_eq!(url.to_string(), shown);
            assert_eq!(format!("{url:?}"), format!("StoreUrl({shown})"));
        }
    }

    #[test]
    fn every_weak_setting_is_told_with_its_change_unless_that_was_chosen() {
        let weaknesses = [
            ("appendonly", "no", "yes"),
            ("appendfsync", "everysec", "always"),
            ("maxmemory-policy", "allkeys-lru", "noeviction"),
        ];
        let weaknesses = weaknesses.map(|(setting, found, needed)| Weakness {
            setting,
            found: found.to_owned(),
            needed,
        });
        assert!(admit(Durability::Strict, &[]).is_ok());
        assert!(admit(Durability::Relaxed, &weaknesses).is_ok());
        let refused = admit(Durability::Strict, &weaknesses).unwrap_err();
        for said in [
            "appendonly is no, and must be yes; CONFIG SET appendonly yes",
            "appendfsync is everysec, and must be always; CONFIG SET appendfsync always, and in redis.conf: appendfsync always",
            "CONFIG SET maxmemory-policy noeviction",
        ] {
            assert!(refused.message().contains(said), "{refused}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_store_that_is_away_is_waited_for_with_bounded_pauses() {
        let (tries, began) = (Cell::new(0_u32), tokio::time::Instant::now());
        let store = redis();
        let found = patiently(&store, async || {
            tries.set(tries.get() + 1);
            match tries.get() {
                20 => Ok("there"),
                5 => std::future::pending().await,
                _ => Err(LedgerError::Unavailable("LOADING".to_owned())),
            }
        });
        assert_eq!(found.await.unwrap(), "there");
        assert!(began.elapsed() < PAUSE.1 * 20 + TRY);
    }

    #[tokio::test]
    async fn what_waiting_does_not_mend_is_told_at_once() {
        let file = StoreUrl::from("sqlite:///nowhere/onay.db".to_owned());
        let away = async || Err::<(), _>(LedgerError::Unavailable("no such folder".to_owned()));
        let wrong = async || Err::<(), _>(LedgerError::Unusable("no such scheme".to_owned()));
        assert!(patiently(&file, away).await.is_err());
        assert!(patiently(&redis(), wrong).await.is_err());
    }
}
