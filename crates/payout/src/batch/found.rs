//! What was started without a release that is known here: it is watched, and never released again.

use chrono::{DateTime, Utc};

use super::{Batch, Jobs, Transition};
use crate::account::Account;
use crate::event::{IllegalTransition, PastInit};
use crate::head::Left;
use crate::ids::RequestId;
use crate::item::{ItemStatus, Outcome};
use crate::provider::{Authorized, RemoteStatus};
use crate::state::{Hold, State, Why};

impl Batch {
    /// Somebody else's hand, or our own before a store lost its last writes: what moves is
    /// adopted and watched, never authorized again.
    pub(super) fn found_past_init(
        &self,
        found: PastInit,
        at: DateTime<Utc>,
    ) -> Result<Transition, IllegalTransition> {
        let (State::Received | State::Preparing(_) | State::Prepared(_) | State::Approved(_)) =
            self.state()
        else {
            return Err(self.illegal());
        };
        let PastInit {
            attempt,
            status,
            request_id,
            account,
        } = found;
        let shows = format!("the provider shows {}", status.word());
        let is_this =
            attempt == self.head.attempt && request_id.as_ref() == self.state().request_id();
        if let State::Approved(hold) = self.state()
            && is_this
            && status.authorized() == Authorized::Taken
        {
            let note = format!("{shows}; it is watched, and not released again");
            return Ok(self.to_processing(hold, at).noted(note));
        }
        let may_be_this = is_this || (attempt == self.head.attempt && request_id.is_none());
        if may_be_this && status == RemoteStatus::Canceled {
            return Ok(self.to_frozen_at(Why::PastInit, &status, vec![shows], at));
        }
        let batch = self.switched(attempt, request_id.as_ref());
        let id = request_id.as_ref().map_or("not told", RequestId::as_str);
        let under = batch.head.remote_id();
        let what = format!("{shows} under {under}; its request id is {id}");
        let hold = batch.watched(request_id, account, at)?;
        Ok(batch.to_started(hold, (Some(&status), what), at))
    }

    /// The batch as the attempt that moves money; what it was so far is left behind.
    fn switched(&self, attempt: u32, request_id: Option<&RequestId>) -> Self {
        let mut batch = self.clone();
        let present = self.state().request_id();
        let is_other = attempt != self.head.attempt || (present.is_some() && present != request_id);
        if !is_other {
            return batch;
        }
        let is_it = |left: &Left| left.attempt == attempt && left.request_id.as_ref() == request_id;
        batch.head.left.retain(|left| !is_it(left));
        if !matches!(self.state(), State::Received) {
            batch.head.left.push(Left {
                attempt: self.head.attempt,
                request_id: present.cloned(),
                is_seen: present.is_some(),
            });
        }
        batch.head.attempt = attempt;
        if request_id.is_some() || attempt != self.head.attempt {
            // What is known of the items is known of the other one.
            batch.outcomes.fill(Outcome::new());
        }
        batch
    }

    /// Frozen because it was started without a release that is known here. It stands as what it
    /// is: processing.
    pub(super) fn to_started(
        &self,
        hold: Hold,
        (status, what): (Option<&RemoteStatus>, String),
        at: DateTime<Utc>,
    ) -> Transition {
        let mut started = self
            .to(State::Processing(hold.sent()), Jobs::NONE, at)
            .batch;
        // What was taken for cancelled may be paid after all.
        for outcome in &mut started.outcomes {
            if outcome.status == ItemStatus::Cancelled {
                outcome.status = ItemStatus::Pending;
            }
        }
        match status {
            Some(status) => started.to_frozen_at(Why::PastInit, status, vec![what], at),
            None => started.to_frozen(Why::PastInit, vec![what], at),
        }
    }

    /// A yes to what was given up and stored anew since: it pays, so it is what is watched.
    pub(super) fn released_before(
        &self,
        (request_id, account): (&RequestId, Account),
        at: DateTime<Utc>,
    ) -> Result<Transition, IllegalTransition> {
        let is_this = |left: &&Left| left.request_id.as_ref() == Some(request_id);
        let what = format!(
            "the provider confirmed the release of {request_id}, which was given up before"
        );
        let Some(left) = self.head.left.iter().find(is_this) else {
            return Err(self.illegal());
        };
        let id = Some(request_id.clone());
        let batch = self.switched(left.attempt, id.as_ref());
        let hold = batch.watched(id, account, at)?;
        Ok(batch.to_started(hold, (None, what), at))
    }
}
