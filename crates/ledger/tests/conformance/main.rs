//! Every ledger keeps the same rules; what SQLite, the audit and the workers add is beside them.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    reason = "tests, and helpers of tests"
)]

mod audit;
mod backend;
mod file;
mod guard;
mod harness;
mod metered;
mod model;
mod moving;
mod redis_lost_answers;
mod redis_many;
mod redis_outage;
mod redis_server;
mod redis_topology;
mod role;
mod traffic;

onay_ledger::conformance!(memory, crate::harness::Memory::fresh());
onay_ledger::conformance!(sqlite, crate::harness::Sqlite::fresh());
onay_ledger::conformance!(redis, crate::harness::Redis::fresh().await);
onay_ledger::conformance!(redis_cluster, crate::harness::Redis::on_cluster().await);
