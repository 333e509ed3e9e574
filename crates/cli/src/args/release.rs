//! `release`.

use clap::{Args, Subcommand};
use onay_payout::PersonName;

use super::Json;

#[derive(Debug, Subcommand)]
pub(crate) enum Release {
    /// Stop releases everywhere at once; everything else goes on
    Pause(Wish),
    /// Let releases go on: one person proposes it, and a second one confirms it by the same command
    Resume(Wish),
    /// Show who paused and resumed releases, when and why
    Log(Json),
}

#[derive(Debug, Args)]
pub(crate) struct Wish {
    /// Who; the token in `ONAY_TOKEN` must be theirs
    #[arg(long = "as", value_name = "NAME")]
    pub(crate) person: PersonName,
    /// Why; everybody reads this
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
    #[command(flatten)]
    pub(crate) json: Json,
}
