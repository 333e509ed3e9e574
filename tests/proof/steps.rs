//! The words for what can happen in a world.

use onay_payout::Resolution;

use crate::hand::Hand;
use crate::people::Terms;
use crate::ports::Request;
use crate::switches::Switches;

/// What differs between two worlds from the start.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setup {
    pub(crate) switches: Switches,
    pub(crate) terms: Terms,
    pub(crate) items: usize,
    pub(crate) budget: Budget,
}

/// How often things may still go wrong, and how often people may still act.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) struct Budget {
    /// Calls that are answered wrongly, or not at all.
    pub(crate) calls: u8,
    /// Writes that are carried out later than their answer was lost.
    pub(crate) late: u8,
    pub(crate) crashes: u8,
    /// Processes that stop for any time and go on.
    pub(crate) sleeps: u8,
    /// Times the store is away.
    pub(crate) away: u8,
    /// Somebody else's hand at the provider.
    pub(crate) strangers: u8,
    /// Times the store is set back.
    pub(crate) restores: u8,
    /// Times mehmet loses his place in the rule.
    pub(crate) policies: u8,
    /// Times releases are paused.
    pub(crate) pauses: u8,
    /// Decisions.
    pub(crate) deeds: u8,
    /// Resolutions that people carry out, whatever is true.
    pub(crate) resolutions: u8,
}

/// One step of the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Claim(Hand),
    Go(Hand, Fate),
    Crash(Hand, Fate),
    Sleep(Hand),
    Wake(Hand),
    Late(usize),
    Advance,
    TopUp,
    Pass,
    Person(usize, Deed),
    Stranger(Strange),
    Restore(usize),
    NewPolicy,
    Pause,
    Resume,
}

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is carried out and answered.
    Done,
    /// It is carried out and answered, and its process sleeps before it hears.
    DoneAsleep,
    /// It is carried out, and the answer is lost.
    DoneUnheard,
    /// It is lost, and nobody knows.
    Lost,
    /// It is carried out later, if ever, and the answer is lost.
    DoneLater,
    /// It is refused out of the blue.
    Refused,
    /// It is carried out and answered with a refusal.
    RefusedDone,
    /// There is no connection.
    NoLine,
    /// The rate limit is reached.
    Limited,
    /// The store says that somebody changed the batch.
    Stale,
    /// The store says that somebody else has the job.
    LeaseLost,
}

/// What people do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    Approve,
    Undo,
    Reject,
    Withdraw,
    Resolve(Resolution),
}

/// What somebody else does at the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strange {
    Authorizes,
    Cancels,
    AddsAnItem,
}

/// Whether a request changes something at the provider.
pub(crate) const fn is_write(request: &Request) -> bool {
    matches!(
        request,
        Request::Initialize(..) | Request::Authorize(..) | Request::Cancel(..)
    )
}
