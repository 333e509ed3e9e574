//! `kill -9` of every worker in the middle of many releases.

use std::time::{Duration, Instant};

use super::house::House;
use super::load::{Load, States, Watch};
use super::report::{Report, millis};
use super::roles::Roles;
use crate::args::Bench;

/// Between two looks at how many releases were sent.
const PAUSE: Duration = Duration::from_millis(1);

/// Holds every batch, approves all, kills after so many authorize calls, and waits for the rest.
pub(super) async fn measure(
    house: &House,
    roles: &mut Roles,
    (args, kill_after): (&Bench, u32),
    report: &mut Report,
) -> anyhow::Result<()> {
    let load = Load::new(args, house);
    load.hold_all(roles).await?;
    let crash = async {
        let mut pause = tokio::time::interval(PAUSE);
        while house.simulator.books(Some("")).calls.auth < u64::from(kill_after) {
            pause.tick().await;
        }
        roles.kill_workers();
        let killed = Instant::now();
        roles.start_workers()?;
        anyhow::Ok((killed, roles))
    };
    let ((), (killed, roles)) = tokio::try_join!(load.decide_all(), crash)?;
    let mut watch = Watch::new();
    let parked = loop {
        let states = watch.look(house, roles).await?;
        if let Some(parked) = at_rest(house, states, load.batches()) {
            break parked;
        }
    };
    let done = killed.elapsed();
    let books = house.simulator.books(None).batches;
    let twice = books.iter().filter(|batch| batch.auth_calls > 1);
    report.add(
        "authorized_twice",
        "batches authorized more than once",
        twice.count(),
    );
    report.add(
        "parked",
        "never started, and nobody knows: left to people",
        parked,
    );
    report.add(
        "done_after_kill_ms",
        "start after the kill → all else done, ms",
        millis(done),
    );
    Ok(())
}

/// How many batches are left to people, once everything else is settled: their release was to begin
/// when its worker was killed, and the provider never started it.
fn at_rest(house: &House, states: &States, batches: u64) -> Option<u64> {
    let count = |state| states.get(state).copied().unwrap_or_default();
    let parked = count("releasing").saturating_add(count("frozen"));
    if count("settled").saturating_add(parked) != batches {
        return None;
    }
    let books = house.simulator.books(None).batches;
    let started = books.iter().filter(|batch| batch.authorized_times > 0);
    (u64::try_from(started.count()) == Ok(count("settled"))).then_some(parked)
}
