//! The proof of the money step: the real handlers, `Batch::apply` and `Policy` in a world whose
//! store, provider, people and time are models, explored to the end and through seeded storms.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test that goes wrong should stop there and say what it saw"
)]

mod books;
mod calm;
mod choices;
mod explore;
mod hand;
mod handlers;
mod key;
mod laws;
mod past;
mod pause;
mod people;
mod ports;
mod steps;
mod store;
mod storm;
mod story;
mod switches;
mod world;
