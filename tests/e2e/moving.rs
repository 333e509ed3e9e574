//! A ledger moves from a file to Redis and back, while batches wait for people.

use std::sync::Arc;
use std::time::Duration;

use onay_ledger::conformance::redis_server::RedisServer;
use onay_ledger::conformance::{actor, batch_id, content, items};
use onay_ledger::moving::Stage;
use onay_ledger::{Access, Ledger as _, Opening, SqliteLedger};
use onay_payout::Batch;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::files::batch;
use crate::process::Process;
use crate::world::World;

/// Batches that are moved while the move is killed again and again.
const BATCHES: u64 = 1500;

/// One batch for each state that a ledger is likely to be left in.
const IDS: [&str; 7] = [
    "settled", "rejected", "frozen", "held", "late", "approved", "received",
];

#[test]
fn a_ledger_moves_to_redis_and_back_and_what_was_held_is_paid_once() {
    let (world, server) = (World::new(), RedisServer::start());
    let redis = format!("{}?ledger=new", server.url());
    let serve = world.serve();
    let refused = world.run(&["ledger", "copy", "--to", &redis]).expect(3);
    refused.says(&["in use", "stop every onay", "fuser "]);
    let before = furnish(&world, serve);

    let moved = world.run(&["ledger", "copy", "--to", &redis, "--json"]);
    let moved = moved.expect(0).json();
    assert_eq!(moved["from"], world.store_url.as_str());
    assert_eq!(moved["to"], redis);
    assert_eq!(moved["batches"], IDS.len());
    let entries = |batch: &Value| batch["journal"].as_array().unwrap().len();
    assert_eq!(moved["entries"], before.iter().map(entries).sum::<usize>());
    assert!(moved["seconds"].as_f64().unwrap() > 0.0);
    assert_eq!(shown(&world), before, "the old one is read on");
    world.run(&["audit", "verify"]).expect(0);
    refuses_everything(&world, &redis);

    use_store(&world, &redis);
    assert_eq!(shown(&world), before);
    world.run(&["audit", "verify"]).expect(0);
    let serve = world.serve();
    world.wait_until("received", "pending_approval");
    world.approve("mehmet", "held");
    for id in ["held", "approved"] {
        world.wait_until(id, "settled");
    }
    let file = format!("sqlite://{}", world.path("back/onay.db").display());
    let refused = world.run(&["ledger", "copy", "--to", &file]).expect(3);
    refused.says(&["in use", "stop every onay"]);
    serve.terminate();

    world.run(&["ledger", "copy", "--to", &file]).expect(0);
    use_store(&world, &file);
    let _serve = world.serve();
    for id in ["late", "received"] {
        world.approve("mehmet", id);
        world.wait_until(id, "settled");
    }
    assert_eq!(world.show("frozen")["state"], "frozen");
    world.run(&["audit", "verify"]).expect(0);
    let books = world.books();
    for id in ["settled", "held", "late", "approved", "received"] {
        books.batch(id).assert_paid_once();
    }
    books.batch("rejected").assert_never_released("CANCELED");
    books.batch("frozen").assert_never_released("INIT");
}

/// Brings every batch to where it waits, and stops; what everybody can see of them then.
fn furnish(world: &World, serve: Process) -> Vec<Value> {
    let alteration = json!({ "change": "total", "external_id": "frozen" });
    let alterations = json!({ "alterations": [alteration] });
    world.simulator.behave(&alterations);
    world.submit(&batch("frozen", 2));
    world.wait_until("frozen", "frozen");
    for id in ["settled", "rejected", "held", "late", "approved"] {
        world.hold(&batch(id, 2));
    }
    world.approve("mehmet", "settled");
    world.wait_until("settled", "settled");
    let reject = ["reject", "rejected", "--reason", "not this month"];
    world.run_as("mehmet", &reject).expect(0);
    world.wait_until("rejected", "rejected");
    serve.terminate();
    world.approve("mehmet", "approved");
    world.submit(&batch("received", 2));
    shown(world)
}

/// What anybody can see of every batch, but for what depends on the moment.
fn shown(world: &World) -> Vec<Value> {
    let show = |id| {
        let ran = world.run(&["show", id, "--items", "--journal", "--json"]);
        let mut shown = ran.expect(0).json();
        shown.as_object_mut().unwrap().remove("explain");
        shown
    };
    IDS.map(show).into()
}

/// Changes the settings, as the operator is told to.
fn use_store(world: &World, url: &str) {
    let settings = std::fs::read_to_string(world.path("onay.toml")).unwrap();
    let (_, rest) = settings.split_once('\n').unwrap();
    world.file("onay.toml", format!("store = \"{url}\"\n{rest}"));
}

/// The old ledger is closed for everybody, and says where everything is.
fn refuses_everything(world: &World, redis: &str) {
    let place = format!("moved to {redis}; set ONAY_STORE");
    let says = [place.as_str()];
    let file = world.file("new.json", batch("new", 1).to_string());
    for role in ["serve", "worker", "reconciler"] {
        world.run(&[role]).expect(3).says(&says);
    }
    world
        .run_as("ayse", &["submit", &file])
        .expect(3)
        .says(&says);
    let digest = world.show("held")["digest"].as_str().unwrap().to_owned();
    let approve = ["approve", "held", "--digest", &digest];
    world.run_as("mehmet", &approve).expect(3).says(&says);
    let doctor = world.run(&["doctor"]).expect(4).stdout;
    assert!(doctor.contains(&place), "{doctor}");
}

#[test]
fn a_move_that_is_killed_again_and_again_ends_with_everything_in_one_ledger() {
    let (world, server) = (World::new(), RedisServer::start());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(fill(&world));
    let at = |name| format!("{}?ledger={name}", server.url());
    let (old, mut new) = (world.store_url.clone(), at("given-up"));
    let (mut life, mut cut) = (Duration::from_millis(50), 0);
    loop {
        let moving = world.start(&["ledger", "copy", "--to", &new]);
        // The moment of the kill is what is varied here.
        std::thread::sleep(life);
        moving.kill();
        life = life.mul_f32(1.5);
        match runtime.block_on(async { (stage(&old).await, stage(&new).await) }) {
            (Some(Stage::Open(_)), None | Some(Stage::Open(None) | Stage::Filling(_))) => {}
            (Some(Stage::Moved(_)), Some(Stage::Filling(_))) => cut += 1,
            (Some(Stage::Moved(_)), Some(Stage::Open(Some(_)))) => break,
            other => panic!("not one ledger at most is open: {other:?}"),
        }
        if cut == 1 && new == at("given-up") {
            take_back(&world, &new);
            new = at("new");
        }
    }
    assert!(cut > 0, "no kill came while batches were carried");
    world.run(&["ledger", "copy", "--to", &new]).expect(0);
    for url in [&old, &new] {
        let audit = world.run(&["audit", "verify", "--json", "--store", url]);
        assert_eq!(audit.expect(0).json()["batches"], BATCHES);
    }
}

/// The old store is used again, and the new one, half full, never.
fn take_back(world: &World, new: &str) {
    let args = ["ledger", "take-back", "--to", new];
    let said = world.run(&args).expect(0).stdout;
    assert!(said.contains("is used again"), "{said}");
    world.run(&args).expect(3).says(&["did not move; use it"]);
    world.run(&["doctor"]).expect(0);
    let moved_back = format!("moved to {}; set ONAY_STORE", world.store_url);
    let worker = world.run(&["worker", "--store", new]);
    worker.expect(3).says(&[&moved_back]);
}

/// Batches that only wait for a worker.
async fn fill(world: &World) {
    let ledger = SqliteLedger::open(&world.store(), Access::Create).unwrap();
    let (ledger, now) = (Arc::new(ledger), onay_ledger::now());
    let mut opening = JoinSet::new();
    for n in 0..BATCHES {
        let ledger = Arc::clone(&ledger);
        let content = content(&format!("payday-{n}"), items(4));
        let accepted = Batch::accept(batch_id(n), content, "ayse".parse().unwrap(), now);
        let batch = Opening::new(accepted, &actor(), now);
        opening.spawn(async move { ledger.open(batch).await.map(drop) });
    }
    for opened in opening.join_all().await {
        opened.unwrap();
    }
}

/// None where there is no ledger.
async fn stage(url: &str) -> Option<Stage> {
    let ledger = onay_ledger::open_to_move(url, Access::Existing)
        .await
        .ok()?;
    Some(ledger.standing().await.unwrap().stage)
}
