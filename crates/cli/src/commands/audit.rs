//! `audit verify`: nothing was changed, removed or put in between.

use onay_ledger::{Access, Filter, Ledger, Page};
use onay_payout::{BatchId, BatchRef, Canonical};
use serde_json::json;

use crate::config::Config;
use crate::exit::Exit;
use crate::output;

/// Batches read at once.
const PAGE: u32 = 200;

/// Checks one batch, or all of them.
pub(crate) async fn verify(
    config: &Config,
    batch: Option<BatchRef>,
    json: bool,
) -> anyhow::Result<Exit> {
    let ledger = config.ledger(Access::Existing)?;
    let batches = match &batch {
        Some(batch) => vec![super::read::load(ledger.as_ref(), batch).await?.batch.id()],
        None => all(ledger.as_ref()).await?,
    };
    let mut entries = 0_usize;
    let mut heads = Canonical::new("onay ledger head 1");
    let mut problems = Vec::new();
    for id in &batches {
        let stored = super::read::load(ledger.as_ref(), &BatchRef::Id(*id)).await?;
        let journal = ledger.journal(id).await?;
        entries = entries.saturating_add(journal.len());
        heads.field(&stored.journal_head.to_string());
        let found = onay_ledger::verify(&stored, &journal);
        problems.extend(found.into_iter().map(|problem| (*id, problem.to_string())));
    }
    let head = heads.finish();
    let is_ok = problems.is_empty();
    if json {
        let problems: Vec<_> = problems
            .iter()
            .map(|(id, what)| json!({ "batch": id.to_string(), "problem": what }))
            .collect();
        output::json(&json!({
            "ok": is_ok, "batches": batches.len(), "entries": entries, "head": head.to_string(),
            "problems": problems,
        }))?;
    } else {
        for (id, what) in &problems {
            output::line(format!("{id}: {what}"))?;
        }
        let verdict = if is_ok { "ok" } else { "NOT ok" };
        output::line(format!(
            "{verdict}: {} batches, {entries} journal entries",
            batches.len()
        ))?;
    }
    Ok(if is_ok { Exit::Done } else { Exit::NeedsPerson })
}

async fn all(ledger: &dyn Ledger) -> anyhow::Result<Vec<BatchId>> {
    let mut ids = Vec::new();
    loop {
        let before = ids.last().copied();
        let page = ledger
            .list(&Filter::default(), &Page { before, size: PAGE })
            .await?;
        if page.is_empty() {
            return Ok(ids);
        }
        ids.extend(page.iter().map(|head| head.id));
    }
}
