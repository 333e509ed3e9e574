//! `approve`, `reject`, `undo`, `withdraw`, `why`: what people do with a batch.

use std::path::Path;
use std::sync::Arc;

use chrono::SubsecRound as _;
use onay_console::course::Course;
use onay_console::desk::{self, DeskError, Person};
use onay_console::view;
use onay_ledger::{Access, Ledger, LedgerError, now};
use onay_payout::{
    BatchRef, Head, Hold, Identity, MayDecide, Motion, Policy, Signed, SignedAt, Verdict, explain,
};
use onay_producer::{Producer, WithdrawError};

use super::approvals;
use crate::args::{Approve, Decide, Json, Reject, Why, Withdraw};
use crate::config::{Config, identify};
use crate::exit::{Exit, Failure};
use crate::keys;
use crate::output;

/// A person at the keyboard who has proved who they are, and what they came for.
struct Visit {
    policy: Arc<Policy>,
    identity: Identity,
    ledger: Arc<dyn Ledger>,
    batch: BatchRef,
    json: Json,
}

impl Visit {
    async fn begin(config: &Config, args: Decide) -> anyhow::Result<Self> {
        let ledger = config.ledger(Access::Existing).await?;
        let policy = config.policy_on(ledger.as_ref()).await?;
        let identity = identify(ledger.as_ref(), &policy, &args.person).await?;
        Ok(Self {
            policy,
            identity,
            ledger,
            batch: args.batch.batch,
            json: args.json,
        })
    }

    async fn head(&self) -> anyhow::Result<Head> {
        let stored = super::load(self.ledger.as_ref(), &self.batch).await?;
        Ok(stored.batch.head().clone())
    }

    /// A person who turns something down need not repeat what they saw: no money moves by it.
    async fn current_digest(&self) -> anyhow::Result<String> {
        let head = self.head().await?;
        Ok(head
            .state
            .hold()
            .map_or_else(String::new, |hold| hold.digest.to_string()))
    }

    /// Shows what would be paid and asks, if this person may decide at all. `None` when the answer
    /// is no.
    async fn ask_digest(&self) -> anyhow::Result<Option<String>> {
        let head = self.head().await?;
        let may = self
            .policy
            .may_decide(&head, self.identity.name(), now())
            .map_err(|error| Failure::refused(error.to_string()))?;
        if !output::is_interactive() {
            return Err(
                Failure::usage("--digest is required where nobody can be asked")
                    .hint("`onay show` prints it; approve what you saw, not what is there now")
                    .into(),
            );
        }
        let MayDecide { hold, on_behalf } = may;
        print_question(&head, hold);
        if let Some(other) = on_behalf {
            output::say(format!("  you decide in place of {other}"));
        }
        let is_sure = dialoguer::Confirm::new()
            .with_prompt(format!("Approve {} to {} payees?", hold.total, hold.count))
            .default(false)
            .wait_for_newline(true)
            .interact()?;
        Ok(is_sure.then(|| hold.digest.to_string()))
    }

    /// The person's signature under an approval: where the policy knows a key of theirs, or they name
    /// a key file.
    async fn sign(
        &self,
        motion: &Motion<'_>,
        key: Option<&Path>,
    ) -> anyhow::Result<Option<SignedAt>> {
        let name = self.identity.name();
        let has_key = self
            .policy
            .person(name)
            .is_some_and(|known| known.public_key.is_some());
        if !has_key && key.is_none() {
            return Ok(None);
        }
        // What would be refused anyway is refused before anybody types a passphrase.
        let (head, at) = (self.head().await?, now().trunc_subsecs(6));
        let draft = self.policy.draft(&head, &self.identity, motion.clone(), at);
        let draft = draft.map_err(|no| Failure::refused(no.to_string()))?;
        let (Some(statement), Some(key)) =
            (draft.statement(&head.id), keys::signing_key(name, key)?)
        else {
            return Ok(None);
        };
        let signed = Signed {
            key: key.public_key(),
            signature: key.sign(statement.digest()),
        };
        let at = draft.at;
        Ok(Some(SignedAt { at, signed }))
    }

    async fn decide(&self, motion: Motion<'_>) -> anyhow::Result<Exit> {
        let (word, recorded) = (motion.verdict.word(), recorded(&motion.verdict));
        let by = Person {
            identity: &self.identity,
            via: "cli",
        };
        let ledger = self.ledger.as_ref();
        let outcome = desk::decide(ledger, &self.policy, &by, &self.batch, &motion).await;
        let decided = outcome.map_err(|error| match error {
            DeskError::Ledger(error) => anyhow::Error::from(error),
            DeskError::NotFound(_)
            | DeskError::NotAllowed(_)
            | DeskError::Illegal(_)
            | DeskError::Since => Failure::refused(error.to_string()).into(),
        })?;
        if self.json.is_asked() {
            output::json(&view::Decided::of(&decided.head, &self.policy, word))?;
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
}

/// Approves what the provider holds.
pub(crate) async fn approve(config: &Config, args: Approve) -> anyhow::Result<Exit> {
    let visit = Visit::begin(config, args.who).await?;
    let digest = match args.digest {
        Some(digest) => digest,
        None => visit
            .ask_digest()
            .await?
            .ok_or_else(|| Failure::refused("nothing was approved; the batch still waits"))?,
    };
    let comment = args.comment;
    let motion = Motion::new(Verdict::Approve { comment }, &digest);
    let signed = visit.sign(&motion, args.key.as_deref()).await?;
    visit.decide(Motion { signed, ..motion }).await
}

/// Turns a batch down.
pub(crate) async fn reject(config: &Config, args: Reject) -> anyhow::Result<Exit> {
    let visit = Visit::begin(config, args.who).await?;
    let digest = visit.current_digest().await?;
    let verdict = Verdict::Reject {
        code: args.code,
        reason: args.reason,
    };
    visit.decide(Motion::new(verdict, &digest)).await
}

/// Takes an approval back.
pub(crate) async fn undo(config: &Config, args: Decide) -> anyhow::Result<Exit> {
    let visit = Visit::begin(config, args).await?;
    let digest = visit.current_digest().await?;
    visit.decide(Motion::new(Verdict::Undo, &digest)).await
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
    let Visit {
        policy,
        identity,
        ledger,
        batch,
        json,
    } = Visit::begin(config, args.who).await?;
    let producer = Producer::new(ledger, Arc::clone(&policy), identity, "cli")
        .map_err(|error| Failure::refused(error.to_string()))?;
    let head = producer
        .withdraw(&batch, &args.reason)
        .await
        .map_err(|error| match error {
            WithdrawError::Ledger(LedgerError::NotFound) => super::not_found(&batch).into(),
            WithdrawError::Ledger(error) => anyhow::Error::from(error),
            WithdrawError::NotAllowed(_) => Failure::refused(error.to_string()).into(),
        })?;
    if json.is_asked() {
        output::json(&view::Decided::of(&head, &policy, "withdraw"))?;
    } else {
        output::line(format!("{}: {}", head.external_id, explain(&head)))?;
    }
    Ok(Exit::Done)
}

/// Says which rule asks for whom, and whether a person may decide. Reads only, as `show` does.
pub(crate) async fn why(config: &Config, args: Why) -> anyhow::Result<Exit> {
    let ledger = config.ledger(Access::Existing).await?;
    let policy = config.policy_on(ledger.as_ref()).await?;
    let stored = super::load(ledger.as_ref(), &args.batch.batch).await?;
    let head = stored.batch.head();
    let why = view::Why::of(head, &policy, &args.person, now());
    if args.json.is_asked() {
        output::json(&why)?;
        return Ok(Exit::Done);
    }
    let course = Course::of(head, Some(&policy), now());
    for line in course.iter().flat_map(approvals::lines) {
        output::line(line)?;
    }
    let answer = if why.may_decide { "yes" } else { "no" };
    output::line(explain(head))?;
    output::line(format!("{answer}: {}", why.because))?;
    Ok(Exit::Done)
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
    for line in approvals::noticed(hold) {
        output::say(format!("  {line}"));
    }
}
