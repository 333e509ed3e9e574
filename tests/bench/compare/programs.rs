//! The programs that are compared, and what they reported.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use onay_ledger::conformance::redis_server::RedisServer;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::process::Process;

/// Both programs, built alike.
pub(crate) struct Programs {
    onay: PathBuf,
    bare: PathBuf,
    fsync: &'static str,
    logs: TempDir,
}

impl Programs {
    /// Builds what is not built yet, with this program's own profile.
    pub(crate) fn build(fsync: &'static str) -> Self {
        let this = std::env::current_exe().expect("this program has a place");
        let build = Command::new(env!("CARGO"))
            .args(["build", "--profile", "bench", "--package", "onay-tests"])
            .args(["--example", "bare"])
            .current_dir(onay_tests::root())
            .status();
        assert!(build.expect("cargo runs").success(), "bare does not build");
        Self {
            onay: onay_tests::onay().to_owned(),
            bare: this.with_file_name("bare"),
            fsync,
            logs: tempfile::tempdir().expect("a folder"),
        }
    }

    /// A run of the bare flow over batches of so many items, on a server and with a provider of its own.
    pub(crate) fn bare(
        &self,
        (batches, items): (usize, usize),
        at_once: &str,
        until: &str,
    ) -> Value {
        let server = self.server();
        let mut provider = Command::new(&self.onay);
        provider.args([
            "simulate",
            "--listen",
            "127.0.0.1:0",
            "--settle-after",
            "0s",
        ]);
        provider.args(["--balance", "1000000000000", "--log", "warn"]);
        let mut provider = Process::start(&mut provider, &self.logs.path().join("provider"));
        let url = provider.told("export ONAY_IYZICO_URL=");
        let (batches, items) = (batches.to_string(), items.to_string());
        let mut command = Command::new(&self.bare);
        command
            .args([&server.url(), &url])
            .args([&batches, &items, at_once, until]);
        report(&mut command)
    }

    /// A run of `onay bench`, on a server of its own.
    pub(crate) fn onay(&self, args: &[&str]) -> Value {
        let server = self.server();
        let mut command = Command::new(&self.onay);
        command
            .args(["bench", "--json", "--store", &server.url()])
            .args(args)
            .env(
                "ONAY_DURABILITY",
                if self.fsync == "always" {
                    "strict"
                } else {
                    "relaxed"
                },
            );
        report(&mut command)
    }

    fn server(&self) -> RedisServer {
        RedisServer::start_with(&[("appendfsync", self.fsync)])
    }
}

fn report(command: &mut Command) -> Value {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .expect("it starts");
    assert!(output.status.success(), "{command:?}: {}", output.status);
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// Every report, by what was measured.
#[derive(Default)]
pub(crate) struct Runs {
    reports: BTreeMap<&'static str, Vec<Value>>,
}

impl Runs {
    pub(crate) fn add(&mut self, of: &'static str, report: Value) {
        println!("  {of}: {report}");
        self.reports.entry(of).or_default().push(report);
    }

    /// The median of a number over the rounds.
    pub(crate) fn median(&self, of: &str, key: &str) -> f64 {
        let reports = self.reports.get(of).into_iter().flatten();
        let mut numbers: Vec<f64> = reports.filter_map(|report| report[key].as_f64()).collect();
        numbers.sort_by(f64::total_cmp);
        let middle = numbers.get(numbers.len() / 2);
        *middle.unwrap_or_else(|| panic!("nothing was reported as {key} of {of}"))
    }

    pub(crate) fn json(&self) -> Value {
        json!(self.reports)
    }
}
