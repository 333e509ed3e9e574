//! Which steps a world may take now.

use onay_payout::{Resolution, State};

use crate::hand::{Hand, Waits};
use crate::people::{MAKER, PEOPLE, Standing};
use crate::ports::Request;
use crate::steps::{Action, Deed, Fate, Strange, is_write};
use crate::switches::Funds;
use crate::world::World;

impl World {
    /// Every step that may be taken now, into `actions`.
    pub(crate) fn actions(&self, actions: &mut Vec<Action>) {
        actions.clear();
        for hand in Hand::ALL {
            self.actions_of(hand, actions);
        }
        actions.extend((0..self.books.late.len()).map(Action::Late));
        if self.books.may_advance() {
            actions.push(Action::Advance);
        }
        if self.books.is_short && self.books.switches.funds != Funds::Enough {
            actions.push(Action::TopUp);
        }
        let is_still = self.hands.iter().flatten().all(|hand| hand.is_asleep);
        if is_still && self.next_moment().is_some() {
            actions.push(Action::Pass);
        }
        self.deeds(actions);
        if self.left.strangers > 0 && self.known_place().is_some() && !self.state().is_final() {
            for strange in [Strange::Authorizes, Strange::Cancels, Strange::AddsAnItem] {
                actions.push(Action::Stranger(strange));
            }
        }
        if self.left.restores > 0 {
            actions.extend((0..self.backups.len()).map(Action::Restore));
        }
        if self.store.is_paused() {
            actions.push(Action::Resume);
        } else if self.left.pauses > 0 && !self.state().is_final() {
            actions.push(Action::Pause);
        }
        if self.left.policies > 0 && self.terms().mehmet == Standing::Asked {
            actions.push(Action::NewPolicy);
        }
    }

    fn actions_of(&self, hand: Hand, actions: &mut Vec<Action>) {
        let Some(running) = self.running(hand) else {
            // Two idle workers are the same to the world: only the first one claims.
            let is_first = hand != Hand::Second || self.running(Hand::First).is_some();
            if is_first && self.store.is_due(hand.queue(), self.now) {
                actions.push(Action::Claim(hand));
            }
            return;
        };
        if running.is_asleep {
            actions.push(Action::Wake(hand));
            if self.left.crashes > 0 {
                actions.push(Action::Crash(hand, Fate::Lost));
            }
            return;
        }
        let Waits::For(request) = &running.waits else {
            return;
        };
        actions.push(Action::Go(hand, Fate::Done));
        for fate in self.fates(request) {
            actions.push(Action::Go(hand, *fate));
        }
        if self.left.late > 0 && is_write(request) {
            actions.push(Action::Go(hand, Fate::DoneLater));
        }
        if self.left.crashes > 0 {
            actions.push(Action::Crash(hand, Fate::Lost));
            if is_write(request) || matches!(request, Request::Commit(_)) {
                actions.push(Action::Crash(hand, Fate::Done));
            }
        }
        if self.left.sleeps > 0 {
            actions.push(Action::Sleep(hand));
            if !matches!(request, Request::Load) {
                actions.push(Action::Go(hand, Fate::DoneAsleep));
            }
        }
    }

    /// The ways in which a request may go wrong.
    fn fates(&self, request: &Request) -> &'static [Fate] {
        match request {
            Request::Load | Request::Cells(_) if self.left.away > 0 => &[Fate::Lost],
            Request::Commit(_) if self.left.away > 0 => &[Fate::Lost, Fate::DoneUnheard],
            Request::Load | Request::Cells(_) | Request::Commit(_) => &[],
            _ if self.left.calls == 0 => &[],
            Request::Initialize(..) | Request::Authorize(..) | Request::Cancel(..) => &[
                Fate::DoneUnheard,
                Fate::Lost,
                Fate::Refused,
                Fate::RefusedDone,
                Fate::NoLine,
                Fate::Limited,
            ],
            // A look is refused only where there is nothing to see: an assumption.
            Request::Retrieve(_) => &[Fate::Lost, Fate::NoLine, Fate::Limited],
            Request::Item(_) | Request::Balance => {
                &[Fate::Lost, Fate::Refused, Fate::NoLine, Fate::Limited]
            }
        }
    }

    fn deeds(&self, actions: &mut Vec<Action>) {
        let mut all = |deed: Deed| {
            actions.extend((0..PEOPLE.len()).map(|person| Action::Person(person, deed)));
        };
        match self.state() {
            State::Received | State::Prepared(_) | State::Releasing(_) | State::Processing(_)
                if self.left.deeds > 0 =>
            {
                actions.push(Action::Person(MAKER, Deed::Withdraw));
            }
            State::PendingApproval(_) | State::Approved(_) if self.left.deeds > 0 => {
                all(Deed::Approve);
                all(Deed::Undo);
                all(Deed::Reject);
                actions.push(Action::Person(MAKER, Deed::Withdraw));
            }
            State::Frozen(_) if self.left.resolutions > 0 => {
                for resolution in Resolution::ALL {
                    all(Deed::Resolve(resolution));
                }
            }
            _ => {}
        }
    }
}
