//! Which crate may import which. `docs/ARCHITECTURE.md` says why.

use std::collections::BTreeSet;

use toml::Table;

use crate::{files, read};

/// Crates by folder, and what each imports of the house: exactly this.
const HOUSE: [(&str, &[&str]); 10] = [
    ("crates/payout", &[]),
    ("crates/ledger", &["payout"]),
    ("crates/iyzico", &["payout"]),
    ("crates/producer", &["ledger", "payout"]),
    ("crates/worker", &["ledger", "payout"]),
    ("crates/reconciler", &["ledger", "payout"]),
    ("crates/console", &["ledger", "payout", "producer"]),
    ("crates/simulator", &[]),
    (
        "crates/cli",
        &[
            "console",
            "iyzico",
            "ledger",
            "payout",
            "producer",
            "reconciler",
            "simulator",
            "worker",
        ],
    ),
    (TESTS, &["ledger", "payout", "reconciler", "worker"]),
];

/// The room of tests, which imports for its tests only.
const TESTS: &str = "tests";

/// Libraries that reach into the world, and the only rooms that may use them.
const DOORS: [(&str, &[&str]); 6] = [
    ("anyhow", &["crates/cli"]),
    (
        "axum",
        &["crates/cli", "crates/console", "crates/simulator"],
    ),
    ("clap", &["crates/cli"]),
    ("reqwest", &["crates/iyzico"]),
    ("rusqlite", &["crates/ledger"]),
    (
        "tokio",
        &[
            "crates/cli",
            "crates/console",
            "crates/iyzico",
            "crates/ledger",
            "crates/producer",
            "crates/reconciler",
            "crates/simulator",
            "crates/worker",
            "tests",
        ],
    ),
];

fn dependencies(folder: &str, table: &str) -> BTreeSet<String> {
    let manifest: Table = toml::from_str(&read(format!("{folder}/Cargo.toml"))).unwrap();
    let names = manifest.get(table).and_then(toml::Value::as_table);
    names
        .into_iter()
        .flat_map(|table| table.keys().cloned())
        .collect()
}

fn of_the_house(names: &BTreeSet<String>) -> BTreeSet<String> {
    let rooms = names
        .iter()
        .filter_map(|name| name.strip_prefix("onay-").map(str::to_owned));
    rooms.collect()
}

#[test]
fn every_crate_stands_in_the_import_table() {
    let manifests: BTreeSet<String> = files(".", "Cargo.toml")
        .iter()
        .map(|path| path.parent().unwrap().to_string_lossy().into_owned())
        .filter(|folder| !folder.is_empty())
        .collect();
    let table = HOUSE.iter().map(|(folder, _)| (*folder).to_owned());
    assert_eq!(manifests, table.collect());
}

#[test]
fn crates_import_what_the_table_says_and_nothing_else() {
    for (folder, imports) in HOUSE {
        let expected: BTreeSet<String> = imports.iter().map(|name| (*name).to_owned()).collect();
        let table = if folder == TESTS {
            "dev-dependencies"
        } else {
            "dependencies"
        };
        let found = of_the_house(&dependencies(folder, table));
        assert_eq!(found, expected, "{table} of {folder}");
    }
}

#[test]
fn tests_of_a_crate_import_no_more_than_the_crate() {
    for (folder, imports) in HOUSE {
        let itself = folder.rsplit('/').next().unwrap_or(folder);
        for name in of_the_house(&dependencies(folder, "dev-dependencies")) {
            let is_allowed = name == itself || imports.contains(&name.as_str());
            assert!(is_allowed, "{folder} tests with onay-{name}");
        }
    }
}

#[test]
fn only_the_named_rooms_reach_into_the_world() {
    for (folder, _) in HOUSE {
        let names = dependencies(folder, "dependencies");
        for (library, rooms) in DOORS {
            let is_allowed = !names.contains(library) || rooms.contains(&folder);
            assert!(is_allowed, "{folder} uses {library}");
        }
    }
}
