//! `watch`: follows a batch until it is final.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use onay_ledger::{Access, Ledger, Stored};
use onay_payout::{BatchRef, State, explain};

use crate::config::Config;
use crate::exit::Exit;
use crate::output;

/// How often the ledger is looked at.
pub(crate) const PAUSE: Duration = Duration::from_millis(300);

/// Follows a batch; the exit code says how it ended.
pub(crate) async fn run(config: &Config, batch: &BatchRef) -> anyhow::Result<Exit> {
    let ledger = config.ledger(Access::Existing).await?;
    let stored = follow(ledger.as_ref(), batch, &bar()).await?;
    output::line(format!(
        "{}: {}",
        stored.batch.head().external_id,
        explain(stored.batch.head())
    ))?;
    Ok(exit(stored.batch.state()))
}

/// Waits until a batch is final or frozen, showing how far it is.
pub(crate) async fn follow(
    ledger: &dyn Ledger,
    batch: &BatchRef,
    bar: &ProgressBar,
) -> anyhow::Result<Stored> {
    let mut pause = tokio::time::interval(PAUSE);
    let mut shown = String::new();
    loop {
        pause.tick().await;
        let stored = super::load(ledger, batch).await?;
        let head = stored.batch.head();
        let line = format!("{}: {}", head.external_id, head.state.name());
        show(&stored, bar);
        if line != shown {
            if bar.is_hidden() {
                output::say(&line);
            }
            shown = line;
        }
        if head.state.is_final() || matches!(head.state, State::Frozen(_)) {
            bar.finish();
            return Ok(stored);
        }
    }
}

/// A bar that counts final items; hidden where nobody sees it.
pub(crate) fn bar() -> ProgressBar {
    let bar = ProgressBar::new(0);
    let template = "{prefix:<24!} {bar:24} {pos:>6}/{len:<6} {msg}";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("━╸─"));
    }
    bar
}

fn show(stored: &Stored, bar: &ProgressBar) {
    let outcomes = stored.batch.outcomes();
    let done = outcomes
        .iter()
        .filter(|outcome| outcome.status.is_payee_final())
        .count();
    bar.set_prefix(stored.batch.head().external_id.to_string());
    bar.set_length(u64::try_from(outcomes.len()).unwrap_or(u64::MAX));
    bar.set_position(u64::try_from(done).unwrap_or(u64::MAX));
    bar.set_message(stored.batch.state().name().replace('_', " "));
}

/// How a followed batch ended.
pub(crate) const fn exit(state: &State) -> Exit {
    match state {
        State::Rejected(_) | State::Withdrawn(_) | State::Expired(_) | State::Refused(_) => {
            Exit::Refused
        }
        State::PartlySettled(_) | State::Failed(_) | State::Frozen(_) => Exit::NeedsPerson,
        State::Settled(_)
        | State::Received
        | State::Preparing(_)
        | State::Prepared(_)
        | State::PendingApproval(_)
        | State::Approved(_)
        | State::Releasing(_)
        | State::Processing(_)
        | State::Cancelling(_) => Exit::Done,
    }
}
