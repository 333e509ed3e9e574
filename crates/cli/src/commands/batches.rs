//! `batches`: what there is, newest first.

use onay_console::course::Course;
use onay_console::view;
use onay_ledger::{Access, Filter, Page, now};
use serde_json::json;

use super::approvals;
use crate::args::Batches;
use crate::config::Config;
use crate::exit::Exit;
use crate::output;

/// Lists batches, newest first.
pub(crate) async fn run(config: &Config, args: Batches) -> anyhow::Result<Exit> {
    let ledger = config.ledger(Access::Existing).await?;
    let policy = match super::policy_if_any(config)? {
        Some(policy) => Some(onay_ledger::with_past(ledger.as_ref(), &policy).await?),
        None => None,
    };
    let filter = Filter { state: args.state };
    let heads = ledger
        .list(
            &filter,
            &Page {
                before: args.before,
                size: args.limit,
            },
        )
        .await?;
    let is_full = heads.len() >= usize::try_from(args.limit).unwrap_or(usize::MAX);
    let next = heads
        .last()
        .filter(|_| is_full)
        .map(|head| head.id.to_string());
    super::release::tell_pause(ledger.as_ref()).await?;
    if args.json.is_asked() {
        let batches: Vec<view::Batch> = heads
            .iter()
            .map(|head| match &policy {
                Some(policy) => view::Batch::listed(head).under(head, policy),
                None => view::Batch::listed(head),
            })
            .collect();
        output::json(&json!({ "batches": batches, "next": next }))?;
        return Ok(Exit::Done);
    }
    if heads.is_empty() {
        output::say(match &filter.state {
            Some(state) => format!("no batch is {state}"),
            None => "no batches; `onay submit FILE --as NAME` hands one over".to_owned(),
        });
        return Ok(Exit::Done);
    }
    let mut table = output::new_table([
        "Batch",
        "State",
        "Since (UTC)",
        "Items",
        "Total",
        "Maker",
        "Waits for",
    ]);
    for head in &heads {
        let course = Course::of(head, policy.as_deref(), now());
        table.add_row([
            head.external_id.to_string(),
            head.state.name().to_owned(),
            head.since.format("%F %H:%M").to_string(),
            head.count.to_string(),
            head.tie_out.requested.to_string(),
            head.maker.to_string(),
            approvals::waits_for(head, course.as_ref()),
        ]);
    }
    output::right_align(&mut table, &[3, 4]);
    output::table(&table)?;
    if let Some(next) = next {
        output::say(format!("more: onay batches --before {next}"));
    }
    Ok(Exit::Done)
}
