//! `onay`: the command line, and the only place where providers and ledgers are wired.

mod args;
mod commands;
mod config;
mod door;
mod exit;
mod output;
mod roles;
mod store;
mod telemetry;

use std::process::ExitCode;

use clap::Parser as _;

use crate::args::Cli;
use crate::exit::Exit;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(commands::run(cli)),
        Err(error) => Err(error.into()),
    };
    match outcome {
        Ok(exit) => exit.into(),
        Err(error) if output::is_broken_pipe(&error) => Exit::Done.into(),
        Err(error) => {
            output::say(format!("error: {error:#}"));
            exit::of(&error).into()
        }
    }
}
