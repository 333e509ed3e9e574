//! `batches` and `show`.

use onay_console::view;
use onay_ledger::{Access, Entry, Filter, Page};
use onay_payout::{Head, Hold, State, TieOut, explain};
use serde_json::json;

use crate::args::{Batches, Show};
use crate::config::Config;
use crate::exit::Exit;
use crate::output;

/// Lists batches, newest first.
pub(crate) async fn batches(config: &Config, args: Batches) -> anyhow::Result<Exit> {
    let ledger = config.ledger(Access::Existing)?;
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
    if args.json.is_asked() {
        let batches: Vec<view::Batch> = heads.iter().map(view::Batch::of).collect();
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
    let mut table = output::new_table(["Batch", "State", "Since (UTC)", "Items", "Total", "Maker"]);
    for head in &heads {
        table.add_row([
            head.external_id.to_string(),
            head.state.name().to_owned(),
            head.since.format("%F %H:%M").to_string(),
            head.count.to_string(),
            head.tie_out.requested.to_string(),
            head.maker.to_string(),
        ]);
    }
    output::right_align(&mut table, &[3, 4]);
    output::table(&table)?;
    if let Some(next) = next {
        output::say(format!("more: onay batches --before {next}"));
    }
    Ok(Exit::Done)
}

/// Shows one batch.
pub(crate) async fn show(config: &Config, args: Show) -> anyhow::Result<Exit> {
    let ledger = config.ledger(Access::Existing)?;
    let stored = super::load(ledger.as_ref(), &args.batch.batch).await?;
    let head = stored.batch.head();
    let journal = if args.more.journal {
        Some(ledger.journal(&head.id).await?)
    } else {
        None
    };
    if args.more.json.is_asked() {
        let mut shown = view::Batch::of(head);
        if args.items {
            shown = shown.with_items(&stored);
        }
        if let Some(journal) = &journal {
            shown = shown.with_journal(journal);
        }
        output::json(&shown)?;
        return Ok(Exit::Done);
    }
    print_head(head)?;
    if args.items {
        output::line("")?;
        output::table(&super::report::items(&stored))?;
    }
    if let Some(journal) = &journal {
        output::line("")?;
        output::table(&journal_table(journal))?;
    }
    Ok(Exit::Done)
}

fn print_head(head: &Head) -> anyhow::Result<()> {
    let mut facts = vec![
        ("batch", format!("{} ({})", head.external_id, head.id)),
        (
            "state",
            format!(
                "{} since {}",
                head.state.name(),
                head.since.format("%F %T UTC")
            ),
        ),
        ("", explain(head)),
        ("maker", head.maker.to_string()),
        (
            "purpose",
            head.purpose
                .map_or("none", onay_payout::Purpose::word)
                .to_owned(),
        ),
        (
            "asked for",
            format!("{} in {} items", head.tie_out.requested, head.count),
        ),
    ];
    facts.extend(
        head.state
            .hold()
            .map(|hold| hold_facts(head, hold))
            .into_iter()
            .flatten(),
    );
    if let State::Frozen(frozen) = &head.state {
        facts.push(("rule broken", frozen.why.word().to_owned()));
    }
    if let Some(request_id) = head.state.request_id() {
        facts.push(("request id", request_id.to_string()));
    }
    facts.push(("money", money(&head.tie_out)));
    for (name, value) in facts {
        output::line(format!("{name:>11}  {value}"))?;
    }
    Ok(())
}

fn hold_facts(head: &Head, hold: &Hold) -> [(&'static str, String); 3] {
    let commission = hold
        .commission
        .map_or_else(String::new, |fee| format!(", commission {fee}"));
    let given: Vec<&str> = head
        .standing_approvals()
        .into_iter()
        .map(|made| made.person.as_str())
        .collect();
    let given = if given.is_empty() {
        "none yet".to_owned()
    } else {
        given.join(", ")
    };
    let (needed, rule) = (hold.rule.needed, &hold.rule.name);
    [
        (
            "held",
            format!("{} to {} payees{commission}", hold.total, hold.count),
        ),
        ("digest", hold.digest.code()),
        (
            "approvals",
            format!("{given}; {needed} needed by rule `{rule}`"),
        ),
    ]
}

/// The money by what became of it, as far as there is any.
fn money(sums: &TieOut) -> String {
    let parts = [
        ("paid", sums.paid),
        ("failed", sums.failed),
        ("refunded", sums.refunded),
        ("refund failed", sums.refund_failed),
        ("invalid", sums.invalid),
        ("cancelled", sums.cancelled),
        ("open", sums.open),
    ];
    let some = parts.into_iter().filter(|(_, sum)| !sum.is_zero());
    some.map(|(word, sum)| format!("{sum} {word}"))
        .collect::<Vec<_>>()
        .join(", ")
}

fn journal_table(entries: &[Entry]) -> comfy_table::Table {
    let mut table = output::new_table(["#", "When (UTC)", "Who", "What", "State after", "Note"]);
    for entry in entries {
        table.add_row([
            entry.seq.to_string(),
            entry.at.format("%F %T").to_string(),
            format!("{} ({})", entry.actor, entry.via),
            entry.event.clone(),
            entry.after.clone(),
            entry.note.clone(),
        ]);
    }
    table
}
