//! `ledger copy` and `ledger take-back`: a ledger moves into another store.

use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use onay_ledger::moving::{self, Copied, Journey, Move, MoveError, Progress};
use onay_ledger::{Access, LedgerError};
use serde_json::json;
use uuid::Uuid;

use crate::args::{Copy, Stores, TakeBack};
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::output;
use crate::store::{self, StoreUrl};

/// Moves everything there is into an empty store.
pub(crate) async fn copy(config: &Config, args: &Copy) -> anyhow::Result<Exit> {
    let (from, to) = both(config, &args.stores)?;
    let journey = Journey {
        id: Uuid::new_v4().simple().to_string(),
        from: moving::place(from.store.expose()),
        to: moving::place(to.store.expose()),
    };
    let source = open(&from, Access::Existing).await?;
    let target = open(&to, Access::Create).await?;
    // Where nothing that moves money may work, nothing is moved.
    let weaknesses = known(&to, target.stats().await)?.weaknesses;
    store::admit(config.durability, &weaknesses)?;
    let by_state = known(&from, source.stats().await)?.by_state;
    let batches: u64 = by_state.values().sum();

    let began = Instant::now();
    let bar = bar(batches);
    let told = |progress| show(&bar, progress);
    let copied = moving::copy(source.as_ref(), target.as_ref(), journey.clone(), &told).await;
    bar.finish_and_clear();
    let copied = copied.map_err(|error| explained(&error))?;
    let took = began.elapsed();
    if args.json.is_asked() {
        output::json(&json!({
            "from": journey.from,
            "to": journey.to,
            "batches": copied.batches,
            "entries": copied.entries,
            "seconds": took.as_secs_f64(),
        }))?;
    } else {
        tell(&journey, copied, took)?;
    }
    Ok(Exit::Done)
}

/// Gives an unfinished move up.
pub(crate) async fn take_back(config: &Config, args: &TakeBack) -> anyhow::Result<Exit> {
    let (from, to) = both(config, &args.stores)?;
    let source = open(&from, Access::Existing).await?;
    let taken = if args.target_is_lost {
        moving::give_up(source.as_ref()).await
    } else {
        let target = open(&to, Access::Existing).await?;
        moving::take_back(source.as_ref(), target.as_ref()).await
    };
    taken.map_err(|error| explained(&error))?;
    output::line(format!("{} is used again", from.store))?;
    Ok(Exit::Done)
}

/// The settings with the old store, and those with the new one.
fn both(config: &Config, stores: &Stores) -> Result<(Config, Config), Failure> {
    let with = |store: &Option<String>| {
        let mut config = config.clone();
        if let Some(url) = store {
            config.store = StoreUrl::from(url.clone());
        }
        config
    };
    let (from, to) = (with(&stores.from), with(&stores.to));
    if from.store.expose() == to.store.expose() {
        return Err(Failure::usage(format!(
            "{} is both the old store and the new one",
            from.store
        ))
        .hint("name the old one with --from, or the new one with --to"));
    }
    Ok((from, to))
}

async fn open(config: &Config, access: Access) -> Result<Arc<dyn Move>, Failure> {
    known(
        config,
        onay_ledger::open_to_move(config.store.expose(), access).await,
    )
}

fn known<T>(config: &Config, answer: Result<T, LedgerError>) -> Result<T, Failure> {
    answer.map_err(|error| config.refused(&error))
}

/// What a person can do about it.
fn explained(error: &MoveError) -> anyhow::Error {
    let said = error.to_string();
    let unfinished = "nothing is lost: run the same command again to go on, or `onay ledger take-back` \
                      to use the old store again";
    let failure = match error {
        MoveError::Unsound(..) => Failure::needs_person(said)
            .hint("`onay audit verify` tells more; what was edited behind our back is not moved"),
        MoveError::Differs(_) | MoveError::Cell(_) | MoveError::Counts => {
            Failure::needs_person(said).hint(unfinished)
        }
        MoveError::Elsewhere(_) => Failure::refused(said).hint(
            "name the store it moved to; when that is gone for good, see `onay ledger take-back --help`",
        ),
        MoveError::Ledger(LedgerError::OtherAccount { .. })
        | MoveError::InUse(_)
        | MoveError::Nothing
        | MoveError::NotEmpty
        | MoveError::Unfinished(_)
        | MoveError::Left(_)
        | MoveError::Finished
        | MoveError::Stayed
        | MoveError::Changed => Failure::refused(said),
        MoveError::Ledger(_) => return anyhow::anyhow!("{said}\n\nhint: {unfinished}"),
    };
    failure.into()
}

fn tell(journey: &Journey, copied: Copied, took: Duration) -> anyhow::Result<()> {
    let Copied { batches, entries } = copied;
    output::line(format!(
        "moved {batches} batches with {entries} journal entries in {:.1} s",
        took.as_secs_f64()
    ))?;
    output::line(format!(
        "Set ONAY_STORE, or `store` in onay.toml, to {} before you start anything.",
        journey.to
    ))?;
    output::line(format!("{} is closed, and can be read on.", journey.from))
}

/// A bar that counts batches; hidden where nobody sees it.
pub(super) fn bar(batches: u64) -> ProgressBar {
    let bar = ProgressBar::new(batches);
    let template = "{msg:<8} {bar:24} {pos:>7}/{len:<7} {eta} left";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("━╸─"));
    }
    bar
}

fn show(bar: &ProgressBar, progress: Progress) {
    let (what, batches) = match progress {
        Progress::Checked(batches) => ("checking", batches),
        Progress::Carried(batches) => ("moving", batches),
    };
    if bar.message() != what {
        bar.set_message(what);
        bar.reset_eta();
    }
    bar.set_position(batches);
}
