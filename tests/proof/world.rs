//! The world of one batch: store, provider, people, time, and the processes that work on it.
//!
//! It is plain data, and every step of it is one [`Action`]. The processes in it are the real
//! handlers ([`crate::hand`]).

use std::ops::ControlFlow;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use onay_payout::provider::NotSent;
use onay_payout::{Batch, Event, Motion, ProviderError, ReasonCode, State, Verdict};

use crate::books::{self, Books, By, Late, Stage};
use crate::hand::{Hand, Processes, Running, Waits};
use crate::laws::{self, Broken, Law};
use crate::past::Past;
use crate::people::{self, CALL_TIMEOUT, Standing, Terms, house};
use crate::ports::{Answer, Change, Kept, No, Request};
use crate::steps::{Action, Budget, Deed, Fate, Setup, Strange};
use crate::store::Store;

/// The world.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) now: DateTime<Utc>,
    pub(crate) store: Store,
    pub(crate) books: Books,
    pub(crate) processes: Processes,
    pub(crate) hands: [Option<Running>; 3],
    pub(crate) past: Past,
    pub(crate) left: Budget,
    /// The policy in force.
    pub(crate) policy: usize,
    /// Earlier states of the store, while it may still be set back.
    pub(crate) backups: Vec<Store>,
}

impl World {
    pub(crate) fn new(setup: &Setup, processes: Processes) -> Self {
        let now = people::begin();
        let content = people::content(setup.items);
        let accepted = Batch::accept(people::batch_id(), content, people::maker(), now);
        Self {
            now,
            store: Store::open(accepted),
            books: Books::new(setup.switches, setup.items),
            processes,
            hands: [None, None, None],
            past: Past::default(),
            left: setup.budget,
            policy: people::policy_of(setup.terms),
            backups: Vec::new(),
        }
    }

    pub(crate) fn state(&self) -> &State {
        self.store.batch().state()
    }

    pub(crate) fn terms(&self) -> Terms {
        house().policies[self.policy].0
    }

    pub(crate) fn running(&self, hand: Hand) -> Option<&Running> {
        self.hands[hand.place()].as_ref()
    }

    /// Takes one step and checks every law.
    pub(crate) fn act(&mut self, action: Action) -> Result<(), Broken> {
        match action {
            Action::Claim(hand) => self.claim(hand),
            Action::Go(hand, fate) => self.go(hand, fate)?,
            Action::Crash(hand, fate) => {
                let running = self.hands[hand.place()].take().unwrap();
                self.left.crashes -= 1;
                self.processes.ends(hand);
                if let (Fate::Done, Waits::For(request)) = (fate, &running.waits) {
                    self.carry_out(&running, request, Fate::Done)?;
                }
            }
            Action::Sleep(hand) => {
                self.left.sleeps -= 1;
                self.hands[hand.place()].as_mut().unwrap().is_asleep = true;
            }
            Action::Wake(hand) => self.wake(hand),
            Action::Late(index) => {
                self.past.looks = 0;
                self.books.do_late(index);
            }
            Action::Advance => {
                self.past.looks = 0;
                self.books.advance();
            }
            Action::TopUp => self.books.is_short = false,
            Action::Pass => self.pass(),
            Action::Person(person, deed) => {
                self.person(person, deed)?;
            }
            Action::Stranger(strange) => self.stranger(strange),
            Action::Restore(backup) => self.restore(backup),
            Action::Pause => {
                self.left.pauses -= 1;
                self.store.pause();
                self.past.is_paused = true;
            }
            Action::Resume => {
                self.store.resume();
                self.past.is_paused = false;
            }
            Action::NewPolicy => {
                self.left.policies -= 1;
                let terms = Terms {
                    mehmet: Standing::Removed,
                    ..self.terms()
                };
                self.policy = people::policy_of(terms);
            }
        }
        laws::always(self)
    }

    fn claim(&mut self, hand: Hand) {
        let claim = self.store.claim(hand.queue(), self.now);
        let process = (&mut self.processes, self.policy);
        let running = Running::begin(hand, claim, process, self.now);
        self.hands[hand.place()] = Some(running);
    }

    fn go(&mut self, hand: Hand, fate: Fate) -> Result<(), Broken> {
        let running = self.hands[hand.place()].take().unwrap();
        let Waits::For(request) = &running.waits else {
            panic!("a hand that sleeps is woken, not moved on");
        };
        if fate == Fate::DoneAsleep {
            self.left.sleeps -= 1;
        }
        let answer = self.carry_out(&running, &request.clone(), fate)?;
        let mut running = running;
        running.heard(&answer, &self.books);
        if fate == Fate::DoneAsleep {
            running.waits = Waits::With(answer);
            running.is_asleep = true;
            self.hands[hand.place()] = Some(running);
            return Ok(());
        }
        self.deliver(running, answer);
        Ok(())
    }

    fn wake(&mut self, hand: Hand) {
        let mut running = self.hands[hand.place()].take().unwrap();
        running.is_asleep = false;
        // Its guard renews the claim again, if it still can.
        self.store.renew(&running.claim, self.now);
        match running.waits.clone() {
            Waits::For(_) => self.hands[hand.place()] = Some(running),
            Waits::With(answer) => self.deliver(running, answer),
        }
    }

    fn deliver(&mut self, mut running: Running, answer: Answer) {
        match running.go_on(answer, self.now) {
            ControlFlow::Continue(()) => {
                let place = running.hand.place();
                self.hands[place] = Some(running);
            }
            ControlFlow::Break(Some(pause)) => {
                self.store.postpone(&running.claim, pause, self.now);
            }
            ControlFlow::Break(None) => {}
        }
    }

    /// Carries a request out, as fate has it.
    fn carry_out(
        &mut self,
        running: &Running,
        request: &Request,
        fate: Fate,
    ) -> Result<Answer, Broken> {
        Ok(match request {
            Request::Load => Answer::Stored(if self.is_away(fate) {
                Err(No::Unavailable)
            } else {
                Ok(Arc::clone(&self.store.kept))
            }),
            Request::Commit(change) => Answer::Stored(self.commit(running, change, fate)?),
            Request::Initialize(as_id, send_by) => {
                let answer = if let Err(error) = self.reaches(*send_by, fate) {
                    Err(error)
                } else {
                    laws::initialize_arrives(self, running, (as_id, *send_by))?;
                    let late = Late::Initialize(as_id.clone());
                    self.write(fate, late, |books| books.initialize(as_id))
                };
                let is_in_doubt = matches!(answer, Err(ProviderError::InDoubt(_)));
                if !is_in_doubt && fate != Fate::DoneAsleep {
                    self.past.initialize = None;
                }
                Answer::Initialized(answer)
            }
            Request::Authorize(id, digest, send_by) => {
                Answer::Written(match (self.reaches(*send_by, fate), self.books.place(id)) {
                    (Err(error), _) => Err(error),
                    (Ok(()), None) => Err(books::refused("unknown")),
                    (Ok(()), Some(place)) => {
                        laws::authorize_arrives(self, running, place, *digest)?;
                        self.books.parcels[place].sends += 1;
                        self.write(fate, Late::Authorize(place), |books| books.authorize(place))
                    }
                })
            }
            Request::Cancel(id, send_by) => {
                Answer::Written(match (self.reaches(*send_by, fate), self.books.place(id)) {
                    (Err(error), _) => Err(error),
                    (Ok(()), None) => Err(books::refused("unknown")),
                    (Ok(()), Some(place)) => {
                        laws::cancel_arrives(self, running)?;
                        self.write(fate, Late::Cancel(place), |books| books.cancel(place))
                    }
                })
            }
            Request::Retrieve(query) => Answer::Page(self.reads(fate).and_then(|()| {
                let content = Arc::clone(self.store.batch().content());
                let page = self.books.retrieve(query, &content);
                self.past.looked(query, &page);
                page
            })),
            Request::Item(reference) => Answer::Item(self.reads(fate).map(|()| {
                let content = Arc::clone(self.store.batch().content());
                self.books.item(reference, &content)
            })),
            Request::Cells(keys) => Answer::Cells(if self.is_away(fate) {
                Err(No::Unavailable)
            } else {
                let cells = &self.store.cells;
                Ok(keys.iter().map(|key| cells.get(key).cloned()).collect())
            }),
            Request::Balance => Answer::Balance(self.reads(fate).map(|()| self.books.balance())),
        })
    }

    fn is_away(&mut self, fate: Fate) -> bool {
        let is_away = matches!(fate, Fate::Lost | Fate::DoneUnheard);
        self.left.away -= u8::from(is_away);
        is_away
    }

    fn commit(
        &mut self,
        running: &Running,
        change: &Change,
        fate: Fate,
    ) -> Result<Result<Arc<Kept>, No>, Broken> {
        let is_away = self.is_away(fate);
        match fate {
            Fate::Lost => return Ok(Err(No::Unavailable)),
            Fate::Stale => return Ok(Err(No::Stale)),
            Fate::LeaseLost => return Ok(Err(No::LeaseLost)),
            _ => {}
        }
        let answer = self.store_change(change, Some(running))?;
        Ok(if is_away {
            Err(No::Unavailable)
        } else {
            answer
        })
    }

    fn store_change(
        &mut self,
        change: &Change,
        by: Option<&Running>,
    ) -> Result<Result<Arc<Kept>, No>, Broken> {
        let before = self.store.clone();
        let answer = self.store.commit(change);
        if answer.is_ok() {
            laws::committed(self, &before.kept.stored, change, by)?;
            if self.left.restores > 0 {
                self.backups.push(before);
            }
        }
        Ok(answer)
    }

    /// Whether a write reaches the provider at all.
    fn reaches(&mut self, send_by: DateTime<Utc>, fate: Fate) -> Result<(), ProviderError> {
        if self.now >= send_by {
            return Err(ProviderError::NotSent(NotSent::TooLate));
        }
        self.is_counted(fate);
        match fate {
            Fate::NoLine => Err(books::no_line()),
            Fate::Limited => Err(ProviderError::NotSent(NotSent::RateLimited)),
            _ => Ok(()),
        }
    }

    fn reads(&mut self, fate: Fate) -> Result<(), ProviderError> {
        self.is_counted(fate);
        match fate {
            Fate::Done | Fate::DoneAsleep => Ok(()),
            Fate::Refused => Err(books::refused("system error")),
            Fate::NoLine => Err(books::no_line()),
            Fate::Limited => Err(ProviderError::NotSent(NotSent::RateLimited)),
            _ => Err(books::in_doubt()),
        }
    }

    fn is_counted(&mut self, fate: Fate) {
        match fate {
            Fate::Done | Fate::DoneAsleep => {}
            Fate::DoneLater => self.left.late -= 1,
            _ => self.left.calls -= 1,
        }
    }

    /// A write that reached the provider.
    fn write<T>(
        &mut self,
        fate: Fate,
        late: Late,
        work: impl FnOnce(&mut Books) -> Result<T, ProviderError>,
    ) -> Result<T, ProviderError> {
        match fate {
            Fate::Done | Fate::DoneAsleep => work(&mut self.books),
            Fate::DoneUnheard => {
                let _ = work(&mut self.books);
                Err(books::in_doubt())
            }
            Fate::RefusedDone => {
                let _ = work(&mut self.books);
                Err(books::refused("already under way"))
            }
            Fate::DoneLater => {
                self.books.late.push(late);
                Err(books::in_doubt())
            }
            Fate::Refused => Err(books::refused("system error")),
            _ => Err(books::in_doubt()),
        }
    }

    /// Time goes on to the next moment at which anything may change.
    fn pass(&mut self) {
        if let Some(moment) = self.next_moment() {
            self.now = moment;
        }
        for running in self.hands.iter().flatten().filter(|hand| !hand.is_asleep) {
            self.store.renew(&running.claim, self.now);
        }
    }

    pub(crate) fn next_moment(&self) -> Option<DateTime<Utc>> {
        let jobs = self.store.jobs.iter().flatten().map(|job| job.ready_at);
        let waiting = self.hands.iter().flatten().filter_map(Running::send_by);
        let expiry = match self.state() {
            State::PendingApproval(hold) | State::Approved(hold) => Some(hold.expires_at),
            _ => None,
        };
        let intent = self.state().intent().map(|intent| intent.deadline);
        let moments = jobs.chain(waiting).chain(expiry).chain(intent);
        moments.filter(|moment| *moment > self.now).min()
    }

    /// Somebody decides, by the same steps as `console::desk`. Says whether anything changed.
    pub(crate) fn person(&mut self, person: usize, deed: Deed) -> Result<bool, Broken> {
        let identity = &house().identities[person];
        let policy = Arc::clone(&house().policies[self.policy].1);
        let batch = self.store.batch();
        let event = match deed {
            Deed::Withdraw => Some(Event::Withdrawn {
                by: identity.clone(),
                reason: "mistaken".to_owned(),
            }),
            Deed::Resolve(resolution) => Some(Event::Resolve {
                by: identity.clone(),
                resolution,
                reason: "iyzico said so".to_owned(),
                since: batch.head().since,
            }),
            Deed::Approve | Deed::Undo | Deed::Reject => {
                let verdict = match deed {
                    Deed::Undo => Verdict::Undo,
                    Deed::Reject => Verdict::Reject {
                        code: ReasonCode::Other,
                        reason: "wrong".to_owned(),
                    },
                    Deed::Approve | Deed::Withdraw | Deed::Resolve(_) => {
                        Verdict::Approve { comment: None }
                    }
                };
                let digest = batch.state().hold().map(|hold| hold.digest.to_string());
                let digest = digest.unwrap_or_default();
                let motion = Motion::new(verdict, &digest);
                let ruling = policy.judge(batch.head(), identity, motion, self.now);
                ruling.ok().map(Event::Decided)
            }
        };
        let Some(Ok(transition)) = event.map(|event| batch.apply(event, self.now)) else {
            return Ok(false);
        };
        if let Deed::Resolve(resolution) = deed {
            self.left.resolutions = self.left.resolutions.saturating_sub(1);
            self.past.resolved(resolution, &transition, identity.name());
        } else {
            self.left.deeds = self.left.deeds.saturating_sub(1);
        }
        let change = Change::new(
            (transition, Vec::new()),
            self.store.kept.stored.version,
            None,
        );
        let _ = self.store_change(&change, None)?;
        Ok(true)
    }

    fn stranger(&mut self, strange: Strange) {
        self.left.strangers -= 1;
        let Some(place) = self.known_place() else {
            return;
        };
        match strange {
            Strange::Authorizes => {
                if self.books.parcels[place].stage == Stage::Init {
                    let _ = self.books.authorize(place);
                    self.books.parcels[place].by = By::SomebodyElse;
                }
            }
            Strange::Cancels => {
                let _ = self.books.cancel(place);
            }
            Strange::AddsAnItem => self.books.parcels[place].added = 1,
        }
    }

    /// The place of the batch whose request id is known here.
    pub(crate) fn known_place(&self) -> Option<usize> {
        let id = self.state().request_id()?;
        self.books.place(id)
    }

    /// The place of the batch that is watched: by its request id, or by our own id where the provider
    /// does not tell it.
    pub(crate) fn held_place(&self) -> Option<usize> {
        let id = self.store.batch().head().remote_id();
        self.known_place().or_else(|| self.books.shown_as(&id))
    }

    /// The store is set back. That takes longer than any call lasts and any look lags: what was
    /// still on its way has arrived, and processes that ran are gone.
    fn restore(&mut self, backup: usize) {
        self.left.restores -= 1;
        self.hands = [None, None, None];
        for hand in Hand::ALL {
            self.processes.ends(hand);
        }
        while !self.books.late.is_empty() {
            self.books.do_late(0);
        }
        for parcel in &mut self.books.parcels {
            parcel.hidden = 0;
            if parcel.stage == Stage::Taken(0) {
                parcel.stage = Stage::Taken(1);
            }
        }
        let fence = self.store.fence;
        self.store = self.backups[backup].clone();
        // Names of processes never repeat, so nothing of a former owner is taken for one's own.
        self.store.fence = fence;
        self.past.restores += 1;
        self.past.is_paused = self.store.is_paused();
        self.past.proposal = match self.state() {
            State::Frozen(frozen) => frozen
                .proposal
                .as_ref()
                .map(|made| (made.resolution, made.by.clone())),
            _ => None,
        };
        self.past.initialize = None;
    }
}

/// Fails a law.
pub(crate) fn broken<T>(law: Law, what: impl Into<String>) -> Result<T, Broken> {
    Err(Broken {
        law,
        what: what.into(),
    })
}

const _: () = assert!(
    CALL_TIMEOUT.as_secs() * 2 < 30,
    "a call ends before a lease"
);
