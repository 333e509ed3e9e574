//! The domain from outside: laws, tables, and the stories people tell about it.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "small numbers, chosen by hand"
)]

mod activations;
mod approvals;
mod decisions;
mod drafts;
mod history;
mod laws;
mod money_step;
mod pauses;
mod resolutions;
mod signatures;
mod table;
mod turns;
mod ways_to_lose_money;
mod world;
