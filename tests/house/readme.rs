//! What the README says can be done can be done.

use std::process::{Command, Stdio};

use onay_tests::{onay, root};

use crate::{markdown, read, settings};

/// Runs lines of shell as a user with an empty home would, and gives what they printed.
fn run(script: &str) -> String {
    let home = tempfile::tempdir().unwrap();
    let programs = onay().parent().unwrap().display();
    let script = format!(
        "set -euo pipefail\nPATH={programs}:$PATH\n\
         trap 'kill $(jobs -p) 2> /dev/null || true' EXIT\n{script}"
    );
    let output = settings::clean(Command::new("timeout"))
        .args(["180", "bash", "-c", &script])
        .current_dir(root())
        .env("HOME", home.path())
        .env("TMPDIR", home.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{script}\n---\n{printed}\n---\n{said}"
    );
    printed
}

/// An address of this machine that nobody listens on.
fn free_address() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

/// Whether a line is as the README shows it; `…` there stands for anything.
fn is_like(line: &str, shown: &str) -> bool {
    let (line, shown) = (one_blank(line), one_blank(shown));
    let mut rest = line.as_str();
    shown.split('…').all(|part| match rest.split_once(part) {
        Some((_, after)) => {
            rest = after;
            true
        }
        None => false,
    })
}

/// The text with one blank wherever there is any white space.
fn one_blank(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_manual_walk_ends_settled_and_prints_what_is_shown() {
    let text = read("README.md");
    let walk = markdown::blocks(&text, "console").concat();
    let mut script = String::new();
    let mut shown = Vec::new();
    for line in walk.lines() {
        match line.strip_prefix("$ ") {
            Some(command) => script.extend([command, "\n"]),
            None => shown.push(line),
        }
    }
    for address in ["127.0.0.1:8088", "127.0.0.1:8089"] {
        assert!(script.contains(address), "the walk listens on {address}");
        script = script.replace(address, &free_address());
    }
    let printed = run(&script);
    let mut lines = printed.lines();
    for expected in shown {
        let is_there = lines.any(|line| is_like(line, expected));
        assert!(
            is_there,
            "not printed, or not in this order: {expected}\n---\n{printed}"
        );
    }
    assert!(printed.contains("settled"), "{printed}");
}

#[test]
fn the_demo_of_the_first_screen_settles() {
    let first = &markdown::blocks(&read("README.md"), "sh")[0];
    let command = first.lines().next().unwrap();
    let arguments = command.strip_prefix("cargo run --release -- ").unwrap();
    let printed = run(&format!("onay {}", arguments.split('#').next().unwrap()));
    assert!(printed.contains("settled"), "{printed}");
}

#[test]
fn the_tests_of_the_first_screen_are_those_of_ci() {
    let first = &markdown::blocks(&read("README.md"), "sh")[0];
    assert!(first.lines().any(|line| line.starts_with("tests/run")));
    assert!(read(".ci/run").lines().any(|line| line == "exec tests/run"));
}

#[test]
fn the_library_example_is_compiled() {
    let example = read("crates/producer/examples/enqueue.rs");
    let unindented: String = example
        .lines()
        .flat_map(|line| [line.trim_start(), "\n"])
        .collect();
    for block in markdown::blocks(&read("README.md"), "rust") {
        let shown: String = block
            .lines()
            .flat_map(|line| [line.trim_start(), "\n"])
            .collect();
        assert!(unindented.contains(&shown), "not in the example:\n{block}");
    }
}
