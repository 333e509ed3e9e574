//! The `[safety]` part of the policy file.

use std::time::Duration;

/// How much of the provider's copy is compared before people decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadBack {
    /// Every item.
    Full,
    /// Count, total and status only.
    Totals,
    /// Nothing: for those who accept less.
    Off,
}

/// What happens when the provider refuses some of the items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnInvalid {
    /// The approver sees them and decides about the rest.
    Ask,
    /// The batch is turned down.
    Reject,
}

/// What happens when an unanswered authorize still shows no effect after the quiet period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnReleaseDoubt {
    /// The batch is frozen until people resolve it.
    Ask,
    /// The same request id is authorized again.
    Resend,
}

/// What is done about the payout balance before a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Funds {
    /// It is weighed; a batch it does not cover waits.
    Check,
    /// Nothing: the provider stops what it does not cover.
    Off,
}

/// The `[safety]` part of the policy file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Safety {
    /// See [`ReadBack`].
    pub read_back: ReadBack,
    /// Whether the external id is looked up before the first initialize.
    pub look_before_init: bool,
    /// See [`OnInvalid`].
    pub on_invalid: OnInvalid,
    /// See [`Funds`].
    pub funds: Funds,
    /// See [`OnReleaseDoubt`].
    pub on_release_doubt: OnReleaseDoubt,
    /// How long an unanswered authorize is only looked at.
    pub quiet_period: Duration,
}
