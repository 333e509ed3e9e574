//! The domain of Onay: what a payout batch is, what may happen to it, and who must agree.
//!
//! **Invariant: this crate does no IO.** It has no clock, no environment, no randomness and no
//! runtime; time and random bytes come in as arguments.
//!
//! A maker's [`Draft`] is checked into a [`Content`]; a [`Batch`] is that content, what became of
//! each item ([`Outcome`]) and a [`State`]. Everything that happens is an [`Event`], and
//! [`Batch::apply`] is the only way a batch changes. Money moves only through
//! [`Provider::authorize`], which takes a [`ReleasePermit`] that only a batch can make, from
//! approvals that the [`Policy`] counts for exactly the [`Digest`] of what the provider holds.
//!
//! Words: *batch, item, payee, maker, approver, policy, rule, decision, approval, hold, release,
//! journal, settle, tie out, in doubt, frozen*. `authorize` names the provider's call only; what
//! we do is *release*.

pub mod account;
mod activation;
mod batch;
pub mod cadence;
mod content;
mod copy;
mod credential;
mod decision;
mod digest;
mod draft;
mod event;
mod explain;
mod finding;
mod head;
pub mod history;
mod ids;
mod item;
mod money;
mod pause;
mod policy;
pub mod provider;
mod recipient;
mod release;
mod requirement;
mod send_by;
mod signature;
mod state;
mod statement;
#[cfg(test)]
mod tests;
mod tie_out;

pub use account::Account;
pub use activation::{
    ActivationEntry, ActivationRefused, ActivationStep, ActivationWish, Activations,
};
pub use batch::{Batch, Jobs, NoResend, Transition};
pub use content::{Content, ITEMS_PER_BATCH_MAX, Purpose, UnknownPurpose};
pub use copy::Comparison;
pub use credential::{IssueError, TokenHash, issue_token};
pub use decision::{Decision, Motion, ReasonCode, Ruling, Signed, SignedAt, Verdict};
pub use digest::{Canonical, Digest};
pub use draft::{Checked, Checksums, Draft, DraftItem, TEXT_CHARS_MAX};
pub use event::{CopyRead, Event, IllegalTransition, NotSentBy, PastInit, ReleaseLook};
pub use explain::{explain, explain_under};
pub use finding::{Code, Finding, Severity};
pub use head::{Head, Left, Parent};
pub use history::{Signal, SignalKind, Signals};
pub use ids::{
    BatchId, BatchRef, ExternalId, ID_CHARS_MAX, IdError, ItemId, PersonName, ReferenceCode,
    RequestId, WorkerName,
};
pub use item::{Finality, Item, ItemStatus, Outcome, outcomes_digest};
pub use money::{AMOUNT_MAX_UNITS, Currency, Money, MoneyError};
pub use pause::{Pause, PauseEntry, PauseRefused, PauseStep, PauseWish, Pauses};
pub use policy::{
    Conditions, Delegation, Facts, Forged, Funds, HistoryFacts, Identity, MayDecide, NotAllowed,
    OnInvalid, OnReleaseDoubt, Person, Policy, PolicyCode, PolicyError, PolicyFinding, Quorum,
    ReadBack, Role, Rule, Safety, Short, Step, Unauthenticated,
};
pub use provider::{Provider, ProviderError};
pub use recipient::{Personal, Recipient, RecipientType, UnknownRecipientType};
pub use release::ReleasePermit;
pub use requirement::{Given, HeldRule, HeldStep, Proof, Requirement, StepTally};
pub use send_by::SendBy;
pub use signature::{BadSignature, KeyError, NotASignature, PublicKey, Signature, SigningKey};
pub use state::{
    Cancelling, Ending, Frozen, HeldHistory, Hold, Intent, Prepared, Preparing, Proposal,
    Releasing, Resolution, Shortage, Shown, State, TurnedDown, Why,
};
pub use statement::Statement;
pub use tie_out::TieOut;
