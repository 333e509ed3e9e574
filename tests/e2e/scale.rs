//! Any number of workers on one Redis: while batches flow, processes are killed again and again, and
//! Redis once. In the end everything approved is paid, and the provider's books are counted.
//!
//! `ONAY_SCALE=full` plays the full form, of five minutes, instead of the short one.

use std::collections::BTreeMap;
use std::iter::repeat_n;
use std::time::{Duration, Instant};

use fastrand::Rng;
use onay_ledger::Access;
use onay_ledger::conformance::redis_server::RedisServer;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::desk::Caller;
use crate::files::{batch, kurus};
use crate::process::{Process, until};
use crate::simulator::Books;
use crate::world::{Setup, World};

/// How much is played.
#[derive(Debug)]
struct Size {
    workers: usize,
    /// Batches of one to four items.
    small: usize,
    /// Batches of [`BIG`] items.
    big: usize,
    kills: usize,
}

const SHORT: Size = Size {
    workers: 2,
    small: 200,
    big: 1,
    kills: 10,
};

/// For each number of workers.
const FULL: [usize; 3] = [1, 2, 4];

const BIG: usize = 5_000;

const RECONCILERS: usize = 2;

/// Between two kills.
const LIFE: Duration = Duration::from_secs(1);

/// Most batches that are decided on in a row: more than are left undecided.
const PAGE: usize = 200;

/// States that something follows without people.
const MOVING: [&str; 7] = [
    "received",
    "preparing",
    "prepared",
    "approved",
    "releasing",
    "processing",
    "cancelling",
];

#[test]
fn workers_that_are_killed_with_their_redis_pay_each_approved_item_once_and_nothing_else() {
    match std::env::var_os("ONAY_SCALE") {
        None => play(&SHORT),
        Some(form) if form == "full" => {
            for workers in FULL {
                play(&Size {
                    workers,
                    small: 2_000,
                    big: 10,
                    kills: 60,
                });
            }
        }
        Some(form) => panic!("ONAY_SCALE is {form:?}; the only form it knows is `full`"),
    }
}

/// What people want of a batch.
#[derive(PartialEq)]
enum Wish {
    Approve,
    /// Only once Redis was killed and is back.
    ApproveLate,
    Reject,
    /// Nobody decides.
    Leave,
}

impl Wish {
    fn of(number: usize) -> Self {
        match number % 50 {
            1 => Self::Leave,
            2 | 3 => Self::ApproveLate,
            4 | 41..=43 => Self::Reject,
            _ => Self::Approve,
        }
    }
}

fn id(number: usize) -> String {
    format!("scale-{number}")
}

fn number(shown: &Value) -> usize {
    let id = shown["external_id"].as_str().unwrap();
    id.strip_prefix("scale-").unwrap().parse().unwrap()
}

impl Size {
    /// How many batches there are.
    fn batches(&self) -> usize {
        self.small + self.big
    }

    /// How many items a batch has.
    fn items(&self, number: usize) -> usize {
        if number < self.small {
            number % 4 + 1
        } else {
            BIG
        }
    }

    fn is_at_rest(&self, states: &BTreeMap<String, u64>) -> bool {
        let count = |state: &str| states.get(state).copied().unwrap_or_default();
        let left = (0..self.batches()).filter(|number| Wish::of(*number) == Wish::Leave);
        let left = u64::try_from(left.count()).unwrap();
        MOVING.iter().all(|state| count(state) == 0) && count("pending_approval") == left
    }
}

fn play(size: &Size) {
    let (start, seed) = (Instant::now(), fastrand::u64(..1 << 50));
    eprintln!("seed {seed}: {size:?}");
    let server = RedisServer::start();
    let world = Setup::default()
        .policy("quiet_period = \"10m\"", "quiet_period = \"2s\"")
        .person("oya", &["operator"])
        // Answers take a moment, so that most kills meet calls under way.
        .simulator(&["--latency", "100ms", "--balance", "1000000000"])
        .store(server.url())
        .build();
    world
        .simulator
        .behave(&json!({ "repeated_auth": "pays_twice" }));
    let mut console = world.start(&["console"]);
    let url = console.told("console on ");
    let mut people = People {
        ayse: Caller::new(&url, world.token("ayse")),
        mehmet: Caller::new(&url, world.token("mehmet")),
        approves_late: false,
    };

    let mut crew = Crew::start(&world, size.workers, Rng::with_seed(seed));
    flow(size, &mut people, &mut crew, &server);
    let calm = Instant::now();
    let parked = rest(size, &world, &people);
    let rested = calm.elapsed();
    for shown in &parked {
        assert_eq!(shown["frozen"]["why"], "release_unconfirmed", "{shown:#}");
        world.resolve_by_two(&id(number(shown)), "retry-release");
    }
    assert_eq!(rest(size, &world, &people), Vec::<Value>::new());

    let books = world.books();
    let ends = compare(size, &people.ayse.batches(), &books);
    world.run(&["audit", "verify"]).expect(0);
    eprintln!(
        "{ends:?}; {} payments, {} TRY, {:?}; {} releases left to people and sent by them; killed for {:?}, \
         at rest {rested:?} later, all in {:?}",
        books.paid_items,
        books.paid_total,
        books.calls,
        parked.len(),
        calm.duration_since(start),
        start.elapsed(),
    );
}

/// A maker and an approver.
struct People {
    ayse: Caller,
    mehmet: Caller,
    approves_late: bool,
}

impl People {
    fn decide_held(&self) {
        for shown in &self.mehmet.held(PAGE) {
            match Wish::of(number(shown)) {
                Wish::Approve => self.mehmet.decide(shown, "approve"),
                Wish::ApproveLate if self.approves_late => self.mehmet.decide(shown, "approve"),
                Wish::Reject => self.mehmet.decide(shown, "reject"),
                Wish::ApproveLate | Wish::Leave => {}
            }
        }
    }
}

/// Submits everything evenly while somebody is killed in each [`LIFE`], and Redis in the middle.
fn flow(size: &Size, people: &mut People, crew: &mut Crew, server: &RedisServer) {
    let mut numbers: Vec<usize> = (0..size.batches()).collect();
    crew.chance.shuffle(&mut numbers);
    let in_each_life = size.batches().div_ceil(size.kills);
    let pace = LIFE / u32::try_from(in_each_life).unwrap();
    let mut next = Instant::now();
    for (life, share) in numbers.chunks(in_each_life).enumerate() {
        let dies_after = crew.chance.choice(share);
        for number in share {
            people
                .ayse
                .submit(&batch(&id(*number), size.items(*number)));
            people.decide_held();
            if dies_after == Some(number) && life == size.kills / 2 {
                server.kill();
                crew.kill_one();
                server.start_again();
                people.approves_late = true;
            } else if dies_after == Some(number) {
                crew.kill_one();
            }
            next += pace;
            std::thread::sleep(next.saturating_duration_since(Instant::now()));
        }
    }
}

/// Those who work.
struct Crew<'a> {
    world: &'a World,
    members: Vec<(&'static str, Process)>,
    chance: Rng,
}

impl<'a> Crew<'a> {
    fn start(world: &'a World, workers: usize, chance: Rng) -> Self {
        let roles = [("worker", workers), ("reconciler", RECONCILERS)];
        let roles = roles
            .into_iter()
            .flat_map(|(role, count)| repeat_n(role, count));
        let members = roles.map(|role| (role, world.start(&[role]))).collect();
        Self {
            world,
            members,
            chance,
        }
    }

    /// Another takes the place of the one that is killed.
    fn kill_one(&mut self) {
        let at = self.chance.usize(..self.members.len());
        let (role, killed) = self.members.swap_remove(at);
        killed.kill();
        self.members.push((role, self.world.start(&[role])));
    }
}

/// What is frozen once nothing moves any more. As long as anything changes, it is waited for.
#[track_caller]
fn rest(size: &Size, world: &World, people: &People) -> Vec<Value> {
    let runtime = Runtime::new().unwrap();
    let open = onay_ledger::open(&world.store_url, Access::Existing);
    let ledger = runtime.block_on(open).unwrap();
    let states = || runtime.block_on(ledger.stats()).unwrap().by_state;
    let mut seen = states();
    while !size.is_at_rest(&seen) {
        seen = until("any batch that moves", || {
            people.decide_held();
            Some(states()).filter(|now| *now != seen)
        });
    }
    // What is frozen and moves all the same goes on by itself.
    until("the end of what is frozen", || {
        let (mut batches, books) = (people.mehmet.batches(), world.books());
        batches.retain(|shown| shown["state"] == "frozen");
        let unpaid = |shown: &Value| books.batch(&id(number(shown))).authorized_times == 0;
        batches.iter().all(unpaid).then_some(batches)
    })
}

/// Batch by batch, and all of them together; how many there are in each state.
#[track_caller]
fn compare(size: &Size, batches: &[Value], books: &Books) -> BTreeMap<String, usize> {
    let (mut ends, mut items, mut paid) = (BTreeMap::new(), 0, 0);
    for shown in batches {
        let (number, state) = (number(shown), shown["state"].as_str().unwrap());
        let book = books.batch(&id(number));
        match Wish::of(number) {
            Wish::Approve | Wish::ApproveLate => {
                assert_eq!(state, "settled", "{shown:#}");
                assert_eq!(book.items.len(), size.items(number));
                book.assert_paid_once();
                items += book.items.len();
            }
            Wish::Reject => {
                assert_eq!(state, "rejected", "{shown:#}");
                book.assert_never_released("CANCELED");
            }
            Wish::Leave => {
                assert_eq!(state, "pending_approval", "{shown:#}");
                book.assert_never_released("INIT");
            }
        }
        assert_eq!(shown["tie_out"]["difference"], "0.00", "{shown:#}");
        paid += kurus(&shown["tie_out"]["paid"]);
        *ends.entry(state.to_owned()).or_default() += 1;
    }
    assert_eq!(batches.len(), size.batches());
    assert_eq!(books.batches.len(), size.batches());
    assert_eq!(books.calls.auth, u64::try_from(ends["settled"]).unwrap());
    assert_eq!((books.paid_items, books.payments_max_per_item), (items, 1));
    assert_eq!(kurus(&json!(books.paid_total)), paid);
    ends
}
