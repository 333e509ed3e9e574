//! `audit head` and `audit export`: what happened, for somebody else to keep and to check.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use chrono::{DateTime, SecondsFormat, Utc};
use onay_ledger::export::{self, Checked, ExportError, Holds, Part, Signer, Totals};
use onay_ledger::{Access, Ledger, LedgerError};
use onay_payout::SigningKey;
use serde_json::json;
use tempfile::NamedTempFile;

use super::offline;
use crate::args::{AuditExport, AuditHead, Sign};
use crate::commands::ledger::bar;
use crate::commands::policy_if_any;
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::keys;
use crate::output;

/// Prints the head of the whole ledger.
pub(crate) async fn head(config: &Config, args: &AuditHead) -> anyhow::Result<Exit> {
    if args.sign.person.is_some() && args.out.is_none() {
        return Err(Failure::usage("--as signs a file: name one with --out").into());
    }
    let key = signing_key(config, &args.sign)?;
    let ledger = config.ledger(Access::Existing).await?;
    let source = Source {
        holds: Holds::Heads,
        since: None,
        signer: signer(&args.sign, key.as_ref()),
        ..Source::new(ledger.as_ref())
    };
    let totals = match &args.out {
        None => source.write(&mut io::sink()).await?,
        Some(path) => source.write_file(path).await?,
    };
    let Totals {
        batches,
        entries,
        head,
    } = totals;
    let account = ledger.stats().await?.account;
    let account = account.map(|account| account.to_string());
    if args.json.is_asked() {
        output::json(&json!({
            "head": head.to_string(), "batches": batches, "entries": entries,
            "at": source.at.to_rfc3339_opts(SecondsFormat::Micros, true), "account": account,
        }))?;
    } else {
        output::line(head.to_string())?;
        output::say(counted(&totals));
    }
    Ok(Exit::Done)
}

/// Writes all journals.
pub(crate) async fn export(config: &Config, args: &AuditExport) -> anyhow::Result<Exit> {
    let since = args.since.as_deref().map(sound).transpose()?;
    let key = signing_key(config, &args.sign)?;
    let ledger = config.ledger(Access::Existing).await?;
    let source = Source {
        since: since.as_ref(),
        signer: signer(&args.sign, key.as_ref()),
        ..Source::new(ledger.as_ref())
    };
    let totals = match &args.out {
        None => {
            let mut out = BufWriter::new(io::stdout().lock());
            source.write(&mut out).await?
        }
        Some(path) => source.write_file(path).await?,
    };
    output::say(format!("{}, head {}", counted(&totals), totals.head));
    Ok(Exit::Done)
}

fn counted(totals: &Totals) -> String {
    format!(
        "{} batches, {} journal entries",
        totals.batches, totals.entries
    )
}

/// The key of whoever is to sign. Where the policy knows their public key, it must be that one.
fn signing_key(config: &Config, sign: &Sign) -> Result<Option<SigningKey>, Failure> {
    let Some(name) = &sign.person else {
        return Ok(None);
    };
    let key = keys::signing_key(name, sign.key.as_deref())?.ok_or_else(|| {
        Failure::refused(format!("{name} has no key to sign with")).hint(format!(
            "`onay key new {name}` makes one; --key names one elsewhere"
        ))
    })?;
    let policy = policy_if_any(config)?;
    let known = policy.and_then(|policy| policy.person(name)?.public_key);
    let public_key = key.public_key();
    match known {
        Some(known) if known != public_key => {
            let message =
                format!("the key {public_key} is not that of {name}; the policy says {known}");
            Err(Failure::refused(message))
        }
        Some(_) | None => Ok(Some(key)),
    }
}

fn signer<'a>(sign: &'a Sign, key: Option<&'a SigningKey>) -> Option<Signer<'a>> {
    let (name, key) = (sign.person.as_ref()?, key?);
    Some(Signer { name, key })
}

/// An earlier export that something is to go on from.
fn sound(path: &Path) -> anyhow::Result<Checked> {
    let checked = offline::read(path, Part::Earlier, &[])?;
    match checked.findings.first() {
        None => Ok(checked),
        Some(finding) => {
            Err(
                Failure::needs_person(format!("{}: {}", path.display(), finding.flaw))
                    .hint("go on from one that is sound, or export everything, without --since")
                    .into(),
            )
        }
    }
}

/// What is written, and the moment it is begun.
struct Source<'a> {
    ledger: &'a dyn Ledger,
    holds: Holds,
    since: Option<&'a Checked>,
    signer: Option<Signer<'a>>,
    at: DateTime<Utc>,
}

impl<'a> Source<'a> {
    fn new(ledger: &'a dyn Ledger) -> Self {
        Self {
            ledger,
            holds: Holds::Journals,
            since: None,
            signer: None,
            at: onay_ledger::now(),
        }
    }

    /// Writes a file that is there as a whole, or not at all.
    async fn write_file(&self, path: &Path) -> anyhow::Result<Totals> {
        let shown = path.display();
        if path.exists() {
            return Err(Failure::usage(format!("{shown} is there already"))
                .hint("what was exported is never written over: name a new file")
                .into());
        }
        let cannot =
            |error: io::Error| Failure::usage(format!("{shown} cannot be written: {error}"));
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            Some(_) | None => Path::new("."),
        };
        let mut file = NamedTempFile::new_in(folder).map_err(cannot)?;
        let totals = self.write(&mut BufWriter::new(&mut file)).await?;
        file.as_file().sync_all()?;
        file.persist_noclobber(path)
            .map_err(|error| cannot(error.error))?;
        Ok(totals)
    }

    async fn write(&self, out: &mut dyn Write) -> anyhow::Result<Totals> {
        let by_state = self.ledger.stats().await?.by_state;
        let bar = bar(by_state.values().sum());
        bar.set_message("reading");
        let told = |batches| bar.set_position(batches);
        let what = (self.holds, self.since, self.signer.as_ref());
        let written = export::export(self.ledger, what, self.at, out, &told).await;
        bar.finish_and_clear();
        written.map_err(|error| match error {
            ExportError::Ledger(error @ LedgerError::Corrupt(_)) => {
                Failure::needs_person(error.to_string())
                    .hint("`onay audit verify` tells which batch")
                    .into()
            }
            ExportError::Ledger(error) => error.into(),
            ExportError::Write(error) => error.into(),
        })
    }
}
