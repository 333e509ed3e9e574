//! One file per family of commands.

mod approvals;
mod audit;
mod batches;
mod bench;
mod decide;
mod demo;
mod doctor;
mod init;
mod key;
mod ledger;
mod policy;
mod release;
mod report;
mod resend;
mod resolve;
mod serve;
mod show;
mod simulate;
mod submit;
mod watch;

use std::sync::Arc;

use onay_ledger::{Ledger, Stored};
use onay_payout::{BatchRef, Policy};

use crate::args::{Audit, Cli, Command, Global, Ledger as Moving, Token};
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::roles::Kind;
use crate::telemetry;

pub(crate) use init::write_new;

/// Runs one command.
pub(crate) async fn run(cli: Cli) -> anyhow::Result<Exit> {
    let Cli { global, command } = cli;
    match command {
        Command::Init(args) => init::run(&args),
        Command::Token(Token::New { name, role, until }) => init::token(&name, &role, until),
        Command::Key(key) => key::run(&key),
        Command::Demo(args) => {
            telemetry::start(global.log.as_deref().unwrap_or("off"))?;
            demo::run(args).await
        }
        Command::Simulate(args) => {
            telemetry::start(global.log.as_deref().unwrap_or("info"))?;
            simulate::run(*args).await
        }
        Command::Bench(args) => {
            telemetry::start("warn")?;
            bench::run(&global, &args).await
        }
        Command::Serve(args) => serve::all(&telling(&global)?, &args).await,
        Command::Worker(args) => serve::work(&telling(&global)?, &args, Kind::Worker).await,
        Command::Reconciler(args) => serve::work(&telling(&global)?, &args, Kind::Reconciler).await,
        Command::Console(args) => serve::console(&telling(&global)?, &args).await,
        Command::Submit(args) => submit::run(&quiet(&global)?, args).await,
        Command::Validate(args) => submit::validate(&quiet(&global)?, &args),
        Command::Batches(args) => batches::run(&quiet(&global)?, args).await,
        Command::Show(args) => show::run(&quiet(&global)?, args).await,
        Command::Watch(args) => watch::run(&quiet(&global)?, &args.batch).await,
        Command::Approve(args) => decide::approve(&quiet(&global)?, args).await,
        Command::Reject(args) => decide::reject(&quiet(&global)?, args).await,
        Command::Undo(args) => decide::undo(&quiet(&global)?, args).await,
        Command::Why(args) => decide::why(&quiet(&global)?, args).await,
        Command::Withdraw(args) => decide::withdraw(&quiet(&global)?, args).await,
        Command::Resolve(args) => resolve::run(&quiet(&global)?, args).await,
        Command::Release(wish) => release::run(&quiet(&global)?, wish).await,
        Command::ResendFailed(args) => resend::run(&quiet(&global)?, args).await,
        Command::Report(args) => report::run(&quiet(&global)?, args).await,
        Command::Audit(Audit::Verify(args)) => match &args.export {
            // It works where nothing of Onay is set up.
            Some(export) => audit::verify_export(export, &args),
            None => audit::verify(&quiet(&global)?, args).await,
        },
        Command::Audit(Audit::Head(args)) => audit::head(&quiet(&global)?, &args).await,
        Command::Audit(Audit::Export(args)) => audit::export(&quiet(&global)?, &args).await,
        Command::Ledger(Moving::Copy(args)) => ledger::copy(&quiet(&global)?, &args).await,
        Command::Ledger(Moving::TakeBack(args)) => ledger::take_back(&quiet(&global)?, &args).await,
        Command::Policy(command) => policy::run(&quiet(&global)?, command).await,
        Command::Doctor(json) => doctor::run(&quiet(&global)?, json).await,
    }
}

/// Settings for a command that answers and ends: it logs what is wrong, and no more.
fn quiet(global: &Global) -> Result<Config, Failure> {
    started(global, "warn")
}

/// Settings for a role that runs until it is stopped: it logs what it does.
fn telling(global: &Global) -> Result<Config, Failure> {
    started(global, "info,apalis_core=warn")
}

fn started(global: &Global, default_log: &str) -> Result<Config, Failure> {
    let config = Config::load(global)?;
    telemetry::start(config.log.as_deref().unwrap_or(default_log))?;
    Ok(config)
}

/// The policy, for what can be told without one.
fn policy_if_any(config: &Config) -> Result<Option<Arc<Policy>>, Failure> {
    let is_there = config.policy.exists();
    is_there.then(|| config.policy()).transpose()
}

/// A batch that must be there.
async fn load(ledger: &dyn Ledger, batch: &BatchRef) -> anyhow::Result<Stored> {
    let stored = ledger.load(batch).await?;
    Ok(stored.ok_or_else(|| not_found(batch))?)
}

fn not_found(batch: &BatchRef) -> Failure {
    Failure::refused(format!("no batch `{batch}`")).hint("`onay batches` lists what there is")
}
