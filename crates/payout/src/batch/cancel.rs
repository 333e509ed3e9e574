//! Turned down: look, cancel, and end only when the provider confirms.

use chrono::{DateTime, Utc};

use super::{Batch, Jobs, Transition, after};
use crate::account::Account;
use crate::cadence::DOUBT_PAUSE;
use crate::event::IllegalTransition;
use crate::item::ItemStatus;
use crate::provider::{RemoteCopy, RemoteStatus};
use crate::state::{Cancelling, Intent, State, Why};

/// Looks that do not show a sent cancel as done, before a person is asked.
const CANCEL_LOOKS_MAX: u32 = 10;

impl Batch {
    pub(super) fn cancel_started(
        &self,
        intent: Intent,
        at: DateTime<Utc>,
    ) -> Result<Transition, IllegalTransition> {
        let State::Cancelling(cancelling) = self.state() else {
            return Err(self.illegal());
        };
        if let Some(running) = &cancelling.intent
            && at < running.deadline
            && running.owner != intent.owner
        {
            let (owner, until) = (running.owner.clone(), running.deadline);
            return Err(IllegalTransition::NotOwner { owner, until });
        }
        let cancelling = Cancelling {
            intent: Some(intent),
            ..cancelling.clone()
        };
        Ok(self.to(State::Cancelling(cancelling), Jobs::worker(at), at))
    }

    pub(super) fn cancel_looked(
        &self,
        copy: &RemoteCopy,
        account: Account,
        at: DateTime<Utc>,
    ) -> Result<Transition, IllegalTransition> {
        let State::Cancelling(cancelling) = self.state() else {
            return Err(self.illegal());
        };
        let status = &copy.batch.status;
        if copy.shows_started_items() {
            let what = format!(
                "the provider shows {} with items that were started",
                status.word()
            );
            return self.started_all_the_same(cancelling, (status, what), account, at);
        }
        let judged = cancelling
            .hold
            .as_ref()
            .and_then(|hold| hold.judged.as_ref());
        match status {
            judged_one if judged == Some(judged_one) => {
                Ok(self.not_cancelled_yet(cancelling, copy, at))
            }
            RemoteStatus::Canceled => {
                let Some(ended) = cancelling.ending.state(cancelling.turned_down.clone()) else {
                    let note = "the provider confirms the cancel; it is prepared anew";
                    return Ok(self.to_received_anew(at).noted(note));
                };
                let (batch, changed) = self.with_open_items(&ItemStatus::Cancelled);
                Ok(batch
                    .to(ended, Jobs::NONE, at)
                    .noted("the provider confirms")
                    .changing(changed))
            }
            RemoteStatus::Init | RemoteStatus::Unknown(_) => {
                Ok(self.not_cancelled_yet(cancelling, copy, at))
            }
            RemoteStatus::InProgress
            | RemoteStatus::PublishedToQueue
            | RemoteStatus::Completed
            | RemoteStatus::Fail
            | RemoteStatus::InsufficientBalance
            | RemoteStatus::Success
            | RemoteStatus::IyzicoInsufficientBalance => {
                let what = format!("turned down, but the provider shows {}", status.word());
                self.started_all_the_same(cancelling, (status, what), account, at)
            }
        }
    }

    fn not_cancelled_yet(
        &self,
        cancelling: &Cancelling,
        copy: &RemoteCopy,
        at: DateTime<Utc>,
    ) -> Transition {
        let note = format!("the provider still shows {}", copy.batch.status.word());
        if cancelling.looks >= CANCEL_LOOKS_MAX {
            return self.to_frozen(Why::CancelUnconfirmed, vec![note], at);
        }
        let looks = cancelling.looks.saturating_add(1);
        let due = after(at, DOUBT_PAUSE.saturating_mul(looks));
        let cancelling = Cancelling {
            looks,
            ..cancelling.clone()
        };
        self.to(State::Cancelling(cancelling), Jobs::worker(due), at)
            .noted(note)
    }

    fn started_all_the_same(
        &self,
        cancelling: &Cancelling,
        (status, what): (&RemoteStatus, String),
        account: Account,
        at: DateTime<Utc>,
    ) -> Result<Transition, IllegalTransition> {
        let before = self.state().name();
        let hold = self.watched(cancelling.request_id.clone(), account, at)?;
        let started = self.to(State::Processing(hold), Jobs::NONE, at).batch;
        let mut transition = started.to_frozen_at(Why::PastInit, status, vec![what], at);
        transition.before = before;
        Ok(transition)
    }
}
