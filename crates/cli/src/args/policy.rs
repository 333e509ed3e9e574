//! `policy`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use onay_payout::PersonName;

use super::{Intake, Json};

#[derive(Debug, Subcommand)]
pub(crate) enum Policy {
    /// Find what the rules leave open, what nobody can satisfy, and what says nothing
    Check(PolicyCheck),
    /// Say which rules match a batch or a file, why the others do not, and who is asked
    Explain(PolicyExplain),
    /// Make a policy the active one: one person does so if it is stricter; else a second one confirms
    /// it by the same command
    Activate(PolicyActivate),
}

#[derive(Debug, Args)]
pub(crate) struct PolicyCheck {
    /// The policy file [default: the one of the settings]
    pub(crate) file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) json: Json,
}

#[derive(Debug, Args)]
pub(crate) struct PolicyExplain {
    /// A batch (Onay's id or yours), or a file that ends in .json or .csv
    #[arg(value_name = "FILE|BATCH")]
    pub(crate) what: String,
    /// For a file: who would submit it. For a batch: tell of this person only. No token is asked for
    #[arg(long = "as", value_name = "NAME")]
    pub(crate) person: Option<PersonName>,
    #[command(flatten)]
    pub(crate) intake: Intake,
    #[command(flatten)]
    pub(crate) json: Json,
}

#[derive(Debug, Args)]
pub(crate) struct PolicyActivate {
    /// The new policy file
    pub(crate) file: PathBuf,
    /// Who; the token in `ONAY_TOKEN` must be theirs, by the policy that is active
    #[arg(long = "as", value_name = "NAME")]
    pub(crate) person: PersonName,
    /// Why; everybody reads this
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
    #[command(flatten)]
    pub(crate) json: Json,
}
