//! The switches.

use std::{collections::BTreeMap, time::Duration};

use rust_decimal::Decimal;
use secrecy::SecretString;

/// What the simulator is started with; [`Settings::new`] gives the defaults.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The one key pair whose signatures are accepted.
    pub credentials: Credentials,
    /// Decides outcomes, pace and ids; the same seed and the same calls give the same run. Default 1.
    pub seed: u64,
    /// The mass payout balance at the start. It has no currency, as the provider's answer has none:
    /// amounts of every currency are taken from it. Default 10 000 000.00.
    pub initial_balance: Decimal,
    /// Commission per item, charged on top of its amount. Default 2.50; shown with eight decimals.
    pub commission: Decimal,
    /// How long an item takes from auth to `SUCCESS` or `FAILED`, give or take a fifth, by seed. A refund
    /// takes half as long again. Zero settles everything within the auth call. Default 3 s.
    pub settle_after: Duration,
    /// Pause between the work and the answer of each call. Default zero.
    pub latency: Duration,
    /// How many items go wrong, by seed. Default none.
    pub shares: Shares,
    /// Outcomes of single items by item id; they come before the shares. Default none.
    pub outcomes: BTreeMap<String, Outcome>,
    /// Whether recipients with wrong check digits become `INVALID`. Default no, because the recipients of
    /// the provider's own samples are masked and would fail.
    pub check_recipients: bool,
    /// What the provider's pages leave open.
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
#[derive(Clone, Copy, Debug)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

/// What the provider's pages do not say or say twice. Each default is the documented side where there is
/// one, otherwise the side that is kinder to the caller; none is verified.
#[derive(Clone, Copy, Debug, Default)]
pub struct Behaviour {
    /// A second init with an external id already used.
    pub repeated_init: RepeatedInit,
    /// A second auth of the same batch.
    pub repeated_auth: RepeatedAuth,
    /// Retrieve of a batch nobody created.
    pub unknown_id: UnknownId,
    /// Whether items carry `massPayoutRequestId`, seen only in iyzico's unmerged Java change. Default no.
    pub show_request_id: bool,
    /// Where retrieve puts `page`, `size` and `total`.
    pub paging: Paging,
    /// The HTTP status of failures.
    pub failure_http_status: FailureStatus,
    /// The JSON type of the balance.
    pub balance_as: BalanceAs,
    /// When a lack of funds shows.
    pub funds: Funds,
    /// The final status of a batch with paid and failed items.
    pub mixed_result: MixedResult,
    /// Where the money of a failed item goes.
    pub after_failed: AfterFailed,
}

/// See [`Behaviour::repeated_init`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RepeatedInit {
    /// The first answer again, whatever the second body says.
    #[default]
    SameRequestId,
    /// A failure that does not tell the request id.
    Refuse,
    /// A second batch under the same external id; retrieve by external id then shows the newest.
    NewBatch,
}

/// See [`Behaviour::repeated_auth`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RepeatedAuth {
    /// Success without effect.
    #[default]
    SameAnswer,
    /// A failure without effect.
    Refuse,
    /// Every good item is paid once more, at once: the disaster that the caller must not provoke.
    PaysTwice,
}

/// See [`Behaviour::unknown_id`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnknownId {
    /// A failure.
    #[default]
    Failure,
    /// A success without `massPayout` and with no items.
    Empty,
}

/// See [`Behaviour::paging`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Paging {
    /// Inside `massPayoutItems`, as in the guide's sample.
    #[default]
    Inside,
    /// Beside it, as in the schema.
    Top,
    /// In both places.
    Both,
}

/// See [`Behaviour::failure_http_status`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FailureStatus {
    /// 200, as recorded from the live service in 2016.
    #[default]
    Ok,
    /// 400, as newer pages of the provider declare for init.
    BadRequest,
}

/// See [`Behaviour::balance_as`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BalanceAs {
    /// As in the sample.
    #[default]
    String,
    /// As in the schema.
    Number,
}

/// See [`Behaviour::funds`]. The whole batch with its commission is weighed at once, at auth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Funds {
    /// Auth succeeds, then the batch shows `INSUFFICIENT_BALANCE`, as the status list suggests.
    #[default]
    LaterStatus,
    /// Auth fails and the batch stays `INIT`, so that a later auth may work.
    AuthRefuses,
}

/// See [`Behaviour::mixed_result`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MixedResult {
    /// `COMPLETED`.
    #[default]
    Completed,
    /// `FAIL`.
    Fail,
    /// `PUBLISHED_TO_QUEUE` for ever.
    StaysPublished,
}

/// See [`Behaviour::after_failed`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AfterFailed {
    /// Amount and commission go back to the balance: `DEPOSIT_SUCCESS`.
    #[default]
    DepositSuccess,
    /// They do not: `DEPOSIT_FAIL`.
    DepositFail,
    /// The item stays `FAILED`.
    Stays,
}
