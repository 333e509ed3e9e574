//! The money step: one intent, one authorize, and what is done when its answer is missing.

use chrono::{DateTime, Utc};

use super::{Batch, Jobs, Transition, after};
use crate::cadence::{DOUBT_LOOKS_MIN, poll_after};
use crate::event::{IllegalTransition, NotSentBy, ReleaseLook};
use crate::ids::RequestId;
use crate::policy::{OnReleaseDoubt, Quorum};
use crate::provider::{Authorized, RemoteStatus};
use crate::state::{Hold, Intent, Releasing, State, Why};

impl Batch {
    pub(super) fn release_started(
        &self,
        intent: Intent,
        quorum: &Quorum,
        at: DateTime<Utc>,
    ) -> Result<Transition, IllegalTransition> {
        let State::Approved(hold) = self.state() else {
            return Err(self.illegal());
        };
        if at >= hold.expires_at {
            return Err(IllegalTransition::Expired(hold.expires_at));
        }
        if quorum.digest() != hold.digest {
            return Err(IllegalTransition::OtherDigest);
        }
        let releasing = Releasing {
            hold: hold.clone(),
            intent,
            looks: 0,
        };
        let note = format!("releasing {} to {} payees", hold.total, hold.count);
        Ok(self
            .to(State::Releasing(releasing), Jobs::worker(at), at)
            .noted(note))
    }

    pub(super) fn release_not_sent(
        &self,
        failure: &NotSentBy,
        at: DateTime<Utc>,
    ) -> Result<Transition, IllegalTransition> {
        match self.state() {
            State::Releasing(releasing) if releasing.intent.owner == failure.owner => {
                let jobs = Jobs::worker(after(at, failure.retry_after));
                let state = State::Approved(releasing.hold.clone());
                Ok(self.to(state, jobs, at).noted(failure.cause.as_str()))
            }
            _ => Err(self.illegal()),
        }
    }

    /// The provider's yes is a fact, however late it is recorded.
    pub(super) fn released(&self, at: DateTime<Utc>) -> Result<Transition, IllegalTransition> {
        match self.state() {
            State::Releasing(Releasing { hold, .. }) | State::Approved(hold) => {
                Ok(self.to_processing(hold, at))
            }
            State::Frozen(frozen) => match frozen.from.as_ref() {
                State::Releasing(releasing) => Ok(self.to_processing(&releasing.hold, at)),
                _ => Err(self.illegal()),
            },
            State::Cancelling(_) => {
                let details = vec!["the provider confirmed the release".to_owned()];
                Ok(self.to_frozen(Why::PastInit, details, at))
            }
            _ => Err(self.illegal()),
        }
    }

    /// The status table of an unanswered authorize. Only `INIT` after the quiet period may lead
    /// to sending again, and only when the policy says so.
    pub(super) fn release_looked(
        &self,
        look: ReleaseLook,
        at: DateTime<Utc>,
    ) -> Result<Transition, IllegalTransition> {
        let State::Releasing(releasing) = self.state() else {
            return Err(self.illegal());
        };
        let status = look.copy.batch.status.word();
        match look.copy.authorized() {
            Authorized::Taken => Ok(self
                .to_processing(&releasing.hold, at)
                .noted(format!("the provider shows {status}"))),
            Authorized::NeedsPerson => {
                let details = vec![format!("the provider shows {status}")];
                Ok(self.to_frozen(Why::ReleaseStatus, details, at))
            }
            Authorized::Unclear => {
                let what = format!("the provider shows {status}, which says nothing certain");
                if releasing.is_given_up(&look, at) {
                    return Ok(self.to_frozen(Why::ReleaseStatus, vec![what], at));
                }
                Ok(self.looked_once_more(releasing, &look, at).noted(what))
            }
            Authorized::NotYet => Ok(self.still_init(releasing, look, at)),
        }
    }

    fn still_init(
        &self,
        releasing: &Releasing,
        look: ReleaseLook,
        at: DateTime<Utc>,
    ) -> Transition {
        if let Some(refusal) = look.refusal {
            return self.to_frozen(Why::ReleaseRefused, vec![refusal.to_string()], at);
        }
        if !releasing.is_given_up(&look, at) {
            let transition = self.looked_once_more(releasing, &look, at);
            return transition.noted("the provider still shows INIT");
        }
        match look.on_doubt {
            OnReleaseDoubt::Ask => {
                let details = vec![format!(
                    "asked {} times since {}; the provider shows INIT",
                    releasing.looks,
                    releasing.intent.started_at.format("%F %T UTC")
                )];
                self.to_frozen(Why::ReleaseUnconfirmed, details, at)
            }
            OnReleaseDoubt::Resend => {
                let state = State::Approved(releasing.hold.clone());
                self.to(state, Jobs::worker(at), at)
                    .noted("the provider still shows INIT; the policy allows sending again")
            }
        }
    }

    /// Looks again at growing intervals, and once when the quiet period ends.
    fn looked_once_more(
        &self,
        releasing: &Releasing,
        look: &ReleaseLook,
        at: DateTime<Utc>,
    ) -> Transition {
        let mut due = after(at, poll_after(self.id(), releasing.looks));
        let quiet_until = releasing.quiet_until(look);
        if at < quiet_until {
            due = due.min(quiet_until);
        }
        let looks = releasing.looks.saturating_add(1);
        let releasing = Releasing {
            looks,
            ..releasing.clone()
        };
        self.to(State::Releasing(releasing), Jobs::worker(due), at)
    }

    /// Somebody else's hand, or our own before a store lost its last writes: what moves is
    /// adopted and watched, never authorized again.
    pub(super) fn found_past_init(
        &self,
        status: &RemoteStatus,
        request_id: Option<RequestId>,
        at: DateTime<Utc>,
    ) -> Result<Transition, IllegalTransition> {
        let mut details = vec![format!("the provider shows {}", status.word())];
        match self.state() {
            State::Approved(hold) if status.authorized() == Authorized::Taken => {
                let note = format!(
                    "{}; it is watched, and not released again",
                    details.concat()
                );
                Ok(self.to_processing(hold, at).noted(note))
            }
            State::Received | State::Preparing(_) | State::Prepared(_) | State::Approved(_) => {
                details.extend(request_id.map(|id| format!("its request id is {id}")));
                Ok(self.to_frozen(Why::PastInit, details, at))
            }
            _ => Err(self.illegal()),
        }
    }

    pub(super) fn to_processing(&self, hold: &Hold, at: DateTime<Utc>) -> Transition {
        let due = after(at, poll_after(self.id(), 0));
        self.to(State::Processing(hold.clone()), Jobs::reconciler(due), at)
    }
}

impl Releasing {
    /// Until then an unanswered authorize is only looked at.
    fn quiet_until(&self, look: &ReleaseLook) -> DateTime<Utc> {
        after(self.intent.started_at, look.quiet_period).max(self.intent.deadline)
    }

    /// Whether looking has lasted long enough.
    fn is_given_up(&self, look: &ReleaseLook, at: DateTime<Utc>) -> bool {
        at >= self.quiet_until(look) && self.looks >= DOUBT_LOOKS_MIN
    }
}
