//! The provider's limit of calls.

const MINUTE_MS: u64 = 60_000;

/// Counts the calls served in the present minute of the clock.
#[derive(Default)]
pub(super) struct Limit {
    minute: u64,
    served: u32,
}

impl Limit {
    /// Uses up one call, when there is one left.
    #[must_use]
    pub(super) fn admit(&mut self, per_minute: Option<u32>, now_ms: u64) -> bool {
        let minute = now_ms.div_euclid(MINUTE_MS);
        if minute != self.minute {
            *self = Self { minute, served: 0 };
        }
        let is_admitted = per_minute.is_none_or(|most| self.served < most);
        if is_admitted {
            self.served = self.served.saturating_add(1);
        }
        is_admitted
    }
}
