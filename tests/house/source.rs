//! What the code must not contain, and where the dangerous things stand.

use std::path::{Path, PathBuf};

use crate::{files, read, words};

const LINES_MAX: usize = 500;

/// Where a text stands in the code of the crates, tests left out.
fn code_with(text: &str) -> Vec<PathBuf> {
    let mut found = files("crates", ".rs");
    found.retain(|path| !is_test(path) && read(path).contains(text));
    found
}

fn is_test(path: &Path) -> bool {
    path.iter()
        .any(|part| part == "tests" || part == "tests.rs")
}

#[test]
fn no_file_is_longer_than_500_lines() {
    let sources = files("crates", ".rs")
        .into_iter()
        .chain(files("tests", ".rs"));
    for path in sources {
        let lines = read(&path).lines().count();
        let shown = path.display();
        assert!(
            lines <= LINES_MAX,
            "{shown} has {lines} lines; is a room missing?"
        );
    }
}

#[test]
fn money_meets_no_floats() {
    for path in files("crates", ".rs") {
        let text = read(&path);
        let float = words(&text).find(|word| *word == "f32" || *word == "f64");
        assert_eq!(float, None, "{}", path.display());
    }
}

#[test]
fn only_the_configuration_reads_the_environment() {
    assert_eq!(
        code_with("env::var"),
        [Path::new("crates/cli/src/config.rs")]
    );
}

#[test]
fn only_one_file_calls_authorize_and_one_passes_it_on() {
    assert_eq!(
        code_with(".authorize(permit)"),
        [
            Path::new("crates/ledger/src/metered.rs"),
            Path::new("crates/worker/src/authorize.rs"),
        ]
    );
}

#[test]
fn domain_types_are_not_serialisable() {
    for path in files("crates/payout/src", ".rs") {
        let text = read(&path);
        let is_serialised = words(&text).any(|word| word == "Serialize");
        assert!(!is_serialised, "{}", path.display());
    }
}
