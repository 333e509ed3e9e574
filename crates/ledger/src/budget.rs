//! The rate budget: how many provider calls a minute all processes of one account share.

use std::num::NonZeroU32;
use std::time::Duration;

/// A window: the provider counts by the minute.
const WINDOW_US: i64 = 60_000_000;

/// What calls are made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    /// Initialize, authorize, cancel. May use all that is left of the budget.
    Write,
    /// What a worker reads before and after it writes. Leaves the part of writes: a write that finds
    /// nothing left was recorded for nothing.
    Look,
    /// Following what was released. May use its part only, so that it never delays a release, and
    /// leaves the part of writes too.
    Poll,
}

/// How many calls a minute the provider is asked to bear.
///
/// iyzico documents limits per minute but none for mass payouts, and tells its limit in no header
/// (read 2026-11-22). Where its minute begins is not documented either; ours begins with the
/// minute of the store's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// All calls.
    pub calls_per_minute: u32,
    /// The part of them that polls may use.
    pub polls_per_minute: u32,
    /// The part of them that reads always leave.
    pub kept_for_writes: u32,
}

impl Budget {
    /// The smallest that leaves a call for writes: they keep a fifth.
    pub const CALLS_MIN: u32 = 5;

    /// A budget of which polls may use half, and reads leave a fifth. None of fewer calls than
    /// [`Self::CALLS_MIN`].
    pub fn per_minute(calls: u32) -> Option<Self> {
        (calls >= Self::CALLS_MIN).then_some(Self {
            calls_per_minute: calls,
            polls_per_minute: calls / 2,
            kept_for_writes: calls / 5,
        })
    }

    /// How many calls to take at once, so that a large budget does not cost a write each. What a
    /// process does not use in the same window is lost.
    pub(crate) fn lot(self) -> NonZeroU32 {
        NonZeroU32::new(self.calls_per_minute / 60).unwrap_or(NonZeroU32::MIN)
    }
}

/// What came of asking for calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spent {
    /// So many calls may be made, in this window only.
    Granted {
        /// How many; at least 1, at most as many as were asked for.
        calls: u32,
        /// Until the window ends.
        window_left: Duration,
    },
    /// None until the next window, which begins after this time.
    Wait(Duration),
}

/// What was spent in one window. That of the newest is all a ledger keeps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Window {
    /// Minutes since 1970.
    pub(crate) minute: i64,
    pub(crate) polls: u32,
    /// Looks and writes.
    pub(crate) releases: u32,
    /// The provider said that its limit is reached.
    pub(crate) is_closed: bool,
}

impl Window {
    /// Grants at most `calls`, at `now_us`, microseconds since 1970.
    pub(crate) fn spend(
        &mut self,
        now_us: i64,
        share: Share,
        calls: NonZeroU32,
        budget: Budget,
    ) -> Spent {
        let window_left = self.turn(now_us);
        let all_left = budget
            .calls_per_minute
            .saturating_sub(self.polls.saturating_add(self.releases));
        let reads_left = all_left.saturating_sub(budget.kept_for_writes);
        let (spent, left) = match share {
            Share::Write => (&mut self.releases, all_left),
            Share::Look => (&mut self.releases, reads_left),
            Share::Poll => {
                let polls_left = budget.polls_per_minute.saturating_sub(self.polls);
                (&mut self.polls, reads_left.min(polls_left))
            }
        };
        let calls = calls.get().min(left);
        if self.is_closed || calls == 0 {
            return Spent::Wait(window_left);
        }
        *spent = spent.saturating_add(calls);
        Spent::Granted { calls, window_left }
    }

    /// Grants nothing more before the next window.
    pub(crate) fn close(&mut self, now_us: i64) {
        self.turn(now_us);
        self.is_closed = true;
    }

    /// Begins a new window when the minute is another one; gives the time until the next.
    fn turn(&mut self, now_us: i64) -> Duration {
        let minute = now_us.div_euclid(WINDOW_US);
        if minute != self.minute {
            *self = Self {
                minute,
                ..Self::default()
            };
        }
        let left_us = WINDOW_US.saturating_sub(now_us.rem_euclid(WINDOW_US));
        Duration::from_micros(u64::try_from(left_us).unwrap_or_default())
    }
}
