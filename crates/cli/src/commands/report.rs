//! `report`: what became of every item, and whether the money ties out.

use comfy_table::Table;
use onay_console::course::Course;
use onay_console::view;
use onay_ledger::{Access, Stored, now};
use onay_payout::TieOut;
use onay_producer::Resends;

use super::approvals;
use crate::args::Report;
use crate::config::Config;
use crate::exit::Exit;
use crate::output;

/// Prints the settlement report.
pub(crate) async fn run(config: &Config, args: Report) -> anyhow::Result<Exit> {
    let ledger = config.ledger(Access::Existing).await?;
    let stored = super::load(ledger.as_ref(), &args.batch.batch).await?;
    let resends = Resends::of(ledger.as_ref(), &stored.batch).await?;
    if args.json.is_asked() {
        output::json(&view::Report::of(&stored, &resends))?;
    } else if args.csv {
        output::line(csv(&stored)?)?;
    } else {
        print(&stored, &resends)?;
    }
    Ok(Exit::Done)
}

/// Prints items, then totals, then what is left to do.
pub(crate) fn print(stored: &Stored, resends: &Resends) -> anyhow::Result<()> {
    let head = stored.batch.head();
    output::line(format!("{}: {}", head.external_id, head.state.name()))?;
    if head.rejection().is_some() {
        output::line(onay_payout::explain(head))?;
    }
    let course = Course::of(head, None, now());
    let course = course.filter(|course| !course.given.is_empty());
    for line in course.iter().flat_map(approvals::lines) {
        output::line(format!("  {line}"))?;
    }
    output::table(&items(stored))?;
    output::line("")?;
    output::table(&totals(&head.tie_out))?;
    let steps = view::next_steps(head, resends);
    if !steps.is_empty() {
        output::line("")?;
    }
    for step in steps {
        output::line(format!("next: {step}"))?;
    }
    Ok(())
}

/// Every item and what became of it.
pub(crate) fn items(stored: &Stored) -> Table {
    let mut table = output::new_table(["Item", "Payee", "Amount", "Status", "Provider's words"]);
    let batch = &stored.batch;
    for (item, outcome) in batch.content().items().iter().zip(batch.outcomes()) {
        table.add_row([
            item.id.to_string(),
            format!("{} {}", item.recipient.kind, item.recipient.info),
            item.amount.to_string(),
            outcome.status.word().to_owned(),
            outcome.errors.join("; "),
        ]);
    }
    output::right_align(&mut table, &[2]);
    table
}

fn totals(sums: &TieOut) -> Table {
    let mut table = output::new_table(["Tie-out", "Amount"]);
    let rows = [
        ("requested", sums.requested),
        ("paid", sums.paid),
        ("failed, refund not known yet", sums.failed),
        ("failed, refunded", sums.refunded),
        ("failed, refund failed", sums.refund_failed),
        ("invalid, never taken", sums.invalid),
        ("cancelled, never taken", sums.cancelled),
        ("open", sums.open),
        ("difference", sums.difference),
    ];
    for (name, sum) in rows {
        let is_always_shown = matches!(name, "requested" | "paid" | "open" | "difference");
        if is_always_shown || !sum.is_zero() {
            table.add_row([name.to_owned(), sum.to_string()]);
        }
    }
    output::right_align(&mut table, &[1]);
    table
}

fn csv(stored: &Stored) -> anyhow::Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record([
        "item",
        "recipient_type",
        "amount",
        "currency",
        "status",
        "reference_code",
        "errors",
    ])?;
    let batch = &stored.batch;
    for (item, outcome) in batch.content().items().iter().zip(batch.outcomes()) {
        writer.write_record([
            item.id.as_str(),
            item.recipient.kind.word(),
            &item.amount.number(),
            item.amount.currency().code(),
            outcome.status.word(),
            outcome
                .reference
                .as_ref()
                .map_or("", |reference| reference.as_str()),
            &outcome.errors.join("; "),
        ])?;
    }
    Ok(String::from_utf8(writer.into_inner()?)?
        .trim_end()
        .to_owned())
}
