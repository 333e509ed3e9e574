//! People: approve, reject, undo, withdraw; and time, which decides no.

use chrono::{DateTime, Utc};

use super::{Batch, Jobs, Transition};
use crate::decision::{Ruling, Verdict};
use crate::event::IllegalTransition;
use crate::ids::RequestId;
use crate::item::ItemStatus;
use crate::policy::Identity;
use crate::state::{Cancelling, Ending, Hold, State, TurnedDown};

impl Batch {
    pub(super) fn decided(
        &self,
        ruling: &Ruling,
        at: DateTime<Utc>,
    ) -> Result<Transition, IllegalTransition> {
        let (State::PendingApproval(hold) | State::Approved(hold)) = self.state() else {
            return Err(self.illegal());
        };
        let decision = ruling.decision();
        if self.head.is_made_by(&decision.person) {
            return Err(IllegalTransition::OwnBatch(decision.person.clone()));
        }
        if decision.digest != hold.digest {
            return Err(IllegalTransition::OtherDigest);
        }
        if at >= hold.expires_at {
            return Err(IllegalTransition::Expired(hold.expires_at));
        }
        if self.repeats(ruling) {
            return Err(IllegalTransition::AlreadyDecided(decision.person.clone()));
        }
        let mut batch = self.clone();
        batch.head.decisions.push(decision.clone());
        let transition = match &decision.verdict {
            Verdict::Approve { .. } | Verdict::Undo => batch.to_counted(hold, ruling.needed(), at),
            Verdict::Reject { reason } => {
                let turned_down = TurnedDown {
                    by: Some(decision.person.clone()),
                    reason: reason.clone(),
                    request_id: hold.request_id.clone(),
                    sent: None,
                };
                batch.to_cancelling(Ending::Rejected, turned_down, at)?
            }
        };
        let transition = Transition {
            decision: Some(decision.clone()),
            ..transition
        };
        Ok(transition.noted(decision.verdict.text().unwrap_or_default()))
    }

    /// Whether this very approval stands already. One that was judged by another policy is worth
    /// repeating, and so is one that would now be enough.
    fn repeats(&self, ruling: &Ruling) -> bool {
        let decision = ruling.decision();
        let is_approval = matches!(decision.verdict, Verdict::Approve { .. });
        let standing = self.head.standing_approvals();
        let stands = standing
            .iter()
            .any(|made| made.person == decision.person && made.policy == decision.policy);
        let is_enough = standing.len() >= usize::try_from(ruling.needed()).unwrap_or(usize::MAX);
        let is_pending = matches!(self.state(), State::PendingApproval(_));
        is_approval && stands && !(is_pending && is_enough)
    }

    /// Approved when enough approvals stand, pending otherwise. A rule that asks for none is
    /// satisfied by nobody.
    fn to_counted(&self, hold: &Hold, needed: u32, at: DateTime<Utc>) -> Transition {
        let needed = usize::try_from(needed.max(1)).unwrap_or(usize::MAX);
        if self.head.standing_approvals().len() >= needed {
            self.to(State::Approved(hold.clone()), self.release_soon(), at)
        } else {
            self.to(
                State::PendingApproval(hold.clone()),
                Jobs::worker(hold.expires_at),
                at,
            )
        }
    }

    pub(super) fn withdrawn(
        &self,
        by: &Identity,
        reason: &str,
        at: DateTime<Utc>,
    ) -> Result<Transition, IllegalTransition> {
        if by.name() != self.maker() {
            return Err(IllegalTransition::NotMaker(self.maker().clone()));
        }
        let turned_down = |request_id: Option<&RequestId>| TurnedDown {
            by: Some(by.name().clone()),
            reason: reason.to_owned(),
            request_id: request_id.cloned(),
            sent: None,
        };
        match self.state() {
            State::Withdrawn(_) => Err(IllegalTransition::AlreadyDecided(by.name().clone())),
            State::Cancelling(cancelling) if cancelling.ending == Ending::Withdrawn => {
                Err(IllegalTransition::AlreadyDecided(by.name().clone()))
            }
            State::Received => {
                let batch = self.with_open_items(&ItemStatus::Cancelled);
                let transition = batch.to(State::Withdrawn(turned_down(None)), Jobs::NONE, at);
                Ok(transition.noted(reason))
            }
            State::Prepared(_) | State::PendingApproval(_) | State::Approved(_) => {
                let turned_down = turned_down(self.state().request_id());
                let transition = self.to_cancelling(Ending::Withdrawn, turned_down, at)?;
                Ok(transition.noted(reason))
            }
            _ => Err(self.illegal()),
        }
    }

    pub(super) fn expired(&self, at: DateTime<Utc>) -> Result<Transition, IllegalTransition> {
        let (State::PendingApproval(hold) | State::Approved(hold)) = self.state() else {
            return Err(self.illegal());
        };
        if at < hold.expires_at {
            return Err(IllegalTransition::TooEarly(hold.expires_at));
        }
        let turned_down = TurnedDown {
            by: None,
            reason: "nobody released it in time".to_owned(),
            request_id: hold.request_id.clone(),
            sent: None,
        };
        self.to_cancelling(Ending::Expired, turned_down, at)
    }

    pub(super) fn approval_short(
        &self,
        why: String,
        at: DateTime<Utc>,
    ) -> Result<Transition, IllegalTransition> {
        match self.state() {
            State::Approved(hold) => {
                let jobs = Jobs::worker(hold.expires_at);
                Ok(self
                    .to(State::PendingApproval(hold.clone()), jobs, at)
                    .noted(why))
            }
            _ => Err(self.illegal()),
        }
    }

    pub(super) fn to_cancelling(
        &self,
        ending: Ending,
        turned_down: TurnedDown,
        at: DateTime<Utc>,
    ) -> Result<Transition, IllegalTransition> {
        let request_id = turned_down.request_id.clone();
        let request_id = request_id.ok_or_else(|| self.illegal())?;
        let note = turned_down.reason.clone();
        let cancelling = Cancelling {
            ending,
            turned_down,
            request_id,
            hold: self.state().hold().cloned(),
            intent: None,
            looks: 0,
        };
        Ok(self
            .to(State::Cancelling(cancelling), Jobs::worker(at), at)
            .noted(note))
    }
}
