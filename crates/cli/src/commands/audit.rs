//! `audit verify`: nothing was changed, removed or put in between.

use onay_ledger::{Access, Filter, Ledger, LedgerError, Page, Problem};
use onay_payout::{BatchRef, Canonical, Digest};
use serde_json::json;

use crate::args::Json;
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::output;

/// Batches read at once.
const PAGE: u32 = 200;

/// Checks one batch, or all of them.
pub(crate) async fn verify(
    config: &Config,
    batch: Option<BatchRef>,
    json: Json,
) -> anyhow::Result<Exit> {
    let ledger = config.ledger(Access::Existing).await?;
    let batches = match batch {
        Some(batch) => vec![batch],
        None => all(ledger.as_ref()).await?,
    };
    let mut entries = 0_u64;
    let mut heads = Canonical::new("onay ledger head 1");
    let mut problems = Vec::new();
    for batch in &batches {
        match check(ledger.as_ref(), batch).await? {
            Checked::Sound { version, head } => {
                entries = entries.saturating_add(version);
                heads.field(&head.to_string());
            }
            Checked::Wrong(found) => {
                problems.extend(
                    found
                        .into_iter()
                        .map(|problem| (batch, problem.to_string())),
                );
            }
        }
    }
    let head = heads.finish();
    let is_ok = problems.is_empty();
    if json.is_asked() {
        let problems: Vec<_> = problems
            .iter()
            .map(|(batch, what)| json!({ "batch": batch.to_string(), "problem": what }))
            .collect();
        output::json(&json!({
            "ok": is_ok, "batches": batches.len(), "entries": entries, "head": head.to_string(),
            "problems": problems,
        }))?;
    } else {
        for (batch, what) in &problems {
            output::line(format!("{batch}: {what}"))?;
        }
        let verdict = if is_ok { "ok" } else { "NOT ok" };
        let (checked, one) = (
            batches.len(),
            if batches.len() == 1 {
                "batch"
            } else {
                "batches"
            },
        );
        output::line(format!(
            "{verdict}: {checked} {one}, {entries} journal entries"
        ))?;
    }
    Ok(if is_ok { Exit::Done } else { Exit::NeedsPerson })
}

/// What was found about a batch.
enum Checked {
    /// Nothing; so many journal entries, and the hash of the newest.
    Sound { version: u64, head: Digest },
    /// What cannot be if only the ledger wrote it.
    Wrong(Vec<Problem>),
}

/// A batch that cannot even be read is a finding, and the others are checked all the same.
async fn check(ledger: &dyn Ledger, batch: &BatchRef) -> anyhow::Result<Checked> {
    let stored = match ledger.load(batch).await {
        Err(LedgerError::Corrupt(what)) => {
            return Ok(Checked::Wrong(vec![Problem::Unreadable(what)]));
        }
        loaded => loaded?.ok_or_else(|| super::not_found(batch))?,
    };
    let problems = onay_ledger::verify_batch(ledger, &stored.batch.id()).await?;
    Ok(if problems.is_empty() {
        let (version, head) = (stored.version, stored.journal_head);
        Checked::Sound { version, head }
    } else {
        Checked::Wrong(problems)
    })
}

async fn all(ledger: &dyn Ledger) -> anyhow::Result<Vec<BatchRef>> {
    let mut ids = Vec::new();
    loop {
        let before = ids.last().copied();
        let page = Page { before, size: PAGE };
        let page = match ledger.list(&Filter::default(), &page).await {
            Err(error @ LedgerError::Corrupt(_)) => {
                return Err(Failure::needs_person(error.to_string())
                    .hint("the others are checked one by one: onay audit verify BATCH")
                    .into());
            }
            page => page?,
        };
        if page.is_empty() {
            return Ok(ids.into_iter().map(BatchRef::Id).collect());
        }
        ids.extend(page.iter().map(|head| head.id));
    }
}
