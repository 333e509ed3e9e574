//! Seeded schedules: one batch each, through faults at random moments of a random provider.
//!
//! `ONAY_SCHEDULES=N` runs another number of them; `ONAY_SEED=S` runs one and tells its story.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use fastrand::Rng;

use crate::hand::{Processes, Waits};
use crate::laws::Broken;
use crate::pause::under_a_still_clock;
use crate::people::{Standing, Terms};
use crate::ports::Request;
use crate::steps::{Action, Budget, Deed, Fate, Setup};
use crate::story::Story;
use crate::switches::{
    Copied, Funds, OfMany, Outcomes, Refund, RepeatedAuth, RepeatedInit, ShowsRequestId, Switches,
    UnknownId, Words,
};
use crate::world::World;

/// Schedules of a normal run.
const SCHEDULES: u64 = 100_000;

/// Steps of a schedule before nothing more goes wrong.
const STEPS: usize = 70;

/// Steps within which its faults are planned.
const FAULTS_WITHIN: usize = 45;

/// Fewest faults of a schedule that counts.
const FAULTS_MIN: usize = 3;

/// Most faults of a schedule.
const FAULTS_MAX: usize = 6;

fn any<T: Copy>(rng: &mut Rng, all: &[T]) -> T {
    all[rng.usize(0..all.len())]
}

/// One of all, the usual one in half of the schedules.
fn mostly<T: Copy>(rng: &mut Rng, usual: T, all: &[T]) -> T {
    if rng.bool() { usual } else { any(rng, all) }
}

fn switches(rng: &mut Rng) -> Switches {
    Switches {
        repeated_init: any(rng, RepeatedInit::ALL),
        repeated_auth: any(rng, RepeatedAuth::ALL),
        unknown_id: any(rng, UnknownId::ALL),
        request_id: any(rng, ShowsRequestId::ALL),
        lag: any(rng, &[0, 0, 1, 2]),
        funds: mostly(rng, Funds::Enough, Funds::ALL),
        outcome: mostly(rng, Outcomes::Paid, Outcomes::ALL),
        refund: any(rng, Refund::ALL),
        invalid: any(rng, &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 3]),
        copy: if rng.u8(0..8) == 0 {
            any(rng, Copied::ALL)
        } else {
            Copied::Right
        },
        words: mostly(rng, Words::Plain, Words::ALL),
        of_many: any(rng, OfMany::ALL),
    }
}

fn terms(rng: &mut Rng) -> Terms {
    Terms {
        approvals: any(rng, &[1, 2]),
        read_back: any(rng, &["full", "full", "full", "full", "totals", "off"]),
        on_doubt: any(rng, &["ask", "resend"]),
        on_invalid: any(rng, &["ask", "ask", "reject"]),
        funds: any(rng, &["check", "off"]),
        mehmet: Standing::Asked,
    }
}

fn setup(rng: &mut Rng) -> Setup {
    let one_in = |rng: &mut Rng, many: u8| u8::from(rng.u8(0..many) == 0);
    let switches = switches(rng);
    // Where the oldest of several batches under one id is shown, a look hides what a store that was
    // set back has forgotten: an assumption.
    let hides = (RepeatedInit::NewBatch, OfMany::Oldest);
    let is_hidden = (switches.repeated_init, switches.of_many) == hides;
    Setup {
        switches,
        terms: terms(rng),
        items: rng.usize(2..=3),
        budget: Budget {
            calls: 6,
            late: 2,
            crashes: 4,
            sleeps: 4,
            away: 3,
            strangers: one_in(rng, 4),
            restores: if is_hidden { 0 } else { one_in(rng, 4) },
            policies: one_in(rng, 8),
            pauses: one_in(rng, 4),
            deeds: 9,
            resolutions: rng.u8(0..5),
        },
    }
}

/// Whether a step is one of those that go wrong.
const fn is_fault(action: &Action) -> bool {
    match action {
        Action::Go(_, fate) => !matches!(fate, Fate::Done),
        Action::Crash(..)
        | Action::Sleep(_)
        | Action::Stranger(_)
        | Action::Restore(_)
        | Action::NewPolicy => true,
        Action::Claim(_)
        | Action::Wake(_)
        | Action::Late(_)
        | Action::Advance
        | Action::TopUp
        | Action::Pass
        | Action::Pause
        | Action::Resume
        | Action::Person(..) => false,
    }
}

/// What people are about to do with the batch of a schedule: most are to be paid.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mood {
    Agreed,
    /// Its maker may take it back.
    Regret,
    /// Approvers may turn it down.
    Doubt,
}

fn is_against(mood: Mood, action: &Action) -> bool {
    match action {
        Action::Person(_, Deed::Withdraw) => mood != Mood::Regret,
        Action::Person(_, Deed::Reject) => mood != Mood::Doubt,
        _ => false,
    }
}

/// How often a step is chosen, compared with the others.
const fn weight(action: &Action) -> u32 {
    match action {
        Action::Go(_, Fate::Done) => 80,
        Action::Claim(_) => 40,
        Action::Person(_, Deed::Approve) => 60,
        Action::Wake(_) | Action::Advance | Action::TopUp | Action::Pause => 4,
        Action::Pass => 3,
        Action::Stranger(_) | Action::NewPolicy | Action::Person(_, Deed::Resolve(_)) => 8,
        Action::Late(_) | Action::Go(..) | Action::Crash(..) | Action::Sleep(_) => 2,
        Action::Restore(_) | Action::Resume | Action::Person(..) => 1,
    }
}

fn choose(
    rng: &mut Rng,
    actions: &[Action],
    is_wanted: impl Fn(&Action) -> bool,
) -> Option<Action> {
    let wanted = || actions.iter().filter(|action| is_wanted(action));
    let sum: u32 = wanted().map(weight).sum();
    if sum == 0 {
        return None;
    }
    let mut left = rng.u32(0..sum);
    for action in wanted() {
        match left.checked_sub(weight(action)) {
            Some(rest) => left = rest,
            None => return Some(*action),
        }
    }
    None
}

/// What came of a schedule.
pub(crate) struct Weathered {
    pub(crate) faults: usize,
    pub(crate) end: &'static str,
}

/// Runs one schedule.
pub(crate) fn weather(seed: u64, story: &mut Story) -> Result<Weathered, Broken> {
    let mut rng = Rng::with_seed(seed);
    let setup = setup(&mut rng);
    let mut world = World::new(&setup, Processes::Lasting([None, None, None]));
    story.begins(&setup);
    let mood = any(
        &mut rng,
        &[Mood::Agreed, Mood::Agreed, Mood::Regret, Mood::Doubt],
    );
    let mut planned: [usize; FAULTS_MAX] = std::array::from_fn(|_| rng.usize(0..FAULTS_WITHIN));
    planned.sort_unstable();
    let mut faults = 0;
    let mut actions = Vec::new();
    for step in 0..STEPS {
        world.actions(&mut actions);
        let is_time = faults < FAULTS_MAX && planned[faults] <= step;
        let is_money = faults < FAULTS_MAX && rng.bool() && is_at_money(&world);
        let fault = (is_time || is_money)
            .then(|| choose(&mut rng, &actions, is_fault))
            .flatten();
        let action = fault.or_else(|| {
            choose(&mut rng, &actions, |action| {
                !is_fault(action) && !is_against(mood, action)
            })
        });
        let Some(action) = action else {
            break;
        };
        faults += usize::from(fault.is_some());
        story.acts(&mut world, action)?;
    }
    while let Some(fault) = (faults < FAULTS_MIN)
        .then(|| {
            world.actions(&mut actions);
            choose(&mut rng, &actions, is_fault)
        })
        .flatten()
    {
        faults += 1;
        story.acts(&mut world, fault)?;
    }
    story.calms(&mut world)?;
    Ok(Weathered {
        faults,
        end: world.state().name(),
    })
}

/// Whether a process is about to start, or to cancel, what moves money.
fn is_at_money(world: &World) -> bool {
    let mut running = world.hands.iter().flatten();
    running.any(|running| {
        matches!(
            running.waits,
            Waits::For(Request::Authorize(..) | Request::Cancel(..))
        )
    })
}

fn number(variable: &str) -> Option<u64> {
    std::env::var_os(variable)?.to_str()?.parse().ok()
}

#[test]
fn no_storm_breaks_a_law() {
    if let Some(seed) = number("ONAY_SEED") {
        return tell(seed);
    }
    let run = Run {
        wanted: number("ONAY_SCHEDULES").unwrap_or(SCHEDULES),
        next: AtomicU64::new(0),
        counted: AtomicU64::new(0),
        faults: AtomicU64::new(0),
    };
    let began = Instant::now();
    let threads = std::thread::available_parallelism().map_or(2, NonZero::get);
    let ends = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(|| run.work())).collect();
        let mut all = Ends::new();
        for thread in threads {
            for (end, count) in thread.join().unwrap() {
                *all.entry(end).or_default() += count;
            }
        }
        all
    });
    let took = began.elapsed().as_millis().max(1);
    let counted = run.counted.into_inner();
    println!(
        "{counted} schedules, {} faults, {took} ms, {} a minute; {} more had fewer than {FAULTS_MIN} \
         faults and do not count; ends: {ends:?}",
        run.faults.into_inner(),
        u128::from(counted) * 60_000 / took,
        run.next.into_inner() - counted,
    );
}

/// How many schedules came to which end.
type Ends = BTreeMap<&'static str, u64>;

/// All schedules of a run.
struct Run {
    wanted: u64,
    next: AtomicU64,
    counted: AtomicU64,
    faults: AtomicU64,
}

impl Run {
    /// One thread's share. Stops everybody at the first law that breaks.
    fn work(&self) -> Ends {
        let mut ends = Ends::new();
        under_a_still_clock(|| {
            while self.counted.load(Ordering::Relaxed) < self.wanted {
                let seed = self.next.fetch_add(1, Ordering::Relaxed);
                match weather(seed, &mut Story::Untold) {
                    Ok(weathered) if weathered.faults >= FAULTS_MIN => {
                        self.counted.fetch_add(1, Ordering::Relaxed);
                        self.faults
                            .fetch_add(weathered.faults as u64, Ordering::Relaxed);
                        *ends.entry(weathered.end).or_default() += 1;
                    }
                    Ok(_) => {}
                    Err(_) => {
                        self.counted.store(self.wanted, Ordering::Relaxed);
                        tell(seed);
                    }
                }
            }
        });
        ends
    }
}

/// Plays one schedule and tells its story; fails when a law does.
fn tell(seed: u64) {
    let mut story = Story::Told(Vec::new());
    let end = under_a_still_clock(|| weather(seed, &mut story));
    let text = story.text();
    match end {
        Ok(weathered) => println!("{text}\nends {}", weathered.end),
        Err(broken) => panic!(
            "{text}\nLAW BROKEN: {:?}: {}\n  {}\n  again: ONAY_SEED={seed}",
            broken.law,
            broken.law.sentence(),
            broken.what
        ),
    }
}
