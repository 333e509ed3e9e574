//! One file per family of commands.

mod audit;
mod decide;
mod demo;
mod doctor;
mod init;
mod read;
mod report;
mod serve;
mod simulate;
mod submit;
mod watch;

use crate::args::{Audit, Cli, Command, Token};
use crate::config::Config;
use crate::exit::Exit;
use crate::roles::Kind;
use crate::telemetry;

/// What long-running commands log unless told otherwise; other commands log warnings only.
const SERVE_LOG: &str = "info";

/// Runs one command.
pub(crate) async fn run(cli: Cli) -> anyhow::Result<Exit> {
    let Cli { global, command } = cli;
    match command {
        Command::Demo(demo) => {
            telemetry::start(global.log.as_deref().unwrap_or("off"))?;
            return demo::run(demo).await;
        }
        Command::Init(init) => return init::run(&init),
        Command::Token(Token::New { name, role }) => return init::token(&name, &role),
        Command::Simulate(simulate) => {
            telemetry::start(global.log.as_deref().unwrap_or(SERVE_LOG))?;
            return simulate::run(*simulate).await;
        }
        _ => {}
    }
    let config = Config::load(&global)?;
    let default_log = match &command {
        Command::Serve(_) | Command::Worker | Command::Reconciler | Command::Console(_) => {
            SERVE_LOG
        }
        _ => "warn",
    };
    telemetry::start(config.log.as_deref().unwrap_or(default_log))?;
    match command {
        Command::Submit(submit) => submit::run(&config, submit).await,
        Command::Validate(validate) => submit::validate(&config, validate),
        Command::Batches(batches) => read::batches(&config, batches).await,
        Command::Show(show) => read::show(&config, show).await,
        Command::Watch(batch) => watch::run(&config, &batch.batch).await,
        Command::Approve(approve) => decide::approve(&config, approve).await,
        Command::Reject(reject) => decide::reject(&config, reject).await,
        Command::Undo(undo) => decide::undo(&config, undo).await,
        Command::Why(why) => decide::why(&config, &why).await,
        Command::Withdraw(withdraw) => decide::withdraw(&config, withdraw).await,
        Command::Report(report) => report::run(&config, report).await,
        Command::Audit(Audit::Verify { batch, json }) => audit::verify(&config, batch, json).await,
        Command::Serve(args) => serve::all(&config, &args).await,
        Command::Worker => serve::work(&config, Kind::Worker).await,
        Command::Reconciler => serve::work(&config, Kind::Reconciler).await,
        Command::Console(args) => serve::console(&config, &args).await,
        Command::Doctor(json) => doctor::run(&config, json.json).await,
        Command::Demo(_) | Command::Init(_) | Command::Token(_) | Command::Simulate(_) => {
            Ok(Exit::Done)
        }
    }
}
