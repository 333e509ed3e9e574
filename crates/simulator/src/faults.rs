//! Faults of the way between caller and provider, set while the simulator runs.

mod script;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Endpoint;
pub(crate) use script::Faults;
pub use script::OpenFaults;

/// What goes wrong.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The connection closes before the body is read: nothing happens at the provider.
    CloseBeforeWork,
    /// The provider does its work, then the connection closes without an answer.
    LoseAnswerAfterWork,
    /// The connection closes without an answer; the provider does its work `millis` later.
    LoseAnswerThenWork,
    /// The connection is reset before the body is read: nothing happens at the provider.
    ResetBeforeWork,
    /// The provider does its work, then the connection is reset.
    ResetAfterWork,
    /// The provider does its work and never answers; the connection stays open.
    NeverAnswer,
    /// The provider does its work, then waits `millis` before it answers.
    HoldAnswer,
    /// The provider does its work; the answer comes in small pieces over about `millis`.
    TrickleAnswer,
    /// The provider does its work; the answer ends half way and the connection closes.
    CutAnswer,
    /// The provider does its work; the answer is complete and has no body.
    EmptyAnswer,
    /// The provider does its work; the answer's JSON lacks its end.
    MalformedAnswer,
    /// The provider does its work; the answer is an HTML page with HTTP status 200.
    HtmlAnswer,
    /// An HTML page with HTTP status 502 and no work.
    BadGatewayBeforeWork,
    /// The provider does its work; the answer is an HTML page with HTTP status 502.
    BadGatewayAfterWork,
    /// HTTP status 500, without a body and without work.
    ErrorBeforeWork,
    /// The provider does its work; the answer is HTTP status 500 without a body.
    ErrorAfterWork,
    /// A failure with code 50000 and no work, counted as rate limited in the books.
    RateLimited,
    /// `"status": 401` from a gateway, and no work.
    #[serde(rename = "gateway_401")]
    Gateway401,
    /// A failure with the plan's `code`, and no work.
    FailureBeforeWork,
    /// The provider does its work; the answer is a failure with the plan's `code`.
    FailureAfterWork,
}

/// When the provider does its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    Never,
    Now,
    Later,
}

impl Fault {
    pub(crate) fn work(self) -> Work {
        match self {
            Self::CloseBeforeWork
            | Self::ResetBeforeWork
            | Self::BadGatewayBeforeWork
            | Self::ErrorBeforeWork
            | Self::RateLimited
            | Self::Gateway401
            | Self::FailureBeforeWork => Work::Never,
            Self::LoseAnswerAfterWork
            | Self::ResetAfterWork
            | Self::NeverAnswer
            | Self::HoldAnswer
            | Self::TrickleAnswer
            | Self::CutAnswer
            | Self::EmptyAnswer
            | Self::MalformedAnswer
            | Self::HtmlAnswer
            | Self::BadGatewayAfterWork
            | Self::ErrorAfterWork
            | Self::FailureAfterWork => Work::Now,
            Self::LoseAnswerThenWork => Work::Later,
        }
    }
}

/// One line of a script, in a [`crate::Scenario`] or by `POST /_sim/faults`:
/// `{"endpoint": "auth", "kind": "lose_answer_after_work", "times": 1}`.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FaultPlan {
    /// Where. Default everywhere.
    pub endpoint: Option<Endpoint>,
    /// What.
    pub kind: Fault,
    /// How many of the first calls there are left alone. Default 0.
    #[serde(default)]
    pub skip: u64,
    /// How many calls it meets in all. Default 1.
    #[serde(default = "once")]
    pub times: u64,
    /// How likely it meets each of them, in per mille. Default always.
    #[serde(default = "always")]
    pub probability: u16,
    /// Decides which, together with the number of the call. Default 1.
    #[serde(default = "first_seed")]
    pub seed: u64,
    /// How long what takes time takes, in milliseconds. Default 1000.
    #[serde(default = "one_second")]
    pub millis: u64,
    /// The `errorCode` of a failure. Default `1`, the provider's system error.
    #[serde(default = "system_error")]
    pub code: String,
}

impl FaultPlan {
    /// A plan for the next call of an endpoint.
    pub fn next(endpoint: Endpoint, kind: Fault) -> Self {
        Self {
            endpoint: Some(endpoint),
            kind,
            skip: 0,
            times: once(),
            probability: always(),
            seed: first_seed(),
            millis: one_second(),
            code: system_error(),
        }
    }

    pub(crate) fn time(&self) -> Duration {
        Duration::from_millis(self.millis)
    }
}

fn once() -> u64 {
    1
}

fn always() -> u16 {
    1000
}

fn first_seed() -> u64 {
    1
}

fn one_second() -> u64 {
    1000
}

fn system_error() -> String {
    "1".to_owned()
}
