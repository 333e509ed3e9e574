//! Everything goes wrong at once: faults on every endpoint, and `kill -9` of everybody who works.
//!
//! Then it calms down, all must come to rest, and the provider's books are compared with ours.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::desk::Caller;
use crate::files::{batch, kurus};
use crate::process::until;
use crate::simulator::Books;
use crate::world::{Setup, World};

const BATCHES: usize = 200;
const KILLS: usize = 36;

/// How long somebody lives before the next one is killed. A start takes a tenth of it.
const LIFE_MILLIS: std::ops::Range<u64> = 250..1_000;

/// What a call meets, of a thousand calls each. What is answered with 50000 or 401 waits a minute, so it
/// is left to other tests.
const FAULTS: [(&str, u16); 16] = [
    ("close_before_work", 12),
    ("reset_before_work", 8),
    ("error_before_work", 8),
    ("bad_gateway_before_work", 8),
    ("failure_before_work", 8),
    ("lose_answer_after_work", 20),
    ("lose_answer_then_work", 20),
    ("reset_after_work", 10),
    ("never_answer", 6),
    ("cut_answer", 10),
    ("empty_answer", 8),
    ("malformed_answer", 8),
    ("html_answer", 8),
    ("bad_gateway_after_work", 8),
    ("error_after_work", 8),
    ("failure_after_work", 8),
];
const ENDPOINTS: [&str; 6] = ["init", "auth", "retrieve", "item", "cancel", "balance"];

#[test]
fn in_a_storm_nothing_is_paid_twice_nor_unapproved_and_what_is_unpaid_has_its_reason() {
    let frozen = storm("pays_twice", Setup::default());
    assert!(
        frozen.keys().all(|why| why == "release_unconfirmed"),
        "{frozen:?}"
    );
}

#[test]
fn in_a_storm_everything_approved_is_paid_where_a_release_may_be_repeated() {
    let frozen = storm("same_answer", Setup::default().resend());
    assert!(frozen.is_empty(), "{frozen:?}");
}

/// What people want of a batch.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Wish {
    Approve,
    Reject,
    Withdraw,
    /// Nobody decides.
    Leave,
}

impl Wish {
    fn of(shown: &Value) -> Self {
        let id = shown["external_id"].as_str().unwrap();
        let number: usize = id.strip_prefix("storm-").unwrap().parse().unwrap();
        match number % 10 {
            0 => Self::Reject,
            1 => Self::Withdraw,
            2 => Self::Leave,
            _ => Self::Approve,
        }
    }

    fn ends(self) -> &'static [&'static str] {
        match self {
            Self::Approve => &["settled", "partly_settled", "failed", "frozen", "refused"],
            Self::Reject => &["rejected", "refused"],
            Self::Withdraw => &["withdrawn", "refused"],
            Self::Leave => &["pending_approval", "refused"],
        }
    }
}

/// How many batches are frozen in the end, by reason.
fn storm(repeated_auth: &str, setup: Setup) -> BTreeMap<String, usize> {
    let (start, seed) = (Instant::now(), fastrand::u64(..1 << 50));
    eprintln!("{repeated_auth}: seed {seed}");
    let shares = [
        "--share-invalid",
        "40",
        "--share-failed",
        "60",
        "--share-refunded",
        "700",
    ];
    let world = setup.short_doubt().simulator(&shares).build();
    world
        .simulator
        .behave(&json!({ "repeated_auth": repeated_auth }));
    world.simulator.plan(&faults(seed));
    let mut console = world.start(&["console"]);
    let url = console.told("console on ");
    let people = People {
        ayse: Caller::new(&url, world.token("ayse")),
        mehmet: Caller::new(&url, world.token("mehmet")),
    };

    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0..BATCHES {
                people.ayse.submit(&batch(&format!("storm-{n}"), n % 4 + 1));
            }
            while !is_over.load(Ordering::Relaxed) {
                people.decide_held();
            }
        });
        kill_many(&world, seed);
        is_over.store(true, Ordering::Relaxed);
    });
    let met = world.simulator.faults().met;
    world.simulator.clear_faults();
    let calm = Instant::now();
    let _roles = [world.start(&["serve"]), world.start(&["worker"])];
    let (batches, books) = rest(&world, &people);
    let frozen = compare(&batches, &books);
    world.run(&["audit", "verify"]).expect(0);
    eprintln!(
        "{repeated_auth}, seed {seed}: {KILLS} kills, {} faults met {met:?}; {:?}; frozen {frozen:?}; \
         {} payments, {} TRY; calm after {:?}, at rest {:?} later",
        met.values().sum::<u64>(),
        states(&batches),
        books.paid_items,
        books.paid_total,
        calm.duration_since(start),
        calm.elapsed(),
    );
    frozen
}

/// Every batch once nothing moves any more, and the provider's books then.
#[track_caller]
fn rest(world: &World, people: &People) -> (Vec<Value>, Books) {
    until("rest", || {
        people.decide_held();
        let (batches, books) = (people.ayse.batches(), world.books());
        let is_calm = batches.iter().all(|batch| is_at_rest(batch, &books));
        is_calm.then_some((batches, books))
    })
}

/// Batch by batch, and all of them together; how many are frozen, by reason.
#[track_caller]
fn compare(batches: &[Value], books: &Books) -> BTreeMap<String, usize> {
    let mut frozen = BTreeMap::<String, usize>::new();
    let mut paid = 0;
    for batch in batches {
        check(batch, books);
        paid += kurus(&batch["tie_out"]["paid"]);
        if let Some(why) = batch["frozen"]["why"].as_str() {
            *frozen.entry(why.to_owned()).or_default() += 1;
        }
    }
    assert_eq!(batches.len(), BATCHES);
    assert_eq!(books.payments_max_per_item, 1);
    assert_eq!(paid, kurus(&json!(books.paid_total)));
    frozen
}

fn faults(seed: u64) -> Value {
    let kinds = ENDPOINTS
        .iter()
        .flat_map(|endpoint| FAULTS.map(|fault| (endpoint, fault)));
    let plans = (0..)
        .zip(kinds)
        .map(|(n, (endpoint, (kind, probability)))| {
            json!({
                "endpoint": endpoint,
                "kind": kind,
                "probability": probability,
                "times": 1_000_000,
                "millis": 400,
                "seed": seed + n,
            })
        });
    plans.collect()
}

/// Two processes that work, each killed again and again.
fn kill_many(world: &World, seed: u64) {
    let mut chance = fastrand::Rng::with_seed(seed);
    let names = ["serve", "worker"];
    let mut roles = names.map(|name| world.start(&[name]));
    for _ in 0..KILLS {
        // The moment of the kill is what is varied here.
        std::thread::sleep(Duration::from_millis(chance.u64(LIFE_MILLIS)));
        let which = chance.usize(..names.len());
        let next = world.start(&[names[which]]);
        std::mem::replace(&mut roles[which], next).kill();
    }
    for role in roles {
        role.kill();
    }
}

struct People {
    ayse: Caller,
    mehmet: Caller,
}

impl People {
    fn decide_held(&self) {
        for shown in &self.mehmet.held(BATCHES) {
            match Wish::of(shown) {
                Wish::Approve => self.mehmet.decide(shown, "approve"),
                Wish::Reject => self.mehmet.decide(shown, "reject"),
                Wish::Withdraw => {
                    let id = shown["external_id"].as_str().unwrap();
                    let (status, answer) = self
                        .ayse
                        .post(&format!("/v1/batches/{id}/withdraw"), &json!({}));
                    assert_eq!(status, 200, "{answer:#}");
                }
                Wish::Leave => {}
            }
        }
    }
}

/// What is frozen and moves all the same is still on its way: it goes on by itself.
fn is_at_rest(batch: &Value, books: &Books) -> bool {
    let state = batch["state"].as_str().unwrap();
    let goes_on = state == "frozen" && authorized(batch, books) > 0;
    Wish::of(batch).ends().contains(&state) && !goes_on
}

fn authorized(batch: &Value, books: &Books) -> u64 {
    let stored = books.stored_as(batch["external_id"].as_str().unwrap());
    stored.iter().map(|book| book.authorized_times).sum()
}

/// One batch in our ledger and in the provider's books.
#[track_caller]
fn check(batch: &Value, books: &Books) {
    let stored = books.stored_as(batch["external_id"].as_str().unwrap());
    let is_released =
        ["settled", "partly_settled", "failed"].contains(&batch["state"].as_str().unwrap());
    assert_eq!(
        authorized(batch, books),
        u64::from(is_released),
        "{batch:#}, {stored:#?}"
    );
    assert!(
        !is_released || Wish::of(batch) == Wish::Approve,
        "{batch:#}"
    );
    let calls = stored.iter().filter(|book| book.auth_calls > 0).count();
    assert!(calls <= 1, "{stored:#?}");
    for item in stored.iter().flat_map(|book| &book.items) {
        assert_eq!(
            item.payments,
            u32::from(item.status == "SUCCESS"),
            "{stored:#?}"
        );
    }
    let paid: u64 = stored
        .iter()
        .map(|book| kurus(&json!(book.paid_total)))
        .sum();
    assert_eq!(
        kurus(&batch["tie_out"]["paid"]),
        paid,
        "{batch:#}, {stored:#?}"
    );
    assert_eq!(batch["tie_out"]["difference"], "0.00", "{batch:#}");
}

fn states(batches: &[Value]) -> BTreeMap<&str, usize> {
    let mut states = BTreeMap::new();
    for batch in batches {
        *states.entry(batch["state"].as_str().unwrap()).or_default() += 1;
    }
    states
}
