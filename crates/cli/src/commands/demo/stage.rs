//! What the demo plays on: a temporary ledger, people, a simulator, and the roles.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use onay_console::Desk;
use onay_ledger::{Access, Ledger};
use onay_payout::{Identity, Policy, Role};
use onay_simulator::{Credentials, Scenario, Settings, Simulator};
use secrecy::ExposeSecret as _;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::commands::init::{Starter, write_new};
use crate::commands::simulate::{API_KEY, SECRET_KEY};
use crate::door::{Door, Front};
use crate::exit::Failure;
use crate::roles::{self, Crew, House, Kind};

/// How long the simulated bank takes.
const SETTLE_AFTER: Duration = Duration::from_secs(4);

/// How long one provider call can take in a scenario, and how long an unanswered release is only
/// looked at: nobody watches a demo for ten minutes.
const CALL_TIMEOUT: Duration = Duration::from_secs(2);
const QUIET_PERIOD: &str = "quiet_period = \"5s\"";

/// Who plays.
const PEOPLE: [(&str, &[Role]); 3] = [
    ("ayse", &[Role::Maker]),
    ("mehmet", &[Role::Approver]),
    ("okan", &[Role::Operator]),
];

/// A set stage; its directory is removed when it is dropped.
pub(super) struct Stage {
    dir: TempDir,
    ledger: Arc<dyn Ledger>,
    policy: Arc<Policy>,
    console_url: String,
    /// The provider.
    pub(super) simulator: Simulator,
    /// The person who submits.
    pub(super) maker: Identity,
    /// The person who decides.
    pub(super) approver: Identity,
    /// The person who helps with what is frozen.
    pub(super) operator: Identity,
}

impl Stage {
    /// Sets the stage and starts simulator, worker, reconciler and console.
    pub(super) async fn set(
        scenario: Option<&str>,
        stop: &CancellationToken,
    ) -> anyhow::Result<(Self, JoinHandle<anyhow::Result<()>>)> {
        let dir = tempfile::Builder::new().prefix("onay-demo-").tempdir()?;
        let mut starter = Starter::new(&PEOPLE)?;
        let mut call_timeout = onay_iyzico::CALL_TIMEOUT;
        if scenario.is_some() {
            starter.policy = starter
                .policy
                .replace("quiet_period = \"10m\"", QUIET_PERIOD);
            call_timeout = CALL_TIMEOUT;
        }
        let policy = Arc::new(Policy::parse(&starter.policy)?);
        let [maker, approver, operator] = people(&dir, &starter, &policy)?;
        let simulator = simulator(scenario, stop).await?;
        let store = format!("sqlite://{}", dir.path().join("onay.db").display());
        write_new(&dir.path().join("policy.toml"), &starter.policy)?;
        write_new(
            &dir.path().join("onay.toml"),
            &format!("store = \"{store}\"\n"),
        )?;
        let ledger = onay_ledger::open(&store, Access::Create).await?;
        let door = Door::open(Front::Console, ([127, 0, 0, 1], 0).into()).await?;
        let console_url = door.sign().url();
        let house = House {
            ledger: Arc::clone(&ledger),
            policy: Arc::clone(&policy),
            provider: Arc::new(provider(&simulator, call_timeout)?),
            budget: None,
            call_timeout,
            lease: Duration::from_secs(15),
            drain: call_timeout,
            concurrency: 4,
        };
        let desk = Desk::new(Arc::clone(&ledger), Arc::clone(&policy));
        let running = tokio::spawn(run(house, desk, door, stop.clone()));
        Ok((
            Self {
                dir,
                ledger,
                policy,
                console_url,
                simulator,
                maker,
                approver,
                operator,
            },
            running,
        ))
    }

    pub(super) fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub(super) fn ledger(&self) -> Arc<dyn Ledger> {
        Arc::clone(&self.ledger)
    }

    pub(super) fn policy(&self) -> Arc<Policy> {
        Arc::clone(&self.policy)
    }

    pub(super) fn console_url(&self) -> &str {
        &self.console_url
    }
}

async fn run(house: House, desk: Desk, door: Door, stop: CancellationToken) -> anyhow::Result<()> {
    let (name, drain) = (roles::new_name()?, house.drain);
    let crew = Crew::new(house, &name, &[Kind::Worker, Kind::Reconciler]).await?;
    door.sign().show(desk.ready_when(crew.readiness()));
    let (work, console) = tokio::join!(crew.work(stop.clone()), door.serve(stop, drain));
    work.and(console)
}

async fn simulator(scenario: Option<&str>, stop: &CancellationToken) -> anyhow::Result<Simulator> {
    let credentials = Credentials::new(API_KEY, SECRET_KEY);
    let mut played = match scenario.and_then(Scenario::named) {
        Some(named) => named,
        None => Scenario::from(Settings {
            settle_after: SETTLE_AFTER,
            check_recipients: true,
            ..Settings::new(credentials.clone())
        }),
    };
    played.settings.credentials = credentials;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    Ok(Simulator::start(
        listener,
        played,
        stop.clone().cancelled_owned(),
    )?)
}

/// A client that knows no more of the simulator than its address and keys.
fn provider(simulator: &Simulator, call: Duration) -> anyhow::Result<onay_iyzico::Client> {
    Ok(onay_iyzico::Client::new(onay_iyzico::Settings {
        base_url: simulator.base_url(),
        api_key: API_KEY.into(),
        secret_key: SECRET_KEY.into(),
        locale: onay_iyzico::Locale::En,
        timeouts: onay_iyzico::Timeouts {
            call,
            ..onay_iyzico::Timeouts::default()
        },
    })?)
}

/// The people of the policy, their tokens in files only we can read.
fn people(
    dir: &TempDir,
    starter: &Starter,
    policy: &Policy,
) -> anyhow::Result<[Identity; PEOPLE.len()]> {
    let mut people = Vec::new();
    for (name, token) in &starter.tokens {
        write_new(
            &dir.path().join(format!("{name}.token")),
            token.expose_secret(),
        )?;
        people.push(policy.authenticate(token, onay_ledger::now())?);
    }
    people
        .try_into()
        .map_err(|_| Failure::usage("the demo's policy lacks somebody").into())
}
