//! Wrong tokens: a few are forgiven, more lock a name out, each time for longer.

use chrono::{DateTime, TimeDelta, Utc};

/// So many wrong ones in a row, and the name is locked out.
const FORGIVEN: u32 = 5;

/// How long the first time; twice as long with each wrong one after it.
const FIRST_LOCK: TimeDelta = TimeDelta::minutes(1);

/// The longest time.
const LONGEST_LOCK: TimeDelta = TimeDelta::minutes(15);

/// After so long without a wrong one, those before are forgotten.
const FORGOTTEN_AFTER: TimeDelta = TimeDelta::hours(1);

/// Wrong tokens in one name, as a ledger keeps them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempts {
    /// How many, one after the other.
    pub failures: u32,
    /// When the last one came.
    pub last: DateTime<Utc>,
}

impl Attempts {
    /// With one more.
    #[must_use]
    pub fn failed(before: Option<Self>, at: DateTime<Utc>) -> Self {
        let before = before.filter(|before| !before.is_forgotten(at));
        let failures = before.map_or(0, |before| before.failures).saturating_add(1);
        Self { failures, last: at }
    }

    /// Until when nobody is let in by this name; nothing, when they may try now.
    pub fn locked_until(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let more = self.failures.checked_sub(FORGIVEN)?;
        let factor = 1_i32.checked_shl(more.min(20)).unwrap_or(i32::MAX);
        let lock = FIRST_LOCK.checked_mul(factor).unwrap_or(LONGEST_LOCK);
        // A clock that was ahead locks nobody out for longer.
        let last = self.last.min(at);
        let until = last.checked_add_signed(lock.min(LONGEST_LOCK))?;
        (at < until).then_some(until)
    }

    fn is_forgotten(&self, at: DateTime<Utc>) -> bool {
        at.signed_duration_since(self.last) >= FORGOTTEN_AFTER
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> DateTime<Utc> {
        let start = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        start
            .checked_add_signed(TimeDelta::minutes(minutes))
            .unwrap()
    }

    fn failed(times: &[i64]) -> Attempts {
        let all = times.iter().fold(None, |before, minutes| {
            Some(Attempts::failed(before, at(*minutes)))
        });
        all.unwrap()
    }

    #[test]
    fn five_wrong_tokens_lock_a_name_out_and_each_one_more_for_twice_as_long() {
        assert_eq!(failed(&[0, 0, 0, 0]).locked_until(at(0)), None);
        let five = failed(&[0, 0, 0, 0, 0]);
        assert_eq!(five.locked_until(at(0)), Some(at(1)));
        assert_eq!(five.locked_until(at(1)), None);
        let six = failed(&[0, 0, 0, 0, 0, 1]);
        assert_eq!(six.locked_until(at(1)), Some(at(3)));
        let many = failed(&[0; 60]);
        assert_eq!(many.locked_until(at(14)), Some(at(15)));
        assert_eq!(many.locked_until(at(15)), None);
        let ahead = Attempts {
            last: at(600),
            ..many
        };
        assert_eq!(ahead.locked_until(at(0)), Some(at(15)));
    }

    #[test]
    fn what_is_long_past_is_forgotten() {
        assert_eq!(failed(&[0, 0, 0, 0, 0, 0, 60]).failures, 1);
        assert_eq!(failed(&[0, 0, 0, 0, 0, 0, 59]).failures, 7);
    }
}
