//! The journals in a file that somebody else can check, with neither the ledger nor a secret.
//!
//! `docs/audit.md` describes the file; [`check`] reads it.

mod check;
mod flaw;
mod head;
mod line;
mod signed;

use std::io::{self, Write};

use chrono::{DateTime, SecondsFormat, Utc};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use onay_payout::{Account, BatchId, BatchRef, Digest};

use crate::audit::read_batch;
use crate::error::LedgerError;
use crate::house::{self, HOUSE, House};
use crate::journal::Entry;
use crate::ledger::{Filter, Ledger, Page};
use line::{FORMAT, Line};
use signed::Written;

pub use check::{Checked, Part, check};
pub use flaw::{Finding, Flaw};
pub use head::{LedgerHead, Totals};
pub use line::Holds;
pub use signed::{Signed, Signer};

/// Batches that are read from a list at once.
const PAGE: u32 = 200;

/// Batches that are read at the same time. No more are in memory.
const AT_ONCE: usize = 16;

/// Why an export was not written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The ledger cannot be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The file cannot be written.
    #[error("the export cannot be written")]
    Write(#[from] io::Error),
}

/// Writes what a ledger holds as lines of JSON: the newest batch first, each with its journal, or
/// with its head alone; then its own journal in the same way, if it has entries.
///
/// Entries that `since` holds already are left out. Who `signer` is signs the last line. `told` hears how many batches are written.
///
/// # Errors
/// [`ExportError`]; what was written by then has no last line, and is no export.
pub async fn export(
    ledger: &dyn Ledger,
    (holds, since, signer): (Holds, Option<&Checked>, Option<&Signer<'_>>),
    at: DateTime<Utc>,
    out: &mut dyn Write,
    told: &dyn Fn(u64),
) -> Result<Totals, ExportError> {
    let account = ledger.stats().await?.account;
    let account = account.as_ref().map(Account::as_str);
    let mut head = LedgerHead::new(account);
    let at = at.to_rfc3339_opts(SecondsFormat::Micros, true);
    let start = Line::Start {
        format: FORMAT.to_owned(),
        at: at.clone(),
        account: account.map(str::to_owned),
        holds,
        since: since.map(|since| since.totals.head.to_string()),
    };
    start.write(out)?;
    let mut page = Page {
        before: None,
        size: PAGE,
    };
    loop {
        let listed = ledger.list(&Filter::default(), &page).await?;
        let Some(oldest) = listed.last() else {
            break;
        };
        page.before = Some(oldest.id);
        let reads = listed.iter().map(|listed| read(ledger, listed.id, holds));
        let mut batches = stream::iter(reads).buffered(AT_ONCE);
        while let Some(batch) = batches.try_next().await? {
            batch.write(since, out)?;
            head.add(&batch.id, batch.version, batch.head);
            told(head.batches());
        }
    }
    let house = read_house(ledger, holds).await?;
    if house.version > 0 {
        house.write(since, out)?;
        head.add(&house.id, house.version, house.head);
    }
    let totals = head.finish();
    Line::from(totals).write(out)?;
    if let Some(signer) = signer {
        let (totals, at) = (&totals, at.as_str());
        let written = Written {
            totals,
            at,
            account,
        };
        signer.sign(&written).write(out)?;
    }
    out.flush()?;
    Ok(totals)
}

/// What is exported of a batch.
struct Exported {
    id: BatchId,
    version: u64,
    head: Digest,
    entries: Vec<Entry>,
}

impl Exported {
    fn write(&self, since: Option<&Checked>, out: &mut dyn Write) -> io::Result<()> {
        let known = since.map_or(0, |since| since.version(&self.id));
        for entry in self.entries.iter().filter(|entry| entry.seq > known) {
            Line::from(entry).write(out)?;
        }
        let line = Line::Batch {
            batch: self.id.to_string(),
            version: self.version,
            head: self.head.to_string(),
        };
        line.write(out)
    }
}

async fn read_house(ledger: &dyn Ledger, holds: Holds) -> Result<Exported, LedgerError> {
    let (tip, entries) = match holds {
        Holds::Journals => {
            let House { tip, entries, .. } = house::read(ledger).await?;
            (tip, entries)
        }
        Holds::Heads => (house::tip(ledger).await?, Vec::new()),
    };
    Ok(Exported {
        id: HOUSE,
        version: tip.version,
        head: tip.head,
        entries,
    })
}

async fn read(ledger: &dyn Ledger, id: BatchId, holds: Holds) -> Result<Exported, LedgerError> {
    let (stored, entries) = match holds {
        Holds::Journals => read_batch(ledger, &id).await?,
        Holds::Heads => {
            let stored = ledger.load(&BatchRef::Id(id)).await?;
            (stored.ok_or(LedgerError::NotFound)?, Vec::new())
        }
    };
    Ok(Exported {
        id,
        version: stored.version,
        head: stored.journal_head,
        entries,
    })
}
