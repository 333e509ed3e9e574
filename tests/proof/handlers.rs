//! Every handler, run twice and failed at each effect once: a walk to each end, disturbed at one
//! place, comes to the same end.

use onay_ledger::Queue;
use onay_payout::State;

use crate::calm;
use crate::hand::{Hand, Processes, Waits};
use crate::laws::{self, Broken, Law};
use crate::pause::under_a_still_clock;
use crate::people::Terms;
use crate::ports::Request;
use crate::steps::{Action, Budget, Deed, Fate, Setup};
use crate::store::{self, Job};
use crate::switches::{Outcomes, Switches};
use crate::world::{World, broken};

/// Where a walk leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Walk {
    Paid,
    Failed,
    Rejected,
    Withdrawn,
    Expired,
}

const WALKS: [(Walk, &str); 5] = [
    (Walk::Paid, "settled"),
    (Walk::Failed, "failed"),
    (Walk::Rejected, "rejected"),
    (Walk::Withdrawn, "withdrawn"),
    (Walk::Expired, "expired"),
];

/// What happens at one effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Disturbance {
    /// It goes wrong.
    Goes(Fate),
    /// Its process crashes: before it, or after it was carried out.
    Crash(Fate),
    /// The job is handed out a second time before it, and worked on to the end.
    Again(Queue),
    /// Its process sleeps until somebody else has its job.
    Asleep(Fate),
}

const DISTURBANCES: [Disturbance; 16] = [
    Disturbance::Goes(Fate::DoneUnheard),
    Disturbance::Goes(Fate::Lost),
    Disturbance::Goes(Fate::DoneLater),
    Disturbance::Goes(Fate::Refused),
    Disturbance::Goes(Fate::RefusedDone),
    Disturbance::Goes(Fate::NoLine),
    Disturbance::Goes(Fate::Limited),
    Disturbance::Goes(Fate::Stale),
    Disturbance::Goes(Fate::LeaseLost),
    Disturbance::Crash(Fate::Lost),
    Disturbance::Crash(Fate::Done),
    Disturbance::Again(Queue::Worker),
    Disturbance::Again(Queue::Reconciler),
    Disturbance::Asleep(Fate::Lost),
    Disturbance::Asleep(Fate::Done),
    Disturbance::Goes(Fate::Done),
];

/// Steps of a walk.
const STEPS_MAX: usize = 600;

fn begin(walk: Walk) -> World {
    let budget = Budget {
        calls: 9,
        late: 9,
        crashes: 9,
        sleeps: 9,
        away: 9,
        deeds: 9,
        ..Budget::default()
    };
    let outcome = if walk == Walk::Failed {
        Outcomes::Failed
    } else {
        Outcomes::Paid
    };
    let setup = Setup {
        switches: Switches {
            outcome,
            ..Switches::USUAL
        },
        terms: Terms {
            on_doubt: "resend",
            funds: "check",
            ..Terms::USUAL
        },
        items: 2,
        budget,
    };
    World::new(&setup, Processes::Lasting([None, None, None]))
}

/// The next step of a walk; none at its end.
fn next(world: &World, walk: Walk) -> Option<Action> {
    let is_busy = world.hands.iter().any(Option::is_some);
    if let (State::PendingApproval(_), false) = (world.state(), is_busy) {
        return match walk {
            Walk::Paid | Walk::Failed => calm::next(world),
            Walk::Rejected => Some(Action::Person(1, Deed::Reject)),
            Walk::Withdrawn => Some(Action::Person(crate::people::MAKER, Deed::Withdraw)),
            Walk::Expired if world.store.is_due(Queue::Worker, world.now) => {
                Some(Action::Claim(Hand::First))
            }
            Walk::Expired => Some(Action::Pass),
        };
    }
    calm::next(world)
}

/// The process that is about to have something carried out, and what.
fn about_to(world: &World, action: Action) -> Option<(Hand, Request)> {
    let Action::Go(hand, _) = action else {
        return None;
    };
    match &world.running(hand)?.waits {
        Waits::For(request) => Some((hand, request.clone())),
        Waits::With(_) => None,
    }
}

/// Walks, and disturbs the effect at `place`. Says which effect that was, of a batch in which state,
/// and how the walk ended; nothing when it ended before.
fn disturbed(
    walk: Walk,
    disturbance: Disturbance,
    place: usize,
) -> Result<Option<(Request, &'static str, &'static str)>, Broken> {
    let mut world = begin(walk);
    let (mut effects, mut hit) = (0, None);
    for _ in 0..STEPS_MAX {
        let Some(action) = next(&world, walk) else {
            let end = world.state().name();
            laws::parked(&world)?;
            return Ok(hit.map(|(request, state)| (request, state, end)));
        };
        match about_to(&world, action).filter(|_| hit.is_none()) {
            Some((hand, request)) if effects == place => {
                hit = Some((request, world.state().name()));
                disturb(&mut world, hand, disturbance)?;
            }
            about => {
                effects += usize::from(about.is_some());
                world.act(action)?;
            }
        }
    }
    broken(Law::Ends, format!("still `{}`", world.state().name()))
}

fn disturb(world: &mut World, hand: Hand, disturbance: Disturbance) -> Result<(), Broken> {
    match disturbance {
        Disturbance::Goes(fate) => world.act(Action::Go(hand, fate)),
        Disturbance::Crash(fate) => world.act(Action::Crash(hand, fate)),
        Disturbance::Again(queue) => {
            world.store.jobs[store::place(queue)] = Some(Job {
                ready_at: world.now,
                attempt: 0,
                fence: None,
            });
            work(world, idle(world, queue))
        }
        Disturbance::Asleep(fate) => {
            if fate == Fate::Done {
                world.act(Action::Go(hand, Fate::DoneAsleep))?;
            } else {
                world.act(Action::Sleep(hand))?;
            }
            let until = world.now + store::LEASE;
            while world.next_moment().is_some_and(|moment| moment <= until) {
                world.act(Action::Pass)?;
            }
            if hand != Hand::Eyes && world.store.is_due(Queue::Worker, world.now) {
                work(world, Hand::Second)?;
            }
            Ok(())
        }
    }
}

fn idle(world: &World, queue: Queue) -> Hand {
    match queue {
        Queue::Worker if world.running(Hand::First).is_none() => Hand::First,
        Queue::Worker => Hand::Second,
        Queue::Reconciler => Hand::Eyes,
    }
}

/// Works on a job from its claim to its end.
fn work(world: &mut World, hand: Hand) -> Result<(), Broken> {
    if world.running(hand).is_some() {
        return Ok(());
    }
    world.act(Action::Claim(hand))?;
    while world.running(hand).is_some() {
        world.act(Action::Go(hand, Fate::Done))?;
    }
    Ok(())
}

/// Whether this can go wrong at such a request at all.
fn fits(request: &Request, disturbance: Disturbance) -> bool {
    let Disturbance::Goes(fate) = disturbance else {
        return true;
    };
    match request {
        Request::Load | Request::Cells(_) => matches!(fate, Fate::Done | Fate::Lost),
        Request::Commit(_) => matches!(
            fate,
            Fate::Done | Fate::Lost | Fate::DoneUnheard | Fate::Stale | Fate::LeaseLost
        ),
        Request::Retrieve(_) | Request::Item(_) | Request::Balance => {
            matches!(fate, Fate::Done | Fate::Lost | Fate::NoLine | Fate::Limited)
        }
        Request::Initialize(..) | Request::Authorize(..) | Request::Cancel(..) => {
            !matches!(fate, Fate::Stale | Fate::LeaseLost)
        }
    }
}

/// Where a disturbed walk ends; the same end as undisturbed, but for a clear no of the provider.
fn expected(request: &Request, disturbance: Disturbance, end: &'static str) -> &'static str {
    match (request, disturbance) {
        (Request::Initialize(..), Disturbance::Goes(Fate::Refused)) => "refused",
        (Request::Authorize(..), Disturbance::Goes(Fate::Refused)) => "frozen",
        _ => end,
    }
}

#[test]
fn every_handler_comes_to_the_same_end_run_twice_or_failed_at_any_effect() {
    under_a_still_clock(|| {
        let (mut runs, mut wrong) = (0, Vec::new());
        for (walk, end) in WALKS {
            for disturbance in DISTURBANCES {
                for place in 0.. {
                    // What does not fit its effect is skipped without running it.
                    let calm = disturbed(walk, Disturbance::Goes(Fate::Done), place).unwrap();
                    let Some((request, state, _)) = calm else {
                        break;
                    };
                    if !fits(&request, disturbance) {
                        continue;
                    }
                    runs += 1;
                    let expected = expected(&request, disturbance, end);
                    let ended = disturbed(walk, disturbance, place);
                    let ended = ended.map(|hit| hit.map_or("nowhere", |(_, _, end)| end));
                    if !matches!(ended, Ok(ended) if ended == expected) {
                        wrong.push(format!(
                            "{walk:?}, {disturbance:?} at effect {place} in {state}: {ended:?}, \
                             not {expected}"
                        ));
                    }
                }
            }
        }
        assert!(
            wrong.is_empty(),
            "{} of {runs}:\n{}",
            wrong.len(),
            wrong.join("\n")
        );
        println!("{runs} disturbed walks to {} ends", WALKS.len());
    });
}
