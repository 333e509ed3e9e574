//! `onay`: the command line, and the only place where providers and ledgers are wired.

mod args;
mod commands;
mod config;
mod door;
mod exit;
mod keys;
mod output;
mod roles;
mod store;
mod telemetry;

use std::process::ExitCode;

use clap::Parser as _;

use tokio::runtime::Builder;

use crate::args::{Cli, Command};
use crate::exit::Exit;

/// A role that waits for others most of the time has one thread: to wake another one costs more than
/// its work does. More cores are used by more processes.
fn runtime(command: &Command) -> Builder {
    if matches!(command, Command::Worker(_) | Command::Reconciler(_)) {
        Builder::new_current_thread()
    } else {
        Builder::new_multi_thread()
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match runtime(&cli.command).enable_all().build() {
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
