//! A ledger that forgot: its file is put back as it was at any moment before, while the provider went on.
//!
//! The provider pays again on every repeated authorize, and people approve whatever asks for them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::desk::Caller;
use crate::files::batch;
use crate::process::{PATIENCE, Process, until};
use crate::simulator::Books;
use crate::world::{Setup, World};

const BATCHES: usize = 10;
const ROLLBACKS: usize = 14;

/// Changes of the ledger between two rollbacks: from a moment to the whole life of every batch.
const CHANGES: std::ops::Range<usize> = 1..60;

/// What the provider does with a repeated initialize, and whether it tells request ids.
#[derive(Clone, Copy, Debug)]
struct House(&'static str, bool);

const HOUSES: [House; 6] = [
    House("same_request_id", false),
    House("same_request_id", true),
    House("refuse", false),
    House("refuse", true),
    House("new_batch", false),
    House("new_batch", true),
];

#[test]
fn a_ledger_rolled_back_to_any_moment_pays_nothing_twice() {
    std::thread::scope(|scope| {
        for house in HOUSES {
            scope.spawn(move || roll_back(house));
        }
    });
}

fn roll_back(house: House) {
    let seed = fastrand::u64(..);
    let mut chance = fastrand::Rng::with_seed(seed);
    let world = house.world();
    let mut tape = Tape::new(&world);
    let mut ends = BTreeMap::<String, usize>::new();
    for _ in 0..ROLLBACKS {
        let desk = Desk::open(&world);
        let until = tape.snapshots.len() + chance.usize(CHANGES);
        while tape.snapshots.len() < until && !desk.is_at_rest() {
            tape.record();
            desk.approve_one();
        }
        for batch in desk.mehmet.batches() {
            *ends.entry(end(&batch)).or_default() += 1;
        }
        desk.serve.kill();
        let moment = chance.usize(..tape.snapshots.len());
        tape.put_back(moment);
        tape.forget_since(moment);
    }
    let desk = Desk::open(&world);
    until(&format!("rest after seed {seed}"), || {
        desk.approve_one();
        desk.is_at_rest().then_some(())
    });
    let books = world.books();
    for batch in desk.mehmet.batches() {
        *ends.entry(end(&batch)).or_default() += 1;
        check(&batch, &books, &desk.mehmet, seed);
    }
    eprintln!("{house:?}, seed {seed}: {ends:?}");
    world.run(&["audit", "verify"]).expect(0);
}

impl House {
    fn world(self) -> World {
        // Answers take a moment, so that there are moments between them.
        let latency = ["--latency", "50ms"];
        let world = Setup::default().short_doubt().simulator(&latency).build();
        world.simulator.behave(&json!({
            "repeated_init": self.0,
            "show_request_id": self.1,
            "repeated_auth": "pays_twice",
        }));
        world
    }
}

#[test]
fn a_batch_submitted_again_to_a_ledger_that_lost_it_is_taken_over_or_frozen_and_never_stored_twice()
{
    for house in [House("new_batch", false), House("new_batch", true)] {
        let world = house.world();
        let serve = world.serve();
        for id in ["paid", "held"] {
            world.hold(&batch(id, 2));
        }
        world.approve("mehmet", "paid");
        world.wait_until("paid", "settled");
        serve.kill();
        remove_with_side_files(&world.store());

        let _serve = world.serve();
        for id in ["paid", "held"] {
            assert_eq!(world.submit(&batch(id, 2))["replayed"], false);
        }
        let frozen = world.wait_until("paid", "frozen");
        assert_eq!(frozen["frozen"]["why"], "past_init", "{frozen:#}");
        let shows_request_id = house.1;
        if shows_request_id {
            world.wait_until("held", "pending_approval");
            world.approve("mehmet", "held");
            world.wait_until("held", "settled");
            world.books().batch("held").assert_paid_once();
        } else {
            let frozen = world.wait_until("held", "frozen");
            assert_eq!(frozen["frozen"]["why"], "request_id_unknown", "{frozen:#}");
            world.books().batch("held").assert_never_released("INIT");
        }
        world.books().batch("paid").assert_paid_once();
    }
}

/// Not promised of a provider that hides request ids and makes a second batch; see
/// `docs/guarantees.md`.
#[test]
fn an_older_backup_and_then_a_newer_one_pay_nothing_twice_where_initialize_gives_one_id() {
    let gives_one_id = |house: &House| house.0 == "same_request_id" || house.1;
    std::thread::scope(|scope| {
        for house in HOUSES.into_iter().filter(gives_one_id) {
            scope.spawn(move || put_back_two(house));
        }
    });
}

fn put_back_two(house: House) {
    let world = house.world();
    let mut tape = Tape::new(&world);
    // The older one knows only that the provider may have the batch; the newer one knows that it does.
    world.simulator.hold_next("init", 700);
    let serve = world.serve();
    world.submit(&batch("twice", 2));
    until("initialize at the provider", || {
        (world.books().calls.init == 1).then_some(())
    });
    tape.record();
    world.wait_until("twice", "pending_approval");
    tape.record();
    let newer = tape.snapshots.len() - 1;
    serve.kill();
    for moment in [newer - 1, newer] {
        tape.put_back(moment);
        let serve = world.serve();
        let shown = until("a decision or an end", || {
            let shown = world.show("twice");
            let state = shown["state"].as_str().unwrap();
            ["pending_approval", "settled", "frozen"]
                .contains(&state)
                .then_some(shown)
        });
        if shown["state"] == "pending_approval" {
            world.approve("mehmet", "twice");
        }
        until("an end", || {
            let shown = world.show("twice");
            ["settled", "frozen"]
                .contains(&shown["state"].as_str().unwrap())
                .then_some(())
        });
        serve.kill();
    }
    let books = world.books();
    let stored = books.stored_as("twice");
    let authorized: u64 = stored.iter().map(|book| book.authorized_times).sum();
    assert_eq!(authorized, 1, "{house:?}: {stored:#?}");
}

fn end(batch: &Value) -> String {
    let why = batch["frozen"]["why"].as_str();
    why.or(batch["state"].as_str()).unwrap().to_owned()
}

/// Whatever was forgotten: no item is paid twice, under whatever id its batch was stored.
#[track_caller]
fn check(batch: &Value, books: &Books, reader: &Caller, seed: u64) {
    let id = batch["external_id"].as_str().unwrap();
    let stored = books.stored_as(id);
    let authorized: u64 = stored.iter().map(|book| book.authorized_times).sum();
    assert!(authorized <= 1, "seed {seed}: {stored:#?}");
    match (end(batch).as_str(), authorized) {
        // What was started without this ledger's knowledge is watched, and a person is told; a batch
        // whose request id is hidden is not stored once more.
        ("settled" | "past_init", 1) | ("request_id_unknown" | "release_unconfirmed", 0) => {}
        other => panic!("seed {seed}: {other:?}: {batch:#}, {stored:#?}"),
    }
    if let Some(sentence) = batch["frozen"]["sentence"].as_str() {
        assert!(
            batch["explain"].as_str().unwrap().contains(sentence),
            "{batch:#}"
        );
    }
    let (_, journal) = reader.get(&format!("/v1/batches/{id}/journal"));
    let entries = journal["journal"].as_array().unwrap();
    let adopted = entries
        .iter()
        .find(|entry| entry["event"] == "found_past_init" && entry["after"] == "processing");
    if let Some(entry) = adopted {
        assert!(
            entry["note"]
                .as_str()
                .unwrap()
                .contains("not released again"),
            "{entry:#}"
        );
    }
}

/// People and a house that were started on what the ledger's file says now.
struct Desk {
    serve: Process,
    mehmet: Caller,
}

impl Desk {
    /// Submits every batch: those the ledger knows are replayed, those it forgot come anew.
    fn open(world: &World) -> Self {
        let mut serve = world.start(&["serve"]);
        let url = serve.told("console on ");
        let ayse = Caller::new(&url, world.token("ayse"));
        for n in 0..BATCHES {
            ayse.submit(&batch(&format!("again-{n}"), n % 2 + 1));
        }
        Self {
            serve,
            mehmet: Caller::new(&url, world.token("mehmet")),
        }
    }

    /// One at a time, so that batches are not all at the same point.
    fn approve_one(&self) {
        for shown in self.mehmet.held(1) {
            self.mehmet.decide(&shown, "approve");
        }
    }

    fn is_at_rest(&self) -> bool {
        let ends = ["settled", "frozen"];
        let batches = self.mehmet.batches();
        batches
            .iter()
            .all(|batch| ends.contains(&batch["state"].as_str().unwrap()))
    }
}

/// The ledger's file at every moment that was seen.
struct Tape {
    store: PathBuf,
    snapshots: Vec<PathBuf>,
    seen: Option<f64>,
    reader: Option<Connection>,
}

impl Tape {
    /// Begins with a ledger that knows nothing yet.
    fn new(world: &World) -> Self {
        world.serve().kill();
        let mut tape = Self {
            store: world.store(),
            snapshots: Vec::new(),
            seen: None,
            reader: None,
        };
        tape.record();
        tape
    }

    /// Keeps the file as it is now, if it changed.
    fn record(&mut self) {
        let reader = self.reader.get_or_insert_with(|| {
            let reader = Connection::open(&self.store).unwrap();
            reader.busy_timeout(PATIENCE).unwrap();
            reader
        });
        let version = "SELECT total(version) FROM batch";
        let version = reader.query_row(version, (), |row| row.get(0)).unwrap();
        if self.seen.replace(version) == Some(version) {
            return;
        }
        let snapshot = self.store.with_extension(self.snapshots.len().to_string());
        reader
            .execute("VACUUM INTO ?1", [snapshot.to_str().unwrap()])
            .unwrap();
        self.snapshots.push(snapshot);
    }

    /// Puts the file back as it was; nobody has it open.
    fn put_back(&mut self, moment: usize) {
        (self.reader, self.seen) = (None, None);
        remove_with_side_files(&self.store);
        std::fs::copy(&self.snapshots[moment], &self.store).unwrap();
    }

    /// What comes next is another history.
    fn forget_since(&mut self, moment: usize) {
        for later in self.snapshots.drain(moment + 1..) {
            std::fs::remove_file(later).unwrap();
        }
    }
}

fn remove_with_side_files(store: &Path) {
    for ending in ["", "-wal", "-shm", "-journal"] {
        let file = PathBuf::from(format!("{}{ending}", store.display()));
        if file.exists() {
            std::fs::remove_file(file).unwrap();
        }
    }
}
