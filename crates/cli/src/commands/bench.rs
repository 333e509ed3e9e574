//! `bench`: what this machine, a store and this program do together, measured from end to end.
//!
//! A provider in a box, worker and reconciler processes of this very program, a maker who submits and
//! an approver who approves, on a ledger that must be empty.

mod crash;
mod house;
mod load;
mod payroll;
mod report;
mod roles;
mod usage;
mod waiting;

use self::house::House;
use self::load::Load;
use self::report::{Report, per, percentile};
use self::roles::Roles;
use self::usage::Usage;
use crate::args::{Bench, Global};
use crate::exit::Exit;
use crate::output;

/// Measures, and prints what was measured.
pub(crate) async fn run(global: &Global, args: &Bench) -> anyhow::Result<Exit> {
    let house = House::build(global, args).await?;
    let mut roles = Roles::start(&house, global, args).await?;
    let mut report = Report::default();
    report.add("batches", "batches", args.batches);
    report.add("items", "items of each", args.items);
    if args.hold {
        waiting::measure(&house, &mut roles, args, &mut report).await?;
    } else if let Some(kill_after) = args.kill_after {
        crash::measure(&house, &mut roles, (args, kill_after), &mut report).await?;
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
    let load = Load::new(args, house);
    let before = Usage::of(house, roles).await?;
    let pace = load.settle_all(roles).await?;
    let used = Usage::of(house, roles).await?.since(&before);
    let waits = load.waits();
    report.add(
        "batches_per_second",
        "settled in a second",
        pace.per_second(),
    );
    report.add(
        "authorize_p50_us",
        "decided → authorize arrives, p50, µs",
        percentile(&waits, 500),
    );
    report.add(
        "authorize_p99_us",
        "decided → authorize arrives, p99, µs",
        percentile(&waits, 990),
    );
    used.tell(report, load.batches());
    let calls = house.simulator.books(Some("")).calls;
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
        per(counted.into_iter().sum(), load.batches()),
    );
    report.add("balance_calls", "looks at the balance", calls.balance);
    Ok(())
}
