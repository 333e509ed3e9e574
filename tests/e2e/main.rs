//! Payouts from end to end: the program as users run it, against a provider in a box whose own books
//! are counted in.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test that goes wrong should stop there and say what it saw"
)]

mod account;
mod altered_copy;
mod audit;
mod audit_export;
mod audit_signed;
mod bad_input;
mod console;
mod crash;
mod csv;
mod decisions;
mod desk;
mod doubt;
mod doubt_matrix;
mod files;
mod finality;
mod funds;
mod house_journal;
mod keys;
mod limits;
mod moving;
mod pause;
mod policies;
mod privacy;
mod process;
mod replay;
mod resend;
mod resolve;
mod roles;
mod rollback;
mod rolling;
mod scale;
mod setup;
mod signed;
mod simulator;
mod sleeper;
mod stop;
mod store_safety;
mod storm;
mod tampers;
mod turned_down;
mod walk;
mod world;
