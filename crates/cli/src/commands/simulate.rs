//! `simulate`: a provider in a box.

use anyhow::Context as _;
use onay_simulator::{Credentials, Scenario, Settings, Simulator};
use tokio::net::TcpListener;

use crate::args::{Simulate, SimulateSettings};
use crate::exit::{Exit, Failure};
use crate::{output, roles};

/// The keys the simulator accepts.
pub(crate) const API_KEY: &str = "sandbox-onay-simulator";
/// See [`API_KEY`].
pub(crate) const SECRET_KEY: &str = "sandbox-onay-simulator-secret";

/// Runs the simulator until it is stopped.
pub(crate) async fn run(args: Simulate) -> anyhow::Result<Exit> {
    let listener = TcpListener::bind(args.listen).await.with_context(|| {
        format!(
            "cannot listen on {}; choose another with --listen",
            args.listen
        )
    })?;
    let asked = args.scenario.as_deref().map(scenario);
    let mut scenario = asked.transpose()?.unwrap_or_default();
    scenario.settings.credentials = Credentials::new(API_KEY, SECRET_KEY);
    set(&mut scenario.settings, &args.settings);
    let stop = roles::stop_signal()?;
    let simulator = Simulator::start(listener, scenario, stop.cancelled_owned())?;
    let url = simulator.base_url();
    output::say(format!(
        "a provider in a box on {url}, its books on {url}/_sim/books"
    ));
    output::say("to use it:");
    output::line(format!("export ONAY_IYZICO_URL={url}"))?;
    output::line(format!("export ONAY_IYZICO_API_KEY={API_KEY}"))?;
    output::line(format!("export ONAY_IYZICO_SECRET_KEY={SECRET_KEY}"))?;
    output::line("export ONAY_IYZICO_CALLS_PER_MINUTE=0")?;
    simulator.stopped().await;
    Ok(Exit::Done)
}

/// A scenario that ships with the program, or else one from a file.
fn scenario(file_or_name: &str) -> anyhow::Result<Scenario> {
    if let Some(scenario) = Scenario::named(file_or_name) {
        return Ok(scenario);
    }
    let text = std::fs::read_to_string(file_or_name).map_err(|error| {
        let names = Scenario::NAMES.join(", ");
        Failure::usage(format!(
            "cannot read the scenario {file_or_name}: {error}; name a file, or one of {names}"
        ))
    })?;
    Scenario::parse(&text).with_context(|| Failure::usage(format!("cannot play {file_or_name}")))
}

/// The flags that were given win over the scenario.
fn set(settings: &mut Settings, flags: &SimulateSettings) {
    fn give<T>(to: &mut T, flag: Option<T>) {
        if let Some(value) = flag {
            *to = value;
        }
    }
    give(&mut settings.seed, flags.seed);
    give(&mut settings.initial_balance, flags.balance);
    give(&mut settings.commission, flags.commission);
    give(&mut settings.settle_after, flags.settle_after);
    give(&mut settings.latency, flags.latency);
    give(&mut settings.shares.invalid, flags.share_invalid);
    give(&mut settings.shares.failed, flags.share_failed);
    give(&mut settings.shares.refunded, flags.share_refunded);
    settings.check_recipients |= flags.check_recipients;
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;
    use onay_simulator::Scenario;

    use crate::args::Cli;

    #[test]
    fn the_help_names_every_scenario_that_ships() {
        let mut command = Cli::command();
        let simulate = command.find_subcommand_mut("simulate").unwrap();
        let scenario = simulate
            .get_arguments()
            .find(|arg| arg.get_id() == "scenario");
        let help = scenario.and_then(clap::Arg::get_help).unwrap().to_string();
        for name in Scenario::NAMES {
            assert!(help.contains(name), "{name}");
        }
    }
}
