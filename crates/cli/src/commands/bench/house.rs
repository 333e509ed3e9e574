//! The set-up under test: an empty ledger, people, a provider in a box, and the files of the roles.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use onay_console::Durability;
use onay_ledger::{Access, Ledger};
use onay_payout::{Identity, Policy, Role};
use onay_producer::Producer;
use onay_simulator::{Credentials, Settings, Simulator};
use rust_decimal::Decimal;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::usage::Meter;
use crate::args::{Bench, Global};
use crate::commands::init::{Starter, write_new};
use crate::commands::simulate::{API_KEY, SECRET_KEY};
use crate::config::Config;
use crate::exit::Failure;

/// What everybody in a run shares.
pub(super) struct House {
    pub(super) ledger: Arc<dyn Ledger>,
    pub(super) policy: Arc<Policy>,
    pub(super) producer: Producer,
    pub(super) approver: Identity,
    pub(super) simulator: Simulator,
    pub(super) meter: Meter,
    /// The folder of all files, removed with this.
    dir: TempDir,
}

impl House {
    /// Writes the files and starts the provider, on a store that must be empty.
    pub(super) async fn build(global: &Global, args: &Bench) -> anyhow::Result<Self> {
        let dir = tempfile::Builder::new().prefix("onay-bench-").tempdir()?;
        let own_file = || format!("sqlite://{}", dir.path().join("onay.db").display());
        let store = global.store.clone().unwrap_or_else(own_file);
        let ledger = onay_ledger::open(&store, Access::Create)
            .await
            .with_context(|| Failure::usage("the store cannot be used"))?;
        let stats = ledger.stats().await?;
        if stats.account.is_some() || stats.by_state.values().any(|count| *count > 0) {
            let message = "the store is in use; a bench needs a ledger of its own";
            return Err(Failure::refused(message)
                .hint("name an empty one with --store, or none for a file that is gone afterwards")
                .into());
        }
        let mut starter =
            Starter::new(&[("maker", &[Role::Maker]), ("approver", &[Role::Approver])])?;
        let read_back = format!("read_back = \"{}\"", args.read_back);
        starter.policy = starter.policy.replace("read_back = \"full\"", &read_back);
        let policy = Arc::new(Policy::parse(&starter.policy)?);
        let mut people = starter
            .tokens
            .iter()
            .map(|(_, token)| policy.authenticate(token, onay_ledger::now()));
        let (Some(maker), Some(approver)) = (people.next(), people.next()) else {
            return Err(Failure::usage("the policy of the bench lacks somebody").into());
        };
        let simulator = simulator().await?;
        write_new(&dir.path().join("policy.toml"), &starter.policy)?;
        let concurrency = args.concurrency.map(|most| format!("concurrency = {most}"));
        let settings = format!(
            "store = \"{store}\"\ndurability = \"{}\"\n[iyzico]\nurl = \"{}\"\ncalls_per_minute = 0\n[worker]\n{}\n",
            durability(global)?,
            simulator.base_url(),
            concurrency.unwrap_or_default(),
        );
        write_new(&dir.path().join("onay.toml"), &settings)?;
        Ok(Self {
            producer: Producer::new(Arc::clone(&ledger), Arc::clone(&policy), maker?, "library")?,
            ledger,
            policy,
            approver: approver?,
            simulator,
            meter: Meter::open(&store).await?,
            dir,
        })
    }

    /// Where the files are.
    pub(super) fn dir(&self) -> &Path {
        self.dir.path()
    }
}

/// As the settings say, for the roles read none but those written here.
fn durability(global: &Global) -> Result<&'static str, Failure> {
    Ok(match Config::load(global)?.durability {
        Durability::Strict => "strict",
        Durability::Relaxed => "relaxed",
    })
}

/// A provider that settles at once, and has money for everybody.
async fn simulator() -> anyhow::Result<Simulator> {
    let settings = Settings {
        settle_after: Duration::ZERO,
        initial_balance: Decimal::from(1_000_000_000_000_u64),
        ..Settings::new(Credentials::new(API_KEY, SECRET_KEY))
    };
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let for_ever = CancellationToken::new();
    Ok(Simulator::start(
        listener,
        settings,
        for_ever.cancelled_owned(),
    )?)
}
