//! The eyes of Onay: retrieve, until every item of an authorized batch is final.
//!
//! **Invariant: this crate only reads from the provider.** It commits what changed, plans its own
//! next look at growing intervals, and closes a batch when the money ties out.

mod reconciler;

pub use reconciler::Reconciler;
