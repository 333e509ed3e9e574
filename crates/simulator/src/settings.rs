//! What the simulator is started with.

use std::{collections::BTreeMap, time::Duration};

use rust_decimal::Decimal;
use secrecy::SecretString;
use serde::Deserialize;

use crate::{Behaviour, text};

/// What the simulator is started with; [`Settings::new`] gives the defaults. In a
/// [`crate::Scenario`], amounts are text and times end in `_ms`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default = "Settings::without_keys", deny_unknown_fields)]
pub struct Settings {
    /// The one key pair whose signatures are accepted. A scenario has none.
    #[serde(skip)]
    pub credentials: Credentials,
    /// Decides outcomes, pace and ids; the same seed and the same calls give the same run. Default 1.
    pub seed: u64,
    /// The mass payout balance at the start. It has no currency, as the provider's answer has none:
    /// amounts of every currency are taken from it. Default 10 000 000.00.
    #[serde(with = "text::amount")]
    pub initial_balance: Decimal,
    /// Commission per item, charged on top of its amount. Default 2.50; shown with eight decimals.
    #[serde(with = "text::amount")]
    pub commission: Decimal,
    /// How long an item takes from auth to `SUCCESS` or `FAILED`, give or take a fifth, by seed. A refund
    /// takes half as long again. Zero settles everything within the auth call. Default 3 s.
    #[serde(rename = "settle_after_ms", with = "text::millis")]
    pub settle_after: Duration,
    /// Pause between the work and the answer of each call. Default zero.
    #[serde(rename = "latency_ms", with = "text::millis")]
    pub latency: Duration,
    /// How many items go wrong, by seed. Default none.
    pub shares: Shares,
    /// Outcomes of single items by item id; they come before the shares. Default none.
    pub outcomes: BTreeMap<String, Outcome>,
    /// Whether recipients with wrong check digits become `INVALID`. Default no, because the recipients of
    /// the provider's own samples are masked and would fail.
    pub check_recipients: bool,
    /// What the provider's pages leave open. Beside the settings in a scenario, not among them.
    #[serde(skip)]
    pub behaviour: Behaviour,
}

impl Settings {
    /// The documented defaults with these credentials.
    pub fn new(credentials: Credentials) -> Self {
        Self {
            credentials,
            seed: 1,
            initial_balance: Decimal::new(1_000_000_000, 2),
            commission: Decimal::new(250, 2),
            settle_after: Duration::from_secs(3),
            latency: Duration::ZERO,
            shares: Shares::default(),
            outcomes: BTreeMap::new(),
            check_recipients: false,
            behaviour: Behaviour::default(),
        }
    }

    /// The documented defaults with keys that nobody has.
    pub(crate) fn without_keys() -> Self {
        Self::new(Credentials::new("", ""))
    }
}

/// A key pair of the provider's.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// Names the merchant.
    pub api_key: SecretString,
    /// Signs the requests.
    pub secret_key: SecretString,
}

impl Credentials {
    /// Both keys as they stand, any `sandbox-` prefix included.
    pub fn new(api_key: &str, secret_key: &str) -> Self {
        Self {
            api_key: api_key.into(),
            secret_key: secret_key.into(),
        }
    }
}

/// Shares of items in per mille (0 to 1000).
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Shares {
    /// Of all items: refused at init.
    pub invalid: u16,
    /// Of the valid items: fail at the bank.
    pub failed: u16,
    /// Of the failed items: meet [`Behaviour::after_failed`]; the others stay `FAILED`. Default all.
    pub refunded: u16,
}

impl Default for Shares {
    fn default() -> Self {
        Self {
            invalid: 0,
            failed: 0,
            refunded: 1000,
        }
    }
}

/// How an item ends.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Refused at init.
    Invalid,
    /// `SUCCESS`.
    Paid,
    /// `FAILED` for ever: where the money is stays open.
    Failed,
    /// `FAILED`, then `DEPOSIT_SUCCESS`.
    Refunded,
    /// `FAILED`, then `DEPOSIT_FAIL`.
    RefundFailed,
}
