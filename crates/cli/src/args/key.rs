//! `key`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use onay_payout::PersonName;

#[derive(Debug, Subcommand)]
pub(crate) enum Key {
    /// Make a key to sign with, and print its line for the policy file
    New(KeyNew),
    /// Print the public key of a key file
    Show(KeyShow),
}

#[derive(Debug, Args)]
pub(crate) struct KeyNew {
    /// Whose
    pub(crate) name: PersonName,
    /// A new file [default: NAME.pem among the keys in the user's configuration directory]
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct KeyShow {
    /// Whose, if their key file is where `onay key new` puts it
    #[arg(required_unless_present = "key", conflicts_with = "key")]
    pub(crate) name: Option<PersonName>,
    /// The key file
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,
}
