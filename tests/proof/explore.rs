//! Small worlds, explored to the end: every order of steps, every fault that the budget allows, at
//! every step; and from every state on, that it comes to an end once nothing more goes wrong.
//!
//! An own search of a page: `stateright` brings a web server, and its check that something happens
//! eventually does not see cycles, while here a calm run must end from every single state.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use crate::calm;
use crate::hand::Processes;
use crate::key::key;
use crate::laws::{self, Broken, Law};
use crate::pause::under_a_still_clock;
use crate::people::{MAKER, Terms};
use crate::steps::{Action, Budget, Deed, Setup};
use crate::story::{CALM_STEPS_MAX, Story};
use crate::switches::{RepeatedInit, ShowsRequestId, Switches, Words};
use crate::world::{World, broken};

/// A world that is explored, and the people in it.
struct Config {
    name: &'static str,
    setup: Setup,
    people: &'static [usize],
}

const NOTHING: Budget = Budget {
    calls: 0,
    late: 0,
    crashes: 0,
    sleeps: 0,
    away: 0,
    strangers: 0,
    restores: 0,
    policies: 0,
    pauses: 0,
    deeds: 1,
    resolutions: 0,
};

const USUAL: Setup = Setup {
    switches: Switches::USUAL,
    terms: Terms::USUAL,
    items: 1,
    budget: NOTHING,
};

const RESEND: Terms = Terms {
    on_doubt: "resend",
    ..Terms::USUAL
};

const CONFIGS: [Config; 8] = [
    Config {
        name: "an answer is lost, and a process crashes",
        setup: Setup {
            budget: Budget {
                calls: 1,
                crashes: 1,
                ..NOTHING
            },
            ..USUAL
        },
        people: &[0],
    },
    Config {
        name: "a write arrives late, and a process crashes; in doubt it is sent again",
        setup: Setup {
            terms: RESEND,
            budget: Budget {
                late: 1,
                crashes: 1,
                ..NOTHING
            },
            ..USUAL
        },
        people: &[0],
    },
    Config {
        name: "a process sleeps while another has its job",
        setup: Setup {
            budget: Budget {
                sleeps: 1,
                ..NOTHING
            },
            ..USUAL
        },
        people: &[0],
    },
    Config {
        name: "people change their minds, and a process crashes",
        setup: Setup {
            budget: Budget {
                deeds: 3,
                crashes: 1,
                ..NOTHING
            },
            ..USUAL
        },
        people: &[0, MAKER],
    },
    Config {
        name: "people resolve an unanswered release, whatever is true",
        setup: Setup {
            budget: Budget {
                late: 1,
                resolutions: 2,
                ..NOTHING
            },
            ..USUAL
        },
        people: &[0, 1],
    },
    Config {
        name: "the provider tells no request id and takes no second batch; two answers are lost",
        setup: Setup {
            switches: Switches {
                repeated_init: RepeatedInit::Refuses,
                request_id: ShowsRequestId::Never,
                words: Words::BothLag,
                ..Switches::USUAL
            },
            budget: Budget {
                calls: 2,
                ..NOTHING
            },
            ..USUAL
        },
        people: &[0],
    },
    Config {
        name: "the store is away, and somebody else's hand is at the provider",
        setup: Setup {
            terms: RESEND,
            budget: Budget {
                away: 1,
                strangers: 1,
                ..NOTHING
            },
            ..USUAL
        },
        people: &[0],
    },
    Config {
        name: "releases are paused and resumed at any moment, and a process crashes",
        setup: Setup {
            budget: Budget {
                pauses: 1,
                crashes: 1,
                ..NOTHING
            },
            ..USUAL
        },
        people: &[0],
    },
];

/// Where a state was met first: its key, the one before, and the step between them.
type Met = HashMap<u64, (u64, Action)>;

/// The number of maps the states are spread over.
const SHARDS: u64 = 64;

fn shard(key: u64) -> usize {
    usize::try_from(key % SHARDS).unwrap()
}

struct Search<'c> {
    config: &'c Config,
    met: Vec<Mutex<Met>>,
    calm: Vec<Mutex<HashSet<u64>>>,
    transitions: AtomicUsize,
}

impl Search<'_> {
    fn begin(&self) -> World {
        let mut world = World::new(&self.config.setup, Processes::Fleeting);
        world.store.attempts_max = 3;
        world
    }

    /// Notes a state; says whether it is new.
    fn meets(&self, key: u64, from: (u64, Action)) -> bool {
        let mut shard = self.met[shard(key)].lock().unwrap();
        match shard.entry(key) {
            std::collections::hash_map::Entry::Occupied(_) => false,
            std::collections::hash_map::Entry::Vacant(place) => {
                place.insert(from);
                true
            }
        }
    }

    fn is_allowed(&self, world: &World, action: Action) -> bool {
        match action {
            // That two people must agree is a law of its own; here each does one half.
            Action::Person(person, Deed::Resolve(resolution)) => match &world.past.proposal {
                None => person == self.config.people[0],
                Some((proposed, _)) => person == self.config.people[1] && *proposed == resolution,
            },
            Action::Person(person, deed) => {
                self.config.people.contains(&person) && (person != 0 || deed != Deed::Withdraw)
            }
            _ => true,
        }
    }

    /// All that may come next of one state.
    fn expand(
        &self,
        (before, world): &(u64, World),
        next: &mut Vec<(u64, World)>,
    ) -> Result<(), Found> {
        let mut actions = Vec::new();
        world.actions(&mut actions);
        for action in actions
            .into_iter()
            .filter(|action| self.is_allowed(world, *action))
        {
            let mut after = world.clone();
            after.act(action).map_err(|broken| Found {
                broken,
                key: *before,
                last: Some(action),
            })?;
            self.transitions.fetch_add(1, Ordering::Relaxed);
            let key = key(&after);
            if self.meets(key, (*before, action)) {
                self.calms(&after).map_err(|broken| Found {
                    broken,
                    key,
                    last: None,
                })?;
                if !after.state().is_final() {
                    next.push((key, after));
                }
            }
        }
        Ok(())
    }

    /// Nothing more goes wrong: the batch ends, or waits for people.
    fn calms(&self, world: &World) -> Result<(), Broken> {
        let mut world = world.clone();
        for _ in 0..CALM_STEPS_MAX {
            let key = key(&world);
            if !self.calm[shard(key)].lock().unwrap().insert(key) {
                return Ok(());
            }
            match calm::next(&world) {
                Some(action) => world.act(action)?,
                None => return laws::parked(&world),
            }
        }
        broken(Law::Ends, format!("still `{}`", world.state().name()))
    }

    /// The steps that led to a state.
    fn path(&self, mut key: u64) -> Vec<Action> {
        let mut path = Vec::new();
        while let Some((before, action)) = self.met[shard(key)].lock().unwrap().get(&key) {
            if *before == key {
                break;
            }
            path.push(*action);
            key = *before;
        }
        path.reverse();
        path
    }
}

/// A state in which a law does not hold: the last state before, and the step that broke it.
struct Found {
    broken: Broken,
    key: u64,
    last: Option<Action>,
}

fn explore(config: &Config) -> (usize, usize) {
    let search = Search {
        config,
        met: (0..SHARDS).map(|_| Mutex::default()).collect(),
        calm: (0..SHARDS).map(|_| Mutex::default()).collect(),
        transitions: AtomicUsize::new(0),
    };
    let first = under_a_still_clock(|| {
        let world = search.begin();
        (key(&world), world)
    });
    search.meets(first.0, (first.0, Action::Pass));
    let mut level = vec![first];
    let threads = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    while !level.is_empty() {
        let share = level.len().div_ceil(threads);
        let mut shares = Vec::new();
        while !level.is_empty() {
            shares.push(level.split_off(level.len().saturating_sub(share)));
        }
        let parts = std::thread::scope(|scope| {
            let parts: Vec<_> = shares
                .into_iter()
                .map(|part| {
                    let search = &search;
                    scope.spawn(move || {
                        under_a_still_clock(|| {
                            let mut next = Vec::new();
                            for state in part {
                                search.expand(&state, &mut next)?;
                            }
                            Ok(next)
                        })
                    })
                })
                .collect();
            parts
                .into_iter()
                .map(|part| part.join().unwrap())
                .collect::<Vec<Result<_, Found>>>()
        });
        for part in parts {
            match part {
                Ok(next) => level.extend(next),
                Err(found) => tell(&search, &found),
            }
        }
    }
    let states = search.met.iter().map(|met| met.lock().unwrap().len());
    (states.sum(), search.transitions.into_inner())
}

/// Tells how a law came to be broken.
fn tell(search: &Search<'_>, found: &Found) -> ! {
    let mut story = Story::Told(Vec::new());
    story.begins(&search.config.setup);
    under_a_still_clock(|| {
        let mut world = search.begin();
        let path = search.path(found.key);
        for action in path.into_iter().chain(found.last) {
            let _ = story.acts(&mut world, action);
        }
        if found.last.is_none() {
            let _ = story.calms(&mut world);
        }
    });
    panic!(
        "{}\n{}\nLAW BROKEN: {:?}: {}\n  {}",
        search.config.name,
        story.text(),
        found.broken.law,
        found.broken.law.sentence(),
        found.broken.what
    );
}

#[test]
fn no_order_of_steps_breaks_a_law() {
    for config in &CONFIGS {
        let began = Instant::now();
        let (states, transitions) = explore(config);
        println!(
            "{states:>9} states {transitions:>9} transitions {:>6.1} s  {}",
            began.elapsed().as_secs_f64(),
            config.name
        );
    }
}
