//! Pauses of releases: events of the house journal, and a cell that is there while one stands.

use onay_payout::{PauseEntry, PauseStep, Pauses};

use crate::cell::{PAUSED, Swap};
use crate::error::LedgerError;
use crate::house::{self, House, HouseEvent};
use crate::journal::{Actor, Entry};
use crate::ledger::Ledger;

/// Every pause of releases there ever was.
///
/// # Errors
/// [`LedgerError::Corrupt`] also when the journal says something else than the cell that commits go
/// by.
pub async fn pauses(ledger: &dyn Ledger) -> Result<Pauses, LedgerError> {
    of(&house::read(ledger).await?)
}

/// Whether releases are paused now: one look at one cell.
pub async fn is_paused(ledger: &dyn Ledger) -> Result<bool, LedgerError> {
    let found = ledger.cells(&[PAUSED.to_owned()]).await?;
    Ok(found.into_iter().flatten().next().is_some())
}

/// Adds to the pauses what somebody wants, who did so from `via`, if `more` cells are what they must
/// be; from then on commits go by it.
///
/// # Errors
/// [`LedgerError::Changed`] when somebody else added to what is `known`.
pub async fn add_pause(
    ledger: &dyn Ledger,
    known: &Pauses,
    entry: &PauseEntry,
    (via, more): (&'static str, Vec<Swap>),
) -> Result<Pauses, LedgerError> {
    let house = house::read(ledger).await?;
    let before = of(&house)?;
    if before != *known {
        return Err(LedgerError::Changed);
    }
    let after = before.with(entry.clone());
    let event = HouseEvent {
        actor: Actor {
            name: entry.by.to_string(),
            via,
        },
        event: entry.step.word(),
        before: word(&before).to_owned(),
        after: word(&after).to_owned(),
        note: entry.reason.clone(),
        digest: None,
        at: entry.at,
    };
    let stands = match entry.step {
        PauseStep::Paused => Some(cell(house.tip.version.saturating_add(1))),
        PauseStep::ResumeProposed => house.paused.clone(),
        PauseStep::Resumed => None,
    };
    let swap = Swap::new(PAUSED, house.paused.clone(), stands);
    let swaps = [vec![swap], more].concat();
    let added = house::append(ledger, house.tip, event, swaps).await?;
    let entries = [house.entries, vec![added]].concat();
    read(&entries)
}

/// What is in the cell when these entries are all there are: the number of the entry that paused.
pub(crate) fn standing(entries: &[Entry]) -> Option<String> {
    let steps = entries
        .iter()
        .filter_map(|entry| Some((step(entry)?, entry.seq)));
    steps.fold(None, |standing, (step, seq)| match step {
        PauseStep::Paused => Some(cell(seq)),
        PauseStep::ResumeProposed => standing,
        PauseStep::Resumed => None,
    })
}

fn cell(seq: u64) -> String {
    seq.to_string()
}

fn of(house: &House) -> Result<Pauses, LedgerError> {
    if standing(&house.entries) == house.paused {
        return read(&house.entries);
    }
    let what = "whether releases are paused does not follow from the house journal";
    Err(LedgerError::Corrupt(what.to_owned()))
}

fn read(entries: &[Entry]) -> Result<Pauses, LedgerError> {
    let pauses = entries.iter().filter_map(|entry| {
        let step = step(entry)?;
        let by = entry.actor.parse().map_err(|_| {
            LedgerError::Corrupt(format!("house journal, entry {}: no name", entry.seq))
        });
        Some(by.map(|by| PauseEntry {
            step,
            by,
            at: entry.at,
            reason: entry.note.clone(),
        }))
    });
    Ok(Pauses::new(pauses.collect::<Result<_, _>>()?))
}

fn step(entry: &Entry) -> Option<PauseStep> {
    let mut steps = PauseStep::ALL.into_iter();
    steps.find(|step| step.word() == entry.event)
}

fn word(pauses: &Pauses) -> &'static str {
    match pauses.standing() {
        Some(_) => "paused",
        None => "running",
    }
}
