//! One sentence for people: where a batch stands and what happens next.

use chrono::{DateTime, Utc};

use crate::decision::ReasonCode;
use crate::head::Head;
use crate::ids::PersonName;
use crate::pause::Pause;
use crate::requirement::Given;
use crate::state::{Ending, Frozen, Hold, Shortage, State, TurnedDown};

/// Says where a batch stands and what happens next.
pub fn explain(batch: &Head) -> String {
    match &batch.state {
        State::Received => "accepted; it goes to the provider next, no money moves yet".to_owned(),
        State::Preparing(preparing) => format!(
            "being handed to the provider since {}; if the answer is lost, the provider is asked, \
             never guessed about; no money moves",
            time(preparing.intent.started_at)
        ),
        State::Prepared(_) => {
            "the provider has it; its copy is being compared with what was submitted".to_owned()
        }
        State::PendingApproval(hold) => pending(batch, hold),
        State::Approved(hold) => approved(hold),
        State::Releasing(releasing) => format!(
            "being released since {}; {}; the provider is asked until it shows what became of it, \
             and nothing more is sent meanwhile",
            time(releasing.intent.started_at),
            match releasing.looks {
                0 => "waiting for the answer".to_owned(),
                1 => "asked once, no effect shown yet".to_owned(),
                looks => format!("asked {looks} times, no effect shown yet"),
            }
        ),
        State::Processing(_) => {
            "released; the provider is paying, and is asked until every item is final".to_owned()
        }
        State::Settled(_) => "done; every item is paid".to_owned(),
        State::PartlySettled(_) => with_refunds(batch, "done; some items are paid, some are not"),
        State::Failed(_) => with_refunds(batch, "done; no item is paid"),
        State::Cancelling(cancelling) => format!(
            "{}; the provider is asked to cancel it, and it {} once that is confirmed",
            turned_down(batch, cancelling.ending, &cancelling.turned_down),
            match cancelling.ending {
                Ending::Rejected | Ending::Withdrawn | Ending::Expired => "ends",
                Ending::PrepareAnew => "is stored there anew",
            }
        ),
        State::Rejected(end) => turned_down(batch, Ending::Rejected, end),
        State::Withdrawn(end) => turned_down(batch, Ending::Withdrawn, end),
        State::Expired(_) => "expired; nobody released it in time, and that means no".to_owned(),
        State::Refused(refusal) => format!("the provider refused it: {refusal}"),
        State::Frozen(frozen) => stopped(frozen),
    }
}

/// The same, where releases may be paused.
pub fn explain_under(batch: &Head, pause: Option<&Pause>) -> String {
    match (&batch.state, pause) {
        (State::Approved(hold), Some(pause)) => format!(
            "approved, and waits: {pause}; then it goes on by itself until {}",
            time(hold.expires_at)
        ),
        (_, _) => explain(batch),
    }
}

fn approved(hold: &Hold) -> String {
    match &hold.short {
        None => format!(
            "approved; {} to {} payees is released next",
            hold.total, hold.count
        ),
        Some(Shortage {
            balance,
            needed,
            at,
        }) => format!(
            "approved, and waits for funds: the payout balance was {balance} at {}, {needed} is needed{}; \
             it is looked at again within a minute and goes on by itself until {}",
            time(*at),
            needed
                .minus(*balance)
                .map_or_else(|_| String::new(), |short| format!(", {short} is missing")),
            time(hold.expires_at)
        ),
    }
}

fn stopped(frozen: &Frozen) -> String {
    let choices: Vec<&str> = frozen
        .allowed()
        .iter()
        .map(|resolution| resolution.word())
        .collect();
    let next = match &frozen.proposal {
        None => format!("two people choose {}", choices.join(", ")),
        Some(made) => format!(
            "{} proposes {} ({}), a second person must confirm",
            made.by,
            made.resolution.word(),
            made.reason
        ),
    };
    format!(
        "frozen: {} ({}); nothing more is sent until people resolve it: {next}",
        frozen.why.sentence(),
        frozen.details.join("; ")
    )
}

fn pending(batch: &Head, hold: &Hold) -> String {
    let Some(needed) = hold
        .rules
        .needed()
        .filter(|_| !hold.rules.asked().is_empty())
    else {
        return format!(
            "held; rule `{}` asks nobody who may approve it, so it cannot be released; withdraw it \
             or change the policy",
            hold.rules.names()
        );
    };
    let given: Vec<Given> = batch
        .standing_approvals()
        .into_iter()
        .map(Given::from)
        .collect();
    let open = hold.rules.open(&given);
    let open: Vec<&str> = open.into_iter().map(PersonName::as_str).collect();
    format!(
        "held by the provider, {}; {} of {} approvals, {} {} until {}",
        if hold.is_sent {
            "and an earlier release of it may still arrive"
        } else {
            "no money moves"
        },
        given.len(),
        needed,
        asking(hold),
        open.join(", "),
        time(hold.expires_at)
    )
}

/// `rule `large` asks`, or `rules `large` and `salaries` ask`.
fn asking(hold: &Hold) -> String {
    let rules = hold.rules.rules.iter();
    let names: Vec<String> = rules.map(|rule| format!("`{}`", rule.name)).collect();
    match names.as_slice() {
        [one] => format!("rule {one} asks"),
        _ => format!("rules {} ask", names.join(" and ")),
    }
}

fn with_refunds(batch: &Head, sentence: &str) -> String {
    if batch.awaits_refund() {
        format!("{sentence}; failed items are watched for a refund")
    } else {
        sentence.to_owned()
    }
}

fn turned_down(batch: &Head, ending: Ending, end: &TurnedDown) -> String {
    let (word, reason) = (ending.word(), &end.reason);
    let code = batch.rejection().and_then(|rejection| rejection.code);
    let code = code
        .and_then(ReasonCode::label)
        .filter(|label| label != reason);
    let code = code.map_or_else(String::new, |label| format!(" ({label})"));
    match &end.by {
        Some(name) => format!("{word} by {name}{code}: {reason}"),
        None => format!("{word}: {reason}"),
    }
}

fn time(at: DateTime<Utc>) -> String {
    at.format("%F %H:%M UTC").to_string()
}
