//! Planted bugs: mutations of the money path, each of which the proof must catch.
//!
//! Copies the crates of the money step and the proof into a workspace under `target/planted`, writes
//! every bug of `bugs.toml` into it as a switch, builds it once, and runs the proof under each bug
//! until a law breaks. Without a bug the copy must pass. Run by `tests/run`:
//! `cargo run --package onay-tests --example planted`.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a check that goes wrong should stop there and say what it saw"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use onay_tests::root;
use serde::Deserialize;

/// What is copied.
const COPIED: [&str; 9] = [
    "crates/ledger",
    "crates/payout",
    "crates/reconciler",
    "crates/worker",
    "tests/proof",
    "tests/lib.rs",
    "Cargo.toml",
    "Cargo.lock",
    "rust-toolchain.toml",
];

/// Where the question whether a bug is planted is answered, in the copy only.
const SWITCH: &str = r#"
extern crate self as onay_payout;

/// Whether this bug is planted.
pub fn planted(name: &str) -> bool {
    static BUG: std::sync::OnceLock<Option<String>> = std::sync::OnceLock::new();
    BUG.get_or_init(|| std::env::var("ONAY_PLANTED").ok()).as_deref() == Some(name)
}
"#;

/// Schedules within which a bug must be caught.
const SCHEDULES: &str = "100000";

#[derive(Deserialize)]
struct File {
    bug: Vec<Bug>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Bug {
    name: String,
    sentence: String,
    file: String,
    find: String,
    put: Option<String>,
    raw: Option<String>,
    #[serde(default)]
    also: Vec<Edit>,
}

/// One more place that a bug changes.
#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
struct Edit {
    file: String,
    find: String,
    put: Option<String>,
    raw: Option<String>,
}

impl Bug {
    fn edits(&self) -> Vec<Edit> {
        let first = Edit {
            file: self.file.clone(),
            find: self.find.clone(),
            put: self.put.clone(),
            raw: self.raw.clone(),
        };
        std::iter::once(first).chain(self.also.clone()).collect()
    }
}

impl Edit {
    /// The text with the bug as a switch.
    fn switch(&self, name: &str) -> String {
        let planted = format!("onay_payout::planted(\"{name}\")");
        let find = &self.find;
        match (&self.put, &self.raw) {
            (Some(put), None) if find.ends_with(';') => {
                format!("if {planted} {{ {put} }} else {{ {find} }}")
            }
            (Some(put), None) => format!("(if {planted} {{ {put} }} else {{ {find} }})"),
            (None, Some(raw)) => raw.replace("PLANTED", &planted),
            _ => panic!("bug `{name}` has either `put` or `raw`"),
        }
    }
}

fn main() {
    let table = read(&root().join("tests/planted/bugs.toml"));
    let bugs = toml::from_str::<File>(&table).expect("bugs.toml reads").bug;
    let copy = root().join("target/planted");
    lay_out(&copy);
    for bug in &bugs {
        for edit in bug.edits() {
            plant(&copy, bug, &edit);
        }
    }
    let proof = build(&copy);
    let unharmed = run(&proof, "", &["storm", "handlers"]);
    assert!(
        unharmed.status.success(),
        "without a bug the copy must pass:\n{}",
        text(&unharmed)
    );
    let escaped = bugs.iter().filter(|bug| !is_caught(&proof, bug)).count();
    println!("{} bugs planted, {escaped} escaped", bugs.len());
    assert!(escaped == 0, "the proof does not see every bug");
}

/// Runs the proof under a bug and tells what caught it.
fn is_caught(proof: &Path, bug: &Bug) -> bool {
    for part in ["storm", "handlers", "explore"] {
        let output = run(proof, &bug.name, &[part]);
        let text = text(&output);
        if output.status.success() {
            continue;
        }
        let after = |mark: &str| {
            let found = text.split_once(mark).map_or("", |(_, rest)| rest);
            found
                .split([':', '\n'])
                .next()
                .unwrap_or_default()
                .trim()
                .to_owned()
        };
        let (law, seed) = (after("LAW BROKEN: "), after("again: ONAY_SEED="));
        let law = if law.is_empty() {
            "SameEnd".to_owned()
        } else {
            law
        };
        let needed = seed.parse::<u64>().map_or_else(
            |_| part.to_owned(),
            |seed| format!("schedule {}", seed.saturating_add(1)),
        );
        println!("{:<30} {law:<24} {needed:<18} {}", bug.name, bug.sentence);
        return true;
    }
    println!(
        "{:<30} {:<24} {:<18} {}",
        bug.name, "ESCAPED", "", bug.sentence
    );
    false
}

fn run(proof: &Path, bug: &str, parts: &[&str]) -> Output {
    Command::new(proof)
        .args(parts)
        .args(["--nocapture"])
        .env("ONAY_PLANTED", bug)
        .env("ONAY_SCHEDULES", SCHEDULES)
        .env("RUST_BACKTRACE", "0")
        .output()
        .expect("the proof runs")
}

fn text(output: &Output) -> String {
    let both = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8_lossy(&both).into_owned()
}

/// Copies what the proof needs, afresh.
fn lay_out(copy: &Path) {
    for part in COPIED {
        let (from, to) = (root().join(part), copy.join(part));
        if from.is_dir() {
            let _ = fs::remove_dir_all(&to);
            copy_folder(&from, &to);
        } else {
            put(&to, &read(&from));
        }
    }
    let manifest = read(&root().join("tests/Cargo.toml"));
    let kept = manifest.split("\n\n").filter(|block| {
        let is_target = block.starts_with("[[");
        !is_target || block.contains("name = \"proof\"")
    });
    let manifest: Vec<&str> = kept.collect();
    put(&copy.join("tests/Cargo.toml"), &manifest.join("\n\n"));
    // Another version, so that Cargo takes the copy's crates for others than the project's.
    let workspace = copy.join("Cargo.toml");
    let text = read(&workspace).replacen("version = \"", "version = \"0.0.0-planted.", 1);
    put(&workspace, &text);
    let domain = copy.join("crates/payout/src/lib.rs");
    put(&domain, &(read(&domain) + SWITCH));
}

fn copy_folder(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from) {
        let entry = entry.expect("a folder of the project can be read");
        let path = entry.path();
        let place = to.join(path.strip_prefix(from).expect("it is inside"));
        if entry.file_type().is_file() {
            let parent = place.parent().expect("a file is in a folder");
            fs::create_dir_all(parent).expect("target can be written");
            fs::copy(path, &place).expect("target can be written");
        }
    }
}

/// Writes a bug into the copy; its snippet must stand exactly once in the project.
fn plant(copy: &Path, bug: &Bug, edit: &Edit) {
    let count = read(&root().join(&edit.file)).matches(&edit.find).count();
    assert!(
        count == 1,
        "bug `{}`: its snippet stands {count} times in {}; bring tests/planted/bugs.toml up to \
         date:\n{}",
        bug.name,
        edit.file,
        edit.find
    );
    let path = copy.join(&edit.file);
    let text = read(&path);
    // Where another bug was planted around it, the unharmed text stands last.
    let (before, after) = text
        .rsplit_once(&edit.find)
        .expect("what stands in the project stands in the copy");
    put(&path, &[before, &edit.switch(&bug.name), after].concat());
}

/// Builds the copy's proof, next to everything that is built already.
fn build(copy: &Path) -> PathBuf {
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let mut cargo = Command::new(env!("CARGO"));
    // Cargo tells this program about its own package; some crates would take that for theirs.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            cargo.env_remove(&name);
        }
    }
    let output = cargo
        .args([
            "test",
            "--offline",
            "--no-run",
            "--package",
            "onay-tests",
            "--test",
            "proof",
        ])
        .args(["--message-format", "json-render-diagnostics"])
        .current_dir(copy)
        .env("CARGO_TARGET_DIR", target)
        .output()
        .expect("cargo runs");
    // Switches make for odd code: warnings about the copy are of no interest.
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .find_map(|message| message.get("executable")?.as_str().map(PathBuf::from))
        .unwrap_or_else(|| panic!("the copy does not build:\n{}", text(&output)))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn put(path: &Path, text: &str) {
    let parent = path.parent().expect("a file is in a folder");
    fs::create_dir_all(parent).expect("target can be written");
    fs::write(path, text).expect("target can be written");
}
