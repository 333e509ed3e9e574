//! The approver's desk: HTTP API and web pages.
//!
//! **Invariant: this crate cannot reach a provider.** It records what people decide; the worker
//! acts on it.

pub mod course;
pub mod desk;
mod http;
mod pages;
pub mod view;

pub use http::{Desk, Durability, probes, router};
