//! The command line. Names and meanings are relied on by scripts: they are kept, not changed.

mod audit;
mod decide;
mod key;
mod policy;
mod release;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use chrono::NaiveDate;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};
use onay_payout::{BatchId, BatchRef, PersonName, Resolution, Role};
use rust_decimal::Decimal;

pub(crate) use audit::{Audit, AuditExport, AuditHead, AuditVerify, Sign};
pub(crate) use decide::{Reject, Why};
pub(crate) use key::{Key, KeyNew, KeyShow};
pub(crate) use policy::{Policy, PolicyActivate, PolicyCheck, PolicyExplain};
pub(crate) use release::{Release, Wish as ReleaseWish};

/// Payouts that wait for people: nothing is paid until those your policy names have approved
/// exactly what the provider holds, and then it is paid once.
#[derive(Debug, Parser)]
#[command(
    name = "onay",
    version,
    propagate_version = true,
    after_help = "Exit codes: 0 done, 1 internal error, 2 usage, 3 refused by a rule or by validation, \
                  4 needs a person.\nStart with: onay demo"
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Settings every command understands: flag, then environment, then onay.toml.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Settings")]
pub(crate) struct Global {
    /// Settings file [default: ./onay.toml, then the one in the user's configuration directory]
    #[arg(long, global = true, env = "ONAY_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Policy file [default: policy.toml beside the settings file]
    #[arg(long, global = true, env = "ONAY_POLICY", value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    /// Where batches are kept, `sqlite:///absolute/path` or `redis://host:port/db` [default: a file in the
    /// user's data directory]
    #[arg(
        long,
        global = true,
        env = "ONAY_STORE",
        hide_env_values = true,
        value_name = "URL"
    )]
    pub(crate) store: Option<String>,
    /// The provider's address [default: iyzico's sandbox]
    #[arg(long, global = true, env = "ONAY_IYZICO_URL", value_name = "URL")]
    pub(crate) iyzico_url: Option<String>,
    /// What is logged to standard error, such as `info` or `onay=debug,warn`
    #[arg(long, global = true, env = "ONAY_LOG", value_name = "FILTER")]
    pub(crate) log: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// See the whole walk in one process: simulator, worker, reconciler, console, two batches
    Demo(Demo),
    /// Write a starter onay.toml and policy.toml, and print the first tokens
    Init(Init),
    /// Hand over a batch of payouts
    Submit(Submit),
    /// Check a batch file and list every finding; nothing is submitted
    Validate(Validate),
    /// List batches, newest first
    Batches(Batches),
    /// Show where a batch stands and what happens next
    Show(Show),
    /// Follow a batch until it is final
    Watch(BatchArg),
    /// Approve what the provider holds
    Approve(Approve),
    /// Turn a batch down
    Reject(Reject),
    /// Take your approval back, until the release has begun
    Undo(Decide),
    /// Say which rule asks for whom, and whether a person may decide
    Why(Why),
    /// Take your own batch back, before it is released
    Withdraw(Withdraw),
    /// List what can be done about a frozen batch, propose it, or confirm what somebody proposed
    Resolve(Resolve),
    /// Pause releases everywhere, or resume them
    #[command(subcommand)]
    Release(Release),
    /// Send again, as a batch of its own, what is certainly back or was never taken
    ResendFailed(Decide),
    /// Show the outcome of every item, the totals and the tie-out, and what is left to do
    Report(Report),
    /// Check the journal, and take it to where nobody here can change it
    #[command(subcommand)]
    Audit(Audit),
    /// Move the ledger into another store
    #[command(subcommand)]
    Ledger(Ledger),
    /// Run console, worker and reconciler in one process
    Serve(Serve),
    /// Run a worker: initialize, authorize, cancel
    Worker(Work),
    /// Run a reconciler: retrieve until every item is final
    Reconciler(Work),
    /// Run the console: HTTP API and pages
    Console(Serve),
    /// Run a provider in a box, for tests and for trying things out
    Simulate(Box<Simulate>),
    /// Measure what this machine and an empty store do: batches per second, time to release, cost
    Bench(Bench),
    /// Manage tokens
    #[command(subcommand)]
    Token(Token),
    /// Manage the keys that people sign with
    #[command(subcommand)]
    Key(Key),
    /// Look at who must approve what, and change it
    #[command(subcommand)]
    Policy(Policy),
    /// Check store, clock, provider and policy; each line is ok or says how to mend it
    Doctor(Json),
}

#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Json {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Json {
    pub(crate) const fn is_asked(self) -> bool {
        self.json
    }
}

#[derive(Debug, Args)]
pub(crate) struct BatchArg {
    /// Onay's id of the batch, or yours
    pub(crate) batch: BatchRef,
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Decide as the demo's people instead of waiting for you
    #[arg(long)]
    pub(crate) auto_approve: bool,
    /// Submit this file instead of the samples
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Let the provider misbehave, and tell what Onay makes of it
    #[arg(long, value_name = "NAME", value_parser = onay_simulator::Scenario::NAMES)]
    pub(crate) scenario: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Init {
    /// Where to write the files
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) dir: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Submit {
    /// A file in iyzico's own JSON shape, or CSV with the same fields as columns
    pub(crate) file: PathBuf,
    /// In whose name; the token in `ONAY_TOKEN` must be theirs
    #[arg(long = "as", value_name = "NAME")]
    pub(crate) person: PersonName,
    #[command(flatten)]
    pub(crate) intake: Intake,
    #[command(flatten)]
    pub(crate) json: Json,
}

#[derive(Debug, Args)]
pub(crate) struct Validate {
    /// A file in iyzico's own JSON shape, or CSV with the same fields as columns
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) intake: Intake,
    #[command(flatten)]
    pub(crate) json: Json,
}

#[derive(Debug, Default, Args)]
pub(crate) struct Intake {
    /// Your id of the batch; needed for CSV. Submitting twice under one id pays once
    #[arg(long, value_name = "ID")]
    pub(crate) external_id: Option<String>,
    /// What the money is for: SALARY, BONUS, SETTLEMENT, GOODS, SERVICES, …
    #[arg(long, value_name = "PURPOSE")]
    pub(crate) purpose: Option<String>,
    /// Refuse the batch unless its items sum to this
    #[arg(long, value_name = "AMOUNT")]
    pub(crate) control_sum: Option<Decimal>,
    /// Refuse the batch unless it has this many items
    #[arg(long, value_name = "N")]
    pub(crate) count: Option<usize>,
    /// Let the provider judge identifiers whose check digits are wrong
    #[arg(long)]
    pub(crate) allow_invalid: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Batches {
    /// Only batches in this state
    #[arg(long, value_parser = onay_payout::State::NAMES)]
    pub(crate) state: Option<String>,
    /// At most this many
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) limit: u32,
    /// Only batches older than this one (`next` of the page before)
    #[arg(long, value_name = "BATCH")]
    pub(crate) before: Option<BatchId>,
    #[command(flatten)]
    pub(crate) json: Json,
}

#[derive(Debug, Args)]
pub(crate) struct Show {
    #[command(flatten)]
    pub(crate) batch: BatchArg,
    /// With every item
    #[arg(long)]
    pub(crate) items: bool,
    #[command(flatten)]
    pub(crate) more: ShowMore,
}

#[derive(Debug, Args)]
pub(crate) struct ShowMore {
    /// With the journal
    #[arg(long)]
    pub(crate) journal: bool,
    #[command(flatten)]
    pub(crate) json: Json,
}

#[derive(Debug, Args)]
pub(crate) struct Decide {
    #[command(flatten)]
    pub(crate) batch: BatchArg,
    /// Who; the token in `ONAY_TOKEN` must be theirs
    #[arg(long = "as", value_name = "NAME")]
    pub(crate) person: PersonName,
    #[command(flatten)]
    pub(crate) json: Json,
}

#[derive(Debug, Args)]
pub(crate) struct Approve {
    #[command(flatten)]
    pub(crate) who: Decide,
    /// The digest you saw; required where nobody can be asked
    #[arg(long, value_name = "CODE")]
    pub(crate) digest: Option<String>,
    /// Something to remember
    #[arg(long, value_name = "TEXT")]
    pub(crate) comment: Option<String>,
    /// The key file to sign with [default: the one `ONAY_KEY` names, then the person's own]
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Withdraw {
    #[command(flatten)]
    pub(crate) who: Decide,
    /// Why
    #[arg(long, value_name = "TEXT", default_value = "taken back by its maker")]
    pub(crate) reason: String,
}

#[derive(Debug, Args)]
pub(crate) struct Resolve {
    #[command(flatten)]
    pub(crate) batch: BatchArg,
    /// What to do; without it the choices are listed
    #[arg(value_parser = resolution(), requires_all = ["person", "reason"])]
    pub(crate) action: Option<Resolution>,
    /// Who; the token in `ONAY_TOKEN` must be theirs
    #[arg(long = "as", value_name = "NAME")]
    pub(crate) person: Option<PersonName>,
    /// Why; whoever must confirm it reads this
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    #[command(flatten)]
    pub(crate) json: Json,
}

#[derive(Debug, Args)]
pub(crate) struct Report {
    #[command(flatten)]
    pub(crate) batch: BatchArg,
    /// Print CSV
    #[arg(long, conflicts_with = "json")]
    pub(crate) csv: bool,
    #[command(flatten)]
    pub(crate) json: Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Ledger {
    /// Carry everything into an empty store, and close the old one for ever. Stop every role first
    Copy(Copy),
    /// Give up a copy that is not finished, and use the old store again
    TakeBack(TakeBack),
}

#[derive(Debug, Args)]
pub(crate) struct Copy {
    #[command(flatten)]
    pub(crate) stores: Stores,
    #[command(flatten)]
    pub(crate) json: Json,
}

#[derive(Debug, Args)]
pub(crate) struct TakeBack {
    #[command(flatten)]
    pub(crate) stores: Stores,
    /// The new store is gone for good: what happened there is forgotten, as after a restored backup
    #[arg(long)]
    pub(crate) target_is_lost: bool,
}

/// Two stores. A password in a URL can be seen by others on the machine; give that one as `ONAY_STORE`.
#[derive(Debug, Args)]
pub(crate) struct Stores {
    /// The old store [default: the one in the settings]
    #[arg(long, value_name = "URL")]
    pub(crate) from: Option<String>,
    /// The new store [default: the one in the settings]
    #[arg(long, value_name = "URL")]
    pub(crate) to: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Where the console listens
    #[arg(long, env = "ONAY_LISTEN", value_name = "ADDR")]
    pub(crate) listen: Option<SocketAddr>,
}

#[derive(Debug, Args)]
pub(crate) struct Work {
    /// Where to answer /healthz and /readyz, and nothing else [default: nowhere]
    #[arg(long, env = "ONAY_WORKER_LISTEN", value_name = "ADDR")]
    pub(crate) listen: Option<SocketAddr>,
}

#[derive(Debug, Args)]
pub(crate) struct Simulate {
    /// Where to listen
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8089")]
    pub(crate) listen: SocketAddr,
    /// Play a scenario: a TOML or JSON file, or one of lost-auth-answer, rate-limited, half-invalid,
    /// bank-refuses, no-funds. The flags below change its settings
    #[arg(long, value_name = "FILE_OR_NAME")]
    pub(crate) scenario: Option<String>,
    #[command(flatten)]
    pub(crate) settings: SimulateSettings,
}

/// Settings of the simulator; what is not given is as in the scenario, or has its default.
#[derive(Debug, Args)]
pub(crate) struct SimulateSettings {
    /// How long items take to settle [default: 3s]
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub(crate) settle_after: Option<Duration>,
    /// How long each answer takes [default: 0s]
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub(crate) latency: Option<Duration>,
    /// Items refused at initialize, of a thousand [default: 0]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(0..=1000))]
    pub(crate) share_invalid: Option<u16>,
    /// Items that fail at the bank, of a thousand [default: 0]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(0..=1000))]
    pub(crate) share_failed: Option<u16>,
    /// Failed items that are refunded, of a thousand [default: 1000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(0..=1000))]
    pub(crate) share_refunded: Option<u16>,
    /// What the merchant's account holds at the start [default: 10000000.00]
    #[arg(long, value_name = "AMOUNT")]
    pub(crate) balance: Option<Decimal>,
    /// The fee for each item [default: 2.50]
    #[arg(long, value_name = "AMOUNT")]
    pub(crate) commission: Option<Decimal>,
    /// Refuse items whose check digits are wrong
    #[arg(long)]
    pub(crate) check_recipients: bool,
    /// Chooses which items fail; the same seed fails the same items [default: 1]
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// How many batches
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) batches: u32,
    /// Items of each
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) items: u32,
    /// Worker processes
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub(crate) workers: u32,
    /// Reconciler processes
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub(crate) reconcilers: u32,
    /// Jobs one process works on at once [default: 32]
    #[arg(long, value_name = "N")]
    pub(crate) concurrency: Option<u32>,
    /// Batches on their way to a decision at once
    #[arg(long, value_name = "N", default_value_t = 32)]
    pub(crate) in_flight: u32,
    /// How much of the provider's copy is compared
    #[arg(long, value_name = "MUCH", default_value = "full", value_parser = ["full", "totals", "off"])]
    pub(crate) read_back: String,
    /// Leave every batch waiting for people, and measure what that costs
    #[arg(long, conflicts_with = "kill_after")]
    pub(crate) hold: bool,
    /// Approve everything at once, kill the workers after so many releases, and start them again
    #[arg(long, value_name = "N")]
    pub(crate) kill_after: Option<u32>,
    #[command(flatten)]
    pub(crate) json: Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Token {
    /// Print a new token once, and the lines for the policy file
    New {
        /// Whose
        name: PersonName,
        /// What they may do; repeat for more than one
        #[arg(long, value_name = "ROLE", value_parser = role, required = true)]
        role: Vec<Role>,
        /// From when on it proves nothing any more, such as 2027-01-31
        #[arg(long, value_name = "DATE")]
        until: Option<NaiveDate>,
    },
}

fn resolution() -> impl TypedValueParser<Value = Resolution> {
    PossibleValuesParser::new(Resolution::ALL.map(Resolution::word))
        .try_map(|word| Resolution::from_word(&word).ok_or("no such action"))
}

fn role(word: &str) -> Result<Role, String> {
    Role::ALL
        .into_iter()
        .find(|role| role.word() == word)
        .ok_or_else(|| "use maker, approver, operator, auditor or admin".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_holds_together() {
        super::Cli::command().debug_assert();
    }
}
