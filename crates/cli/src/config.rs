//! The only reader of the environment and of settings files. Flag, then environment, then
//! `onay.toml`, then the default.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use directories::ProjectDirs;
use onay_console::Durability;
use onay_ledger::{Access, Budget, Door, Ledger, LedgerError, NotLetIn};
use onay_payout::{Identity, PersonName, Policy};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use crate::args::Global;
use crate::exit::{Exit, Failure};
use crate::output;
use crate::store::StoreUrl;

/// Where the console listens unless told otherwise: this machine only.
const LISTEN: &str = "127.0.0.1:8088";

/// Provider calls a minute unless told otherwise: the lowest limit iyzico documents for any product;
/// it documents none for mass payouts (read 2026-11-22).
const CALLS_PER_MINUTE: u32 = 50;

/// How long a stopping process waits for what is under way unless told otherwise, beyond one
/// provider call.
const DRAIN: Duration = Duration::from_secs(30);

/// What the settings file may say.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Settings {
    store: Option<String>,
    store_file: Option<PathBuf>,
    durability: Option<Durability>,
    policy: Option<PathBuf>,
    listen: Option<SocketAddr>,
    log: Option<String>,
    iyzico: IyzicoTable,
    worker: WorkerTable,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct IyzicoTable {
    url: Option<String>,
    locale: Option<String>,
    api_key_file: Option<PathBuf>,
    secret_key_file: Option<PathBuf>,
    #[serde(deserialize_with = "duration")]
    timeout: Option<Duration>,
    calls_per_minute: Option<u32>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct WorkerTable {
    concurrency: Option<usize>,
    #[serde(deserialize_with = "duration")]
    lease: Option<Duration>,
    #[serde(deserialize_with = "duration")]
    drain: Option<Duration>,
    listen: Option<SocketAddr>,
}

fn duration<'de, D: serde::Deserializer<'de>>(source: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(source)?;
    let duration = humantime::parse_duration(&text).map_err(serde::de::Error::custom)?;
    if duration < Duration::from_secs(1) {
        return Err(serde::de::Error::custom("at least a second is needed: 1s"));
    }
    Ok(Some(duration))
}

/// All settings, resolved.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// The ledger's URL.
    pub(crate) store: StoreUrl,
    /// What is asked of the store.
    pub(crate) durability: Durability,
    /// The policy file.
    pub(crate) policy: PathBuf,
    /// Where the console listens.
    pub(crate) listen: SocketAddr,
    /// The log filter, if one was given.
    pub(crate) log: Option<String>,
    /// The provider's address.
    pub(crate) iyzico_url: String,
    /// The language of the provider's messages.
    pub(crate) iyzico_locale: String,
    /// The whole time one provider call can take.
    pub(crate) call_timeout: Duration,
    /// The provider calls that all processes on the ledger share, unless they are unlimited.
    pub(crate) budget: Option<Budget>,
    /// Jobs one process works on at once, per role.
    pub(crate) concurrency: usize,
    /// How long a dead worker's jobs stay its own.
    pub(crate) lease: Duration,
    /// How long a stopping process waits for what is under way.
    pub(crate) drain: Duration,
    /// Where workers and reconcilers answer supervisors, if they do.
    pub(crate) worker_listen: Option<SocketAddr>,
    /// The settings file that was read, if any.
    pub(crate) file: Option<PathBuf>,
    api_key_file: Option<PathBuf>,
    secret_key_file: Option<PathBuf>,
}

impl Config {
    /// Resolves all settings.
    pub(crate) fn load(global: &Global) -> Result<Self, Failure> {
        let path = find_file(global)?;
        let file = path
            .as_deref()
            .map(read_file)
            .transpose()?
            .unwrap_or_default();
        let beside = |name: &str| {
            path.as_deref()
                .and_then(Path::parent)
                .unwrap_or(Path::new(""))
                .join(name)
        };
        let relative = |given: PathBuf| match given.to_str() {
            Some(text) => beside(text),
            None => given,
        };
        let store_file = file.store_file.map(relative);
        let call_timeout = file.iyzico.timeout.unwrap_or(onay_iyzico::CALL_TIMEOUT);
        let listen = match file.listen {
            Some(listen) => listen,
            None => LISTEN
                .parse()
                .map_err(|_| Failure::usage("no address to listen on"))?,
        };
        Ok(Self {
            store: store(global, file.store, store_file.as_deref())?,
            durability: durability(file.durability)?,
            policy: global
                .policy
                .clone()
                .or(file.policy.map(relative))
                .unwrap_or_else(|| beside("policy.toml")),
            listen,
            log: global.log.clone().or(file.log),
            iyzico_url: global
                .iyzico_url
                .clone()
                .or(file.iyzico.url)
                .unwrap_or_else(|| onay_iyzico::SANDBOX_URL.to_owned()),
            iyzico_locale: file.iyzico.locale.unwrap_or_else(|| "tr".to_owned()),
            call_timeout,
            budget: budget(calls_per_minute(file.iyzico.calls_per_minute)?)?,
            concurrency: file.worker.concurrency.unwrap_or(32).max(1),
            lease: file.worker.lease.unwrap_or(Duration::from_millis(1500)),
            drain: file
                .worker
                .drain
                .unwrap_or(call_timeout.saturating_add(DRAIN)),
            worker_listen: file.worker.listen,
            api_key_file: file.iyzico.api_key_file.map(relative),
            secret_key_file: file.iyzico.secret_key_file.map(relative),
            file: path,
        })
    }

    /// The ledger, for a command that ends when it is not there; `access` says whether it may be
    /// created.
    pub(crate) async fn ledger(&self, access: Access) -> Result<Arc<dyn Ledger>, Failure> {
        let opened = self.open(access).await;
        opened.map_err(|error| self.refused(&error))
    }

    /// The ledger; [`LedgerError::Unavailable`] when it is worth a second try.
    pub(crate) async fn open(&self, access: Access) -> Result<Arc<dyn Ledger>, LedgerError> {
        onay_ledger::open(self.store.expose(), access).await
    }

    /// Why the ledger cannot be used, and what to do.
    pub(crate) fn refused(&self, error: &LedgerError) -> Failure {
        if matches!(
            error,
            LedgerError::OtherAccount { .. }
                | LedgerError::OtherPolicy { .. }
                | LedgerError::Moved { .. }
        ) {
            return Failure::refused(error.to_string());
        }
        let hint = match self.store.file() {
            None => {
                "is the server running, and can it be reached from here? ONAY_STORE or --store names another"
            }
            Some(path) if Path::new(path).exists() => {
                "the user who runs this must be able to write the file and its folder"
            }
            Some(_) => {
                "`onay serve` and `onay submit` create it; ONAY_STORE or --store names another"
            }
        };
        let mut failure = Failure::usage(format!("{}: {error}", self.store)).hint(hint);
        if matches!(error, LedgerError::Unavailable(_)) && self.store.file().is_none() {
            // Nothing is wrong with the settings: the same command may do later.
            failure.exit = Exit::Internal;
        }
        failure
    }

    /// The policy.
    pub(crate) fn policy(&self) -> Result<Arc<Policy>, Failure> {
        let path = self.policy.display();
        let policy = Policy::parse(&read_policy(&self.policy)?)
            .map_err(|error| Failure::usage(format!("policy {path}: {error}")))?;
        Ok(Arc::new(policy))
    }

    /// The policy, with those that were active on this ledger before.
    pub(crate) async fn policy_on(&self, ledger: &dyn Ledger) -> anyhow::Result<Arc<Policy>> {
        Ok(onay_ledger::with_past(ledger, self.policy()?.as_ref()).await?)
    }

    /// The provider client.
    pub(crate) fn provider(&self) -> Result<onay_iyzico::Client, Failure> {
        let settings = onay_iyzico::Settings {
            base_url: self.iyzico_url.clone(),
            api_key: secret("ONAY_IYZICO_API_KEY", self.api_key_file.as_deref())?,
            secret_key: secret("ONAY_IYZICO_SECRET_KEY", self.secret_key_file.as_deref())?,
            locale: self
                .iyzico_locale
                .parse()
                .map_err(|error| Failure::usage(format!("iyzico.locale: {error}")))?,
            timeouts: onay_iyzico::Timeouts {
                call: self.call_timeout,
                ..onay_iyzico::Timeouts::default()
            },
        };
        onay_iyzico::Client::new(settings)
            .map_err(|error| Failure::usage(format!("the provider client cannot start: {error}")))
    }
}

/// The text of a policy file.
pub(crate) fn read_policy(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| {
        Failure::usage(format!("no policy at {}: {error}", path.display()))
            .hint("`onay init` writes a starter policy; ONAY_POLICY or --policy names another")
    })
}

/// Finds out who is at the keyboard: the owner of the token in `ONAY_TOKEN`, which must be `name`.
pub(crate) async fn identify(
    ledger: &dyn Ledger,
    policy: &Arc<Policy>,
    name: &PersonName,
) -> anyhow::Result<Identity> {
    let token = match optional_secret("ONAY_TOKEN", None)? {
        Some(token) => token,
        None => ask_token(name)?,
    };
    let identity =
        onay_ledger::let_in(ledger, policy, &token, Door::Here, onay_ledger::now()).await;
    let identity = identity.map_err(|no| match no {
        NotLetIn::Unauthenticated | NotLetIn::LockedOut { .. } => {
            anyhow::Error::from(Failure::refused(no.to_string()))
        }
        NotLetIn::Ledger(error) => error.into(),
    })?;
    if identity.name() == name {
        Ok(identity)
    } else {
        let owner = identity.name();
        Err(
            Failure::refused(format!("the token belongs to {owner}, not to {name}"))
                .hint(format!("use `--as {owner}`, or {name}'s own token"))
                .into(),
        )
    }
}

fn ask_token(name: &PersonName) -> Result<SecretString, Failure> {
    let missing = || {
        Failure::usage(format!("no token for {name}"))
            .hint("set ONAY_TOKEN, or ONAY_TOKEN_FILE to a file that holds it; `onay token new` makes one")
    };
    if !output::is_interactive() {
        return Err(missing());
    }
    dialoguer::Password::new()
        .with_prompt(format!("Token of {name}"))
        .interact()
        .map(SecretString::from)
        .map_err(|_| missing())
}

/// Which ledger: the flag or the variable, the file that `ONAY_STORE_FILE` names, the settings.
fn store(
    global: &Global,
    in_file: Option<String>,
    file: Option<&Path>,
) -> Result<StoreUrl, Failure> {
    let secret = |file| {
        let secret = optional_secret("ONAY_STORE", file)?;
        Ok::<_, Failure>(secret.map(|url| url.expose_secret().to_owned()))
    };
    let given = global.store.clone().or(secret(None)?).or(in_file);
    let url = match given {
        Some(url) => Some(url),
        None => secret(file)?,
    };
    url.map_or_else(default_store, Ok).map(StoreUrl::from)
}

fn durability(in_file: Option<Durability>) -> Result<Durability, Failure> {
    match variable("ONAY_DURABILITY").as_deref() {
        None => Ok(in_file.unwrap_or_default()),
        Some("strict") => Ok(Durability::Strict),
        Some("relaxed") => Ok(Durability::Relaxed),
        Some(other) => Err(Failure::usage(format!(
            "ONAY_DURABILITY is `{other}`; use strict or relaxed"
        ))),
    }
}

fn calls_per_minute(in_file: Option<u32>) -> Result<u32, Failure> {
    let name = "ONAY_IYZICO_CALLS_PER_MINUTE";
    let set = variable(name).map(|text| text.trim().parse());
    let set = set.transpose().map_err(|_| {
        Failure::usage(format!("{name} is not a whole number")).hint("0 means no limit")
    })?;
    Ok(set.or(in_file).unwrap_or(CALLS_PER_MINUTE))
}

/// The budget of provider calls; 0 calls a minute mean no limit.
fn budget(calls: u32) -> Result<Option<Budget>, Failure> {
    if calls == 0 {
        return Ok(None);
    }
    let budget = Budget::per_minute(calls).ok_or_else(|| {
        let least = Budget::CALLS_MIN;
        Failure::usage(format!(
            "iyzico.calls_per_minute is {calls}; it must be at least {least}"
        ))
        .hint("a release needs several calls; 0 means no limit, for a simulator")
    })?;
    Ok(Some(budget))
}

fn find_file(global: &Global) -> Result<Option<PathBuf>, Failure> {
    if let Some(path) = &global.config {
        return if path.exists() {
            Ok(Some(path.clone()))
        } else {
            Err(Failure::usage(format!(
                "no settings file at {}",
                path.display()
            )))
        };
    }
    let in_user_dir = project_dirs().map(|dirs| dirs.config_dir().join("onay.toml"));
    let candidates = [Some(PathBuf::from("onay.toml")), in_user_dir];
    Ok(candidates.into_iter().flatten().find(|path| path.exists()))
}

fn read_file(path: &Path) -> Result<Settings, Failure> {
    let shown = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("{shown} cannot be read: {error}")))?;
    toml::from_str(&text).map_err(|error| Failure::usage(format!("{shown}: {error}")))
}

/// One fixed place per user, so that another working directory is not another memory.
fn default_store() -> Result<String, Failure> {
    let dirs = project_dirs().ok_or_else(|| {
        Failure::usage("no home directory to keep batches in").hint("set ONAY_STORE or --store")
    })?;
    Ok(format!(
        "sqlite://{}",
        dirs.data_dir().join("onay.db").display()
    ))
}

/// The user's directories, if there is a home.
pub(crate) fn project_dirs() -> Option<ProjectDirs> {
    ProjectDirs::from("", "", "onay")
}

/// A secret that must be there.
fn secret(name: &str, file: Option<&Path>) -> Result<SecretString, Failure> {
    optional_secret(name, file)?.ok_or_else(|| {
        Failure::usage(format!("{name} is not set")).hint(format!(
            "set {name}, or {name}_FILE to a file that holds it"
        ))
    })
}

/// A secret: from `NAME`, from the file `NAME_FILE` names, or from a file the settings name.
pub(crate) fn optional_secret(
    name: &str,
    file: Option<&Path>,
) -> Result<Option<SecretString>, Failure> {
    if let Some(value) = variable(name) {
        return Ok(Some(SecretString::from(value.trim().to_owned())));
    }
    let path = variable(&format!("{name}_FILE")).map(PathBuf::from);
    let Some(path) = path.as_deref().or(file) else {
        return Ok(None);
    };
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failure::usage(format!(
            "{name}: {} cannot be read: {error}",
            path.display()
        ))
    })?;
    Ok(Some(SecretString::from(text.trim().to_owned())))
}

/// A variable of the environment, unless it is empty.
#[expect(
    clippy::disallowed_methods,
    reason = "this module is the reader of the environment"
)]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_too_small_for_a_release_is_refused() {
        assert_eq!(budget(0).unwrap(), None);
        for calls in 1..5 {
            let message = format!("iyzico.calls_per_minute is {calls}; it must be at least 5");
            assert_eq!(budget(calls).unwrap_err().message(), message);
        }
        assert_eq!(budget(5).unwrap(), Budget::per_minute(5));
    }
}
