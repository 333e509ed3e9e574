//! `resend-failed`: what came back goes out again as a batch of its own.

use onay_ledger::{Access, LedgerError};
use onay_payout::explain;
use onay_producer::{EnqueueError, Producer, ResendError};

use super::submit;
use crate::args::Decide;
use crate::config::{Config, identify};
use crate::exit::{Exit, Failure};
use crate::output;

/// Makes the child batch, or finds the one that was made before.
pub(crate) async fn run(config: &Config, args: Decide) -> anyhow::Result<Exit> {
    let policy = config.policy()?;
    let ledger = config.ledger(Access::Existing).await?;
    let maker = identify(ledger.as_ref(), &policy, &args.person).await?;
    let producer = Producer::new(ledger, policy, maker, "cli")
        .map_err(|error| Failure::refused(error.to_string()))?;
    let batch = &args.batch.batch;
    let enqueued = producer.resend(batch).await.map_err(|error| match error {
        ResendError::Ledger(LedgerError::NotFound) => super::not_found(batch).into(),
        ResendError::Ledger(error) | ResendError::Refused(EnqueueError::Ledger(error)) => {
            anyhow::Error::from(error)
        }
        ResendError::Nothing(_) => Failure::refused(error.to_string())
            .hint(format!(
                "`onay report {batch}` says what became of every item"
            ))
            .into(),
        ResendError::Refused(_) => Failure::refused(error.to_string()).into(),
    })?;
    submit::accepted(&enqueued, args.json)?;
    if !args.json.is_asked() {
        output::say(explain(enqueued.head()));
    }
    Ok(Exit::Done)
}
