//! Time that passes only when a handler waits for it: pauses before a store is tried again.

use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

thread_local! {
    static RUNTIME: Runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
}

/// Runs what polls handlers, which may begin to wait on a timer.
pub(crate) fn under_a_still_clock<T>(work: impl FnOnce() -> T) -> T {
    RUNTIME.with(|runtime| {
        let _inside = runtime.enter();
        work()
    })
}

/// Lets more time pass than any pause lasts.
pub(crate) fn let_time_pass() {
    RUNTIME.with(|runtime| runtime.block_on(tokio::time::advance(Duration::from_mins(2))));
}
