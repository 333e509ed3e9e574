//! A store that forgets its last second, as a Redis server under `appendfsync everysec` does when the
//! power goes: what was paid shows as held, people approve it once more, and nobody is paid twice.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use onay_ledger::conformance::redis_server::RedisServer;
use serde_json::{Value, json};

use crate::desk::Caller;
use crate::files::batch;
use crate::process::{Process, until};
use crate::world::World;

const BATCHES: usize = 250;

/// What is lost.
const LOST: Duration = Duration::from_secs(1);

/// How much was written when; the newest last.
struct Tape {
    file: PathBuf,
    start: Instant,
    sizes: Vec<(Duration, u64)>,
}

impl Tape {
    fn of(server: &RedisServer) -> Self {
        let files = std::fs::read_dir(server.append_only_folder()).unwrap();
        let mut paths = files.map(|file| file.unwrap().path());
        let file = paths.find(|path| path.to_string_lossy().ends_with(".incr.aof"));
        Self {
            file: file.unwrap(),
            start: Instant::now(),
            sizes: Vec::new(),
        }
    }

    fn note(&mut self) {
        let size = std::fs::metadata(&self.file).unwrap().len();
        self.sizes.push((self.start.elapsed(), size));
    }

    /// Forgets what was written in the last second before now.
    fn cut(&self) {
        let from = self.start.elapsed().saturating_sub(LOST);
        let kept = self.sizes.iter().rev().find(|(at, _)| *at <= from);
        let kept = kept.or(self.sizes.first()).unwrap().1;
        let file = std::fs::File::options().write(true).open(&self.file);
        file.unwrap().set_len(kept).unwrap();
    }
}

/// The house on a server that syncs once a second.
struct House {
    world: World,
    mehmet: Caller,
    _roles: [Process; 3],
}

impl House {
    /// Submits every batch, and waits until all are held.
    fn holding(server: &RedisServer) -> Self {
        let world = World::new();
        let start = |role: &str| {
            let mut command = world.command(&[role]);
            command.env("ONAY_STORE", server.url());
            world.start_command(command.env("ONAY_DURABILITY", "relaxed"))
        };
        let mut console = start("console");
        let url = console.told("console on ");
        let ayse = Caller::new(&url, world.token("ayse"));
        for number in 0..BATCHES {
            ayse.submit(&batch(&format!("cut-{number}"), 4));
        }
        let roles = [console, start("worker"), start("reconciler")];
        let mehmet = Caller::new(&url, world.token("mehmet"));
        mehmet.wait_for_all(&["pending_approval"]);
        Self {
            world,
            mehmet,
            _roles: roles,
        }
    }

    /// The batches that the provider has begun to pay.
    fn paid(&self) -> BTreeSet<String> {
        let books = self.world.books().batches.into_iter();
        let paid = books.filter(|book| book.authorized_times > 0);
        paid.map(|book| book.external_id).collect()
    }

    /// Approves whatever is held, until everything is at rest; how often.
    fn approve_again(&self) -> usize {
        let mut approved = 0;
        until("rest", || {
            for shown in self.mehmet.held(200) {
                self.mehmet.decide(&shown, "approve");
                approved += 1;
            }
            let batches = self.mehmet.batches();
            let is_at_rest = |batch: &Value| ["settled", "frozen"].contains(&state(batch));
            batches.iter().all(is_at_rest).then_some(())
        });
        approved
    }
}

fn state(batch: &Value) -> &str {
    batch["state"].as_str().unwrap()
}

/// Pays most batches, forgets the last second, and has people approve what is held then.
pub(crate) fn play() -> Value {
    // A rewrite of the file would be another story.
    let server = RedisServer::start_with(&[
        ("appendfsync", "everysec"),
        ("auto-aof-rewrite-percentage", "0"),
    ]);
    let house = House::holding(&server);
    let mut tape = Tape::of(&server);
    for shown in house.mehmet.batches() {
        tape.note();
        house.mehmet.decide(&shown, "approve");
    }
    until("most are paid", || {
        tape.note();
        (house.paid().len() * 10 >= BATCHES * 9).then_some(())
    });
    server.kill();
    tape.cut();
    let paid = house.paid();
    server.start_again();

    let batches = house.mehmet.batches();
    let is_paid = |batch: &&Value| paid.contains(batch["external_id"].as_str().unwrap());
    let shown_as_held = |batch: &&Value| state(batch) == "pending_approval" && is_paid(batch);
    let shown_as_held = batches.iter().filter(shown_as_held).count();
    let approved_again = house.approve_again();
    let books = house.world.books();
    let again = books
        .batches
        .iter()
        .filter(|book| book.authorized_times > 1);
    json!({
        "batches": BATCHES,
        "paid_before_the_cut": paid.len(),
        "of_them_shown_as_held_after_it": shown_as_held,
        "approved_again": approved_again,
        "paid_again": again.count(),
        "payments_of_an_item_at_most": books.payments_max_per_item,
    })
}
