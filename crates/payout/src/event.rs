//! What can happen to a batch.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::account::Account;
use crate::decision::Ruling;
use crate::ids::{PersonName, RequestId, WorkerName};
use crate::policy::{Identity, OnInvalid, OnReleaseDoubt, Quorum, ReadBack};
use crate::provider::{Initialized, Refusal, RemoteCopy, RemoteStatus};
use crate::requirement::Requirement;
use crate::state::{HeldHistory, Intent, Resolution, Shortage, Why};

/// Something that happened, or that somebody wants to happen.
#[derive(Debug, Clone)]
pub enum Event {
    /// Initialize is about to be sent.
    InitializeStarted(Intent),
    /// Initialize was certainly not carried out; try again after a while.
    InitializeNotSent(NotSentBy),
    /// The provider answered that it has the batch.
    Initialized(Initialized),
    /// A look found the batch at the provider.
    Adopted(RequestId),
    /// The provider has the batch from a call whose answer was lost, takes no second one under this
    /// id, and does not tell the request id.
    Orphaned(Refusal),
    /// The provider will not take the batch, and a lookup agrees.
    InitializeRefused(Refusal),
    /// The provider's copy was read.
    ReadBack(Box<CopyRead>),
    /// A person decided.
    Decided(Ruling),
    /// The maker takes the batch back.
    Withdrawn {
        /// Who asks.
        by: Identity,
        /// Why.
        reason: String,
    },
    /// People were reminded that a decision is due.
    Reminded,
    /// The time to decide is over.
    Expired,
    /// The approvals no longer satisfy the policy (a person was removed, a rule got stricter).
    ApprovalShort(String),
    /// The payout balance does not cover the batch.
    FundsShort(Shortage),
    /// Authorize is about to be sent.
    ReleaseStarted {
        /// By whom, until when.
        intent: Intent,
        /// Proof that it may be.
        quorum: Quorum,
    },
    /// Authorize was certainly not carried out; try again after a while.
    ReleaseNotSent(NotSentBy),
    /// The provider confirmed authorize of this request id.
    Released {
        /// Which.
        request_id: RequestId,
        /// The account it was released for.
        account: Account,
    },
    /// The provider said no to authorize. Believed only after a look: a repetition may well be refused.
    ReleaseRefused(Refusal),
    /// The provider was asked what became of an authorize.
    ReleaseLooked(ReleaseLook),
    /// A batch that was never authorized from here turned out to be started, or cancelled.
    FoundPastInit(PastInit),
    /// The provider reported where the items stand.
    Reported(RemoteCopy),
    /// Nothing is watched any more.
    WatchEnded,
    /// Cancel is about to be sent.
    CancelStarted(Intent),
    /// The provider was asked what became of a cancel.
    CancelLooked {
        /// What the provider shows.
        copy: RemoteCopy,
        /// The account it was read from.
        account: Account,
    },
    /// Somebody wants a frozen batch to be resolved; it is done when a second person wants the same.
    Resolve {
        /// Who.
        by: Identity,
        /// What.
        resolution: Resolution,
        /// Why.
        reason: String,
        /// Since when the batch they looked at was frozen.
        since: DateTime<Utc>,
    },
    /// A rule broke.
    Froze {
        /// Which.
        why: Why,
        /// What was seen.
        details: Vec<String>,
    },
}

impl Event {
    /// The event's name in the journal.
    pub fn name(&self) -> &'static str {
        match self {
            Self::InitializeStarted(_) => "initialize_started",
            Self::InitializeNotSent(_) => "initialize_not_sent",
            Self::Initialized(_) => "initialized",
            Self::Adopted(_) => "adopted",
            Self::Orphaned(_) => "orphaned",
            Self::InitializeRefused(_) => "initialize_refused",
            Self::FundsShort(_) => "funds_short",
            Self::ReadBack(_) => "read_back",
            Self::Decided(ruling) => ruling.decision().verdict.word(),
            Self::Withdrawn { .. } => "withdraw",
            Self::Reminded => "remind",
            Self::Expired => "expire",
            Self::ApprovalShort(_) => "approval_short",
            Self::ReleaseStarted { .. } => "release_started",
            Self::ReleaseNotSent(_) => "release_not_sent",
            Self::Released { .. } => "released",
            Self::ReleaseRefused(_) => "release_refused",
            Self::ReleaseLooked(_) => "release_looked",
            Self::FoundPastInit(_) => "found_past_init",
            Self::Reported(_) => "reported",
            Self::WatchEnded => "watch_ended",
            Self::CancelStarted(_) => "cancel_started",
            Self::CancelLooked { .. } => "cancel_looked",
            Self::Resolve { .. } => "resolve",
            Self::Froze { .. } => "froze",
        }
    }
}

/// A call its owner certainly did not get through.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NotSentBy {
    /// The owner of the intent.
    pub owner: WorkerName,
    /// Why, for the journal.
    pub cause: String,
    /// When to try again.
    pub retry_after: Duration,
}

/// The provider's copy and the terms under which it would be held.
#[derive(Debug, Clone)]
pub struct CopyRead {
    /// What was read; nothing, when reading back is off.
    pub copy: Option<RemoteCopy>,
    /// How much of it is compared.
    pub depth: ReadBack,
    /// The account it was read from.
    pub account: Account,
    /// The rules in force; without one the batch is held, and nothing can be released.
    pub rules: Requirement,
    /// What other batches told, where anything is remembered of them.
    pub history: Option<HeldHistory>,
    /// How long people have to decide.
    pub expires_after: Duration,
    /// What to do about refused items.
    pub on_invalid: OnInvalid,
}

/// A look at the provider while an authorize is unanswered.
#[derive(Debug, Clone)]
pub struct ReleaseLook {
    /// What the provider shows.
    pub copy: RemoteCopy,
    /// How long the batch is only looked at.
    pub quiet_period: Duration,
    /// What happens after that.
    pub on_doubt: OnReleaseDoubt,
}

/// A batch that was started, or ended, without a release from here.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PastInit {
    /// Under the id of which attempt it was found.
    pub attempt: u32,
    /// The provider's status.
    pub status: RemoteStatus,
    /// The provider's id, if it is known.
    pub request_id: Option<RequestId>,
    /// The account it was read from.
    pub account: Account,
}

/// An event that may not happen in a state. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, thiserror::Error)]
pub enum IllegalTransition {
    /// The state does not know this event.
    #[error("`{event}` cannot happen to a batch that is {state}")]
    State {
        /// What was tried.
        event: &'static str,
        /// Where the batch stands.
        state: &'static str,
    },
    /// Somebody else's call may still be under way.
    #[error("a call of {owner} may still be under way until {until}")]
    NotOwner {
        /// Whose call.
        owner: WorkerName,
        /// Until when.
        until: DateTime<Utc>,
    },
    /// It is not time yet.
    #[error("a call may still be under way, or it is not due yet; try again after {}", .0.format("%F %T UTC"))]
    TooEarly(DateTime<Utc>),
    /// The time to decide is over.
    #[error("the time to decide ended at {0}")]
    Expired(DateTime<Utc>),
    /// Nobody decides on their own batch.
    #[error("{0} submitted this batch")]
    OwnBatch(PersonName),
    /// Only the maker withdraws.
    #[error("only {0}, who submitted this batch, can withdraw it")]
    NotMaker(PersonName),
    /// The decision or the proof is about other content.
    #[error("the content is not the one that was decided on")]
    OtherDigest,
    /// The decision stands already.
    #[error("{0} has already decided so")]
    AlreadyDecided(PersonName),
    /// Resolving takes a role.
    #[error("{0} may not resolve batches; it takes the role `approver` or `operator`")]
    NotResolver(PersonName),
    /// This cannot be done about it.
    #[error("`{}` is no answer to `{}`; {}", .resolution.word(), .why.word(), choices(.allowed))]
    NoResolution {
        /// What was wanted.
        resolution: Resolution,
        /// Why the batch is frozen.
        why: Why,
        /// What can be done instead.
        allowed: &'static [Resolution],
    },
    /// It could pay twice, or end what may still pay.
    #[error("that is not safe: {0}")]
    NotSafe(String),
    /// Whoever decides says why.
    #[error("a resolution needs a reason that others can read")]
    NoReason,
    /// It froze anew since it was looked at.
    #[error("the batch froze anew at {0}; look at it again")]
    FrozeAnew(DateTime<Utc>),
    /// Sums that cannot be kept exactly.
    #[error("the amounts do not add up to a sum that can be kept")]
    Unsummable,
}

fn choices(allowed: &[Resolution]) -> String {
    let words: Vec<&str> = allowed.iter().map(|resolution| resolution.word()).collect();
    format!("choose {}", words.join(", "))
}
