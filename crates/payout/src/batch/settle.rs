//! From authorized to final, item by item.

use chrono::{DateTime, Utc};

use super::prepare::places;
use super::release::{needs_person, without_effect};
use super::{Batch, Jobs, Transition, after};
use crate::cadence::{LATE_CHECK, SETTLING_EXPECTED, poll_after, refund_check_after};
use crate::event::IllegalTransition;
use crate::item::{Item, ItemStatus, Outcome};
use crate::money::Money;
use crate::provider::{Authorized, RemoteCopy, RemoteItem, RemoteStatus};
use crate::state::{Frozen, Hold, State, Why};
use crate::tie_out::TieOut;

/// Most things that are spelled out about one frozen batch.
const DETAILS_MAX: usize = 50;

impl Batch {
    pub(super) fn reported(
        &self,
        copy: &RemoteCopy,
        at: DateTime<Utc>,
    ) -> Result<Transition, IllegalTransition> {
        match self.state() {
            State::Processing(hold) => {
                let (batch, contradictions) = self.with_reported(copy);
                if contradictions.is_empty() {
                    batch.after_report(hold, copy, at)
                } else {
                    Ok(batch.to_frozen(Why::Contradiction, contradictions, at))
                }
            }
            State::Settled(_) | State::PartlySettled(_) | State::Failed(_) => {
                let (batch, contradictions) = self.with_reported(copy);
                Ok(if contradictions.is_empty() {
                    let jobs = Jobs::reconciler(batch.late_look(at));
                    batch.to(self.state().clone(), jobs, at)
                } else {
                    batch.to_frozen(Why::Contradiction, contradictions, at)
                })
            }
            State::PendingApproval(hold) | State::Approved(hold) if hold.is_sent => {
                Ok(self.reported_while_held(hold, copy, at))
            }
            State::Rejected(end) | State::Withdrawn(end) | State::Expired(end) => match &end.sent {
                Some(hold) => Ok(self.reported_after_the_end(hold, copy, at)),
                None => Err(self.illegal()),
            },
            State::Frozen(_) if self.head.money_may_move() => {
                Ok(self.reported_while_frozen(copy, at))
            }
            _ => Err(self.illegal()),
        }
    }

    /// Closes the batch when every item is final and the money ties out.
    fn after_report(
        &self,
        hold: &Hold,
        copy: &RemoteCopy,
        at: DateTime<Utc>,
    ) -> Result<Transition, IllegalTransition> {
        let status = &copy.batch.status;
        if copy.authorized() == Authorized::NeedsPerson
            && self.has_open_items()
            && hold.judged.as_ref() != Some(status)
        {
            let details = vec![format!("the provider shows {}", status.word())];
            return Ok(self.to_frozen_at(needs_person(status), status, details, at));
        }
        if self.is_overdue(copy, at) {
            let since = self.head.since.format("%F %T UTC");
            let details = vec![format!(
                "released since {since}, and the provider shows {}",
                status.word()
            )];
            return Ok(self.to_frozen_at(without_effect(copy), status, details, at));
        }
        if self.has_open_items() {
            let jobs = Jobs::reconciler(after(at, poll_after(self.id(), 0)));
            return Ok(self.to(State::Processing(hold.clone()), jobs, at));
        }
        match self.tie_out_difference()? {
            None => Ok(self.to_closed(hold, at)),
            Some(off) => Ok(self.to_frozen(Why::TieOut, vec![off], at)),
        }
    }

    /// Whether it was released long ago and nothing shows of it.
    fn is_overdue(&self, copy: &RemoteCopy, at: DateTime<Utc>) -> bool {
        let since = at.signed_duration_since(self.head.since).to_std();
        let is_old = since.is_ok_and(|age| age > SETTLING_EXPECTED);
        is_old && !self.is_started() && copy.authorized() != Authorized::Taken
    }

    /// What is wrong with the sums, if anything is.
    pub(super) fn tie_out_difference(&self) -> Result<Option<String>, IllegalTransition> {
        let sums =
            TieOut::of(&self.content, &self.outcomes).map_err(|_| IllegalTransition::Unsummable)?;
        Ok((!sums.difference.is_zero())
            .then(|| format!("requested {}, off by {}", sums.requested, sums.difference)))
    }

    /// Closed with what every item came to.
    pub(super) fn to_closed(&self, hold: &Hold, at: DateTime<Utc>) -> Transition {
        let paid = self
            .outcomes()
            .iter()
            .filter(|outcome| outcome.status == ItemStatus::Paid)
            .count();
        let note = format!("{paid} of {} items paid", self.outcomes().len());
        let state = match paid {
            0 => State::Failed(hold.clone()),
            all if all == self.outcomes().len() => State::Settled(hold.clone()),
            _ => State::PartlySettled(hold.clone()),
        };
        let mut transition = self.to(state, Jobs::NONE, at).noted(note);
        transition.jobs = Jobs::reconciler(transition.batch.late_look(at));
        transition
    }

    /// An authorize that was given up may arrive after all.
    fn reported_while_held(&self, hold: &Hold, copy: &RemoteCopy, at: DateTime<Utc>) -> Transition {
        let status = &copy.batch.status;
        let shows = format!("the provider shows {}", status.word());
        if copy.is_waiting(hold.judged.as_ref()) && !has_arrived(copy) {
            // No news: the worker's own plans for it stand.
            return self.to(self.state().clone(), Jobs::NONE, at);
        }
        let (batch, _) = self.with_reported(copy);
        if has_arrived(copy) {
            let note = format!("{shows}; the release arrived");
            batch.to_processing(hold, at).noted(note)
        } else {
            batch.to_frozen_at(needs_person(status), status, vec![shows], at)
        }
    }

    /// The late look at a batch that ended although a release of it was once in doubt.
    fn reported_after_the_end(
        &self,
        hold: &Hold,
        copy: &RemoteCopy,
        at: DateTime<Utc>,
    ) -> Transition {
        let status = &copy.batch.status;
        if *status == RemoteStatus::Canceled && !copy.shows_started_items() {
            return self.to(self.state().clone(), Jobs::NONE, at);
        }
        let what = format!("it ended, and now the provider shows {}", status.word());
        self.to_started(hold.clone(), (Some(status), what), at)
    }

    /// Frozen batches are still watched. A release that was in doubt and now shows its effect is
    /// in doubt no more.
    fn reported_while_frozen(&self, copy: &RemoteCopy, at: DateTime<Utc>) -> Transition {
        let (batch, contradictions) = self.with_reported(copy);
        let State::Frozen(frozen) = self.state() else {
            return batch.to(self.state().clone(), Jobs::NONE, at);
        };
        if is_release_doubt_over(frozen.why, copy)
            && let Some(hold) = self.state().hold()
        {
            let note = format!(
                "the provider shows {}; the release arrived",
                copy.batch.status.word()
            );
            return batch.to_processing(hold, at).noted(note);
        }
        let frozen = frozen.clone().told(copy, contradictions);
        let jobs = Jobs::reconciler(after(at, poll_after(self.id(), 0)));
        batch.to(State::Frozen(frozen), jobs, at)
    }

    pub(super) fn watch_ended(&self, at: DateTime<Utc>) -> Result<Transition, IllegalTransition> {
        match self.state() {
            State::Settled(_)
            | State::PartlySettled(_)
            | State::Failed(_)
            | State::Rejected(_)
            | State::Withdrawn(_)
            | State::Expired(_) => Ok(self.to(self.state().clone(), Jobs::NONE, at)),
            _ => Err(self.illegal()),
        }
    }

    /// Whether anything that would be paid is not final for its payee.
    pub fn has_open_items(&self) -> bool {
        self.outcomes()
            .iter()
            .any(|outcome| !outcome.status.is_payee_final())
    }

    pub(super) fn has_failed_items(&self) -> bool {
        self.outcomes
            .iter()
            .any(|outcome| outcome.status == ItemStatus::Failed)
    }

    /// When a closed batch is looked at again: for refunds soon, otherwise once more, late.
    fn late_look(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        let delay = if self.has_failed_items() {
            refund_check_after(self.id(), 0)
        } else {
            LATE_CHECK
        };
        after(at, delay)
    }

    /// Takes over what the provider reports, as far as it may follow what it reported before.
    fn with_reported(&self, copy: &RemoteCopy) -> (Self, Vec<String>) {
        let mut batch = self.clone();
        let mut contradictions = Vec::new();
        let places = places(&self.content);
        for remote in &copy.items {
            let place = places.get(&remote.id).copied();
            let item = place.and_then(|index| self.content.items().get(index));
            let outcome = place.and_then(|index| batch.outcomes.get_mut(index));
            let (Some(item), Some(outcome)) = (item, outcome) else {
                contradictions.push(format!("item {} was never sent", remote.id));
                continue;
            };
            contradictions.extend(take_over(item, outcome, remote));
        }
        (batch, contradictions)
    }
}

impl Frozen {
    /// What the provider shows meanwhile is for people too. They chose by what they saw: a proposal
    /// made on another status is void.
    fn told(mut self, copy: &RemoteCopy, contradictions: Vec<String>) -> Self {
        let status = &copy.batch.status;
        let mut news = contradictions;
        let is_news = self.shown.as_ref() != Some(status);
        if is_news && (self.shown.is_some() || status.authorized() != Authorized::NotYet) {
            news.push(format!("the provider shows {}", status.word()));
            self.shown = Some(status.clone());
            self.proposal = None;
            if is_doubt(self.why) && status.authorized() == Authorized::NeedsPerson {
                self.why = needs_person(status);
            }
        }
        for what in news {
            if !self.details.contains(&what) && self.details.len() < DETAILS_MAX {
                self.details.push(what);
            }
        }
        self
    }
}

/// Whether a batch froze because nobody knew if its release arrived, or would be carried out.
const fn is_doubt(why: Why) -> bool {
    matches!(
        why,
        Why::ReleaseUnconfirmed | Why::ReleaseRefused | Why::InsufficientBalance
    )
}

/// Whether such a doubt is over: the provider carries the release out.
fn is_release_doubt_over(why: Why, copy: &RemoteCopy) -> bool {
    match why {
        // A short balance stops a batch that was started, too.
        Why::InsufficientBalance => copy.authorized() == Authorized::Taken,
        _ => is_doubt(why) && has_arrived(copy),
    }
}

/// Whether the copy shows that an authorize was carried out: by its status, or by its items while
/// that lags.
fn has_arrived(copy: &RemoteCopy) -> bool {
    let is_lagging = copy.batch.status == RemoteStatus::Init && copy.shows_started_items();
    is_lagging || copy.authorized() == Authorized::Taken
}

/// Takes over one report; says what contradicts what is known.
///
/// The amount must be the one that was asked for, item by item: sums alone would let two errors
/// make up for each other. A status that only lags is no news; one that denies what was final is
/// a contradiction.
fn take_over(item: &Item, outcome: &mut Outcome, remote: &RemoteItem) -> Option<String> {
    let id = &item.id;
    let (was, now) = (outcome.status.word(), remote.status.word());
    if !outcome.status.may_become(&remote.status) {
        let denies = format!("item {id} was {was} and is now reported as {now}");
        // What never started does not lag into being started.
        let is_lag = outcome.status.is_started() && !remote.status.is_payee_final();
        let is_lag = is_lag || remote.status == ItemStatus::Pending;
        return (!is_lag).then_some(denies);
    }
    let other = remote.amount.filter(|shown| *shown != item.amount);
    let contradiction = other.map(|shown| {
        format!(
            "item {id}: amount is {shown}, {} was asked for",
            item.amount
        )
    });
    let known = |outcome: &Outcome| {
        let Outcome {
            status,
            reference,
            reported,
            ..
        } = outcome;
        (status.clone(), reference.clone(), *reported)
    };
    let before = known(outcome);
    outcome.status = remote.status.clone();
    if remote.reference.is_some() {
        outcome.reference.clone_from(&remote.reference);
    }
    if remote.status != ItemStatus::Invalid {
        // Another currency does not add up, and is told as another amount.
        let is_ours = |shown: &Money| shown.currency() == item.amount.currency();
        outcome.reported = remote.amount.filter(is_ours).or(outcome.reported);
    }
    if before != known(outcome) {
        outcome.commission = remote.commission.or(outcome.commission);
        outcome.errors.clone_from(&remote.errors);
    }
    contradiction
}
