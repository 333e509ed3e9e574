//! Changes of the active policy: events of the house journal, stored in one step with the cell that
//! decisions and releases go by.

use onay_payout::{ActivationEntry, ActivationStep, Activations, Policy};

use crate::active::{ACTIVATED, POLICY, standing, text_key};
use crate::cell::Swap;
use crate::error::LedgerError;
use crate::house::{self, House, HouseEvent};
use crate::journal::{Actor, Entry};
use crate::ledger::Ledger;

/// What the house journal says when somebody wants a looser policy.
const PROPOSED: &str = "propose_policy";

/// How a line of a note begins that says in what a policy is looser.
const LOOSER: &str = "looser: ";

/// Every change of the active policy there ever was.
///
/// # Errors
/// [`LedgerError::Corrupt`] also for an entry that names no policy.
pub async fn activations(ledger: &dyn Ledger) -> Result<Activations, LedgerError> {
    of(&house::read(ledger).await?)
}

/// Adds to the changes what somebody wants, who did so from `via`; from then on decisions and
/// releases go by it. The file's text is kept, for whoever compares another one with it.
///
/// # Errors
/// [`LedgerError::Changed`] when somebody else added to what is `known`.
pub async fn add_activation(
    ledger: &dyn Ledger,
    known: &Activations,
    entry: &ActivationEntry,
    policy: &Policy,
    via: &'static str,
) -> Result<Activations, LedgerError> {
    let house = house::read(ledger).await?;
    if of(&house)? != *known || policy.hash() != entry.policy {
        return Err(LedgerError::Changed);
    }
    let after = known.with(entry.clone());
    let [was, is] = [known, &after].map(Activations::active);
    let code =
        |hash: Option<onay_payout::Digest>| hash.map_or_else(String::new, |hash| hash.code());
    let event = HouseEvent {
        actor: Actor {
            name: entry.by.clone(),
            via,
        },
        event: word(entry.step),
        before: code(was),
        after: code(is),
        note: note(entry),
        digest: Some(entry.policy),
        at: entry.at,
    };
    let [was, is] = [was, is].map(|hash| hash.map(|hash| hash.to_string()));
    let key = text_key(entry.policy);
    let kept = ledger.cells(std::slice::from_ref(&key)).await?;
    let kept = kept.into_iter().flatten().next();
    let text = Swap::new(key, kept, Some(policy.text().to_owned()));
    let swaps = vec![Swap::new(POLICY, was, is), text];
    let added = house::append(ledger, house.tip, event, swaps).await?;
    read(&[house.entries, vec![added]].concat())
}

fn of(house: &House) -> Result<Activations, LedgerError> {
    if standing(&house.entries) != house.policy {
        let what = "the active policy is not the one that the house journal says";
        return Err(LedgerError::Corrupt(what.to_owned()));
    }
    read(&house.entries)
}

fn read(entries: &[Entry]) -> Result<Activations, LedgerError> {
    let changes = entries.iter().filter_map(|entry| {
        let step = step(entry)?;
        let no_policy =
            || LedgerError::Corrupt(format!("house journal, entry {}: no policy", entry.seq));
        Some(entry.digest.ok_or_else(no_policy).map(|policy| {
            let (reason, loosens) = told(&entry.note);
            ActivationEntry {
                step,
                policy,
                by: entry.actor.clone(),
                at: entry.at,
                reason,
                loosens,
            }
        }))
    });
    Ok(Activations::new(changes.collect::<Result<_, _>>()?))
}

const fn word(step: ActivationStep) -> &'static str {
    match step {
        ActivationStep::Proposed => PROPOSED,
        ActivationStep::Activated | ActivationStep::First => ACTIVATED,
    }
}

fn step(entry: &Entry) -> Option<ActivationStep> {
    match entry.event.as_str() {
        PROPOSED => Some(ActivationStep::Proposed),
        ACTIVATED if entry.before.is_empty() => Some(ActivationStep::First),
        ACTIVATED => Some(ActivationStep::Activated),
        _ => None,
    }
}

/// The reason in one line, and one for each thing in which the policy is looser.
fn note(entry: &ActivationEntry) -> String {
    let in_one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let looser = entry
        .loosens
        .iter()
        .map(|what| format!("\n{LOOSER}{}", in_one_line(what)));
    in_one_line(&entry.reason) + &looser.collect::<String>()
}

fn told(note: &str) -> (String, Vec<String>) {
    let mut lines = note.lines();
    let reason = lines.next().unwrap_or_default().to_owned();
    let loosens = lines.filter_map(|line| line.strip_prefix(LOOSER));
    (reason, loosens.map(str::to_owned).collect())
}
