//! A provider in a box: iyzico's six mass payout endpoints over HTTP, with its own books.
//!
//! The crate shares no types with Onay's client for iyzico, so that both cannot be wrong together.
//! What the provider's pages leave open is a switch in [`Behaviour`]; what goes wrong on the way is a
//! [`Fault`]. Both can be set while the simulator runs, and a [`Scenario`] holds both.
//!
//! [`Provider`] is the pure part: it is told the time and does no input or output, so that a test with a
//! seed sees the same outcomes every time. [`Simulator`] puts it behind HTTP. Everything lives in memory:
//! a restarted simulator has empty books. Types that hold payees have no `Debug`, so that none is logged.
//!
//! Provider facts: iyzico's mass payout pages and integration guide, read 2026-11. No live call was made,
//! so everything here that they do not say is a judgement, and its docstring calls it one.

mod answer;
mod behaviour;
mod chance;
mod endpoint;
mod faults;
mod http;
mod model;
mod recipient;
mod refusal;
mod request;
mod scenario;
mod server;
mod settings;
mod signature;
mod text;
mod wire;

pub use behaviour::{
    AfterFailed, AllInvalid, Alteration, AmountsAs, BadKeys, BalanceAs, Behaviour, Change,
    ErrorCodeAs, FailureStatus, Funds, ItemErrorsAs, LateCancel, MixedResult, Paging, RepeatedAuth,
    RepeatedCancel, RepeatedInit, ShortBatch, Shortage, TotalOf, UnknownId, When, Word,
};
pub use endpoint::Endpoint;
pub use faults::{Fault, FaultPlan, OpenFaults};
pub use model::Provider;
pub use model::batch::{Batch, BatchStatus};
pub use model::books::{BatchBook, Books, Calls, ItemBook};
pub use model::item::{Item, ItemStatus};
pub use model::view::{Page, Shown, View};
pub use refusal::Refusal;
pub use request::{Amount, InitRequest, ItemType, NewItem, RecipientType, RetrieveRequest};
pub use scenario::{Scenario, ScenarioError};
pub use server::Simulator;
pub use settings::{Credentials, Outcome, Settings, Shares};
