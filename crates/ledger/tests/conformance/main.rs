//! Every ledger keeps the same rules; SQLite keeps some of its own.

mod harness;

onay_ledger::conformance!(memory, crate::harness::Memory::fresh());
onay_ledger::conformance!(sqlite, crate::harness::Sqlite::fresh());
