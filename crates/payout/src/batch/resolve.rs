//! People end what is frozen: one proposes, another confirms, and each way out is safe by itself.

use chrono::{DateTime, Utc};

use super::{Batch, Jobs, Transition};
use crate::event::IllegalTransition;
use crate::item::ItemStatus;
use crate::policy::{Identity, Role};
use crate::state::{Cancelling, Ending, Frozen, Hold, Proposal, Resolution, State, TurnedDown};

impl Batch {
    pub(super) fn resolve(
        &self,
        by: &Identity,
        resolution: Resolution,
        reason: String,
        at: DateTime<Utc>,
    ) -> Result<Transition, IllegalTransition> {
        let State::Frozen(frozen) = self.state() else {
            return Err(self.illegal());
        };
        let name = by.name();
        if name == self.maker() {
            return Err(IllegalTransition::OwnBatch(name.clone()));
        }
        if !by.has(Role::Approver) && !by.has(Role::Operator) {
            return Err(IllegalTransition::NotResolver(name.clone()));
        }
        let allowed = frozen.allowed();
        if !allowed.contains(&resolution) {
            let why = frozen.why;
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
        match &frozen.proposal {
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
        let hold = self.state().hold().map(|hold| Hold {
            judged: frozen.shown.clone(),
            ..hold.clone()
        });
        match proposal.resolution {
            Resolution::RetryRelease => self.released_again(hold.as_ref(), at),
            Resolution::ConfirmReleased => {
                let hold = hold.ok_or_else(|| self.illegal())?;
                let state = State::Processing(hold);
                let jobs = self.watching(&state, at);
                Ok(self.to(state, jobs, at))
            }
            Resolution::PrepareAnew => {
                match self.cancelled(hold, proposal, Ending::PrepareAnew, at)? {
                    Some(cancelling) => Ok(cancelling),
                    None => Ok(self.to_received_anew(at)),
                }
            }
            Resolution::Close => self.closed(frozen, hold, proposal, at),
        }
    }

    /// The approvals are counted again and the provider is looked at again before anything is sent.
    fn released_again(
        &self,
        hold: Option<&Hold>,
        at: DateTime<Utc>,
    ) -> Result<Transition, IllegalTransition> {
        let hold = hold.ok_or_else(|| self.illegal())?;
        self.call_is_over(at)?;
        if at >= hold.expires_at {
            return Err(IllegalTransition::Expired(hold.expires_at));
        }
        let approved = State::Approved(hold.clone().sent());
        Ok(self.to(approved, Jobs::worker(at), at))
    }

    fn closed(
        &self,
        frozen: &Frozen,
        hold: Option<Hold>,
        proposal: &Proposal,
        at: DateTime<Utc>,
    ) -> Result<Transition, IllegalTransition> {
        if let State::Cancelling(cancelling) = frozen.from.as_ref() {
            let again = Cancelling {
                looks: 0,
                ..cancelling.clone()
            };
            return Ok(self.to(State::Cancelling(again), Jobs::worker(at), at));
        }
        let is_started = self
            .outcomes()
            .iter()
            .any(|outcome| outcome.status.is_started());
        if let Some(hold) = hold.as_ref().filter(|_| is_started) {
            if self.has_open_items() {
                let open = "items are not final yet; the provider is asked until they are";
                return Err(IllegalTransition::CannotClose(open.to_owned()));
            }
            return match self.tie_out_difference()? {
                None => Ok(self.to_closed(hold, at)),
                Some(off) => Err(IllegalTransition::CannotClose(off)),
            };
        }
        if let Some(cancelling) = self.cancelled(hold, proposal, Ending::Rejected, at)? {
            return Ok(cancelling);
        }
        // Without a request id nobody here can ever authorize what the provider may have.
        let (batch, changed) = self.with_open_items(&ItemStatus::Cancelled);
        let ended = State::Rejected(turned_down(proposal));
        Ok(batch.to(ended, Jobs::NONE, at).changing(changed))
    }

    /// Cancels at the provider, which must confirm it; nothing to cancel without a request id.
    fn cancelled(
        &self,
        hold: Option<Hold>,
        proposal: &Proposal,
        ending: Ending,
        at: DateTime<Utc>,
    ) -> Result<Option<Transition>, IllegalTransition> {
        self.call_is_over(at)?;
        let Some(request_id) = self.state().request_id() else {
            return Ok(None);
        };
        let cancelling = Cancelling {
            ending,
            turned_down: TurnedDown {
                request_id: Some(request_id.clone()),
                ..turned_down(proposal)
            },
            request_id: request_id.clone(),
            hold,
            intent: None,
            looks: 0,
        };
        Ok(Some(self.to(
            State::Cancelling(cancelling),
            Jobs::worker(at),
            at,
        )))
    }

    /// A call of ours that may still be on its way ends first.
    fn call_is_over(&self, at: DateTime<Utc>) -> Result<(), IllegalTransition> {
        let running = self.state().intent().filter(|intent| at < intent.deadline);
        running.map_or(Ok(()), |intent| {
            Err(IllegalTransition::TooEarly(intent.deadline))
        })
    }
}

fn turned_down(proposal: &Proposal) -> TurnedDown {
    TurnedDown {
        by: Some(proposal.by.clone()),
        reason: proposal.reason.clone(),
        request_id: None,
    }
}
