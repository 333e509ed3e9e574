//! Until when a write may be sent.

use std::time::Instant;

use chrono::{DateTime, Utc};

/// The moment after which a write may no longer be sent, by two clocks; the earlier one counts.
///
/// A clock that is set back does not move the monotonic one; a machine that slept moved on by the
/// wall clock alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SendBy {
    /// By the clock that never goes back.
    pub monotonic: Instant,
    /// By the wall clock.
    pub wall: DateTime<Utc>,
}

impl SendBy {
    /// Whether it is too late to send at this moment.
    pub fn is_over(&self, monotonic: Instant, wall: DateTime<Utc>) -> bool {
        monotonic >= self.monotonic || wall >= self.wall
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn either_clock_ends_the_time_to_send() {
        let (start, wall) = (Instant::now(), DateTime::<Utc>::UNIX_EPOCH);
        let send_by = SendBy {
            monotonic: start + Duration::from_secs(1),
            wall: wall + TimeDelta::seconds(1),
        };
        assert!(!send_by.is_over(start, wall));
        assert!(send_by.is_over(start + Duration::from_secs(1), wall));
        assert!(send_by.is_over(start, wall + TimeDelta::seconds(1)));
        assert!(send_by.is_over(start, wall + TimeDelta::days(1)));
    }
}
