//! Hand payout batches to Onay from your application.
//!
//! [`Producer::connect`] once, build a [`Batch`], [`Producer::enqueue`] it. The batch is durable
//! when `enqueue` returns; the same call again is harmless. Nothing is paid until the people your
//! policy names have approved what the provider holds.
//!
//! **Invariant: this crate cannot reach a provider.** It writes to the ledger and nothing else.

mod batch;
mod error;
mod intake;
mod producer;
mod resend;
#[cfg(test)]
mod tests;

pub use batch::{Batch, Item};
pub use error::{ConnectError, EnqueueError};
pub use intake::{Format, Intake};
pub use producer::{Enqueued, Producer, WithdrawError, check};
pub use resend::{ResendError, Resends};
