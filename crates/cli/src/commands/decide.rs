//! `approve`, `reject`, `undo`, `withdraw`, `why`: what people do with a batch.

use onay_console::desk::{self, DeskError, Person};
use onay_console::view;
use onay_ledger::{Access, LedgerError};
use onay_payout::{Head, Hold, Motion, Verdict, explain};
use onay_producer::{Producer, WithdrawError};
use serde_json::json;

use crate::args::{Approve, Decide, Reject, Withdraw};
use crate::config::{Config, identify};
use crate::exit::{Exit, Failure};
use crate::output;

/// Approves what the provider holds.
pub(crate) async fn approve(config: &Config, args: Approve) -> anyhow::Result<Exit> {
    let digest = match args.digest {
        Some(digest) => digest,
        None => match ask_digest(config, &args.who).await? {
            Some(digest) => digest,
            None => return Err(Failure::refused("not approved").into()),
        },
    };
    decide(
        config,
        &args.who,
        Verdict::Approve {
            comment: args.comment,
        },
        &digest,
    )
    .await
}

/// Turns a batch down.
pub(crate) async fn reject(config: &Config, args: Reject) -> anyhow::Result<Exit> {
    let digest = current_digest(config, &args.who).await?;
    decide(
        config,
        &args.who,
        Verdict::Reject {
            reason: args.reason,
        },
        &digest,
    )
    .await
}

/// Takes an approval back.
pub(crate) async fn undo(config: &Config, args: Decide) -> anyhow::Result<Exit> {
    let digest = current_digest(config, &args).await?;
    decide(config, &args, Verdict::Undo, &digest).await
}

async fn decide(
    config: &Config,
    args: &Decide,
    verdict: Verdict,
    digest: &str,
) -> anyhow::Result<Exit> {
    let policy = config.policy()?;
    let identity = identify(&policy, &args.person)?;
    let ledger = config.ledger(Access::Existing)?;
    let (word, recorded) = (verdict.word(), recorded(&verdict));
    let by = Person {
        identity: &identity,
        via: "cli",
    };
    let motion = Motion { verdict, digest };
    let outcome = desk::decide(ledger.as_ref(), &policy, &by, &args.batch.batch, &motion).await;
    let decided = outcome.map_err(|error| match error {
        DeskError::Ledger(error) => anyhow::Error::from(error),
        DeskError::NotFound(_) | DeskError::NotAllowed(_) | DeskError::Illegal(_) => {
            Failure::refused(error.to_string()).into()
        }
    })?;
    if args.json.is_asked() {
        output::json(&view::Decided::of(&decided.head, word))?;
    } else {
        let recorded = if decided.is_new {
            recorded
        } else {
            "was decided so before"
        };
        let head = &decided.head;
        output::line(format!(
            "{}: {recorded}; {}",
            head.external_id,
            explain(head)
        ))?;
    }
    Ok(Exit::Done)
}

const fn recorded(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Approve { .. } => "approval recorded",
        Verdict::Reject { .. } => "rejection recorded",
        Verdict::Undo => "approval taken back",
    }
}

/// Takes the maker's own batch back.
pub(crate) async fn withdraw(config: &Config, args: Withdraw) -> anyhow::Result<Exit> {
    let who = args.who;
    let policy = config.policy()?;
    let maker = identify(&policy, &who.person)?;
    let ledger = config.ledger(Access::Existing)?;
    let producer = Producer::new(ledger, policy, maker, "cli")
        .map_err(|error| Failure::refused(error.to_string()))?;
    let head = producer
        .withdraw(&who.batch.batch, &args.reason)
        .await
        .map_err(|error| match error {
            WithdrawError::Ledger(LedgerError::NotFound) => {
                super::not_found(&who.batch.batch).into()
            }
            WithdrawError::Ledger(error) => anyhow::Error::from(error),
            WithdrawError::NotAllowed(_) => Failure::refused(error.to_string()).into(),
        })?;
    if who.json.is_asked() {
        output::json(&view::Decided::of(&head, "withdraw"))?;
    } else {
        output::line(format!("{}: {}", head.external_id, explain(&head)))?;
    }
    Ok(Exit::Done)
}

/// Says which rule asks for whom, and whether a person may decide.
pub(crate) async fn why(config: &Config, args: &Decide) -> anyhow::Result<Exit> {
    let policy = config.policy()?;
    let identity = identify(&policy, &args.person)?;
    let head = load_head(config, args).await?;
    #[expect(clippy::disallowed_methods, reason = "a person asks now")]
    let now = chrono::Utc::now();
    let answer = policy.may_decide(&head, &identity, now);
    let (may, because) = match &answer {
        Ok(_) => (true, format!("{} may decide on this batch", args.person)),
        Err(reason) => (false, reason.to_string()),
    };
    if args.json.is_asked() {
        let approvals = view::Approvals::of(&head);
        output::json(&json!({
            "batch": head.id.to_string(), "person": args.person.to_string(),
            "may_decide": may, "because": because, "approvals": approvals,
        }))?;
    } else {
        output::line(explain(&head))?;
        output::line(because)?;
    }
    Ok(Exit::Done)
}

async fn load_head(config: &Config, args: &Decide) -> anyhow::Result<Head> {
    let ledger = config.ledger(Access::Existing)?;
    let stored = super::load(ledger.as_ref(), &args.batch.batch).await?;
    Ok(stored.batch.head().clone())
}

/// A person who turns something down need not repeat what they saw: no money moves by it.
async fn current_digest(config: &Config, args: &Decide) -> anyhow::Result<String> {
    let head = load_head(config, args).await?;
    Ok(head
        .state
        .hold()
        .map_or_else(String::new, |hold| hold.digest.to_string()))
}

/// Shows what would be paid and asks. `None` when the answer is no.
async fn ask_digest(config: &Config, args: &Decide) -> anyhow::Result<Option<String>> {
    let head = load_head(config, args).await?;
    let Some(hold) = head.state.hold() else {
        // The domain has the better words for why there is nothing to decide on.
        return Ok(Some(String::new()));
    };
    if !output::is_interactive() {
        return Err(
            Failure::usage("--digest is required where nobody can be asked")
                .hint("`onay show` prints it; approve what you saw, not what is there now")
                .into(),
        );
    }
    print_question(&head, hold);
    let is_sure = dialoguer::Confirm::new()
        .with_prompt(format!("Approve {} to {} payees?", hold.total, hold.count))
        .default(false)
        .interact()?;
    Ok(is_sure.then(|| hold.digest.to_string()))
}

fn print_question(head: &Head, hold: &Hold) {
    let refused = head.count.saturating_sub(hold.count);
    output::say(format!("{} submitted by {}", head.external_id, head.maker));
    output::say(format!(
        "  {} to {} payees, digest {}",
        hold.total,
        hold.count,
        hold.digest.code()
    ));
    if let Some(commission) = hold.commission {
        output::say(format!("  commission {commission}"));
    }
    if refused > 0 {
        output::say(format!(
            "  {refused} items were refused by the provider and are not paid"
        ));
    }
}
