//! Jobs and claims.

use std::time::Duration;

use chrono::DateTime;
use onay_payout::{BatchId, Jobs};
use redis::{Value, from_redis_value};
use tracing::error;

use super::RedisLedger;
use super::batches::{batch_id, stored};
use super::keys::OUTCOMES;
use super::link::Again;
use super::row::corrupt;
use super::scripts;
use crate::error::LedgerError;
use crate::job::{Claim, Claimed, Queue, Size, Terms};

/// Most claims of one call: a script must be short.
const CLAIMS_MAX: u32 = 128;

/// A claim and its batch, as they are told: id, fence, attempt, items, row, content.
type Found = (Vec<u8>, u64, u32, u32, Option<Vec<u8>>, Option<Vec<u8>>);

impl RedisLedger {
    /// Claims what is due now, and notes when the next job is.
    pub(super) async fn claim_now(
        &self,
        queue: Queue,
        terms: Terms<'_>,
    ) -> Result<Vec<Claimed>, LedgerError> {
        let call = self
            .call(&scripts::CLAIM)
            .key(self.keys.due(queue))
            .key(self.keys.claim(queue))
            .key(&self.keys.meta)
            .key(&self.keys.batch)
            .key(&self.keys.content)
            .arg(micros(terms.lease))
            .arg(terms.most.get().min(CLAIMS_MAX))
            .arg(terms.worker.as_str())
            .arg(OUTCOMES);
        self.waker.looking(queue);
        let answer = self.link.write(Again::No, &call).await;
        let answer: Vec<Value> = answer.inspect_err(|_| {
            // Whoever asks again should not be told to wait.
            self.waker.due_in(queue, Duration::ZERO);
        })?;
        let mut values = answer.into_iter();
        let due_in: Option<i64> = values.next().and_then(|value| from_redis_value(value).ok());
        if let Some(due_in) = due_in.and_then(|due_in| u64::try_from(due_in).ok()) {
            self.waker.due_in(queue, Duration::from_micros(due_in));
        }
        let next = || Some(values.by_ref().take(6).collect());
        let told = std::iter::from_fn(next).take_while(|claim: &Vec<Value>| claim.len() == 6);
        let claims = told.map(|values| claimed(queue, values));
        Ok(claims
            .filter_map(|claim| {
                claim
                    .inspect_err(|error| error!("a job of the {queue} is passed over: {error}"))
                    .ok()
            })
            .collect())
    }

    /// Moves the end of a claim's lease, or gives it back.
    pub(super) async fn end_lease(
        &self,
        claim: &Claim,
        after: Duration,
        how: &'static str,
    ) -> Result<(), LedgerError> {
        let call = self
            .call(&scripts::RENEW)
            .key(self.keys.due(claim.queue))
            .key(self.keys.claim(claim.queue))
            .key(&self.keys.meta)
            .arg(claim.batch.as_bytes())
            .arg(claim.fence)
            .arg(micros(after))
            .arg(how);
        let is_held: bool = self.link.write(Again::Yes, &call).await?;
        if is_held {
            Ok(())
        } else {
            Err(LedgerError::LeaseLost)
        }
    }

    pub(super) async fn planned_jobs(&self, batch: &BatchId) -> Result<Jobs, LedgerError> {
        let call = Queue::ALL
            .into_iter()
            .fold(self.call(&scripts::PLANNED), |call, queue| {
                call.key(self.keys.due(queue))
            });
        let (worker, reconciler): (i64, i64) = self.link.read(&call.arg(batch.as_bytes())).await?;
        let time = |us: i64| {
            (us >= 0)
                .then(|| DateTime::from_timestamp_micros(us))
                .flatten()
        };
        Ok(Jobs {
            worker: time(worker),
            reconciler: time(reconciler),
        })
    }
}

/// Reads one claim; what cannot be read of its batch is left to a load, which says so.
fn claimed(queue: Queue, values: Vec<Value>) -> Result<Claimed, LedgerError> {
    let (batch, fence, attempt, items, row, content): Found =
        from_redis_value(Value::Array(values)).map_err(|_| corrupt("a claim"))?;
    let batch = batch_id(&batch)?;
    let stored = match (row, content) {
        (Some(row), Some(content)) => stored(&batch, &row, &content, &[]).ok(),
        _ => None,
    };
    let claim = Claim {
        queue,
        batch,
        fence,
        attempt,
    };
    Ok(Claimed {
        claim,
        stored,
        size: Size::of(items),
    })
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
