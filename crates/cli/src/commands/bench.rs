//! `bench`: what this machine, a store and this program do together, measured from end to end.
//!
//! A provider in a box, worker and reconciler processes of this very program, a maker who submits and
//! an approver who approves each batch at once, on a ledger that must be empty.

mod house;
mod load;
mod payroll;
mod report;
mod roles;
mod usage;

use std::time::Duration;

use self::house::House;
use self::load::Load;
use self::report::{Report, per, percentile};
use self::roles::Roles;
use self::usage::Usage;
use crate::args::{Bench, Global};
use crate::exit::Exit;
use crate::output;

/// How long it is watched what waiting costs.
const IDLE: Duration = Duration::from_secs(20);

/// After a load, until everybody has come to rest.
const CALM: Duration = Duration::from_secs(3);

/// Measures, and prints what was measured.
pub(crate) async fn run(global: &Global, args: &Bench) -> anyhow::Result<Exit> {
    let house = House::build(global, args).await?;
    let mut roles = Roles::start(&house, global, args).await?;
    let mut report = Report::default();
    report.add("batches", "batches", args.batches);
    report.add("items", "items of each", args.items);
    if args.hold {
        hold(&house, &mut roles, args, &mut report).await?;
    } else {
        flow(&house, &mut roles, args, &mut report).await?;
    }
    if args.json.is_asked() {
        output::json(&report.json())?;
    } else {
        output::table(&report.table())?;
    }
    Ok(Exit::Done)
}

/// Every batch goes its whole way.
async fn flow(
    house: &House,
    roles: &mut Roles,
    args: &Bench,
    report: &mut Report,
) -> anyhow::Result<()> {
    let before = Usage::of(house, roles).await?;
    let load = Load::new(args);
    let pace = load.run(house, roles).await?;
    let used = Usage::of(house, roles).await?.since(&before);
    let batches = u64::from(args.batches);

    report.add(
        "batches_per_second",
        "settled in a second",
        pace.per_second(),
    );
    let waits = load.waits(house);
    for (key, what, per_mille) in [
        (
            "authorize_p50_us",
            "decided → authorize arrives, p50, µs",
            500,
        ),
        (
            "authorize_p99_us",
            "decided → authorize arrives, p99, µs",
            990,
        ),
    ] {
        report.add(key, what, percentile(&waits, per_mille));
    }
    used.tell(report, batches);
    let books = house.simulator.books(None);
    let calls = books.calls;
    let counted = [
        calls.init,
        calls.auth,
        calls.retrieve,
        calls.item,
        calls.cancel,
    ];
    report.add(
        "provider_calls_per_batch",
        "provider calls for a batch, balance not counted",
        per(counted.into_iter().sum(), batches),
    );
    report.add("balance_calls", "looks at the balance", calls.balance);
    let twice = books.batches.iter().filter(|batch| batch.auth_calls > 1);
    report.add(
        "authorized_twice",
        "batches authorized more than once",
        twice.count(),
    );
    if let Some((parked, done)) = pace.after_kill {
        report.add(
            "parked",
            "never sent, and nobody knows: left to people",
            parked,
        );
        report.add(
            "done_after_kill_ms",
            "start after the kill → all else done, ms",
            millis(done),
        );
    }
    Ok(())
}

/// Every batch waits for people.
async fn hold(
    house: &House,
    roles: &mut Roles,
    args: &Bench,
    report: &mut Report,
) -> anyhow::Result<()> {
    let batches = u64::from(args.batches);
    let before = Usage::of(house, roles).await?;
    let pace = Load::new(args).run(house, roles).await?;
    pause(CALM).await;
    let held = Usage::of(house, roles).await?;
    report.add("batches_per_second", "held in a second", pace.per_second());
    held.since(&before).tell(report, batches);
    report.add(
        "store_bytes_per_batch",
        "bytes in the store for each",
        per(held.store.bytes.saturating_sub(before.store.bytes), batches),
    );
    let calls_before = house.simulator.books(Some("")).calls;
    pause(IDLE).await;
    let idle = Usage::of(house, roles).await?.since(&held);
    let calls = house.simulator.books(Some("")).calls;
    let seconds = IDLE.as_secs();
    report.add(
        "idle_cpu_us",
        "idle: CPU of all roles in a second, µs",
        per(idle.roles_cpu_us, seconds),
    );
    report.add(
        "idle_store_cpu_us",
        "idle: CPU of the store in a second, µs",
        per(idle.store.cpu_us, seconds),
    );
    report.add(
        "idle_store_commands",
        "idle: store commands in a second",
        per(idle.store.commands, seconds),
    );
    let called = [
        calls.retrieve.saturating_sub(calls_before.retrieve),
        calls.balance.saturating_sub(calls_before.balance),
    ];
    report.add(
        "idle_provider_calls",
        "idle: provider calls",
        called.into_iter().sum::<u64>(),
    );
    if let (Some(tenth), Some(all)) = (pace.worker_bytes_at_tenth, roles.worker_bytes("VmRSS:")) {
        let grown = all.saturating_sub(tenth);
        let meanwhile = batches.saturating_sub(batches / 10);
        report.add("worker_bytes", "memory of a worker", all);
        report.add(
            "worker_bytes_per_batch",
            "memory of a worker for each more held batch",
            per(grown, meanwhile),
        );
    }
    let first = load::first_release(house, roles).await?;
    report.add(
        "first_authorize_ms",
        "start of a worker → first authorize, ms",
        millis(first),
    );
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "what is measured is how much happens while nobody does anything"
)]
async fn pause(duration: Duration) {
    tokio::time::sleep(duration).await;
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
