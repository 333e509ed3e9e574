//! A scenario: the provider misbehaves, and every step is told.

use onay_console::desk::{self, Person, Wish};
use onay_ledger::Stored;
use onay_payout::{BatchRef, Frozen, Head, Identity, Money, Resolution, State, explain};
use onay_simulator::{BatchStatus, Endpoint, Fault, FaultPlan, Simulator};

use super::stage::Stage;
use crate::commands::load;
use crate::commands::watch::PAUSE;
use crate::output;

/// The scenario whose second release is lost as well, in the other direction.
const LOST: &str = "lost-auth-answer";

/// What is about to be seen.
pub(super) fn introduce(scenario: &str) {
    let what = match scenario {
        LOST => {
            "The provider carries out the first release, and its answer is lost. The second release \
             is lost\nbefore it arrives. Neither is sent again without asking."
        }
        "rate-limited" => {
            "The provider serves a few calls a minute. Everything waits for the next minute, so this \
             takes\na few of them."
        }
        "half-invalid" => "The provider refuses about half of the items when it takes a batch.",
        "bank-refuses" => {
            "The bank refuses about half of the payments. The money of some of them comes back."
        }
        "no-funds" => "The payout account holds too little when the batch is to be released.",
        _ => "The provider misbehaves.",
    };
    output::say(format!("{what}\n"));
}

/// Whether one batch is enough to tell it.
pub(super) fn needs_two(scenario: &str) -> bool {
    scenario == LOST
}

/// What the scenario leaves to the demo.
pub(super) fn prepare(scenario: &str, simulator: &Simulator) {
    if scenario == LOST {
        simulator.plan(FaultPlan::next(Endpoint::Auth, Fault::CloseBeforeWork));
    }
}

/// Who acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hands {
    /// The demo's people.
    Demo,
    /// The person at the keyboard, who is told how.
    Yours,
}

/// Follows a batch to its end, tells what happens, and does what people would do.
pub(super) async fn follow(
    stage: &Stage,
    batch: &BatchRef,
    hands: Hands,
) -> anyhow::Result<Stored> {
    let mut pause = tokio::time::interval(PAUSE);
    let mut told = String::new();
    loop {
        pause.tick().await;
        let stored = load(stage.ledger().as_ref(), batch).await?;
        let head = stored.batch.head();
        let scene = scene(head);
        if scene != told {
            output::say(format!("{}: {}", head.external_id, explain(head)));
            match hands {
                Hands::Demo => act(stage, head).await?,
                Hands::Yours => tell_how(stage, head),
            }
            told = scene;
        }
        if head.state.is_final() {
            return Ok(stored);
        }
    }
}

/// What is told once: a look or a poll that changes nothing is not.
fn scene(head: &Head) -> String {
    let detail = if let State::Releasing(releasing) = &head.state {
        releasing.looks > 0
    } else if let State::Frozen(frozen) = &head.state {
        frozen.proposal.is_some()
    } else {
        missing(&head.state).is_some()
    };
    format!("{} {detail}", head.state.name())
}

/// The funds an approved batch waits for.
fn missing(state: &State) -> Option<Money> {
    let State::Approved(hold) = state else {
        return None;
    };
    let short = hold.short?;
    short.needed.minus(short.balance).ok()
}

async fn act(stage: &Stage, head: &Head) -> anyhow::Result<()> {
    if let Some(missing) = missing(&head.state) {
        output::say(format!("  finance puts {missing} into the payout account"));
        stage.simulator.add_funds(missing.amount())?;
    }
    if let State::PendingApproval(hold) = &head.state {
        let name = stage.approver.name();
        output::say(format!("  {name} approves what the provider holds"));
        super::approve(stage, head, hold).await?;
    }
    if let State::Frozen(frozen) = &head.state {
        resolve(stage, head, frozen).await?;
    }
    Ok(())
}

/// Two people ask the provider what it has, and choose.
async fn resolve(stage: &Stage, head: &Head, frozen: &Frozen) -> anyhow::Result<()> {
    let (advised, reason) = ask_provider(stage, head, frozen);
    let (by, resolution) = match &frozen.proposal {
        Some(made) => (&stage.operator, made.resolution),
        None => (&stage.approver, advised),
    };
    let (id, word, name) = (&head.external_id, resolution.word(), by.name());
    output::say(format!(
        "  {name}: onay resolve {id} {word} --as {name} --reason \"{reason}\""
    ));
    let (ledger, batch) = (stage.ledger(), BatchRef::Id(head.id));
    let (identity, via) = (by, "cli");
    let person = Person { identity, via };
    let wish = Wish {
        resolution,
        reason,
        since: Some(head.since),
    };
    desk::resolve(ledger.as_ref(), &stage.policy(), &person, &batch, &wish).await?;
    Ok(())
}

/// What the provider's people see in their own books, and what follows from it.
fn ask_provider(stage: &Stage, head: &Head, frozen: &Frozen) -> (Resolution, &'static str) {
    let books = stage.simulator.books(Some(head.remote_id().as_str()));
    let newest = books.batches.last();
    let is_started = newest.is_some_and(|book| book.status != BatchStatus::Init);
    let (wanted, said) = if is_started {
        let said = "the provider says that it was started";
        (Resolution::ConfirmReleased, said)
    } else {
        let said = "the provider says that nothing was started";
        (Resolution::RetryRelease, said)
    };
    let can = frozen.allowed().contains(&wanted);
    (if can { wanted } else { Resolution::Close }, said)
}

/// What the person at the keyboard can do.
fn tell_how(stage: &Stage, head: &Head) {
    let (id, dir) = (&head.external_id, stage.dir().display());
    if let Some(missing) = missing(&head.state) {
        let (url, amount) = (stage.simulator.base_url(), missing.number());
        output::say(format!(
            "  to add funds:\n  curl -H 'content-type: application/json' -d '{{\"add\": \
             \"{amount}\"}}' {url}/_sim/funds"
        ));
    }
    if let State::Frozen(frozen) = &head.state {
        let word = ask_provider(stage, head, frozen).0.word();
        let people = [&stage.approver, &stage.operator];
        let done = usize::from(frozen.proposal.is_some());
        for name in people.into_iter().skip(done).map(Identity::name) {
            let command = format!("onay resolve {id} {word} --as {name} --reason WHY");
            output::say(format!("  ONAY_TOKEN_FILE={dir}/{name}.token {command}"));
        }
    }
}
