//! Faults of the way between caller and provider, set while the simulator runs.

use std::time::Duration;

use serde::Deserialize;

/// One of the provider's six endpoints.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    /// `POST /v1/mass/payout/init`
    Init,
    /// `POST /v1/mass/payout/auth`
    Auth,
    /// `POST /v1/mass/payout/retrieve`
    Retrieve,
    /// `GET /v1/mass/payout/retrieve/items/{referenceCode}`
    Item,
    /// `POST /v1/mass/payout/cancel/{requestId}`
    Cancel,
    /// `GET /v1/mass/payout/balance`
    Balance,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Fault {
    /// The connection closes before the body is read: nothing happens at the provider.
    CloseBeforeWork,
    /// The provider does its work, then the connection closes without an answer.
    LoseAnswerAfterWork,
    /// The provider does its work, then waits before it answers.
    HoldAnswer {
        /// How long, in milliseconds.
        millis: u64,
    },
}

impl Fault {
    pub(crate) fn pause(self) -> Duration {
        match self {
            Self::HoldAnswer { millis } => Duration::from_millis(millis),
            Self::CloseBeforeWork | Self::LoseAnswerAfterWork => Duration::ZERO,
        }
    }
}

/// Body of `POST /_sim/faults`: `{"endpoint":"auth","kind":"lose_answer_after_work","times":1}`.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct FaultPlan {
    /// Where.
    pub endpoint: Endpoint,
    /// What.
    #[serde(flatten)]
    pub fault: Fault,
    /// How many of the next calls it meets. Default 1.
    #[serde(default = "once")]
    pub times: u32,
}

fn once() -> u32 {
    1
}

/// The plans still open, oldest first. Plans for one endpoint follow each other.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<FaultPlan>);

impl Faults {
    pub(crate) fn add(&mut self, plan: FaultPlan) {
        self.0.push(plan);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Uses up one call of the endpoint.
    pub(crate) fn take(&mut self, endpoint: Endpoint) -> Option<Fault> {
        self.0.retain(|plan| plan.times > 0);
        let plan = self.0.iter_mut().find(|plan| plan.endpoint == endpoint)?;
        plan.times = plan.times.saturating_sub(1);
        Some(plan.fault)
    }
}

#[cfg(test)]
mod tests {
    use super::{Endpoint, Fault, Faults};

    #[test]
    fn plans_of_an_endpoint_follow_each_other_and_run_out() {
        let mut faults = Faults::default();
        for plan in [
            r#"{"endpoint":"auth","kind":"close_before_work","times":2}"#,
            r#"{"endpoint":"auth","kind":"hold_answer","millis":7}"#,
            r#"{"endpoint":"init","kind":"lose_answer_after_work","times":0}"#,
        ] {
            faults.add(serde_json::from_str(plan).unwrap());
        }
        assert_eq!(faults.take(Endpoint::Init), None);
        let met: Vec<_> = (0..4).map(|_| faults.take(Endpoint::Auth)).collect();
        assert_eq!(
            met,
            [
                Some(Fault::CloseBeforeWork),
                Some(Fault::CloseBeforeWork),
                Some(Fault::HoldAnswer { millis: 7 }),
                None,
            ]
        );
    }
}
