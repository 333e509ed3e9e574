//! `release`: one person pauses releases, two resume them.

use onay_console::desk::{self, PauseError, Person};
use onay_console::view;
use onay_ledger::{Access, Ledger, LedgerError, pauses};
use onay_payout::PauseWish;

use crate::args::{Json, Release, ReleaseWish};
use crate::config::{Config, identify};
use crate::exit::{Exit, Failure};
use crate::output;

/// Records a wish, or shows those that were recorded.
pub(crate) async fn run(config: &Config, command: Release) -> anyhow::Result<Exit> {
    match command {
        Release::Pause(args) => wish(config, PauseWish::Pause, args).await,
        Release::Resume(args) => wish(config, PauseWish::Resume, args).await,
        Release::Log(json) => log(config, json).await,
    }
}

/// Says on standard error that releases are paused, if they are.
pub(crate) async fn tell_pause(ledger: &dyn Ledger) -> Result<(), LedgerError> {
    if let Some(pause) = pauses(ledger).await?.standing() {
        output::say(format!("note: {pause}"));
    }
    Ok(())
}

async fn wish(config: &Config, wish: PauseWish, args: ReleaseWish) -> anyhow::Result<Exit> {
    let ledger = config.ledger(Access::Existing).await?;
    let policy = config.policy()?;
    let identity = identify(ledger.as_ref(), &policy, &args.person).await?;
    let person = Person {
        identity: &identity,
        via: "cli",
    };
    let wished = desk::pause(ledger.as_ref(), &policy, &person, wish, &args.reason).await;
    let wished = wished.map_err(|error| match error {
        PauseError::Refused(no) => anyhow::Error::from(Failure::refused(no.to_string())),
        PauseError::Ledger(error) => error.into(),
    })?;
    if args.json.is_asked() {
        output::json(&view::Releases::from(&wished.pauses))?;
        return Ok(Exit::Done);
    }
    if !wished.is_new {
        output::line("that stands already")?;
    }
    match wished.pauses.standing() {
        None => output::line("releases are resumed, and go on within seconds")?,
        Some(pause) => {
            output::line(pause.to_string())?;
            output::say("to resume: onay release resume --as NAME --reason TEXT");
        }
    }
    Ok(Exit::Done)
}

async fn log(config: &Config, json: Json) -> anyhow::Result<Exit> {
    let ledger = config.ledger(Access::Existing).await?;
    let pauses = pauses(ledger.as_ref()).await?;
    if json.is_asked() {
        output::json(&view::Releases::from(&pauses))?;
        return Ok(Exit::Done);
    }
    if pauses.standing().is_none() {
        output::say("releases are not paused");
    }
    for entry in pauses.entries() {
        output::line(format!("{} {entry}", view::words(entry.step.word())))?;
    }
    tell_pause(ledger.as_ref()).await?;
    Ok(Exit::Done)
}
