//! `simulate`: a provider in a box.

use anyhow::Context as _;
use onay_simulator::{Credentials, Settings, Shares, Simulator};
use tokio::net::TcpListener;

use crate::args::Simulate;
use crate::exit::Exit;
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
    let settings = Settings {
        seed: args.seed,
        initial_balance: args.balance,
        commission: args.commission,
        settle_after: args.settle_after,
        latency: args.latency,
        shares: Shares {
            invalid: args.share_invalid,
            failed: args.share_failed,
            refunded: args.share_refunded,
        },
        check_recipients: args.check_recipients,
        ..Settings::new(Credentials::new(API_KEY, SECRET_KEY))
    };
    let stop = roles::stop_signal()?;
    let simulator = Simulator::start(listener, settings, stop.cancelled_owned())?;
    let url = simulator.base_url();
    output::say(format!(
        "a provider in a box on {url}, its books on {url}/_sim/books"
    ));
    output::say("to use it:");
    output::line(format!("export ONAY_IYZICO_URL={url}"))?;
    output::line(format!("export ONAY_IYZICO_API_KEY={API_KEY}"))?;
    output::line(format!("export ONAY_IYZICO_SECRET_KEY={SECRET_KEY}"))?;
    simulator.stopped().await;
    Ok(Exit::Done)
}
