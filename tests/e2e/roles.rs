//! The roles as processes of their own, and more than one of each.

use crate::files::batch;
use crate::process::{Process, until};
use crate::world::World;

#[test]
fn roles_in_three_processes_finish_a_batch() {
    let world = World::new();
    let mut console = world.start(&["console"]);
    let url = console.told("console on ");
    let _worker = world.start(&["worker"]);
    let _reconciler = world.start(&["reconciler"]);
    assert!(ureq::get(format!("{url}/readyz")).call().is_ok());
    world.hold(&batch("split", 3));
    world.approve("mehmet", "split");
    world.wait_until("split", "settled");
    world.books().batch("split").assert_paid_once();
}

#[test]
fn several_processes_of_each_role_never_double_a_call() {
    let world = World::new();
    let ids: Vec<String> = (0..10).map(|n| format!("shared-{n}")).collect();
    for id in &ids {
        world.submit(&batch(id, 2));
    }
    let roles = ["worker", "worker", "worker", "reconciler", "reconciler"];
    let _processes: Vec<Process> = roles.iter().map(|role| world.start(&[role])).collect();
    for id in &ids {
        world.wait_until(id, "pending_approval");
        world.approve("mehmet", id);
    }
    for id in &ids {
        world.wait_until(id, "settled");
    }
    let books = world.books();
    for id in &ids {
        let book = books.batch(id);
        assert_eq!(book.init_calls, 1, "{book:?}");
        book.assert_paid_once();
    }
    world.run(&["audit", "verify"]).expect(0);
}

#[test]
fn the_work_of_a_killed_process_is_taken_over_by_another() {
    let world = World::new();
    let dying = world.start(&["worker"]);
    world.simulator.hold_next("init", 20_000);
    world.submit(&batch("left", 2));
    until("initialize at the provider", || {
        (world.books().calls.init == 1).then_some(())
    });
    let _roles = [world.start(&["worker"]), world.start(&["reconciler"])];
    dying.kill();
    world.wait_until("left", "pending_approval");
    world.approve("mehmet", "left");
    world.wait_until("left", "settled");
    world.books().batch("left").assert_paid_once();
}
