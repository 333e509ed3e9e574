//! What batches that wait for people cost, and what happens once they decide.

use std::time::Duration;

use onay_payout::Head;

use super::house::House;
use super::load::{Load, approve, held};
use super::report::{Report, millis, per, percentile};
use super::roles::Roles;
use super::usage::Usage;
use crate::args::Bench;
use crate::exit::Failure;

/// After a load, until everybody has come to rest.
const CALM: Duration = Duration::from_secs(3);

/// How long it is watched what waiting costs.
const IDLE: Duration = Duration::from_secs(20);

/// How many are approved one after the other.
const ONE_BY_ONE: u32 = 200;

/// Longest wait for the release of an approved batch.
const RELEASE: Duration = Duration::from_secs(30);

/// Holds every batch, waits, and has some of them released.
pub(super) async fn measure(
    house: &House,
    roles: &mut Roles,
    args: &Bench,
    report: &mut Report,
) -> anyhow::Result<()> {
    let load = Load::new(args, house);
    let before = Usage::of(house, roles).await?;
    let pace = load.hold_all(roles).await?;
    pause(CALM).await;
    let all = Usage::of(house, roles).await?;
    report.add("batches_per_second", "held in a second", pace.per_second());
    all.since(&before).tell(report, load.batches());
    let grown = all.store.bytes.saturating_sub(before.store.bytes);
    report.add(
        "store_bytes_per_batch",
        "bytes in the store for each",
        per(grown, load.batches()),
    );
    if let (Some(tenth), Some(all)) = (pace.worker_bytes_at_tenth, roles.worker_bytes("VmRSS:")) {
        let meanwhile = load.batches().saturating_sub(load.batches() / 10);
        let grown = per(all.saturating_sub(tenth), meanwhile);
        report.add("worker_bytes", "memory of a worker", all);
        report.add(
            "worker_bytes_per_batch",
            "memory of a worker for each more held batch",
            grown,
        );
    }
    idle(house, roles, report).await?;
    one_by_one(house, report).await?;
    start(house, roles, report).await
}

/// Nobody does anything.
async fn idle(house: &House, roles: &Roles, report: &mut Report) -> anyhow::Result<()> {
    let calls = || {
        let calls = house.simulator.books(Some("")).calls;
        [calls.retrieve, calls.balance].into_iter().sum::<u64>()
    };
    let (before, called) = (Usage::of(house, roles).await?, calls());
    pause(IDLE).await;
    let used = Usage::of(house, roles).await?.since(&before);
    let called = calls().saturating_sub(called);
    let in_a_second = |used| per(used, IDLE.as_secs());
    report.add(
        "idle_cpu_us",
        "idle: CPU of all roles in a second, µs",
        in_a_second(used.roles_cpu_us),
    );
    report.add(
        "idle_store_cpu_us",
        "idle: CPU of the store in a second, µs",
        in_a_second(used.store.cpu_us),
    );
    report.add(
        "idle_store_commands",
        "idle: store commands in a second",
        in_a_second(used.store.commands),
    );
    report.add("idle_provider_calls", "idle: provider calls", called);
    Ok(())
}

/// One batch is approved after the other has been released, so that none waits for another.
async fn one_by_one(house: &House, report: &mut Report) -> anyhow::Result<()> {
    let mut waits = Vec::new();
    for head in held(house, ONE_BY_ONE).await? {
        let decided_us = approve(house, &head).await?;
        let arrived_us = authorized(house, &head).await?;
        waits.push(arrived_us.saturating_sub(decided_us));
    }
    waits.sort_unstable();
    report.add(
        "authorize_p50_us",
        "decided → authorize arrives, one by one, p50, µs",
        percentile(&waits, 500),
    );
    report.add(
        "authorize_p99_us",
        "decided → authorize arrives, one by one, p99, µs",
        percentile(&waits, 990),
    );
    Ok(())
}

/// A worker is started that finds one batch approved.
async fn start(house: &House, roles: &mut Roles, report: &mut Report) -> anyhow::Result<()> {
    roles.kill_workers();
    let waiting = held(house, 1).await?;
    let Some(head) = waiting.first() else {
        return Ok(());
    };
    approve(house, head).await?;
    let start = tokio::time::Instant::now();
    roles.start_workers()?;
    authorized(house, head).await?;
    report.add(
        "first_authorize_ms",
        "start of a worker → first authorize, ms",
        millis(start.elapsed()),
    );
    Ok(())
}

/// When the authorize request of a batch came, once it has.
async fn authorized(house: &House, head: &Head) -> anyhow::Result<u64> {
    let start = tokio::time::Instant::now();
    let mut pause = tokio::time::interval(Duration::from_millis(1));
    loop {
        pause.tick().await;
        let books = house.simulator.books(Some(head.external_id.as_str()));
        if let Some(arrived_us) = books.batches.iter().find_map(|batch| batch.first_auth_us) {
            return Ok(arrived_us);
        }
        if start.elapsed() > RELEASE {
            return Err(Failure::needs_person("an approved batch is not released").into());
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "what is measured is what happens while nobody does anything"
)]
async fn pause(duration: Duration) {
    tokio::time::sleep(duration).await;
}
