//! The simulator from outside: the pure provider by its calls, and the endpoints over sockets.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that goes wrong should stop there"
)]

mod alterations;
mod caller;
mod control;
mod faults;
mod given;
mod http;
mod page;
mod provider;
mod scenarios;
mod shapes;
mod statuses;
mod switches;
