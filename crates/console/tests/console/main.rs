//! The console from outside: every request through the router, on a real ledger.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may look at the clock, and should stop where it goes wrong"
)]

mod access;
mod approvals;
mod attention;
mod browser;
mod decisions;
mod given;
mod log;
mod own_batch;
mod pages;
mod privacy;
mod reading;
mod resolutions;
mod sessions;
mod signed;
mod submission;
mod waiting;
mod why;
