//! What is audited, and where that goes.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use onay_payout::{BatchRef, PersonName, PublicKey};

use super::Json;

#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    /// Check that nothing was changed, removed or put in between
    Verify(AuditVerify),
    /// Print one hash that links all journals, to keep where nobody here can change it
    Head(AuditHead),
    /// Write all journals as lines of JSON, for somebody else to check
    Export(AuditExport),
}

#[derive(Debug, Args)]
pub(crate) struct AuditVerify {
    /// Only this batch
    pub(crate) batch: Option<BatchRef>,
    /// Check this export instead of the ledger; needs neither settings nor a secret
    #[arg(long, value_name = "FILE", conflicts_with = "batch")]
    pub(crate) export: Option<PathBuf>,
    /// Also check that everything in this earlier export or head is still there; may be repeated
    #[arg(long, value_name = "FILE", requires = "export")]
    pub(crate) earlier: Vec<PathBuf>,
    /// The export must be signed with this key, `ed25519:…`; repeat it for one of several
    #[arg(long, value_name = "KEY", requires = "export")]
    pub(crate) public_key: Vec<PublicKey>,
    #[command(flatten)]
    pub(crate) json: Json,
}

#[derive(Debug, Args)]
pub(crate) struct AuditHead {
    /// Also write the head of every batch into this new file, for `--earlier` and `--since`
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) sign: Sign,
    #[command(flatten)]
    pub(crate) json: Json,
}

#[derive(Debug, Args)]
pub(crate) struct AuditExport {
    /// A new file [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Leave out the entries that this earlier export or head counts already
    #[arg(long, value_name = "FILE")]
    pub(crate) since: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) sign: Sign,
}

/// Who signs what is written, if anybody does.
#[derive(Debug, Args)]
pub(crate) struct Sign {
    /// Who signs it, with a key that `onay key new` made
    #[arg(long = "as", value_name = "NAME")]
    pub(crate) person: Option<PersonName>,
    /// Their key file [default: the one `ONAY_KEY` names, else the one at its usual place]
    #[arg(long, value_name = "FILE", requires = "person")]
    pub(crate) key: Option<PathBuf>,
}
