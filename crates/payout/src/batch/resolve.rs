//! People end what is frozen: one proposes, another confirms, and each way out is safe by itself.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Batch, Jobs, Transition};
use crate::event::IllegalTransition;
use crate::item::ItemStatus;
use crate::policy::{Identity, Role};
use crate::provider::{Authorized, RemoteStatus};
use crate::state::{
    Cancelling, Ending, Frozen, Hold, Proposal, Resolution, State, TurnedDown, Why,
};

/// How long a proposal waits for somebody to confirm it.
const PROPOSAL_KEPT: TimeDelta = TimeDelta::days(1);

impl Batch {
    pub(super) fn resolve(
        &self,
        by: &Identity,
        (resolution, since): (Resolution, DateTime<Utc>),
        reason: String,
        at: DateTime<Utc>,
    ) -> Result<Transition, IllegalTransition> {
        let State::Frozen(frozen) = self.state() else {
            return Err(self.illegal());
        };
        let name = by.name();
        if self.head.is_made_by(name) {
            return Err(IllegalTransition::OwnBatch(name.clone()));
        }
        if !by.has(Role::Approver) && !by.has(Role::Operator) {
            return Err(IllegalTransition::NotResolver(name.clone()));
        }
        if reason.trim().is_empty() {
            return Err(IllegalTransition::NoReason);
        }
        if since != self.head.since {
            return Err(IllegalTransition::FrozeAnew(self.head.since));
        }
        let (why, allowed) = (frozen.why, frozen.allowed());
        if !allowed.contains(&resolution) {
            return Err(IllegalTransition::NoResolution {
                resolution,
                why,
                allowed,
            });
        }
        let proposal = Proposal {
            resolution,
            by: name.clone(),
            reason,
            at,
        };
        let is_alive = |first: &&Proposal| at.signed_duration_since(first.at) < PROPOSAL_KEPT;
        match frozen.proposal.as_ref().filter(is_alive) {
            Some(first) if first.resolution == resolution && first.by == *name => {
                Err(IllegalTransition::AlreadyDecided(name.clone()))
            }
            Some(first) if first.resolution == resolution => {
                let note = format!(
                    "{}, as {} proposed ({}); {name} confirms: {}",
                    resolution.word(),
                    first.by,
                    first.reason,
                    proposal.reason
                );
                Ok(self.resolved(frozen, &proposal, at)?.noted(note))
            }
            Some(_) | None => self.proposed(frozen, proposal, at),
        }
    }

    /// Only what could be done now may be proposed.
    fn proposed(
        &self,
        frozen: &Frozen,
        proposal: Proposal,
        at: DateTime<Utc>,
    ) -> Result<Transition, IllegalTransition> {
        self.resolved(frozen, &proposal, at)?;
        let note = format!(
            "{} proposes {}: {}; somebody else must confirm",
            proposal.by,
            proposal.resolution.word(),
            proposal.reason
        );
        let frozen = Frozen {
            proposal: Some(proposal),
            ..frozen.clone()
        };
        let state = State::Frozen(frozen);
        let jobs = self.watching(&state, at);
        Ok(self.to(state, jobs, at).noted(note))
    }

    fn resolved(
        &self,
        frozen: &Frozen,
        proposal: &Proposal,
        at: DateTime<Utc>,
    ) -> Result<Transition, IllegalTransition> {
        let hold = frozen.from.hold().map(|hold| Hold {
            is_sent: frozen.is_sent(),
            judged: frozen.shown.clone().filter(may_be_judged),
            ..hold.clone()
        });
        match proposal.resolution {
            Resolution::RetryRelease => self.released_again(hold, at),
            Resolution::ConfirmReleased => {
                let state = State::Processing(hold.ok_or_else(|| self.illegal())?);
                let jobs = self.watching(&state, at);
                Ok(self.to(state, jobs, at))
            }
            Resolution::PrepareAnew => {
                self.nothing_is_started()?;
                self.turned_down(frozen, hold, (proposal, Ending::PrepareAnew), at)
            }
            Resolution::Close => self.closed(frozen, hold, proposal, at),
        }
    }

    /// The approvals are counted again and the provider is looked at again before anything is sent.
    fn released_again(
        &self,
        hold: Option<Hold>,
        at: DateTime<Utc>,
    ) -> Result<Transition, IllegalTransition> {
        let hold = hold.ok_or_else(|| self.illegal())?;
        self.nothing_is_started()?;
        self.call_is_over(at)?;
        if at >= hold.expires_at {
            return Err(IllegalTransition::Expired(hold.expires_at));
        }
        let approved = State::Approved(hold.sent());
        Ok(self.to(approved, self.release_soon(), at))
    }

    fn closed(
        &self,
        frozen: &Frozen,
        hold: Option<Hold>,
        proposal: &Proposal,
        at: DateTime<Utc>,
    ) -> Result<Transition, IllegalTransition> {
        if let State::Cancelling(cancelling) = frozen.from.as_ref() {
            return self.closed_unconfirmed(frozen, cancelling, at);
        }
        if let Some(hold) = hold.as_ref().filter(|_| self.is_started()) {
            if self.has_open_items() {
                let open = "items are not final yet; the provider is asked until they are";
                return Err(IllegalTransition::NotSafe(open.to_owned()));
            }
            if let Some(off) = self.tie_out_difference()? {
                return Err(IllegalTransition::NotSafe(off));
            }
            let mut closed = self.to_closed(hold, at);
            // People know what the provider says by now; it would only freeze again.
            if !self.has_failed_items() {
                closed.jobs = Jobs::NONE;
            }
            return Ok(closed);
        }
        self.turned_down(frozen, hold, (proposal, Ending::Rejected), at)
    }

    /// Without a release, what is left at the provider waits there for ever; with one, only a
    /// confirmed cancel is an end.
    fn closed_unconfirmed(
        &self,
        frozen: &Frozen,
        cancelling: &Cancelling,
        at: DateTime<Utc>,
    ) -> Result<Transition, IllegalTransition> {
        self.call_is_over(at)?;
        let is_sent = cancelling.hold.as_ref().is_some_and(|hold| hold.is_sent);
        let is_waiting = matches!(
            frozen.shown,
            None | Some(RemoteStatus::Init | RemoteStatus::Canceled)
        );
        if is_waiting && !is_sent && !self.is_started() {
            let ending = match cancelling.ending {
                // Closed means closed.
                Ending::PrepareAnew => Ending::Rejected,
                Ending::Rejected | Ending::Withdrawn | Ending::Expired => cancelling.ending,
            };
            let cancelling = Cancelling {
                ending,
                ..cancelling.clone()
            };
            return Ok(self.cancelled(&cancelling, at));
        }
        let again = Cancelling {
            looks: 0,
            ..cancelling.clone()
        };
        Ok(self.to(State::Cancelling(again), Jobs::worker(at), at))
    }

    /// Cancels at the provider, which must confirm it. Without a request id there is nothing to
    /// cancel, and nobody here can ever authorize what the provider may have.
    fn turned_down(
        &self,
        frozen: &Frozen,
        hold: Option<Hold>,
        (proposal, ending): (&Proposal, Ending),
        at: DateTime<Utc>,
    ) -> Result<Transition, IllegalTransition> {
        self.call_is_over(at)?;
        let request_id = self.state().request_id().cloned();
        let turned_down = TurnedDown {
            by: Some(proposal.by.clone()),
            reason: proposal.reason.clone(),
            request_id: request_id.clone(),
            sent: None,
        };
        if let Some(request_id) = request_id {
            let cancelling = Cancelling {
                ending,
                turned_down,
                request_id,
                hold,
                intent: None,
                looks: 0,
            };
            return Ok(self.to(State::Cancelling(cancelling), Jobs::worker(at), at));
        }
        let is_gone = frozen.shown == Some(RemoteStatus::Canceled);
        if frozen.why == Why::PastInit && !is_gone {
            let what = "it may be paying, and cannot be cancelled without its request id";
            return Err(IllegalTransition::NotSafe(what.to_owned()));
        }
        let Some(ended) = ending.state(turned_down) else {
            return Ok(self.to_received_anew(at));
        };
        let batch = self.with_open_items(&ItemStatus::Cancelled);
        Ok(batch.to(ended, Jobs::NONE, at))
    }

    /// A call of ours that may still be on its way ends first.
    fn call_is_over(&self, at: DateTime<Utc>) -> Result<(), IllegalTransition> {
        let running = self.state().intent().filter(|intent| at < intent.deadline);
        running.map_or(Ok(()), |intent| {
            Err(IllegalTransition::TooEarly(intent.deadline))
        })
    }

    fn nothing_is_started(&self) -> Result<(), IllegalTransition> {
        if self.is_started() {
            let what = "the provider has started items of it; choose confirm-released, or close";
            return Err(IllegalTransition::NotSafe(what.to_owned()));
        }
        Ok(())
    }

    /// Whether the provider ever showed an item as started.
    pub(super) fn is_started(&self) -> bool {
        self.outcomes()
            .iter()
            .any(|outcome| outcome.status.is_started())
    }
}

/// A status that alone need not stop a batch any more. What pays or is cancelled is a fact.
fn may_be_judged(status: &RemoteStatus) -> bool {
    *status != RemoteStatus::Canceled && status.authorized() != Authorized::Taken
}
