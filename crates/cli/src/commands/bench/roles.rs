//! Workers and reconcilers as processes of this program.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::house::House;
use super::usage::memory_bytes;
use crate::args::{Bench, Global};
use crate::commands::simulate::{API_KEY, SECRET_KEY};
use crate::exit::Failure;

/// Longest wait for the first worker to be there.
const START: Duration = Duration::from_secs(30);

/// Between two looks at what is waited for.
const PAUSE: Duration = Duration::from_millis(10);

/// The roles under way. They end with this.
pub(super) struct Roles {
    workers: Vec<Process>,
    reconcilers: Vec<Process>,
    worker_count: u32,
    dir: PathBuf,
    log: Option<String>,
}

impl Roles {
    /// Starts every role, and waits until a worker is there.
    pub(super) async fn start(
        house: &House,
        global: &Global,
        args: &Bench,
    ) -> anyhow::Result<Self> {
        let mut roles = Self {
            workers: Vec::new(),
            reconcilers: Vec::new(),
            worker_count: args.workers,
            dir: house.dir().to_owned(),
            log: global.log.clone(),
        };
        for number in 0..args.reconcilers {
            roles.reconcilers.push(roles.process("reconciler", number)?);
        }
        roles.start_workers()?;
        let (start, mut pause) = (Instant::now(), tokio::time::interval(PAUSE));
        while house.ledger.stats().await?.account.is_none() {
            roles.check()?;
            if start.elapsed() > START {
                return Err(Failure::usage("no worker was there in time").into());
            }
            pause.tick().await;
        }
        Ok(roles)
    }

    /// Starts the workers.
    pub(super) fn start_workers(&mut self) -> anyhow::Result<()> {
        for number in 0..self.worker_count {
            self.workers.push(self.process("worker", number)?);
        }
        Ok(())
    }

    /// `kill -9` of every worker.
    pub(super) fn kill_workers(&mut self) {
        self.workers.clear();
    }

    /// Fails when a role has ended by itself, with the last it said.
    pub(super) fn check(&mut self) -> anyhow::Result<()> {
        for process in self.workers.iter_mut().chain(&mut self.reconcilers) {
            if let Some(status) = process.child.try_wait()? {
                let said = std::fs::read_to_string(&process.log).unwrap_or_default();
                let last = said.lines().last().unwrap_or_default();
                return Err(Failure::usage(format!("a role ended with {status}: {last}")).into());
            }
        }
        Ok(())
    }

    /// The process ids of all.
    pub(super) fn pids(&self) -> impl Iterator<Item = u32> {
        let roles = self.workers.iter().chain(&self.reconcilers);
        roles.map(|process| process.child.id())
    }

    /// Memory of the largest worker: `VmRSS:` now, `VmHWM:` the most it had.
    pub(super) fn worker_bytes(&self, size: &str) -> Option<u64> {
        let workers = self.workers.iter();
        workers
            .filter_map(|process| memory_bytes(process.child.id(), size))
            .max()
    }

    /// Starts a role as a service manager would: settings from the file, keys from the environment.
    fn process(&self, role: &str, number: u32) -> anyhow::Result<Process> {
        let log = self.dir.join(format!("{role}-{number}.log"));
        let mut command = Command::new(std::env::current_exe()?);
        command
            .args([role, "--config"])
            .arg(self.dir.join("onay.toml"))
            .env_clear()
            .env("ONAY_IYZICO_API_KEY", API_KEY)
            .env("ONAY_IYZICO_SECRET_KEY", SECRET_KEY);
        if let Some(filter) = &self.log {
            command.args(["--log", filter]);
        }
        let file = File::options().create(true).append(true).open(&log)?;
        let child = command
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()?;
        Ok(Process { child, log })
    }
}

/// A role under way. Dropping it kills it.
struct Process {
    child: Child,
    log: PathBuf,
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
