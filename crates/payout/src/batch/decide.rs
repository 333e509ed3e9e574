//! People: approve, reject, undo, withdraw; and time, which decides no.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Batch, Jobs, Transition};
use crate::decision::{Decision, Ruling, Verdict};
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
        // Whoever decides, and whoever lent them the right to.
        for name in [&decision.person, decision.authority()] {
            if self.head.is_made_by(name) {
                return Err(IllegalTransition::OwnBatch(name.clone()));
            }
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
            Verdict::Approve { .. } | Verdict::Undo if ruling.is_enough() => {
                batch.to(State::Approved(hold.clone()), batch.release_soon(), at)
            }
            Verdict::Approve { .. } | Verdict::Undo => batch.to_pending(hold, at),
            Verdict::Reject { reason, .. } => {
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
        Ok(transition.noted(decision.told()))
    }

    /// Whether this very approval stands already. One that was judged by another policy is worth
    /// repeating, and so is one that would now be enough.
    fn repeats(&self, ruling: &Ruling) -> bool {
        let decision = ruling.decision();
        let is_same = |made: &&Decision| {
            made.person == decision.person
                && made.policy == decision.policy
                && made.on_behalf == decision.on_behalf
                && made.signed.is_some() == decision.signed.is_some()
        };
        let stands = self.head.standing_approvals().iter().any(is_same);
        let is_pending = matches!(self.state(), State::PendingApproval(_));
        decision.is_approval() && stands && !(is_pending && ruling.is_enough())
    }

    /// Held on. Its worker's job is the next reminder, or the end of the time to decide.
    fn to_pending(&self, hold: &Hold, at: DateTime<Utc>) -> Transition {
        let jobs = Jobs::worker(hold.wakes_after(at));
        self.to(State::PendingApproval(hold.clone()), jobs, at)
    }

    /// People are told that half, or nine tenths, of the time to decide is over. Nothing else changes;
    /// after a long sleep once is enough.
    pub(super) fn reminded(&self, at: DateTime<Utc>) -> Result<Transition, IllegalTransition> {
        let State::PendingApproval(hold) = self.state() else {
            return Err(self.illegal());
        };
        let due = hold.reminded_from();
        if at < due || at >= hold.expires_at {
            return Err(IllegalTransition::TooEarly(due));
        }
        let left = hold.expires_at.signed_duration_since(at);
        let note = format!("a decision is due within {}", span(left));
        Ok(self.to_pending(hold, at).noted(note))
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
            State::Approved(hold) => Ok(self.to_pending(hold, at).noted(why)),
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

/// A span of time for people: hours and minutes, no more.
fn span(time: TimeDelta) -> String {
    let (hours, minutes) = (time.num_hours(), time.num_minutes().rem_euclid(60));
    match hours {
        ..1 => format!("{minutes} min"),
        1..48 => format!("{hours} h {minutes} min"),
        _ => format!("{} days", time.num_days()),
    }
}
