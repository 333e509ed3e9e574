//! `policy`: what the rules leave open, what they say about a batch, and which ones are active.

mod activate;
mod explain;

use onay_ledger::now;
use onay_payout::{Policy, PolicyError, PolicyFinding, Severity};
use serde::Serialize;
use serde_json::json;

use crate::args::{self, PolicyCheck};
use crate::config::{Config, read_policy};
use crate::exit::Exit;
use crate::output;

/// Looks at the policy.
pub(crate) async fn run(config: &Config, command: args::Policy) -> anyhow::Result<Exit> {
    match command {
        args::Policy::Check(args) => check(config, &args),
        args::Policy::Explain(args) => explain::run(config, &args).await,
        args::Policy::Activate(args) => activate::run(config, &args).await,
    }
}

/// What is told of a policy file, also of one that cannot be read.
#[derive(Debug, Serialize)]
struct Found {
    severity: &'static str,
    code: &'static str,
    message: String,
}

impl Found {
    const fn unreadable(message: String) -> Self {
        Self {
            severity: Severity::Error.word(),
            code: "unreadable",
            message,
        }
    }
}

impl From<PolicyFinding> for Found {
    fn from(found: PolicyFinding) -> Self {
        Self {
            severity: found.severity().word(),
            code: found.code.word(),
            message: found.message,
        }
    }
}

fn check(config: &Config, args: &PolicyCheck) -> anyhow::Result<Exit> {
    let path = args.file.as_deref().unwrap_or(&config.policy);
    let (hash, found) = match Policy::parse(&read_policy(path)?) {
        Ok(policy) => {
            let found = policy.check(now()).into_iter().map(Found::from);
            (Some(policy.hash()), found.collect())
        }
        Err(PolicyError::Syntax(problem)) => (None, vec![Found::unreadable(problem)]),
        Err(PolicyError::Rules(problems)) => {
            let found: Vec<Found> = problems.into_iter().map(Found::unreadable).collect();
            (None, found)
        }
    };
    let count = |severity: Severity| {
        let of_it = found.iter().filter(|one| one.severity == severity.word());
        of_it.count()
    };
    let [errors, warnings, notes] = [Severity::Error, Severity::Warning, Severity::Note].map(count);
    if args.json.is_asked() {
        output::json(&json!({
            "ok": errors == 0, "file": path.display().to_string(),
            "policy": hash.map(|hash| hash.to_string()), "findings": found,
        }))?;
    } else {
        for one in &found {
            output::line(format!("{}: {}", one.severity, one.message))?;
        }
        let hash = hash.map_or_else(String::new, |hash| format!(", hash {}", hash.code()));
        output::line(format!(
            "{}{hash}: errors: {errors}, warnings: {warnings}, notes: {notes}",
            path.display()
        ))?;
    }
    Ok(if errors == 0 {
        Exit::Done
    } else {
        Exit::Refused
    })
}
