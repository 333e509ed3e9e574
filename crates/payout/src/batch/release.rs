//! The money step: one intent, one authorize, and what is done when its answer is missing.

use chrono::{DateTime, Utc};

use super::{Batch, Jobs, Transition, after};
use crate::cadence::{DOUBT_LOOKS_MIN, funds_check_after, poll_after};
use crate::event::{IllegalTransition, NotSentBy, PastInit, ReleaseLook};
use crate::ids::RequestId;
use crate::policy::{OnReleaseDoubt, Quorum};
use crate::provider::{Authorized, RemoteStatus};
use crate::state::{Cancelling, Hold, Intent, Releasing, Shortage, State, Why};

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
        let hold = Hold {
            short: None,
            ..hold.clone()
        };
        let note = format!("releasing {} to {} payees", hold.total, hold.count);
        let releasing = Releasing {
            hold,
            intent,
            looks: 0,
        };
        Ok(self
            .to(State::Releasing(releasing), Jobs::worker(at), at)
            .noted(note))
    }

    /// An approved batch waits for funds; its approvals and its expiry stand.
    pub(super) fn funds_short(
        &self,
        shortage: Shortage,
        at: DateTime<Utc>,
    ) -> Result<Transition, IllegalTransition> {
        let State::Approved(hold) = self.state() else {
            return Err(self.illegal());
        };
        let note = format!(
            "the payout balance is {}, {} is needed with commission",
            shortage.balance, shortage.needed
        );
        let hold = Hold {
            short: Some(shortage),
            ..hold.clone()
        };
        let due = after(at, funds_check_after(self.id(), 0)).min(hold.expires_at);
        Ok(self
            .to(State::Approved(hold), Jobs::worker(due), at)
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

    /// The provider's yes is a fact, however late it is recorded, and wherever the batch went
    /// meanwhile.
    pub(super) fn released(
        &self,
        request_id: &RequestId,
        at: DateTime<Utc>,
    ) -> Result<Transition, IllegalTransition> {
        let is_this = self.state().request_id() == Some(request_id);
        match self.state() {
            State::Releasing(Releasing { hold, .. })
            | State::Approved(hold)
            | State::PendingApproval(hold)
                if is_this =>
            {
                Ok(self.to_processing(hold, at))
            }
            State::Frozen(frozen) if is_this => match frozen.from.as_ref() {
                State::Releasing(releasing) => Ok(self.to_processing(&releasing.hold, at)),
                _ => Err(self.illegal()),
            },
            State::Cancelling(Cancelling {
                hold: Some(hold), ..
            }) if is_this => {
                let before = self.state().name();
                let started = self.to_processing(hold, at).batch;
                let details = vec!["the provider confirmed the release".to_owned()];
                let mut transition = started.to_frozen(Why::PastInit, details, at);
                transition.before = before;
                Ok(transition)
            }
            state if state.is_final() || is_this || matches!(state, State::Frozen(_)) => {
                Err(self.illegal())
            }
            // It was given up and stored anew since.
            _ => {
                let details = vec![format!(
                    "the provider confirmed the release of {request_id}, which was given up before"
                )];
                Ok(self.to_frozen(Why::PastInit, details, at))
            }
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
        let status = &look.copy.batch.status;
        let shows = format!("the provider shows {}", status.word());
        if look.copy.is_waiting(releasing.hold.judged.as_ref()) {
            return Ok(self.still_waiting(releasing, look, at));
        }
        match look.copy.authorized() {
            Authorized::Taken => Ok(self.to_processing(&releasing.hold, at).noted(shows)),
            Authorized::NeedsPerson => {
                Ok(self.to_frozen_at(needs_person(status), status, vec![shows], at))
            }
            Authorized::Unclear | Authorized::NotYet => {
                let what = format!("{shows}, which says nothing certain");
                if releasing.is_given_up(&look, at) {
                    return Ok(self.to_frozen_at(Why::ReleaseStatus, status, vec![what], at));
                }
                Ok(self.looked_once_more(releasing, &look, at).noted(what))
            }
        }
    }

    fn still_waiting(
        &self,
        releasing: &Releasing,
        look: ReleaseLook,
        at: DateTime<Utc>,
    ) -> Transition {
        let status = &look.copy.batch.status;
        let shows = status.word();
        if let Some(refusal) = look.refusal {
            let details = vec![refusal.to_string()];
            return self.to_frozen_at(Why::ReleaseRefused, status, details, at);
        }
        if !releasing.is_given_up(&look, at) {
            let transition = self.looked_once_more(releasing, &look, at);
            return transition.noted(format!("the provider still shows {shows}"));
        }
        match look.on_doubt {
            OnReleaseDoubt::Ask => {
                let details = vec![format!(
                    "asked {} times since {}; the provider shows {shows}",
                    releasing.looks.saturating_add(1),
                    releasing.intent.started_at.format("%F %T UTC")
                )];
                self.to_frozen_at(Why::ReleaseUnconfirmed, status, details, at)
            }
            OnReleaseDoubt::Resend => {
                let state = State::Approved(releasing.hold.clone().sent());
                self.to(state, Jobs::worker(at), at).noted(format!(
                    "the provider still shows {shows}; the policy allows sending again"
                ))
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
        found: PastInit,
        at: DateTime<Utc>,
    ) -> Result<Transition, IllegalTransition> {
        let PastInit {
            status,
            request_id,
            account,
        } = found;
        let shows = format!("the provider shows {}", status.word());
        let said = status.authorized();
        match self.state() {
            State::Approved(hold) if said == Authorized::Taken => {
                let note = format!("{shows}; it is watched, and not released again");
                Ok(self.to_processing(hold, at).noted(note))
            }
            State::Received | State::Preparing(_) | State::Prepared(_) | State::Approved(_) => {
                let mut details = vec![shows];
                details.extend(
                    request_id
                        .as_ref()
                        .map(|id| format!("its request id is {id}")),
                );
                let before = self.state().name();
                let mut batch = self.clone();
                if let Some(id) = request_id.filter(|_| said != Authorized::NeedsPerson) {
                    batch.head.state = State::Processing(self.watched(id, account, at)?);
                }
                let mut transition = batch.to_frozen_at(Why::PastInit, &status, details, at);
                transition.before = before;
                transition.batch.head.since = at;
                Ok(transition)
            }
            _ => Err(self.illegal()),
        }
    }

    /// Released. What people judged before was judged of another call.
    pub(super) fn to_processing(&self, hold: &Hold, at: DateTime<Utc>) -> Transition {
        let due = after(at, poll_after(self.id(), 0));
        let hold = Hold {
            short: None,
            judged: None,
            ..hold.clone()
        };
        self.to(State::Processing(hold), Jobs::reconciler(due), at)
    }
}

/// Why a status that only people can judge freezes a batch.
pub(super) const fn needs_person(status: &RemoteStatus) -> Why {
    match status {
        RemoteStatus::InsufficientBalance | RemoteStatus::IyzicoInsufficientBalance => {
            Why::InsufficientBalance
        }
        _ => Why::ReleaseStatus,
    }
}

impl Hold {
    /// Held on, after an authorize that may still arrive.
    pub(super) fn sent(self) -> Self {
        Self {
            is_sent: true,
            ..self
        }
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
