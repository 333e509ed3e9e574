//! From received to held: initialize, and the provider's copy.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::{Batch, Jobs, Transition, after};
use crate::copy::Comparison;
use crate::event::{CopyRead, IllegalTransition, NotSentBy};
use crate::head::Left;
use crate::ids::{ItemId, RequestId};
use crate::item::{ItemStatus, Outcome};
use crate::provider::{Initialized, Refusal, RemoteItem};
use crate::state::{Frozen, Intent, Prepared, Preparing, State, Why};

/// Ids under which a batch is stored anew, before people are asked.
const ATTEMPTS_MAX: u32 = 5;

impl Batch {
    pub(super) fn initialize_started(
        &self,
        intent: Intent,
        at: DateTime<Utc>,
    ) -> Result<Transition, IllegalTransition> {
        let before = match self.state() {
            State::Preparing(Preparing {
                intent: running, ..
            }) if at < running.deadline => {
                return Err(IllegalTransition::NotOwner {
                    owner: running.owner.clone(),
                    until: running.deadline,
                });
            }
            State::Received => 0,
            State::Preparing(preparing) => preparing.tries,
            _ => return Err(self.illegal()),
        };
        let tries = before.saturating_add(1);
        let preparing = State::Preparing(Preparing { intent, tries });
        Ok(self.to(preparing, Jobs::worker(at), at))
    }

    pub(super) fn initialize_not_sent(
        &self,
        failure: &NotSentBy,
        at: DateTime<Utc>,
    ) -> Result<Transition, IllegalTransition> {
        match self.state() {
            State::Preparing(Preparing { intent, tries }) if intent.owner == failure.owner => {
                let jobs = Jobs::worker(after(at, failure.retry_after));
                // Earlier calls stay in doubt.
                let state = match tries.saturating_sub(1) {
                    0 => State::Received,
                    tries => State::Preparing(Preparing {
                        intent: intent.clone(),
                        tries,
                    }),
                };
                Ok(self.to(state, jobs, at).noted(failure.cause.as_str()))
            }
            _ => Err(self.illegal()),
        }
    }

    pub(super) fn initialized(
        &self,
        answer: &Initialized,
        at: DateTime<Utc>,
    ) -> Result<Transition, IllegalTransition> {
        let (State::Received | State::Preparing(_)) = self.state() else {
            return Err(self.illegal());
        };
        let mut batch = self.clone();
        let mut strangers = Vec::new();
        let places = places(&self.content);
        for refused in &answer.invalid {
            let place = places.get(&refused.id).copied();
            let Some(outcome) = place.and_then(|index| batch.outcomes.get_mut(index)) else {
                strangers.push(format!("refused item {} was never sent", refused.id));
                continue;
            };
            let reason = Refusal {
                code: refused.code.clone(),
                message: refused.message.clone(),
            };
            outcome.status = ItemStatus::Invalid;
            outcome.errors = vec![reason.to_string()];
        }
        let prepared = Prepared {
            request_id: answer.request_id.clone(),
            is_adopted: false,
        };
        let prepared = State::Prepared(prepared);
        let transition = batch.to(prepared, Jobs::worker(at), at);
        if !strangers.is_empty() {
            let prepared = transition.batch;
            return Ok(prepared.to_frozen(Why::CopyDiffers, strangers, at));
        }
        let note = match answer.invalid.len() {
            0 => format!("request id {}", answer.request_id),
            refused => format!("request id {}, {refused} items refused", answer.request_id),
        };
        Ok(transition.noted(note))
    }

    pub(super) fn adopted(
        &self,
        request_id: RequestId,
        at: DateTime<Utc>,
    ) -> Result<Transition, IllegalTransition> {
        let (State::Received | State::Preparing(_)) = self.state() else {
            return Err(self.illegal());
        };
        let note = format!("found at the provider, request id {request_id}");
        let prepared = Prepared {
            request_id,
            is_adopted: true,
        };
        Ok(self
            .to(State::Prepared(prepared), Jobs::worker(at), at)
            .noted(note))
    }

    /// What stays behind at the provider is never authorized: nobody knows its request id.
    pub(super) fn orphaned(
        &self,
        refusal: &Refusal,
        at: DateTime<Utc>,
    ) -> Result<Transition, IllegalTransition> {
        let State::Preparing(_) = self.state() else {
            return Err(self.illegal());
        };
        let old = self.head.remote_id();
        if self.head.next_attempt() > ATTEMPTS_MAX {
            let details = vec![format!("stored as {old}; {refusal}")];
            return Ok(self.to_frozen(Why::RequestIdUnknown, details, at));
        }
        let transition = self.to_received_anew(at);
        let new = transition.batch.head.remote_id();
        let note = format!(
            "what is stored as {old} is left there for ever, not authorized ({refusal}); it is \
             stored anew as {new}"
        );
        Ok(transition.noted(note))
    }

    /// Back to the start, under another id at the provider.
    pub(super) fn to_received_anew(&self, at: DateTime<Utc>) -> Transition {
        let mut batch = self.clone();
        let why = match self.state() {
            State::Frozen(Frozen { why, .. }) => Some(*why),
            _ => None,
        };
        let request_id = self.state().request_id().cloned();
        batch.head.left.push(Left {
            attempt: self.head.attempt,
            is_seen: why != Some(Why::InitializeUnconfirmed),
            request_id,
        });
        batch.head.attempt = self.head.next_attempt();
        batch.outcomes.fill(Outcome::new());
        batch.to(State::Received, Jobs::worker(at), at)
    }

    pub(super) fn initialize_refused(
        &self,
        refusal: Refusal,
        at: DateTime<Utc>,
    ) -> Result<Transition, IllegalTransition> {
        match self.state() {
            State::Preparing(_) => {
                let note = refusal.to_string();
                let batch = self.with_open_items(&ItemStatus::Invalid);
                let transition = batch.to(State::Refused(refusal), Jobs::NONE, at);
                Ok(transition.noted(note))
            }
            _ => Err(self.illegal()),
        }
    }

    pub(super) fn read_back(
        &self,
        read: CopyRead,
        at: DateTime<Utc>,
    ) -> Result<Transition, IllegalTransition> {
        let State::Prepared(prepared) = self.state() else {
            return Err(self.illegal());
        };
        let comparison = read
            .copy
            .as_ref()
            .map_or(Comparison::Same, |copy| self.compare(copy, read.depth));
        match comparison {
            Comparison::Same => {}
            Comparison::Incomplete(what) => {
                return Ok(self.to_frozen(Why::CopyIncomplete, vec![what], at));
            }
            Comparison::Differs(what) => return Ok(self.to_frozen(Why::CopyDiffers, what, at)),
        }
        let shown = read.copy.as_ref().map_or(&[][..], |copy| &copy.items);
        let batch = self.with_shown(shown);
        let request_id = prepared.request_id.clone();
        batch.hold(request_id, read, at)
    }

    /// Takes over references, commissions and refusals from a copy that is known to be right.
    fn with_shown(&self, shown: &[RemoteItem]) -> Self {
        let mut batch = self.clone();
        let places = places(&self.content);
        for remote in shown {
            let place = places.get(&remote.id).copied();
            let Some(outcome) = place.and_then(|index| batch.outcomes.get_mut(index)) else {
                continue;
            };
            outcome.reference.clone_from(&remote.reference);
            if remote.status == ItemStatus::Invalid {
                outcome.status = ItemStatus::Invalid;
                if !remote.errors.is_empty() {
                    outcome.errors.clone_from(&remote.errors);
                }
            } else {
                outcome.reported = remote.amount;
                outcome.commission = remote.commission;
            }
        }
        batch
    }
}

/// Where each item stands in the content.
pub(super) fn places(content: &crate::content::Content) -> HashMap<&ItemId, usize> {
    content
        .items()
        .iter()
        .enumerate()
        .map(|(index, item)| (&item.id, index))
        .collect()
}
