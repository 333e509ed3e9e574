//! The hands of Onay: initialize, read back, authorize, cancel.
//!
//! **Invariant: every provider write stands between two commits.** The intent is recorded before
//! the call and the outcome after it; whoever finds only the intent asks the provider before doing
//! anything else. This is the only crate that may move money, and `authorize.rs` the only file of it.
//!
//! What a job asks for follows from the batch's state alone, so a job may be handed out twice, late
//! or after a crash, and the right thing happens.

mod authorize;
mod cancel;
mod funds;
mod gate;
mod initialize;
mod job;
mod read_back;
mod soundness;
mod terms;
mod worker;

pub use worker::Worker;
