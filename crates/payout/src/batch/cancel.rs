//! Turned down: look, cancel, and end only when the provider confirms.

use chrono::{DateTime, Utc};

use super::{Batch, Jobs, Transition, after};
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
        at: DateTime<Utc>,
    ) -> Result<Transition, IllegalTransition> {
        let State::Cancelling(cancelling) = self.state() else {
            return Err(self.illegal());
        };
        let status = &copy.batch.status;
        if copy.shows_started_items() {
            let details = vec![format!(
                "the provider shows {} with items that were started",
                status.word()
            )];
            return Ok(self.to_frozen(Why::PastInit, details, at));
        }
        match status {
            RemoteStatus::Canceled => {
                let (batch, changed) = self.with_open_items(&ItemStatus::Cancelled);
                let ended = cancelling.ending.state(cancelling.turned_down.clone());
                Ok(batch
                    .to(ended, Jobs::NONE, at)
                    .noted("the provider confirms")
                    .changing(changed))
            }
            RemoteStatus::Init | RemoteStatus::Unknown(_) => {
                if cancelling.looks >= CANCEL_LOOKS_MAX {
                    let details = vec![format!("the provider still shows {}", status.word())];
                    return Ok(self.to_frozen(Why::CancelUnconfirmed, details, at));
                }
                let looks = cancelling.looks.saturating_add(1);
                let due = after(at, DOUBT_PAUSE.saturating_mul(looks));
                let cancelling = Cancelling {
                    looks,
                    ..cancelling.clone()
                };
                let note = format!("the provider still shows {}", status.word());
                Ok(self
                    .to(State::Cancelling(cancelling), Jobs::worker(due), at)
                    .noted(note))
            }
            RemoteStatus::InProgress
            | RemoteStatus::PublishedToQueue
            | RemoteStatus::Completed
            | RemoteStatus::Fail
            | RemoteStatus::InsufficientBalance
            | RemoteStatus::Success
            | RemoteStatus::IyzicoInsufficientBalance => {
                let details = vec![format!(
                    "turned down, but the provider shows {}",
                    status.word()
                )];
                Ok(self.to_frozen(Why::PastInit, details, at))
            }
        }
    }
}
