//! The provider's endpoints by name.

use serde::{Deserialize, Serialize};

/// One of the provider's six endpoints.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
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
