//! The money step: one intent, one authorize, and what is done when its answer is missing.

use chrono::{DateTime, Utc};

use super::{Batch, Jobs, Transition, after};
use crate::account::Account;
use crate::cadence::{DOUBT_LOOKS_MIN, funds_check_after, looks_within, poll_after};
use crate::event::{IllegalTransition, NotSentBy, ReleaseLook};
use crate::ids::RequestId;
use crate::policy::{OnReleaseDoubt, Quorum};
use crate::provider::{Authorized, Refusal, RemoteCopy, RemoteStatus};
use crate::state::{Hold, Intent, Releasing, Shortage, State, Why};

impl Batch {
    /// The release of a batch that was just approved. It counts as due since the batch came, so that
    /// it goes ahead of whatever came later.
    pub(super) fn release_soon(&self) -> Jobs {
        Jobs::worker(self.head().accepted_at)
    }

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
            refusal: None,
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
        account: Account,
        at: DateTime<Utc>,
    ) -> Result<Transition, IllegalTransition> {
        let is_held = |hold: &&Hold| hold.request_id.as_ref() == Some(request_id);
        let hold = self.state().hold().filter(is_held);
        match (self.state(), hold) {
            (State::Releasing(_) | State::Approved(_) | State::PendingApproval(_), Some(hold)) => {
                Ok(self.to_processing(hold, at))
            }
            (State::Frozen(frozen), Some(hold)) if matches!(*frozen.from, State::Releasing(_)) => {
                Ok(self.to_processing(hold, at))
            }
            // What was released already says nothing new.
            (state, Some(_)) if state.is_released() => Err(self.illegal()),
            (_, Some(hold)) => {
                let what = "the provider confirmed the release".to_owned();
                Ok(self.to_started(hold.clone(), (None, what), at))
            }
            (_, None) => self.released_before((request_id, account), at),
        }
    }

    /// A no that is believed only after a look, which comes next.
    pub(super) fn release_refused(
        &self,
        refusal: Refusal,
        at: DateTime<Utc>,
    ) -> Result<Transition, IllegalTransition> {
        let State::Releasing(releasing) = self.state() else {
            return Err(self.illegal());
        };
        let note = refusal.to_string();
        let releasing = Releasing {
            refusal: Some(refusal),
            ..releasing.clone()
        };
        Ok(self
            .to(State::Releasing(releasing), Jobs::worker(at), at)
            .noted(note))
    }

    /// The status table of an unanswered authorize. Only `INIT` after the quiet period may lead
    /// to sending again, and only when the policy says so.
    pub(super) fn release_looked(
        &self,
        look: &ReleaseLook,
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
                if releasing.is_given_up(look, at) {
                    return Ok(self.to_frozen_at(Why::ReleaseStatus, status, vec![what], at));
                }
                Ok(self.looked_once_more(releasing, look, at).noted(what))
            }
        }
    }

    fn still_waiting(
        &self,
        releasing: &Releasing,
        look: &ReleaseLook,
        at: DateTime<Utc>,
    ) -> Transition {
        let status = &look.copy.batch.status;
        let shows = status.word();
        if let Some(refusal) = &releasing.refusal {
            let details = vec![refusal.to_string()];
            return self.to_frozen_at(Why::ReleaseRefused, status, details, at);
        }
        if !releasing.is_given_up(look, at) {
            let transition = self.looked_once_more(releasing, look, at);
            return transition.noted(format!("the provider still shows {shows}"));
        }
        let is_init = look.copy.authorized() == Authorized::NotYet;
        match look.on_doubt {
            OnReleaseDoubt::Resend if is_init => {
                let state = State::Approved(releasing.hold.clone().sent());
                self.to(state, Jobs::worker(at), at).noted(format!(
                    "the provider still shows {shows}; the policy allows sending again"
                ))
            }
            OnReleaseDoubt::Ask | OnReleaseDoubt::Resend => {
                let details = vec![format!(
                    "asked {} times since {}; the provider shows {shows}",
                    releasing.looks.saturating_add(1),
                    releasing.intent.started_at.format("%F %T UTC")
                )];
                self.to_frozen_at(without_effect(&look.copy), status, details, at)
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

/// Why a release that shows no effect freezes a batch.
pub(super) fn without_effect(copy: &RemoteCopy) -> Why {
    match copy.authorized() {
        Authorized::NotYet => Why::ReleaseUnconfirmed,
        Authorized::Taken | Authorized::NeedsPerson | Authorized::Unclear => {
            needs_person(&copy.batch.status)
        }
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
        let looks = match look.on_doubt {
            OnReleaseDoubt::Ask => DOUBT_LOOKS_MIN,
            // As many as take that long by their own intervals: a clock that jumped is not waiting.
            OnReleaseDoubt::Resend => looks_within(look.quiet_period).max(DOUBT_LOOKS_MIN),
        };
        at >= self.quiet_until(look) && self.looks >= looks
    }
}
