//! The clock leases and due times are measured by.

use std::sync::Arc;

use chrono::{DateTime, Utc};

/// A store's clock. Only tests set another than [`system_clock`].
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// The clock of this machine.
#[expect(
    clippy::disallowed_methods,
    reason = "a ledger times its leases by its own clock"
)]
pub fn system_clock() -> Clock {
    Arc::new(Utc::now)
}
