//! `policy activate`: one person makes the policy stricter, two make it looser.

use std::sync::Arc;

use onay_ledger::{Access, Ledger, LedgerError, activations, add_activation, now, policy_text};
use onay_payout::{ActivationStep, ActivationWish, Activations, Policy, PolicyError, Severity};
use serde_json::json;

use crate::args::PolicyActivate;
use crate::config::{Config, identify, read_policy};
use crate::exit::{Exit, Failure};
use crate::output;

/// Makes a policy the active one, or proposes it.
pub(crate) async fn run(config: &Config, args: &PolicyActivate) -> anyhow::Result<Exit> {
    let shown = args.file.display();
    let next = Policy::parse(&read_policy(&args.file)?)
        .map_err(|error| Failure::refused(format!("policy {shown}: {error}")))?;
    let ledger = config.ledger(Access::Existing).await?;
    let known = activations(ledger.as_ref()).await?;
    let current = active(ledger.as_ref(), &known).await?;
    // Who somebody is, the active policy says; the new one may say anything.
    let judge = Arc::new(current.as_ref().unwrap_or(&next).clone());
    let identity = identify(ledger.as_ref(), &judge, &args.person).await?;
    let wish = ActivationWish {
        next: &next,
        reason: &args.reason,
    };
    let judged = known.judge(current.as_ref(), wish, &identity, now());
    let judged = judged.map_err(|no| Failure::refused(no.to_string()))?;
    let (after, step, loosens) = match judged {
        None => (known, None, Vec::new()),
        Some(entry) => {
            let added = add_activation(ledger.as_ref(), &known, &entry, &next, "cli").await;
            if matches!(added, Err(LedgerError::Changed)) {
                let what = "somebody else changed the policy at the same moment";
                let failure = Failure::refused(what).hint("look at it, and run this again");
                return Err(failure.into());
            }
            let after = added?;
            (after, Some(entry.step), entry.loosens)
        }
    };
    if args.json.is_asked() {
        output::json(&json!({
            "policy": next.hash().to_string(), "step": step.map(ActivationStep::word),
            "loosens": loosens, "active": after.active().map(|hash| hash.to_string()),
            "proposal": after.proposal().map(|made| made.policy.to_string()),
        }))?;
        return Ok(Exit::Done);
    }
    for what in &loosens {
        output::line(format!("looser: {what}"))?;
    }
    output::line(told(&after, &next, step))?;
    warn(&next);
    Ok(Exit::Done)
}

/// The active policy, as its text was kept when it was activated.
async fn active(ledger: &dyn Ledger, known: &Activations) -> anyhow::Result<Option<Policy>> {
    let Some(hash) = known.active() else {
        return Ok(None);
    };
    let text = policy_text(ledger, hash).await?;
    let text =
        text.ok_or_else(|| LedgerError::Corrupt(format!("no text of policy {}", hash.code())))?;
    let corrupt = |error: PolicyError| LedgerError::Corrupt(error.to_string());
    Ok(Some(Policy::parse(&text).map_err(corrupt)?))
}

fn told(after: &Activations, next: &Policy, step: Option<ActivationStep>) -> String {
    let code = next.hash().code();
    match (step, after.proposal()) {
        (Some(ActivationStep::Activated | ActivationStep::First), _) => format!(
            "policy {code} is active; restart every role with this file: with another one they \
             neither decide nor release"
        ),
        (Some(ActivationStep::Proposed), _) => format!(
            "policy {code} is proposed; a second person confirms it within a day by the same command"
        ),
        (None, Some(made)) if made.policy == next.hash() => {
            format!("that is proposed already, {made}; a second person must confirm")
        }
        (None, _) => format!("policy {code} is active already"),
    }
}

fn warn(next: &Policy) {
    let found = next.check(now());
    let errors = found.iter().filter(|one| one.severity() == Severity::Error);
    let errors = errors.count();
    if errors > 0 {
        output::say(format!(
            "note: `onay policy check` finds {errors} errors in it"
        ));
    }
}
