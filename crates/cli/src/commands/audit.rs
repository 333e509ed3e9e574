//! `audit verify`: nothing was changed, removed or put in between.

use onay_ledger::{Access, Filter, Ledger, Page, audit};
use onay_payout::{BatchId, BatchRef};
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
    let mut entries = 0_u64;
    let mut head = None;
    let mut problems = Vec::new();
    for id in &batches {
        let found = audit::verify_batch(ledger.as_ref(), id).await?;
        entries = entries.saturating_add(found.entries);
        head = found.head.or(head);
        problems.extend(
            found
                .problems
                .into_iter()
                .map(|problem| (*id, problem.to_string())),
        );
    }
    let is_ok = problems.is_empty();
    if json {
        let problems: Vec<_> = problems
            .iter()
            .map(|(id, what)| json!({ "batch": id.to_string(), "problem": what }))
            .collect();
        let head = head.map(|digest| digest.to_string());
        output::json(&json!({
            "ok": is_ok, "batches": batches.len(), "entries": entries, "head": head,
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
