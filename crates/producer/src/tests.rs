//! The in-door from outside: files, and what enqueueing does to a ledger.

mod enqueue;
mod files;
mod resend;
mod world;
