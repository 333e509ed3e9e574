//! Every target of `docs/performance.md`, measured in one run: the bare flow and Onay by turns, on
//! Redis servers started for it.
//!
//! `cargo run --profile bench --package onay-tests --example compare`, with `-- --quick` for a first
//! impression, `--everysec` for that fsync policy, `--held N` for another number of held batches,
//! `--json FILE` to keep the numbers.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::float_arithmetic,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measure that goes wrong should stop there"
)]

mod programs;
mod rollback;
mod targets;

// What the stories from end to end play in.
#[path = "../../e2e/desk.rs"]
mod desk;
#[expect(dead_code, reason = "a part of it is enough here")]
#[path = "../../e2e/files.rs"]
mod files;
#[expect(dead_code, reason = "a part of it is enough here")]
#[path = "../../e2e/process.rs"]
mod process;
#[expect(dead_code, reason = "a part of it is enough here")]
#[path = "../../e2e/simulator.rs"]
mod simulator;
#[expect(dead_code, reason = "a part of it is enough here")]
#[path = "../../e2e/world.rs"]
mod world;

use std::path::PathBuf;

use serde_json::json;

use programs::{Programs, Runs};
use targets::Table;

/// What is measured, and how often.
struct Plan {
    fsync: &'static str,
    rounds: usize,
    small: usize,
    big: usize,
    held: usize,
    json: Option<PathBuf>,
}

impl Plan {
    fn of(args: impl Iterator<Item = String>) -> Self {
        let mut plan = Self {
            fsync: "always",
            rounds: 3,
            small: 4000,
            big: 10,
            held: 100_000,
            json: None,
        };
        let mut args = args.skip(1);
        while let Some(arg) = args.next() {
            let mut value = || args.next().unwrap_or_else(|| panic!("{arg} needs a value"));
            match arg.as_str() {
                "--quick" => (plan.rounds, plan.small, plan.big, plan.held) = (1, 1000, 4, 5000),
                "--everysec" => plan.fsync = "everysec",
                "--held" => plan.held = value().parse().expect("a number"),
                "--json" => plan.json = Some(value().into()),
                other => panic!("{other} is not known; see the head of this file"),
            }
        }
        plan
    }
}

fn main() {
    let plan = Plan::of(std::env::args());
    let programs = Programs::build(plan.fsync);
    let mut runs = Runs::default();
    let small = plan.small.to_string();
    let flow = ["--batches", &small];
    for round in 1..=plan.rounds {
        println!("small batches, round {round} of {}", plan.rounds);
        runs.add("bare", programs.bare((plan.small, 4), "16", "settle"));
        runs.add("full", programs.onay(&flow));
        runs.add(
            "off",
            programs.onay(&[&flow[..], &["--read-back", "off"]].concat()),
        );
    }
    let big = plan.big.to_string();
    let flow = ["--batches", &big, "--items", "5000"];
    for round in 1..=plan.rounds {
        println!("batches of 5,000 items, round {round} of {}", plan.rounds);
        runs.add("bare big", programs.bare((plan.big, 5000), "16", "settle"));
        runs.add("full big", programs.onay(&flow));
        runs.add(
            "off big",
            programs.onay(&[&flow[..], &["--read-back", "off"]].concat()),
        );
    }
    println!("{} batches held", plan.held);
    runs.add("bare held", programs.bare((10_000, 4), "16", "hold"));
    runs.add("bare alone", programs.bare((200, 4), "1", "settle"));
    let held = plan.held.to_string();
    runs.add("held", programs.onay(&["--batches", &held, "--hold"]));
    println!("kill -9 in the middle of 500 releases");
    let kill = ["--batches", "500", "--kill-after", "250"];
    runs.add("killed", programs.onay(&kill));
    println!("an append-only file cut back by a second");
    runs.add("cut", rollback::play());

    let table = Table::of(&runs);
    print!("\n{table}");
    if let Some(file) = plan.json {
        let kept = json!({ "fsync": plan.fsync, "targets": table.json(), "runs": runs.json() });
        std::fs::write(file, format!("{kept:#}\n")).expect("the file can be written");
    }
}
