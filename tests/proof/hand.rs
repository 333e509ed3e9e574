//! A process at work: one of the real handlers in the middle of a step.
//!
//! It is a value: which handler, under which claim, and the answers it has heard so far. The future
//! itself is rebuilt from these whenever it is not at hand.

use std::fmt;
use std::ops::ControlFlow;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use chrono::{DateTime, Utc};
use onay_ledger::{Claim, Done, Handler, LedgerError, Queue, StepError};
use onay_payout::provider::RemoteStatus;
use onay_reconciler::Reconciler;
use onay_worker::Worker;

use crate::books::Books;
use crate::people::{CALL_TIMEOUT, house};
use crate::ports::{self, Answer, Polled, Ports, Request, Step};

/// The pause of `Role` before a step is tried again that was not possible yet.
const EARLY_PAUSE: Duration = Duration::from_secs(2);

/// The processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Hand {
    /// A worker.
    First,
    /// Another worker.
    Second,
    /// The reconciler.
    Eyes,
}

impl Hand {
    pub(crate) const ALL: [Self; 3] = [Self::First, Self::Second, Self::Eyes];

    pub(crate) const fn place(self) -> usize {
        match self {
            Self::First => 0,
            Self::Second => 1,
            Self::Eyes => 2,
        }
    }

    pub(crate) const fn queue(self) -> Queue {
        match self {
            Self::First | Self::Second => Queue::Worker,
            Self::Eyes => Queue::Reconciler,
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::First => "hand_a",
            Self::Second => "hand_b",
            Self::Eyes => "eyes_c",
        }
    }

    /// A new process under this policy.
    fn starts(self, policy: usize) -> Arc<dyn Handler> {
        let name = self.name().parse().unwrap();
        let policy = Arc::clone(&house().policies[policy].1);
        let (ledger, provider) = (Arc::new(Ports), Arc::new(Ports));
        match self.queue() {
            Queue::Worker => Arc::new(Worker::new(
                ledger,
                provider,
                policy,
                (name, CALL_TIMEOUT),
                ports::clock(),
            )),
            Queue::Reconciler => Arc::new(Reconciler::new(ledger, provider, name, ports::clock())),
        }
    }
}

/// The processes that are there. Some of what they know lasts from one step to the next.
#[derive(Clone)]
pub(crate) enum Processes {
    /// Each step is done by a process that was just started: what a world that is copied needs.
    Fleeting,
    /// Each lasts until it crashes, under the policy it was started with.
    Lasting([Option<(usize, Arc<dyn Handler>)>; 3]),
}

impl Processes {
    fn handler(&mut self, hand: Hand, policy: usize) -> (usize, Arc<dyn Handler>) {
        match self {
            Self::Fleeting => (policy, hand.starts(policy)),
            Self::Lasting(processes) => processes[hand.place()]
                .get_or_insert_with(|| (policy, hand.starts(policy)))
                .clone(),
        }
    }

    /// A process is gone, and with it what it knew.
    pub(crate) fn ends(&mut self, hand: Hand) {
        if let Self::Lasting(processes) = self {
            processes[hand.place()] = None;
        }
    }
}

impl fmt::Debug for Processes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Processes")
    }
}

/// A process in the middle of a step.
#[derive(Debug, Clone)]
pub(crate) struct Running {
    pub(crate) hand: Hand,
    pub(crate) claim: Claim,
    /// The policy the process was started with.
    pub(crate) policy: usize,
    pub(crate) waits: Waits,
    /// Stopped for any time; its claim is not renewed.
    pub(crate) is_asleep: bool,
    /// The batch that it has seen in INIT at the provider, by its place, and whether it was then
    /// what was submitted.
    pub(crate) saw_init: Option<(usize, bool)>,
    began: DateTime<Utc>,
    pub(crate) heard: Vec<Arc<Heard>>,
    step: Live,
}

/// An answer, when it was heard, and its hash once it was asked for ([`crate::key`]).
#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) answer: Answer,
    at: DateTime<Utc>,
    pub(crate) hash: OnceLock<u64>,
}

/// What a process waits for.
#[derive(Debug, Clone)]
pub(crate) enum Waits {
    /// That this is carried out.
    For(Request),
    /// To wake up and hear this.
    With(Answer),
}

/// The future, while it is at hand. A copy of a process has none until it needs it.
struct Live(Option<Step>);

impl Clone for Live {
    fn clone(&self) -> Self {
        Self(None)
    }
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Live")
    }
}

impl Running {
    pub(crate) fn begin(
        hand: Hand,
        claim: Claim,
        (processes, policy): (&mut Processes, usize),
        now: DateTime<Utc>,
    ) -> Self {
        let (policy, handler) = processes.handler(hand, policy);
        let mut step = ports::begin(handler, &claim);
        let Polled::Asks(request) = ports::go_on(&mut step, None, now) else {
            panic!("a step begins by loading the batch");
        };
        Self {
            hand,
            claim,
            policy,
            waits: Waits::For(request),
            is_asleep: false,
            saw_init: None,
            began: now,
            heard: Vec::new(),
            step: Live(Some(step)),
        }
    }

    fn rebuilt(&self) -> Step {
        let mut step = ports::begin(self.hand.starts(self.policy), &self.claim);
        ports::go_on(&mut step, None, self.began);
        for heard in &self.heard {
            ports::go_on(&mut step, Some(heard.answer.clone()), heard.at);
        }
        step
    }

    /// Hears an answer and goes on. When the step ends: how long until it is taken up again, if
    /// that is its to say.
    pub(crate) fn go_on(
        &mut self,
        answer: Answer,
        now: DateTime<Utc>,
    ) -> ControlFlow<Option<Duration>> {
        let mut step = self.step.0.take().unwrap_or_else(|| self.rebuilt());
        self.heard.push(Arc::new(Heard {
            answer: answer.clone(),
            at: now,
            hash: OnceLock::new(),
        }));
        match ports::go_on(&mut step, Some(answer), now) {
            Polled::Asks(request) => {
                self.waits = Waits::For(request);
                self.step = Live(Some(step));
                ControlFlow::Continue(())
            }
            Polled::Ends(end) => ControlFlow::Break(pause(end)),
        }
    }

    /// Notes what an answer showed, for the laws.
    pub(crate) fn heard(&mut self, answer: &Answer, books: &Books) {
        if let (Answer::Page(Ok(Some(page))), Waits::For(Request::Retrieve(query))) =
            (answer, &self.waits)
            && let onay_payout::provider::Lookup::Request(id) = &query.by
            && matches!(
                page.batch.status,
                RemoteStatus::Init | RemoteStatus::InsufficientBalance
            )
        {
            self.saw_init = books.place(id).map(|place| (place, books.is_right(place)));
        }
    }

    /// Until when the write it waits for may be sent.
    pub(crate) fn send_by(&self) -> Option<DateTime<Utc>> {
        match &self.waits {
            Waits::For(
                Request::Initialize(_, send_by)
                | Request::Authorize(_, _, send_by)
                | Request::Cancel(_, send_by),
            ) => Some(*send_by),
            Waits::For(_) | Waits::With(_) => None,
        }
    }

    /// The name under which it owns its calls.
    pub(crate) fn owner(&self) -> String {
        format!("{}.{}", self.hand.name(), self.claim.fence)
    }
}

/// What `Role::work_on` does with the end of a step.
fn pause(end: Result<Done, StepError>) -> Option<Duration> {
    match end {
        Ok(Done::Committed) => None,
        Ok(Done::Later(pause)) => Some(pause),
        Err(StepError::Illegal(_) | StepError::Ledger(LedgerError::Changed)) => Some(EARLY_PAUSE),
        Err(StepError::Ledger(error)) => {
            assert!(!matches!(error, LedgerError::Corrupt(_)), "{error}");
            None
        }
    }
}
