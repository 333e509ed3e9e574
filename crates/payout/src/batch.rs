//! A batch and the only way it changes.

mod cancel;
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "an event is refused in every state it does not name"
)]
mod decide;
mod found;
mod hold;
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "an event is refused in every state it does not name"
)]
mod prepare;
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "an event is refused in every state it does not name"
)]
mod release;
mod resend;
mod resolve;
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "an event is refused in every state it does not name"
)]
mod settle;

pub use resend::NoResend;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::cadence::poll_after;
use crate::content::Content;
use crate::copy::{Comparison, compare};
use crate::decision::Decision;
use crate::event::{Event, IllegalTransition};
use crate::head::{Head, may_move};
use crate::ids::{BatchId, PersonName, WorkerName};
use crate::item::{ItemStatus, Outcome, outcomes_digest};
use crate::policy::{Quorum, ReadBack};
use crate::provider::{RemoteCopy, RemoteStatus};
use crate::release::ReleasePermit;
use crate::send_by::SendBy;
use crate::state::{Frozen, State, Why};
use crate::tie_out::TieOut;

/// A batch: what was asked, what became of it, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Batch {
    head: Head,
    content: Arc<Content>,
    outcomes: Vec<Outcome>,
}

/// When a batch needs attention next, by queue. Replaces what was planned before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Jobs {
    /// For the worker: initialize, read back, expire, authorize, cancel.
    pub worker: Option<DateTime<Utc>>,
    /// For the reconciler: retrieve.
    pub reconciler: Option<DateTime<Utc>>,
}

impl Jobs {
    pub(crate) const NONE: Self = Self {
        worker: None,
        reconciler: None,
    };

    pub(crate) const fn worker(due: DateTime<Utc>) -> Self {
        Self {
            worker: Some(due),
            reconciler: None,
        }
    }

    pub(crate) const fn reconciler(due: DateTime<Utc>) -> Self {
        Self {
            worker: None,
            reconciler: Some(due),
        }
    }
}

/// What [`Batch::apply`] makes of an event.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Transition {
    /// The batch as it is now.
    pub batch: Batch,
    /// What it needs next.
    pub jobs: Jobs,
    /// The event's name, for the journal.
    pub event: &'static str,
    /// The state before.
    pub before: &'static str,
    /// What happened, for people; empty when the event says it all.
    pub note: String,
    /// Which outcomes changed, by index.
    pub changed: Vec<usize>,
    /// Whether the state is another than before, in any part.
    pub is_new_state: bool,
    /// What a person decided, when that is what it is.
    pub decision: Option<Decision>,
}

impl Transition {
    /// Whether it writes the intent to release: authorize may be sent once it is stored.
    pub fn starts_release(&self) -> bool {
        let state = self.batch.state();
        matches!(state, State::Releasing(_)) && self.before != state.name()
    }
}

impl Batch {
    /// Accepts a batch of `maker`.
    pub fn accept(
        id: BatchId,
        content: Arc<Content>,
        maker: PersonName,
        at: DateTime<Utc>,
    ) -> Transition {
        let outcomes = vec![Outcome::new(); content.items().len()];
        let head = Head {
            id,
            external_id: content.external_id().clone(),
            purpose: content.purpose(),
            maker,
            accepted_at: at,
            parent: None,
            attempt: 0,
            left: Vec::new(),
            count: outcomes.len(),
            content_digest: content.digest(),
            outcomes_digest: outcomes_digest(&outcomes),
            tie_out: TieOut::untouched(content.total()),
            decisions: Vec::new(),
            state: State::Received,
            since: at,
        };
        Transition {
            batch: Self {
                head,
                content,
                outcomes,
            },
            jobs: Jobs::worker(at),
            event: "submitted",
            before: "",
            note: String::new(),
            changed: Vec::new(),
            is_new_state: true,
            decision: None,
        }
    }

    /// Puts a batch together from what a ledger kept.
    pub const fn restore(head: Head, content: Arc<Content>, outcomes: Vec<Outcome>) -> Self {
        Self {
            head,
            content,
            outcomes,
        }
    }

    /// The batch without its items.
    pub const fn head(&self) -> &Head {
        &self.head
    }

    /// Our id.
    pub const fn id(&self) -> BatchId {
        self.head.id
    }

    /// What the maker asked for.
    pub const fn content(&self) -> &Arc<Content> {
        &self.content
    }

    /// Who asked.
    pub const fn maker(&self) -> &PersonName {
        &self.head.maker
    }

    /// What became of each item, in the order of the content.
    pub fn outcomes(&self) -> &[Outcome] {
        &self.outcomes
    }

    /// Where it stands.
    pub const fn state(&self) -> &State {
        &self.head.state
    }

    /// Compares what was sent with the provider's copy.
    pub fn compare(&self, copy: &RemoteCopy, depth: ReadBack) -> Comparison {
        let sent = (self.content().as_ref(), &self.head.remote_id());
        compare(sent, self.outcomes(), copy, depth)
    }

    /// Proof that this batch may be authorized: its release intent is recorded by `owner`, and
    /// `quorum` was counted for exactly what is held.
    pub fn release_permit(
        &self,
        quorum: &Quorum,
        owner: &WorkerName,
        send_by: SendBy,
    ) -> Option<ReleasePermit> {
        let State::Releasing(releasing) = self.state() else {
            return None;
        };
        let is_owner = releasing.intent.owner == *owner;
        let is_same = releasing.hold.digest == quorum.digest();
        if !is_owner || !is_same {
            return None;
        }
        let hold = &releasing.hold;
        let request_id = hold.request_id.clone()?;
        Some(ReleasePermit::new(request_id, hold.digest, send_by))
    }

    /// **The only way a batch changes.** Nothing outside this function decides what may follow
    /// what; an event that may not happen leaves everything as it was.
    pub fn apply(&self, event: Event, at: DateTime<Utc>) -> Result<Transition, IllegalTransition> {
        let name = event.name();
        let mut transition = match event {
            Event::InitializeStarted(intent) => self.initialize_started(intent, at),
            Event::InitializeNotSent(failure) => self.initialize_not_sent(&failure, at),
            Event::Initialized(answer) => self.initialized(&answer, at),
            Event::Adopted(request_id) => self.adopted(request_id, at),
            Event::Orphaned(refusal) => self.orphaned(&refusal, at),
            Event::InitializeRefused(refusal) => self.initialize_refused(refusal, at),
            Event::ReadBack(read) => self.read_back(*read, at),
            Event::Decided(ruling) => self.decided(&ruling, at),
            Event::Withdrawn { by, reason } => self.withdrawn(&by, &reason, at),
            Event::Reminded => self.reminded(at),
            Event::Expired => self.expired(at),
            Event::ApprovalShort(why) => self.approval_short(why, at),
            Event::FundsShort(shortage) => self.funds_short(shortage, at),
            Event::ReleaseStarted { intent, quorum } => self.release_started(intent, &quorum, at),
            Event::ReleaseNotSent(failure) => self.release_not_sent(&failure, at),
            Event::Released {
                request_id,
                account,
            } => self.released(&request_id, account, at),
            Event::ReleaseRefused(refusal) => self.release_refused(refusal, at),
            Event::ReleaseLooked(look) => self.release_looked(&look, at),
            Event::FoundPastInit(found) => self.found_past_init(found, at),
            Event::Reported(copy) => self.reported(&copy, at),
            Event::WatchEnded => self.watch_ended(at),
            Event::CancelStarted(intent) => self.cancel_started(intent, at),
            Event::CancelLooked { copy, account } => self.cancel_looked(&copy, account, at),
            Event::Resolve {
                by,
                resolution,
                reason,
                since,
            } => self.resolve(&by, (resolution, since), reason, at),
            Event::Froze { why, details } => self.froze(why, details, at),
        }
        .and_then(|transition| transition.counted_from(self))
        .or_else(|illegal| self.unsummable(illegal, at)?.counted_from(self))
        .map_err(|illegal| illegal.named(name))?;
        transition.event = name;
        transition.watch_what_was_sent(at);
        Ok(transition)
    }

    fn froze(
        &self,
        why: Why,
        details: Vec<String>,
        at: DateTime<Utc>,
    ) -> Result<Transition, IllegalTransition> {
        if self.state().is_final() || matches!(self.state(), State::Frozen(_)) {
            return Err(self.illegal());
        }
        Ok(self.to_frozen(why, details, at))
    }

    /// Amounts that cannot be added up are for people, not for another try.
    fn unsummable(
        &self,
        illegal: IllegalTransition,
        at: DateTime<Utc>,
    ) -> Result<Transition, IllegalTransition> {
        if illegal != IllegalTransition::Unsummable || matches!(self.state(), State::Frozen(_)) {
            return Err(illegal);
        }
        Ok(self.to_frozen(Why::TieOut, vec![illegal.to_string()], at))
    }

    /// Moves to another state.
    fn to(&self, state: State, jobs: Jobs, at: DateTime<Utc>) -> Transition {
        let mut batch = self.clone();
        if state.name() != self.state().name() {
            batch.head.since = at;
        }
        batch.head.state = state;
        Transition {
            batch,
            jobs,
            event: "",
            before: "",
            note: String::new(),
            changed: Vec::new(),
            is_new_state: false,
            decision: None,
        }
    }

    /// Stops: no more writes to the provider. What may be moving is still watched.
    fn to_frozen(&self, why: Why, details: Vec<String>, at: DateTime<Utc>) -> Transition {
        let note = format!("{}: {}", why.sentence(), details.join("; "));
        let from = Box::new(self.state().clone());
        let state = State::Frozen(Frozen {
            from,
            why,
            details,
            shown: None,
            proposal: None,
        });
        let jobs = self.watching(&state, at);
        self.to(state, jobs, at).noted(note)
    }

    /// The next look at what may be moving in a state that is not worked on.
    fn watching(&self, state: &State, at: DateTime<Utc>) -> Jobs {
        if may_move(state) {
            Jobs::reconciler(after(at, poll_after(self.id(), 0)))
        } else {
            Jobs::NONE
        }
    }

    /// Stops because of what the provider shows.
    fn to_frozen_at(
        &self,
        why: Why,
        status: &RemoteStatus,
        details: Vec<String>,
        at: DateTime<Utc>,
    ) -> Transition {
        let mut transition = self.to_frozen(why, details, at);
        if let State::Frozen(frozen) = &mut transition.batch.head.state {
            frozen.shown = Some(status.clone());
        }
        transition
    }

    /// The refusal of an event this state does not know.
    const fn illegal(&self) -> IllegalTransition {
        IllegalTransition::State {
            event: "",
            state: self.head.state.name(),
        }
    }

    /// Marks every item that was not refused. Of what was never taken, the amount that was asked
    /// for counts, whatever was shown of it.
    fn with_open_items(&self, status: &ItemStatus) -> Self {
        let mut batch = self.clone();
        for outcome in &mut batch.outcomes {
            if !outcome.status.is_payee_final() {
                outcome.status = status.clone();
            }
            if !outcome.status.is_started() {
                outcome.reported = None;
            }
        }
        batch
    }
}

/// `at`, later by `delay`; the end of time instead of an overflow.
fn after(at: DateTime<Utc>, delay: Duration) -> DateTime<Utc> {
    chrono::TimeDelta::from_std(delay)
        .ok()
        .and_then(|delay| at.checked_add_signed(delay))
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}

impl Transition {
    /// Whether anything is different afterwards; a report may only repeat what is known.
    pub fn is_news(&self) -> bool {
        !self.changed.is_empty() || self.is_new_state
    }

    /// Says what is different from the batch as it was, and brings the head up to date with the
    /// items.
    fn counted_from(mut self, was: &Batch) -> Result<Self, IllegalTransition> {
        let batch = &mut self.batch;
        self.before = was.state().name();
        self.is_new_state = batch.head.state != was.head.state;
        let pairs = batch.outcomes.iter().zip(&was.outcomes).enumerate();
        let changed = pairs.filter(|(_, (now, was))| now != was);
        self.changed = changed.map(|(index, _)| index).collect();
        if !self.changed.is_empty() {
            batch.head.outcomes_digest = outcomes_digest(&batch.outcomes);
            batch.head.tie_out = TieOut::of(&batch.content, &batch.outcomes)
                .map_err(|_| IllegalTransition::Unsummable)?;
        }
        Ok(self)
    }

    /// A held batch whose authorize may still arrive is watched beside whatever else it needs.
    fn watch_what_was_sent(&mut self, at: DateTime<Utc>) {
        let is_held = matches!(
            self.batch.state(),
            State::PendingApproval(_) | State::Approved(_)
        );
        if is_held {
            let watching = self.batch.watching(self.batch.state(), at);
            self.jobs.reconciler = self.jobs.reconciler.or(watching.reconciler);
        }
    }

    fn noted(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }
}

impl IllegalTransition {
    /// Fills in the event's name, which the handlers do not repeat.
    fn named(self, name: &'static str) -> Self {
        match self {
            Self::State { state, .. } => Self::State { event: name, state },
            other @ (Self::NotOwner { .. }
            | Self::TooEarly(_)
            | Self::Expired(_)
            | Self::OwnBatch(_)
            | Self::NotMaker(_)
            | Self::OtherDigest
            | Self::AlreadyDecided(_)
            | Self::NotResolver(_)
            | Self::NoResolution { .. }
            | Self::NotSafe(_)
            | Self::NoReason
            | Self::FrozeAnew(_)
            | Self::Unsummable) => other,
        }
    }
}
