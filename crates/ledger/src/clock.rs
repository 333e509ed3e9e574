//! The clock: what leases and due times are measured by, and what the roles read.

use std::sync::Arc;

use chrono::{DateTime, SubsecRound as _, Utc};

/// A store's clock. Only tests set another than [`system_clock`].
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// The clock of this machine.
pub fn system_clock() -> Clock {
    Arc::new(now)
}

/// The time by the clock of this machine, to the microsecond: no finer than a ledger keeps it, so
/// that what was stored loads equal. Roles and doors read it here and hand it on.
#[expect(
    clippy::disallowed_methods,
    reason = "the one look at the clock; everything else takes the time as an argument"
)]
pub fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(6)
}
