//! What happens once nothing more goes wrong: processes run, people act, time passes, and every
//! batch ends, or waits for people with a reason.

use onay_ledger::Queue;
use onay_payout::State;

use crate::hand::{Hand, Waits};
use crate::people::ASKED;
use crate::steps::{Action, Deed, Fate};
use crate::store;
use crate::switches::Copied;
use crate::world::World;

/// Looks at a frozen batch that show nothing new, after which it counts as waiting.
pub(crate) const FRUITLESS_LOOKS: u8 = 3;

/// The next step of a calm world; none when nothing is left to happen.
pub(crate) fn next(world: &World) -> Option<Action> {
    if !world.books.late.is_empty() {
        return Some(Action::Late(0));
    }
    for hand in Hand::ALL {
        if let Some(running) = world.running(hand) {
            return Some(match running.waits {
                Waits::For(_) if !running.is_asleep => Action::Go(hand, Fate::Done),
                Waits::For(_) | Waits::With(_) => Action::Wake(hand),
            });
        }
    }
    if world.store.is_paused() {
        return Some(Action::Resume);
    }
    if is_over(world) {
        return None;
    }
    for hand in [Hand::First, Hand::Eyes] {
        if world.store.is_due(hand.queue(), world.now) {
            return Some(Action::Claim(hand));
        }
    }
    if world.books.is_short {
        return Some(Action::TopUp);
    }
    if world.books.may_advance() {
        return Some(Action::Advance);
    }
    if let State::PendingApproval(hold) = world.state()
        && world.now < hold.expires_at
        && let Some(person) = who_approves_next(world)
    {
        return Some(Action::Person(person, Deed::Approve));
    }
    world.next_moment().map(|_| Action::Pass)
}

fn who_approves_next(world: &World) -> Option<usize> {
    let policy = &crate::people::house().policies[world.policy];
    let head = world.store.batch().head();
    let counts = |person: &usize| {
        let standing = head.standing_approvals();
        let stands = standing.iter().any(|made| {
            made.person.as_str() == crate::people::PEOPLE[*person] && made.policy == policy.1.hash()
        });
        policy.0.asks(*person) && !stands
    };
    let was_asked = |person: &usize| {
        head.state.hold().is_some_and(|hold| {
            let mut asked = hold.rules.asked().into_iter();
            asked.any(|name| name.as_str() == crate::people::PEOPLE[*person])
        })
    };
    ASKED.into_iter().filter(counts).find(was_asked)
}

/// Whether nothing more can come: the batch has ended and is not looked at any more, or it is frozen
/// and looks show nothing new, or people took it as released and it was not, or the provider never
/// shows all of its items (which is found out before the release, unless the policy reads less back).
fn is_over(world: &World) -> bool {
    let is_still = !world.books.may_advance() && !world.books.is_short;
    let is_watched = world.store.jobs[store::place(Queue::Reconciler)].is_some();
    let is_fruitless = is_still && (!is_watched || world.past.looks >= FRUITLESS_LOOKS);
    match world.state() {
        State::Frozen(_) => is_fruitless,
        State::Processing(_) => {
            is_fruitless
                && (world.past.confirms > 0 || world.books.switches.copy == Copied::Missing)
        }
        state => state.is_final() && world.store.jobs.iter().all(Option::is_none),
    }
}
