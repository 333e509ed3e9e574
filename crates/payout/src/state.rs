//! Where a batch stands. A state carries its data, so nothing can be half there.

mod frozen;

use chrono::{DateTime, Utc};

use crate::account::Account;
use crate::digest::Digest;
use crate::history::Signals;
use crate::ids::{PersonName, RequestId, WorkerName};
use crate::money::Money;
use crate::policy::HistoryFacts;
use crate::provider::{Refusal, RemoteStatus};
use crate::requirement::Requirement;

pub use frozen::{Frozen, Proposal, Resolution, Why};

/// The life of a batch. `docs/state-machine.md` shows who may follow whom.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum State {
    /// Durable here, unknown to the provider.
    Received,
    /// Initialize may or may not have arrived.
    Preparing(Preparing),
    /// The provider's id is known; its copy is being read back.
    Prepared(Prepared),
    /// The provider holds it; no money moves until people decide.
    PendingApproval(Hold),
    /// The quorum is reached; authorize was not sent.
    Approved(Hold),
    /// Authorize may or may not have arrived.
    Releasing(Releasing),
    /// Authorized; items are open.
    Processing(Hold),
    /// Every item is final and paid.
    Settled(Hold),
    /// Every item is final, some are paid.
    PartlySettled(Hold),
    /// Every item is final, none is paid.
    Failed(Hold),
    /// Turned down; the provider's cancel is not confirmed yet.
    Cancelling(Cancelling),
    /// Turned down by an approver, or by the policy.
    Rejected(TurnedDown),
    /// Taken back by its maker.
    Withdrawn(TurnedDown),
    /// Nobody decided in time.
    Expired(TurnedDown),
    /// The provider would not take it.
    Refused(Refusal),
    /// A rule broke: no more writes until people resolve it.
    Frozen(Frozen),
}

/// A provider call that may be on its way.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Intent {
    /// Who is making it, and may record its outcome.
    pub owner: WorkerName,
    /// Since when.
    pub started_at: DateTime<Utc>,
    /// Until then nobody else may write to the provider for this batch; after it, its owner may
    /// no longer send.
    pub deadline: DateTime<Utc>,
}

/// An initialize that may have arrived.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Preparing {
    /// The newest call.
    pub intent: Intent,
    /// How many calls were begun under this id whose outcome is not known.
    pub tries: u32,
}

/// A batch the provider has, before it is held.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Prepared {
    /// The provider's id of it.
    pub request_id: RequestId,
    /// Whether it was found at the provider instead of answered by it. What was found is always
    /// compared in full: nobody here knows what it was made of.
    pub is_adopted: bool,
}

/// A batch as the provider holds it, and what people must agree on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Hold {
    /// The provider's id of it. Not known of a batch that was found started and whose provider does
    /// not tell; such a batch is only watched.
    pub request_id: Option<RequestId>,
    /// The account it is held for.
    pub account: Account,
    /// What an approval binds to.
    pub digest: Digest,
    /// How many items would be paid.
    pub count: usize,
    /// The sum that would be paid, without commission.
    pub total: Money,
    /// The total and the number of items as the provider showed them then, if it did.
    pub shown: Shown,
    /// The provider's fee as far as it shows one.
    pub commission: Option<Money>,
    /// The largest item that would be paid.
    pub largest: Money,
    /// What other batches told, where anything is remembered of them.
    pub history: Option<HeldHistory>,
    /// The rules in force when it was held.
    pub rules: Requirement,
    /// Since when.
    pub held_at: DateTime<Utc>,
    /// Nobody deciding until then means no.
    pub expires_at: DateTime<Utc>,
    /// Whether an authorize was sent that may still arrive: then it is watched, also while nothing
    /// is being released.
    pub is_sent: bool,
    /// Why an approved batch waits, if it does.
    pub short: Option<Shortage>,
    /// The provider's status that people have judged: it alone stops nothing any more.
    pub judged: Option<RemoteStatus>,
}

/// What other batches told when a batch was held.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HeldHistory {
    /// What its maker's batches of 24 hours came to, this one included.
    pub maker_day: Money,
    /// The most that one of its payees was to get within 24 hours, this batch included.
    pub payee_day: Money,
    /// What people should look at before they decide.
    pub signals: Signals,
}

impl HeldHistory {
    /// What rules look at in it.
    pub fn facts(&self) -> HistoryFacts {
        HistoryFacts {
            maker_day: self.maker_day,
            payee_day: self.payee_day,
            signals: self.signals.counts().keys().copied().collect(),
        }
    }
}

/// The payout balance does not cover a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shortage {
    /// What the account held.
    pub balance: Money,
    /// The batch's total and the provider's fee, as far as it is known.
    pub needed: Money,
    /// When that was seen.
    pub at: DateTime<Utc>,
}

/// The figures a provider shows of a batch, to be recognised later.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Shown {
    /// The total of the batch.
    pub total: Option<Money>,
    /// The number of items that would be paid.
    pub count: Option<u64>,
}

/// An authorize that may have arrived.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Releasing {
    /// What is being released.
    pub hold: Hold,
    /// The call.
    pub intent: Intent,
    /// How often the provider was asked since and showed no effect.
    pub looks: u32,
    /// The provider's no to it, if that is what came back.
    pub refusal: Option<Refusal>,
}

/// Why a batch ends without being paid.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TurnedDown {
    /// Who turned it down; nobody, when time ran out or the policy did.
    pub by: Option<PersonName>,
    /// Why.
    pub reason: String,
    /// The provider's id, if it had one.
    pub request_id: Option<RequestId>,
    /// What was held, if an authorize of it was ever sent: it is looked at once more, late.
    pub sent: Option<Box<Hold>>,
}

/// What a turned-down batch will be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ending {
    /// See [`State::Rejected`].
    Rejected,
    /// See [`State::Withdrawn`].
    Withdrawn,
    /// See [`State::Expired`].
    Expired,
    /// Not an end: once the old batch is cancelled, it is prepared anew.
    PrepareAnew,
}

impl Ending {
    /// The state's word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Rejected => "rejected",
            Self::Withdrawn => "withdrawn",
            Self::Expired => "expired",
            Self::PrepareAnew => "prepared anew",
        }
    }

    /// The state a cancelled batch ends in, if it ends.
    pub(crate) fn state(self, turned_down: TurnedDown) -> Option<State> {
        match self {
            Self::Rejected => Some(State::Rejected(turned_down)),
            Self::Withdrawn => Some(State::Withdrawn(turned_down)),
            Self::Expired => Some(State::Expired(turned_down)),
            Self::PrepareAnew => None,
        }
    }
}

/// A cancel that is not confirmed yet.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Cancelling {
    /// What it becomes once the provider confirms.
    pub ending: Ending,
    /// Who turned it down, and why.
    pub turned_down: TurnedDown,
    /// The provider's id.
    pub request_id: RequestId,
    /// What was held, if it came that far.
    pub hold: Option<Hold>,
    /// The cancel call, once it may have been made.
    pub intent: Option<Intent>,
    /// How often the provider was asked since and did not show it cancelled.
    pub looks: u32,
}

impl State {
    /// The state's word in JSON, in the ledger and on screens.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Preparing(_) => "preparing",
            Self::Prepared(_) => "prepared",
            Self::PendingApproval(_) => "pending_approval",
            Self::Approved(_) => "approved",
            Self::Releasing(_) => "releasing",
            Self::Processing(_) => "processing",
            Self::Settled(_) => "settled",
            Self::PartlySettled(_) => "partly_settled",
            Self::Failed(_) => "failed",
            Self::Cancelling(_) => "cancelling",
            Self::Rejected(_) => "rejected",
            Self::Withdrawn(_) => "withdrawn",
            Self::Expired(_) => "expired",
            Self::Refused(_) => "refused",
            Self::Frozen(_) => "frozen",
        }
    }

    /// Every state's word, in the order of a batch's life.
    pub const NAMES: [&'static str; 16] = [
        "received",
        "preparing",
        "prepared",
        "pending_approval",
        "approved",
        "releasing",
        "processing",
        "settled",
        "partly_settled",
        "failed",
        "cancelling",
        "rejected",
        "withdrawn",
        "expired",
        "refused",
        "frozen",
    ];

    /// Whether nothing more will happen without a person (refunds may still be watched).
    pub const fn is_final(&self) -> bool {
        match self {
            Self::Settled(_)
            | Self::PartlySettled(_)
            | Self::Failed(_)
            | Self::Rejected(_)
            | Self::Withdrawn(_)
            | Self::Expired(_)
            | Self::Refused(_) => true,
            Self::Received
            | Self::Preparing(_)
            | Self::Prepared(_)
            | Self::PendingApproval(_)
            | Self::Approved(_)
            | Self::Releasing(_)
            | Self::Processing(_)
            | Self::Cancelling(_)
            | Self::Frozen(_) => false,
        }
    }

    /// Whether it is known that its release was carried out, or people took it so.
    pub fn is_released(&self) -> bool {
        match self {
            Self::Processing(_) | Self::Settled(_) | Self::PartlySettled(_) | Self::Failed(_) => {
                true
            }
            Self::Frozen(frozen) => frozen.from.is_released(),
            Self::Received
            | Self::Preparing(_)
            | Self::Prepared(_)
            | Self::PendingApproval(_)
            | Self::Approved(_)
            | Self::Releasing(_)
            | Self::Cancelling(_)
            | Self::Rejected(_)
            | Self::Withdrawn(_)
            | Self::Expired(_)
            | Self::Refused(_) => false,
        }
    }

    /// Whether it ended without ever being paid.
    pub const fn is_turned_down(&self) -> bool {
        matches!(
            self,
            Self::Rejected(_) | Self::Withdrawn(_) | Self::Expired(_) | Self::Refused(_)
        )
    }

    /// Why it is, or will be, rejected.
    pub fn rejected(&self) -> Option<&TurnedDown> {
        match self {
            Self::Rejected(end) => Some(end),
            Self::Cancelling(cancelling) if cancelling.ending == Ending::Rejected => {
                Some(&cancelling.turned_down)
            }
            Self::Frozen(frozen) => frozen.from.rejected(),
            Self::Received
            | Self::Preparing(_)
            | Self::Prepared(_)
            | Self::PendingApproval(_)
            | Self::Approved(_)
            | Self::Releasing(_)
            | Self::Processing(_)
            | Self::Settled(_)
            | Self::PartlySettled(_)
            | Self::Failed(_)
            | Self::Cancelling(_)
            | Self::Withdrawn(_)
            | Self::Expired(_)
            | Self::Refused(_) => None,
        }
    }

    /// The hold people decide or decided on, if there is one.
    pub fn hold(&self) -> Option<&Hold> {
        match self {
            Self::PendingApproval(hold)
            | Self::Approved(hold)
            | Self::Processing(hold)
            | Self::Settled(hold)
            | Self::PartlySettled(hold)
            | Self::Failed(hold) => Some(hold),
            Self::Releasing(releasing) => Some(&releasing.hold),
            Self::Cancelling(cancelling) => cancelling.hold.as_ref(),
            Self::Rejected(end) | Self::Withdrawn(end) | Self::Expired(end) => end.sent.as_deref(),
            Self::Frozen(frozen) => frozen.from.hold(),
            Self::Received | Self::Preparing(_) | Self::Prepared(_) | Self::Refused(_) => None,
        }
    }

    /// The provider's id of the batch, if it is known.
    pub fn request_id(&self) -> Option<&RequestId> {
        match self {
            Self::Prepared(prepared) => Some(&prepared.request_id),
            Self::Cancelling(cancelling) => Some(&cancelling.request_id),
            Self::Rejected(end) | Self::Withdrawn(end) | Self::Expired(end) => {
                end.request_id.as_ref()
            }
            Self::Frozen(frozen) => frozen.from.request_id(),
            Self::Received | Self::Preparing(_) | Self::Refused(_) => None,
            Self::PendingApproval(_)
            | Self::Approved(_)
            | Self::Releasing(_)
            | Self::Processing(_)
            | Self::Settled(_)
            | Self::PartlySettled(_)
            | Self::Failed(_) => self.hold().and_then(|hold| hold.request_id.as_ref()),
        }
    }

    /// The provider call that may be on its way.
    pub fn intent(&self) -> Option<&Intent> {
        match self {
            Self::Preparing(preparing) => Some(&preparing.intent),
            Self::Releasing(releasing) => Some(&releasing.intent),
            Self::Cancelling(cancelling) => cancelling.intent.as_ref(),
            Self::Frozen(frozen) => frozen.from.intent(),
            Self::Received
            | Self::Prepared(_)
            | Self::PendingApproval(_)
            | Self::Approved(_)
            | Self::Processing(_)
            | Self::Settled(_)
            | Self::PartlySettled(_)
            | Self::Failed(_)
            | Self::Rejected(_)
            | Self::Withdrawn(_)
            | Self::Expired(_)
            | Self::Refused(_) => None,
        }
    }

    /// As what a batch in this state freezes when it stays in doubt for too long.
    pub const fn doubt(&self) -> Option<Why> {
        match self {
            Self::Preparing(_) => Some(Why::InitializeUnconfirmed),
            Self::Prepared(_) => Some(Why::CopyIncomplete),
            Self::Releasing(_) => Some(Why::ReleaseUnconfirmed),
            Self::Cancelling(_) => Some(Why::CancelUnconfirmed),
            Self::Received
            | Self::PendingApproval(_)
            | Self::Approved(_)
            | Self::Processing(_)
            | Self::Settled(_)
            | Self::PartlySettled(_)
            | Self::Failed(_)
            | Self::Rejected(_)
            | Self::Withdrawn(_)
            | Self::Expired(_)
            | Self::Refused(_)
            | Self::Frozen(_) => None,
        }
    }

    /// What to tell someone who wants to decide and cannot.
    pub(crate) const fn decision_hint(&self) -> &'static str {
        match self {
            Self::Received | Self::Preparing(_) | Self::Prepared(_) => {
                " yet; it can be decided on once the provider holds it"
            }
            Self::PendingApproval(_) | Self::Approved(_) => "",
            Self::Releasing(_)
            | Self::Processing(_)
            | Self::Settled(_)
            | Self::PartlySettled(_)
            | Self::Failed(_) => " any more; it was released",
            Self::Cancelling(_) | Self::Rejected(_) | Self::Withdrawn(_) | Self::Expired(_) => {
                " any more; it was turned down"
            }
            Self::Refused(_) => "; the provider refused it",
            Self::Frozen(_) => " until people resolve it",
        }
    }
}
