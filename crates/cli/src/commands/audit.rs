//! `audit`: nothing was changed, removed or put in between, and others can check that.

mod export;
mod offline;

use onay_ledger::export::{LedgerHead, Totals};
use onay_ledger::house::{self, HOUSE};
use onay_ledger::{Access, Filter, Ledger, LedgerError, Page};
use onay_payout::{Account, BatchId, BatchRef, Digest};
use serde_json::{Value, json};

use crate::args::{AuditVerify, Json};
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::output;

pub(crate) use export::{export, head};
pub(crate) use offline::verify as verify_export;

/// Batches read at once.
const PAGE: u32 = 200;

/// Checks one batch of the ledger, or all of them.
pub(crate) async fn verify(config: &Config, args: AuditVerify) -> anyhow::Result<Exit> {
    let ledger = config.ledger(Access::Existing).await?;
    let batches = match args.batch {
        Some(batch) => vec![batch],
        None => all(ledger.as_ref()).await?,
    };
    let account = ledger.stats().await?.account;
    let mut head = LedgerHead::new(account.as_ref().map(Account::as_str));
    let (mut problems, mut count) = (Vec::new(), 0_u64);
    for batch in &batches {
        let checked = check(ledger.as_ref(), batch).await?;
        if *batch != BatchRef::Id(HOUSE) {
            count = count.saturating_add(1);
        }
        if let Some((id, version, journal_head)) = checked.newest {
            head.add(&id, version, journal_head);
        }
        problems.extend(checked.problems.iter().map(|problem| Problem {
            batch: Some(batch.to_string()),
            what: problem.to_string(),
        }));
    }
    let totals = Totals {
        batches: count,
        ..head.finish()
    };
    Report {
        totals,
        problems,
        note: None,
        more: None,
    }
    .print(args.json)
}

/// Something wrong, as it is told.
struct Problem {
    /// The batch, as the person named it; none when it is about the whole.
    batch: Option<String>,
    what: String,
}

/// What was checked, and what is wrong with it.
struct Report {
    totals: Totals,
    problems: Vec<Problem>,
    /// What there is to know beside the verdict.
    note: Option<String>,
    /// Further fields for programs.
    more: Option<Value>,
}

impl Report {
    fn print(&self, json: Json) -> anyhow::Result<Exit> {
        let is_ok = self.problems.is_empty();
        if json.is_asked() {
            output::json(&self.json())?;
        } else {
            for Problem { batch, what } in &self.problems {
                match batch {
                    Some(batch) => output::line(format!("{batch}: {what}"))?,
                    None => output::line(what)?,
                }
            }
            if let Some(note) = &self.note {
                output::line(note)?;
            }
            let verdict = if is_ok { "ok" } else { "NOT ok" };
            let Totals {
                batches, entries, ..
            } = self.totals;
            let one = if batches == 1 { "batch" } else { "batches" };
            output::line(format!(
                "{verdict}: {batches} {one}, {entries} journal entries"
            ))?;
        }
        Ok(if is_ok { Exit::Done } else { Exit::NeedsPerson })
    }

    fn json(&self) -> Value {
        let problem =
            |problem: &Problem| json!({ "batch": problem.batch, "problem": problem.what });
        let problems: Vec<_> = self.problems.iter().map(problem).collect();
        let mut report = json!({
            "ok": self.problems.is_empty(), "batches": self.totals.batches, "entries": self.totals.entries,
            "head": self.totals.head.to_string(), "problems": problems,
        });
        if let (Some(report), Some(Value::Object(more))) = (report.as_object_mut(), &self.more) {
            report.extend(more.clone());
        }
        report
    }
}

/// What was found about a batch.
struct Checked {
    /// Its id, how many journal entries it was stored with, and the hash of the newest; none when it
    /// cannot be read.
    newest: Option<(BatchId, u64, Digest)>,
    /// What cannot be if only the ledger wrote it.
    problems: Vec<onay_ledger::Problem>,
}

/// The journal of the ledger itself, and what follows from it.
async fn check_house(ledger: &dyn Ledger) -> anyhow::Result<Checked> {
    let (tip, problems) = house::verify_house(ledger).await?;
    Ok(Checked {
        newest: (tip.version > 0).then_some((HOUSE, tip.version, tip.head)),
        problems,
    })
}

/// A batch that cannot even be read is a finding, and the others are checked all the same.
async fn check(ledger: &dyn Ledger, batch: &BatchRef) -> anyhow::Result<Checked> {
    if *batch == BatchRef::Id(HOUSE) {
        return check_house(ledger).await;
    }
    let stored = match ledger.load(batch).await {
        Err(LedgerError::Corrupt(what)) => {
            return Ok(Checked {
                newest: None,
                problems: vec![onay_ledger::Problem::Unreadable(what)],
            });
        }
        loaded => loaded?.ok_or_else(|| super::not_found(batch))?,
    };
    let id = stored.batch.id();
    let problems = onay_ledger::verify_batch(ledger, &id).await?;
    Ok(Checked {
        newest: Some((id, stored.version, stored.journal_head)),
        problems,
    })
}

/// Every batch, the newest first; then the house.
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
            let ids = ids.into_iter().chain([HOUSE]);
            return Ok(ids.map(BatchRef::Id).collect());
        }
        ids.extend(page.iter().map(|head| head.id));
    }
}
