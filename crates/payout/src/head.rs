//! A batch without its items.

use chrono::{DateTime, Utc};

use crate::content::Purpose;
use crate::decision::{Decision, Verdict};
use crate::digest::Digest;
use crate::ids::{BatchId, ExternalId, PersonName, RequestId};
use crate::policy::Facts;
use crate::state::{HeldHistory, Hold, State, Why};
use crate::tie_out::TieOut;

/// A batch without its items: small however many there are. Enough to show it and to decide on it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Head {
    /// Our id.
    pub id: BatchId,
    /// The caller's id.
    pub external_id: ExternalId,
    /// What the money is for.
    pub purpose: Option<Purpose>,
    /// Who asked.
    pub maker: PersonName,
    /// When it was accepted.
    pub accepted_at: DateTime<Utc>,
    /// The batch whose money came back and is sent again with this one.
    pub parent: Option<Parent>,
    /// Which attempt the provider has or will have: 0 under the external id itself, others under
    /// ids of their own.
    pub attempt: u32,
    /// What other attempts left at the provider; never authorized any more.
    pub left: Vec<Left>,
    /// How many items the maker asked for.
    pub count: usize,
    /// The digest of what the maker asked for; decides whether a submission is the same.
    pub content_digest: Digest,
    /// The digest of what became of the items.
    pub outcomes_digest: Digest,
    /// The money by what became of it.
    pub tie_out: TieOut,
    /// Every decision, oldest first.
    pub decisions: Vec<Decision>,
    /// Where it stands.
    pub state: State,
    /// Since when.
    pub since: DateTime<Utc>,
}

/// The batch that a batch sends again from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Parent {
    /// Its id.
    pub external_id: ExternalId,
    /// Who asked for it: they wrote what is sent again.
    pub maker: PersonName,
    /// Who asked for those it sent again from itself.
    pub earlier: Vec<PersonName>,
}

impl Parent {
    /// Everybody who asked for what is sent again.
    pub(crate) fn makers(&self) -> impl Iterator<Item = &PersonName> {
        std::iter::once(&self.maker).chain(&self.earlier)
    }
}

/// What an attempt that was given up left at the provider.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Left {
    /// Which attempt.
    pub attempt: u32,
    /// The provider's id of it, if it was told.
    pub request_id: Option<RequestId>,
    /// Whether it is certainly there.
    pub is_seen: bool,
}

impl Head {
    /// The id under which the provider has or will have this batch.
    pub fn remote_id(&self) -> ExternalId {
        self.external_id.of_attempt(self.attempt)
    }

    /// The number of the next attempt.
    pub(crate) fn next_attempt(&self) -> u32 {
        let left = self.left.iter().map(|left| left.attempt);
        left.fold(self.attempt, u32::max).saturating_add(1)
    }

    /// Whether this person is behind what would be paid: nobody decides on their own batch.
    pub fn is_made_by(&self, person: &PersonName) -> bool {
        let wrote_it = |parent: &Parent| parent.makers().any(|maker| maker == person);
        self.maker == *person || self.parent.as_ref().is_some_and(wrote_it)
    }

    /// What rules look at in what is held.
    pub fn facts(&self, hold: &Hold) -> Facts {
        Facts {
            total: hold.total,
            largest: hold.largest,
            purpose: self.purpose,
            history: hold.history.as_ref().map(HeldHistory::facts),
        }
    }

    /// The approvals of what is held now that stand: one human counts once, the last word counts.
    pub fn standing_approvals(&self) -> Vec<&Decision> {
        let Some(hold) = self.state.hold() else {
            return Vec::new();
        };
        let mut standing: Vec<&Decision> = Vec::new();
        let on_this = |made: &&Decision| {
            let is_same = made.request_id.is_none() || made.request_id == hold.request_id;
            made.digest == hold.digest && is_same && !self.is_made_by(&made.person)
        };
        for decision in self.decisions.iter().filter(on_this) {
            standing.retain(|made| made.person != decision.person);
            if matches!(decision.verdict, Verdict::Approve { .. }) {
                standing.push(decision);
            }
        }
        standing
    }

    /// Whether an approval of this person stands.
    pub fn has_approval_of(&self, person: &PersonName) -> bool {
        self.standing_approvals()
            .iter()
            .any(|made| made.person == *person)
    }

    /// Whether failed items may still be refunded.
    pub fn awaits_refund(&self) -> bool {
        !self.tie_out.failed.is_zero()
    }

    /// Whether money may be moving that we have to keep watching.
    pub fn money_may_move(&self) -> bool {
        may_move(&self.state)
    }
}

/// Whether a batch in this state may have money on its way, or at least may soon have.
pub(crate) fn may_move(state: &State) -> bool {
    match state {
        State::Releasing(_) | State::Processing(_) => true,
        State::PendingApproval(hold) | State::Approved(hold) => hold.is_sent,
        State::Rejected(end) | State::Withdrawn(end) | State::Expired(end) => end.sent.is_some(),
        State::Frozen(frozen) => {
            let was_closed = matches!(
                *frozen.from,
                State::Settled(_) | State::PartlySettled(_) | State::Failed(_)
            );
            let is_unclear = matches!(frozen.why, Why::PastInit | Why::CancelUnconfirmed);
            is_unclear || was_closed || may_move(&frozen.from)
        }
        State::Received
        | State::Preparing(_)
        | State::Prepared(_)
        | State::Settled(_)
        | State::PartlySettled(_)
        | State::Failed(_)
        | State::Cancelling(_)
        | State::Refused(_) => false,
    }
}
