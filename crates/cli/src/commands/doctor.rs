//! `doctor`: each line is ok, or says how to mend it.

use onay_console::Durability;
use onay_ledger::{Access, Filter, Page, Weakness};
use onay_payout::provider::NotSent;
use onay_payout::{Account, Policy, Provider as _, ProviderError, Role, Severity};
use serde::Serialize;

use crate::args::Json;
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::output;
use crate::store::remedy as change;

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Check {
    name: &'static str,
    ok: bool,
    detail: String,
    remedy: Option<String>,
}

impl Check {
    const fn ok(name: &'static str, detail: String) -> Self {
        Self {
            name,
            ok: true,
            detail,
            remedy: None,
        }
    }

    fn wrong(name: &'static str, detail: String, remedy: impl Into<String>) -> Self {
        Self {
            name,
            ok: false,
            detail,
            remedy: Some(remedy.into()),
        }
    }
}

/// Looks at everything a running Onay needs.
pub(crate) async fn run(config: &Config, json: Json) -> anyhow::Result<Exit> {
    let mut checks = vec![settings(config)];
    checks.extend(policy(config));
    let (provider_check, account) = provider(config).await;
    checks.extend(store(config, account.as_ref()).await);
    checks.push(provider_check);
    checks.push(budget(config));
    let is_well = checks.iter().all(|check| check.ok);
    if json.is_asked() {
        output::json(&serde_json::json!({ "ok": is_well, "checks": checks }))?;
    } else {
        for check in &checks {
            let mark = if check.ok { "ok   " } else { "WRONG" };
            output::line(format!("{mark}  {:<10} {}", check.name, check.detail))?;
            if let Some(remedy) = &check.remedy {
                output::line(format!("{:>17} {remedy}", "→"))?;
            }
        }
    }
    Ok(if is_well {
        Exit::Done
    } else {
        Exit::NeedsPerson
    })
}

fn settings(config: &Config) -> Check {
    let file = config.file.as_ref().map_or_else(
        || "no settings file, defaults and environment only".to_owned(),
        |path| path.display().to_string(),
    );
    Check::ok("settings", file)
}

fn policy(config: &Config) -> Vec<Check> {
    let policy = match config.policy() {
        Ok(policy) => policy,
        Err(error) => return vec![failed("policy", &error)],
    };
    let shown = config.policy.display();
    let mut checks = vec![Check::ok(
        "policy",
        format!("{shown}, hash {}", policy.hash().code()),
    )];
    checks.extend(rules(&policy));
    for role in [Role::Maker, Role::Approver] {
        let has_token = policy
            .people()
            .any(|person| person.roles.contains(&role) && person.token.is_some());
        if !has_token {
            let remedy = format!("onay token new NAME --role {role}");
            checks.push(Check::wrong(
                "people",
                format!("no {role} has a token"),
                remedy,
            ));
        }
    }
    checks
}

/// What is wrong with the policy in itself. What is only worth knowing, `onay policy check` tells.
fn rules(policy: &Policy) -> Vec<Check> {
    let found = policy.check(onay_ledger::now());
    let (wrong, more): (Vec<_>, Vec<_>) = found
        .into_iter()
        .partition(|one| one.severity() == Severity::Error);
    let mut checks: Vec<Check> = wrong
        .into_iter()
        .map(|one| Check::wrong("rules", one.message, "mend it in the policy file"))
        .collect();
    if checks.is_empty() && !more.is_empty() {
        let detail = format!(
            "somebody can satisfy each; `onay policy check` has {} more to say",
            more.len()
        );
        checks.push(Check::ok("rules", detail));
    }
    checks
}

async fn store(config: &Config, account: Option<&Account>) -> Vec<Check> {
    let opened = onay_ledger::open_to_move(config.store.expose(), Access::Existing).await;
    let ledger = match opened {
        Ok(ledger) => ledger,
        Err(error) => return vec![failed("store", &config.refused(&error))],
    };
    let looked = async {
        ledger.standing().await?.stage.check_open()?;
        ledger.stats().await
    };
    let stats = match looked.await {
        Ok(stats) => stats,
        Err(error) => return vec![Check::wrong("store", error.to_string(), "see the message")],
    };
    let mut checks = vec![Check::ok("store", stats.store)];
    checks.extend(durability(config.durability, &stats.weaknesses));
    match (&stats.account, account) {
        (Some(bound), Some(ours)) if bound != ours => checks.push(Check::wrong(
            "account",
            format!("the ledger belongs to {bound}, the configured key is {ours}"),
            "use the key it belongs to, or another ledger: sandbox and live never mix",
        )),
        (Some(bound), _) => checks.push(Check::ok("account", bound.to_string())),
        (None, _) => checks.push(Check::ok("account", "not bound yet".to_owned())),
    }
    let frozen = stats.by_state.get("frozen").copied().unwrap_or_default();
    if frozen > 0 {
        let remedy = "onay batches --state frozen";
        checks.push(Check::wrong(
            "batches",
            format!("{frozen} frozen, people must look"),
            remedy,
        ));
    }
    checks.push(clock(ledger.as_ref()).await);
    checks.push(releases(ledger.as_ref()).await);
    checks.extend(active(config, ledger.as_ref()).await);
    checks
}

/// Whether the store can forget. Where somebody chose that it may, it is still not well.
fn durability(asked: Durability, weaknesses: &[Weakness]) -> Vec<Check> {
    if weaknesses.is_empty() {
        let detail = "the store forgets nothing it was told".to_owned();
        return vec![Check::ok("durability", detail)];
    }
    let check = |weakness| {
        let detail = match asked {
            Durability::Strict => format!("{weakness}; roles that move money refuse to start"),
            Durability::Relaxed => format!("{weakness}; relaxed by choice"),
        };
        Check::wrong("durability", detail, change(weakness))
    };
    weaknesses.iter().map(check).collect()
}

/// Whether our policy is the active one: with another one nobody decides, and nothing is released.
async fn active(config: &Config, ledger: &dyn onay_ledger::Ledger) -> Option<Check> {
    let ours = config.policy().ok()?.hash();
    let check = match onay_ledger::active_policy(ledger).await {
        Ok(None) => Check::ok(
            "active",
            "no policy yet; the first worker makes its own the active one".to_owned(),
        ),
        Ok(Some(active)) if active == ours => Check::ok(
            "active",
            format!("policy {} is the active one", active.code()),
        ),
        Ok(Some(active)) => Check::wrong(
            "active",
            format!(
                "policy {} is active, not ours: nothing is decided or released here",
                active.code()
            ),
            "use the active file, or make ours active with `onay policy activate`",
        ),
        Err(error) => Check::wrong("active", error.to_string(), "run `onay audit verify`"),
    };
    Some(check)
}

/// Whether somebody paused releases.
async fn releases(ledger: &dyn onay_ledger::Ledger) -> Check {
    match onay_ledger::pauses(ledger)
        .await
        .map(|pauses| pauses.standing())
    {
        Ok(None) => Check::ok("releases", "not paused".to_owned()),
        Ok(Some(pause)) => {
            let remedy = "onay release resume --as NAME --reason TEXT, by two people";
            Check::wrong("releases", pause.to_string(), remedy)
        }
        Err(error) => Check::wrong("releases", error.to_string(), "see the message"),
    }
}

/// A clock that went back would let expiries and deadlines slip.
async fn clock(ledger: &dyn onay_ledger::Ledger) -> Check {
    let newest = ledger
        .list(
            &Filter::default(),
            &Page {
                before: None,
                size: 1,
            },
        )
        .await;
    let now = onay_ledger::now();
    match newest
        .ok()
        .and_then(|heads| heads.first().map(|head| head.accepted_at))
    {
        Some(accepted) if accepted > now => Check::wrong(
            "clock",
            format!("it is {now}, and the newest batch was accepted at {accepted}"),
            "set the clock (NTP) before anything is released",
        ),
        Some(_) | None => Check::ok("clock", now.format("%F %T UTC").to_string()),
    }
}

async fn provider(config: &Config) -> (Check, Option<Account>) {
    let client = match config.provider() {
        Ok(client) => client,
        Err(error) => return (failed("provider", &error), None),
    };
    let account = client.account().clone();
    let check = match client.balance().await {
        Ok(balance) => {
            let balance = balance.normalize();
            Check::ok("provider", format!("{account} answers, balance {balance}"))
        }
        Err(error) => {
            let remedy = remedy(&error);
            Check::wrong("provider", format!("{account}: {error}"), remedy)
        }
    };
    (check, Some(account))
}

fn budget(config: &Config) -> Check {
    let detail = config.budget.map_or_else(
        || "no limit on provider calls; for a simulator only".to_owned(),
        |budget| {
            let (calls, polls) = (budget.calls_per_minute, budget.polls_per_minute);
            format!("{calls} provider calls a minute, of which polls use at most {polls}")
        },
    );
    Check::ok("budget", detail)
}

const fn remedy(error: &ProviderError) -> &'static str {
    match error {
        ProviderError::NotSent(NotSent::Credentials(_)) => {
            "check ONAY_IYZICO_API_KEY and ONAY_IYZICO_SECRET_KEY: both, and of this very account"
        }
        ProviderError::NotSent(NotSent::RateLimited) => "wait a minute and try again",
        ProviderError::NotSent(_) => "check the address and the network",
        ProviderError::Refused(_) => "mass payouts may not be enabled for this account; ask iyzico",
        ProviderError::InDoubt(_) => {
            "check that the address is iyzico's; if it is, mass payouts may not be enabled for this \
             account: ask iyzico"
        }
    }
}

/// A setting that cannot be used, with the remedy its error carries.
fn failed(name: &'static str, error: &Failure) -> Check {
    let remedy = error.remedy().unwrap_or("see the message");
    Check::wrong(name, error.message().to_owned(), remedy)
}
