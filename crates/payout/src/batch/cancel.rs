//! Turned down: look, cancel, and end only when the provider confirms.

use std::collections::HashSet;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{Batch, Jobs, Transition, after};
use crate::account::Account;
use crate::cadence::{DOUBT_PAUSE, LATE_CHECK};
use crate::event::IllegalTransition;
use crate::ids::ItemId;
use crate::item::ItemStatus;
use crate::provider::{RemoteCopy, RemoteStatus};
use crate::state::{Cancelling, Hold, Intent, State, TurnedDown, Why};

/// Looks that do not show a sent cancel as done, before a person is asked.
const CANCEL_LOOKS_MAX: u32 = 20;

/// Longest pause between two of them.
const CANCEL_PAUSE_MAX: Duration = Duration::from_mins(1);

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
        let shows = format!("the provider shows {}", status.word());
        if copy.shows_started_items() {
            let what = format!("{shows} with items that were started");
            return self.started_all_the_same(cancelling, (status, what), account, at);
        }
        let hold = cancelling.hold.as_ref();
        let is_judged = hold.is_some_and(|hold| hold.judged.as_ref() == Some(status));
        match status {
            RemoteStatus::Canceled if self.is_cancel_confirmed(hold, copy) => Ok(self
                .cancelled(cancelling, at)
                .noted("the provider confirms")),
            RemoteStatus::Canceled | RemoteStatus::Init | RemoteStatus::Unknown(_) => {
                Ok(self.not_cancelled_yet(cancelling, copy, at))
            }
            RemoteStatus::InProgress
            | RemoteStatus::PublishedToQueue
            | RemoteStatus::Completed
            | RemoteStatus::Fail
            | RemoteStatus::InsufficientBalance
            | RemoteStatus::Success
            | RemoteStatus::IyzicoInsufficientBalance => {
                if is_judged {
                    return Ok(self.not_cancelled_yet(cancelling, copy, at));
                }
                self.started_all_the_same(cancelling, (status, shows), account, at)
            }
        }
    }

    /// The end of a batch that was turned down, or its new beginning.
    pub(super) fn cancelled(&self, cancelling: &Cancelling, at: DateTime<Utc>) -> Transition {
        // What it was counted with is taken back by now, once.
        let uncounted = |hold: Hold| Hold {
            history: None,
            ..hold
        };
        let sent = cancelling.hold.clone().filter(|hold| hold.is_sent);
        let sent = sent.map(uncounted);
        let turned_down = TurnedDown {
            sent: sent.map(Box::new),
            ..cancelling.turned_down.clone()
        };
        let jobs = match &turned_down.sent {
            Some(_) => Jobs::reconciler(after(at, LATE_CHECK)),
            None => Jobs::NONE,
        };
        let Some(ended) = cancelling.ending.state(turned_down) else {
            return self.to_received_anew(at);
        };
        let batch = self.with_open_items(&ItemStatus::Cancelled);
        batch.to(ended, jobs, at)
    }

    fn not_cancelled_yet(
        &self,
        cancelling: &Cancelling,
        copy: &RemoteCopy,
        at: DateTime<Utc>,
    ) -> Transition {
        let status = &copy.batch.status;
        let note = if *status == RemoteStatus::Canceled {
            "the provider shows CANCELED, but not every item so".to_owned()
        } else {
            format!("the provider still shows {}", status.word())
        };
        if cancelling.looks >= CANCEL_LOOKS_MAX {
            return self.to_frozen_at(Why::CancelUnconfirmed, status, vec![note], at);
        }
        let looks = cancelling.looks.saturating_add(1);
        let pause = DOUBT_PAUSE.saturating_mul(looks).min(CANCEL_PAUSE_MAX);
        let cancelling = Cancelling {
            looks,
            ..cancelling.clone()
        };
        self.to(
            State::Cancelling(cancelling),
            Jobs::worker(after(at, pause)),
            at,
        )
        .noted(note)
    }

    fn started_all_the_same(
        &self,
        cancelling: &Cancelling,
        (status, what): (&RemoteStatus, String),
        account: Account,
        at: DateTime<Utc>,
    ) -> Result<Transition, IllegalTransition> {
        let hold = self.watched(Some(cancelling.request_id.clone()), account, at)?;
        Ok(self.to_started(hold, (Some(status), what), at))
    }

    /// Whether a shown cancel is all there is. What was never sent cannot have been started; after
    /// a release in doubt every item must be shown as cancelled, or as refused.
    fn is_cancel_confirmed(&self, hold: Option<&Hold>, copy: &RemoteCopy) -> bool {
        if hold.is_none_or(|hold| !hold.is_sent) {
            return true;
        }
        let over: HashSet<&ItemId> = copy
            .items
            .iter()
            .filter(|item| matches!(item.status, ItemStatus::Cancelled | ItemStatus::Invalid))
            .map(|item| &item.id)
            .collect();
        let items = self.content().items().iter().zip(self.outcomes());
        let mut valid = items.filter(|(_, outcome)| outcome.status != ItemStatus::Invalid);
        valid.all(|(item, _)| over.contains(&item.id))
    }
}
