//! When to look again: named numbers, growing intervals, and jitter without randomness.

use std::time::Duration;

use crate::ids::BatchId;
use crate::provider::{NotSent, ProviderError};

/// After an authorized batch, seconds until each next look; the last one repeats.
const POLL_SECONDS: [u64; 14] = [1, 2, 3, 5, 8, 13, 20, 30, 60, 120, 300, 600, 1800, 3600];

/// After a batch is closed with failed items, hours until each next look for refunds; the last
/// one repeats until [`REFUND_WATCH`] ends.
const REFUND_HOURS: [u64; 4] = [1, 6, 12, 24];

/// How long failed items are watched for a refund. iyzico documents no duration (read 2026-11-22).
pub const REFUND_WATCH: Duration = Duration::from_hours(14 * 24);

/// How long after a batch is closed it is looked at once more.
pub const LATE_CHECK: Duration = Duration::from_hours(24);

/// How long items may stay open before a person is told. iyzico documents no duration.
pub const SETTLING_EXPECTED: Duration = Duration::from_hours(24);

/// How long the provider's copy may stay incomplete before the batch is frozen. The delay between
/// initialize and retrieve is not documented.
pub const READ_BACK_PATIENCE: Duration = Duration::from_mins(10);

/// Seconds until each next look at a payout balance that was short; the last one repeats.
const FUNDS_SECONDS: [u64; 5] = [2, 5, 10, 30, 60];

/// How long a call may stay in doubt, because the provider cannot be asked, before people are.
pub const DOUBT_PATIENCE: Duration = Duration::from_hours(6);

/// Fewest failures in a row before patience may end: an outage of our own is none.
pub const DOUBT_TRIES_MIN: u32 = 20;

/// Calls of initialize with unknown outcome under one id, before people are asked.
pub const INITIALIZE_TRIES_MAX: u32 = 10;

/// Pause between two looks at an unanswered call.
pub const DOUBT_PAUSE: Duration = Duration::from_secs(2);

/// Fewest looks before an unanswered authorize is given up.
pub const DOUBT_LOOKS_MIN: u32 = 3;

/// How long people have to decide when no rule says so.
pub const EXPIRES_AFTER: Duration = Duration::from_hours(48);

/// How long the same amount for the same payee is a likely duplicate, when no setting says so.
pub const DUPLICATE_WINDOW: Duration = Duration::from_hours(7 * 24);

/// Until the next look at an authorized batch, after `looks` looks that changed nothing.
pub fn poll_after(batch: BatchId, looks: u32) -> Duration {
    jittered(
        batch,
        looks,
        Duration::from_secs(step(&POLL_SECONDS, looks)),
    )
}

/// How many looks fit into `time` at the intervals of [`poll_after`].
pub(crate) fn looks_within(time: Duration) -> u32 {
    let mut left = time.as_secs();
    let mut looks = 0_u32;
    while looks < 100 {
        let pause = step(&POLL_SECONDS, looks);
        if pause > left {
            break;
        }
        left = left.saturating_sub(pause);
        looks = looks.saturating_add(1);
    }
    looks
}

/// Until the next look for refunds, after `looks` looks that changed nothing.
pub fn refund_check_after(batch: BatchId, looks: u32) -> Duration {
    jittered(
        batch,
        looks,
        Duration::from_hours(step(&REFUND_HOURS, looks)),
    )
}

/// Until the next look at a balance that was short, after `looks` looks that found it so.
pub fn funds_check_after(batch: BatchId, looks: u32) -> Duration {
    let pause = Duration::from_secs(step(&FUNDS_SECONDS, looks));
    jittered(batch, looks, pause)
}

/// Until a step is tried again that failed `failures` times in a row: 1 s to 60 s.
pub fn retry_after(batch: BatchId, failures: u32) -> Duration {
    let seconds = 1_u64.checked_shl(failures.min(6)).unwrap_or(60).min(60);
    jittered(batch, failures, Duration::from_secs(seconds))
}

/// Until a provider call is made again that failed with `error`, `failures` times in a row.
pub fn pause_after(batch: BatchId, failures: u32, error: &ProviderError) -> Duration {
    match error {
        // iyzico counts calls by the minute; and keys that are not accepted are mended by a person.
        ProviderError::NotSent(NotSent::RateLimited | NotSent::Credentials(_)) => {
            Duration::from_mins(1)
        }
        ProviderError::NotSent(NotSent::OverBudget(wait)) => jittered(batch, failures, *wait),
        ProviderError::NotSent(_) | ProviderError::Refused(_) | ProviderError::InDoubt(_) => {
            retry_after(batch, failures)
        }
    }
}

fn step(steps: &[u64], looks: u32) -> u64 {
    let index = usize::try_from(looks).unwrap_or(usize::MAX);
    steps
        .get(index)
        .or(steps.last())
        .copied()
        .unwrap_or_default()
}

/// Up to a tenth longer, differently for each batch and look, so that batches accepted together
/// do not poll together.
fn jittered(batch: BatchId, looks: u32, delay: Duration) -> Duration {
    use sha2::{Digest as _, Sha256};
    let hash = Sha256::new()
        .chain_update(batch.to_string())
        .chain_update(looks.to_le_bytes());
    let tenths = hash.finalize().first().copied().unwrap_or_default();
    let extra = delay
        .checked_div(2560)
        .unwrap_or_default()
        .saturating_mul(u32::from(tenths));
    delay.saturating_add(extra)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polls_grow_from_a_second_to_an_hour() {
        let batch = BatchId::new(uuid::Uuid::from_u128(1));
        let delays: Vec<Duration> = (0..20).map(|looks| poll_after(batch, looks)).collect();
        assert!(delays.first().unwrap() < &Duration::from_secs(2));
        assert!(
            delays
                .iter()
                .zip(POLL_SECONDS)
                .all(|(delay, s)| *delay >= Duration::from_secs(s))
        );
        assert!(delays.last().unwrap() < &Duration::from_secs(3961));
        assert_eq!(poll_after(batch, 3), poll_after(batch, 3));
    }
}
