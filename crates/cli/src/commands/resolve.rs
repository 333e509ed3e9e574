//! `resolve`: two people choose what becomes of a frozen batch.

use onay_console::desk::{self, DeskError, Person, Wish, risk};
use onay_console::view;
use onay_ledger::{Access, now};
use onay_payout::{
    Frozen, Head, IllegalTransition, PersonName, Proposal, Resolution, State, explain,
};

use crate::args::{Json, Resolve};
use crate::config::{Config, identify};
use crate::exit::{Exit, Failure};
use crate::output;

/// Lists the choices, or makes one.
pub(crate) async fn run(config: &Config, args: Resolve) -> anyhow::Result<Exit> {
    let ledger = config.ledger(Access::Existing).await?;
    let stored = super::load(ledger.as_ref(), &args.batch.batch).await?;
    let head = stored.batch.head();
    let (Some(action), Some(person)) = (args.action, &args.person) else {
        return list(head, args.json);
    };
    let reason = args.reason.as_deref().unwrap_or_default();
    let policy = config.policy_on(ledger.as_ref()).await?;
    let identity = identify(ledger.as_ref(), &policy, person).await?;
    if let Err(no) = desk::may_resolve(&stored.batch, &identity, action, now()) {
        return Err(refused(head, &no).into());
    }
    if let State::Frozen(frozen) = &head.state
        && output::is_interactive()
        && !is_sure(head, frozen, action, person)?
    {
        return Err(Failure::refused("nothing was recorded; the batch is still frozen").into());
    }
    let by = Person {
        identity: &identity,
        via: "cli",
    };
    let batch = &args.batch.batch;
    let wish = Wish {
        resolution: action,
        reason,
        since: Some(head.since),
    };
    let resolved = desk::resolve(ledger.as_ref(), &policy, &by, batch, &wish).await;
    let resolved = resolved.map_err(|error| match error {
        DeskError::Ledger(error) => anyhow::Error::from(error),
        DeskError::Illegal(no) => refused(head, &no).into(),
        DeskError::NotFound(_) | DeskError::NotAllowed(_) | DeskError::Since => {
            Failure::refused(error.to_string()).into()
        }
    })?;
    if args.json.is_asked() {
        output::json(&view::Resolved::of(&resolved, action))?;
        return Ok(Exit::Done);
    }
    let (head, word) = (&resolved.head, action.word());
    let recorded = match (resolved.is_new, &head.state) {
        (false, _) => format!("{word} was proposed so before"),
        (true, State::Frozen(_)) => format!("{word} is proposed, and waits for a second person"),
        (true, _) => format!("{word} is confirmed and done"),
    };
    output::line(format!("{}: {recorded}", head.external_id))?;
    output::line(explain(head))?;
    if let State::Frozen(_) = &head.state {
        output::say(format!(
            "to confirm: onay resolve {} {word} --as NAME --reason TEXT",
            head.external_id
        ));
    }
    Ok(Exit::Done)
}

/// Says what can be done, and what stands already.
fn list(head: &Head, json: Json) -> anyhow::Result<Exit> {
    let State::Frozen(frozen) = &head.state else {
        return Err(not_frozen(head).into());
    };
    if json.is_asked() {
        output::json(&view::Batch::of(head))?;
        return Ok(Exit::Done);
    }
    output::line(format!(
        "{} is frozen: {}",
        head.external_id,
        frozen.why.sentence()
    ))?;
    for detail in &frozen.details {
        output::line(format!("  {detail}"))?;
    }
    if let Some(made) = &frozen.proposal {
        output::line(proposed(made))?;
    }
    output::line("two people choose the same, and then it is done:")?;
    output::line(choices(frozen))?;
    output::say(format!(
        "next: onay resolve {} ACTION --as NAME --reason TEXT",
        head.external_id
    ));
    Ok(Exit::Done)
}

fn choices(frozen: &Frozen) -> String {
    let lines = frozen.allowed().iter().map(|resolution| {
        let (word, sentence) = (resolution.word(), resolution.sentence());
        let risk = risk(frozen, *resolution).map(|risk| format!("\n    risk: {risk}"));
        format!("  {word}\n    {sentence}{}", risk.unwrap_or_default())
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn proposed(made: &Proposal) -> String {
    format!(
        "{} proposed {} at {}: {}",
        made.by,
        made.resolution.word(),
        made.at.format("%F %H:%M UTC"),
        made.reason
    )
}

fn is_sure(
    head: &Head,
    frozen: &Frozen,
    action: Resolution,
    person: &PersonName,
) -> anyhow::Result<bool> {
    output::say(format!(
        "{}: {} to {} payees, submitted by {}",
        head.external_id, head.tie_out.requested, head.count, head.maker
    ));
    output::say(format!("  frozen: {}", frozen.why.sentence()));
    for detail in &frozen.details {
        output::say(format!("    {detail}"));
    }
    let mut next = "a second person must confirm it";
    if let Some(made) = &frozen.proposal {
        output::say(format!("  {}", proposed(made)));
        next = match (made.resolution == action, made.by == *person) {
            (true, false) => "yours is the second: it is done right after",
            (true, true) => "you proposed it already; a second person must confirm it",
            (false, _) => "this takes the place of that proposal; a second person must confirm it",
        };
    }
    output::say(format!("  {}: {}", action.word(), action.sentence()));
    if let Some(risk) = risk(frozen, action) {
        output::say(format!("  risk: {risk}"));
    }
    output::say(format!("  {next}"));
    let is_sure = dialoguer::Confirm::new()
        .with_prompt(format!("Choose {}?", action.word()))
        .default(false)
        .wait_for_newline(true)
        .interact()?;
    Ok(is_sure)
}

/// The refusal, with what would be accepted.
fn refused(head: &Head, no: &IllegalTransition) -> Failure {
    let refusal = Failure::refused(no.to_string());
    match (&head.state, no) {
        (State::Frozen(frozen), IllegalTransition::NoResolution { .. }) => {
            refusal.hint(format!("what can be done:\n{}", choices(frozen)))
        }
        (State::Frozen(_), IllegalTransition::OwnBatch(_)) => {
            refusal.hint("a batch is resolved by two approvers or operators who did not submit it")
        }
        (State::Frozen(_), _) => refusal,
        (_, _) => not_frozen(head),
    }
}

fn not_frozen(head: &Head) -> Failure {
    let (id, state) = (&head.external_id, head.state.name());
    Failure::refused(format!(
        "{id} is {state}, not frozen; there is nothing to resolve"
    ))
    .hint(explain(head))
}
