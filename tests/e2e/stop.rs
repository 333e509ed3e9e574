//! SIGTERM: what is under way is finished, nothing new is begun.

use std::time::{Duration, Instant};

use crate::files::batch;
use crate::process::until;
use crate::world::World;

/// Several provider calls. Supervisors wait longer before they kill.
const SOON: Duration = Duration::from_secs(10);

#[test]
fn a_call_under_way_is_finished_and_recorded_before_the_process_ends() {
    let world = World::new();
    let serve = world.serve();
    world.hold(&batch("under-way", 2));
    world.simulator.hold_next("auth", 1_000);
    world.approve("mehmet", "under-way");
    until("authorize at the provider", || {
        (world.books().calls.auth == 1).then_some(())
    });
    let asked = Instant::now();
    assert_eq!(serve.terminate().code(), Some(0));
    assert!(asked.elapsed() < SOON, "{:?}", asked.elapsed());
    assert_eq!(world.show("under-way")["state"], "processing");

    let _serve = world.serve();
    world.wait_until("under-way", "settled");
    world.books().batch("under-way").assert_paid_once();
}

#[test]
fn a_stop_in_the_middle_of_much_work_loses_nothing() {
    let world = World::new();
    let ids: Vec<String> = (0..8).map(|n| format!("many-{n}")).collect();
    for id in &ids {
        world.submit(&batch(id, 2));
    }
    let serve = world.serve();
    until("some work", || (world.books().calls.init > 1).then_some(()));
    let asked = Instant::now();
    assert_eq!(serve.terminate().code(), Some(0));
    assert!(asked.elapsed() < SOON, "{:?}", asked.elapsed());

    let _serve = world.serve();
    for id in &ids {
        world.wait_until(id, "pending_approval");
        world.approve("mehmet", id);
    }
    for id in &ids {
        world.wait_until(id, "settled");
        let books = world.books();
        assert_eq!(books.batch(id).init_calls, 1);
        books.batch(id).assert_paid_once();
    }
}
