//! What processes and the store have used so far, by their own counters.

use std::path::{Path, PathBuf};
use std::str::FromStr as _;

use redis::aio::MultiplexedConnection;
use rust_decimal::Decimal;

use super::house::House;
use super::report::{Report, per};
use super::roles::Roles;

/// `/proc` counts processor time in hundredths of a second on every Linux.
const TICK_US: u64 = 10_000;

/// What was used up to a moment, or between two.
#[derive(Clone, Copy)]
pub(super) struct Usage {
    /// Processor time of the workers and reconcilers that run.
    pub(super) roles_cpu_us: u64,
    /// The most memory a worker ever had.
    worker_peak_bytes: u64,
    pub(super) store: StoreUsage,
}

/// What a store used. An SQLite file is used inside the roles, so it has no processor time of its own.
#[derive(Clone, Copy, Default)]
pub(super) struct StoreUsage {
    pub(super) cpu_us: u64,
    /// Scripts that were called.
    scripts: u64,
    /// Commands of all clients, those inside scripts included.
    pub(super) commands: u64,
    /// Memory of a server, size of a file.
    pub(super) bytes: u64,
}

impl Usage {
    /// Up to now.
    pub(super) async fn of(house: &House, roles: &Roles) -> anyhow::Result<Self> {
        Ok(Self {
            roles_cpu_us: roles.pids().filter_map(cpu_us).sum(),
            worker_peak_bytes: roles.worker_bytes("VmHWM:").unwrap_or_default(),
            store: house.meter.read().await?,
        })
    }

    /// Since then.
    pub(super) fn since(self, then: &Self) -> Self {
        let since = |now: u64, then: u64| now.saturating_sub(then);
        Self {
            roles_cpu_us: since(self.roles_cpu_us, then.roles_cpu_us),
            worker_peak_bytes: self.worker_peak_bytes,
            store: StoreUsage {
                cpu_us: since(self.store.cpu_us, then.store.cpu_us),
                scripts: since(self.store.scripts, then.store.scripts),
                commands: since(self.store.commands, then.store.commands),
                bytes: since(self.store.bytes, then.store.bytes),
            },
        }
    }

    /// What each of so many batches took.
    pub(super) fn tell(&self, report: &mut Report, batches: u64) {
        let store = &self.store;
        report.add(
            "roles_cpu_us_per_batch",
            "CPU of all roles for a batch, µs",
            per(self.roles_cpu_us, batches),
        );
        report.add(
            "store_cpu_us_per_batch",
            "CPU of the store for a batch, µs",
            per(store.cpu_us, batches),
        );
        report.add(
            "store_scripts_per_batch",
            "store scripts for a batch",
            per(store.scripts, batches),
        );
        report.add(
            "store_commands_per_batch",
            "store commands for a batch",
            per(store.commands, batches),
        );
        report.add(
            "worker_peak_bytes",
            "most memory of a worker",
            self.worker_peak_bytes,
        );
    }
}

/// Reads the counters of a store.
pub(super) enum Meter {
    File(PathBuf),
    Redis(MultiplexedConnection),
}

impl Meter {
    /// For the store of this URL.
    pub(super) async fn open(url: &str) -> anyhow::Result<Self> {
        if let Some(path) = url.strip_prefix("sqlite://") {
            return Ok(Self::File(PathBuf::from(path)));
        }
        let client = redis::Client::open(url)?;
        let connection = client.get_multiplexed_async_connection().await?;
        Ok(Self::Redis(connection))
    }

    async fn read(&self) -> anyhow::Result<StoreUsage> {
        match self {
            Self::File(path) => Ok(StoreUsage {
                bytes: size_with_log(path),
                ..StoreUsage::default()
            }),
            Self::Redis(connection) => {
                let mut connection = connection.clone();
                let info: String = redis::cmd("INFO")
                    .arg("all")
                    .query_async(&mut connection)
                    .await?;
                Ok(StoreUsage::of_info(&info))
            }
        }
    }
}

impl StoreUsage {
    fn of_info(info: &str) -> Self {
        let value = |name: &str| {
            let mut lines = info.lines();
            lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
        };
        let number = |name| value(name).and_then(|text| text.parse().ok()).unwrap_or(0);
        let cpu = [
            "used_cpu_user",
            "used_cpu_sys",
            "used_cpu_user_children",
            "used_cpu_sys_children",
        ];
        let scripts =
            ["evalsha", "eval", "fcall"].map(|name| calls(value(&format!("cmdstat_{name}"))));
        Self {
            cpu_us: cpu.map(|name| micros(value(name))).into_iter().sum(),
            scripts: scripts.into_iter().sum(),
            commands: number("total_commands_processed"),
            bytes: number("used_memory"),
        }
    }
}

/// `12.345678` seconds.
fn micros(text: Option<&str>) -> u64 {
    let seconds = text.and_then(|text| Decimal::from_str(text).ok());
    let micros = seconds.and_then(|seconds| seconds.checked_mul(1_000_000.into()));
    micros
        .and_then(|micros| u64::try_from(micros.trunc()).ok())
        .unwrap_or(0)
}

/// `calls=12,usec=…`
fn calls(text: Option<&str>) -> u64 {
    let calls = text.and_then(|text| text.strip_prefix("calls=")?.split(',').next());
    calls.and_then(|calls| calls.parse().ok()).unwrap_or(0)
}

fn size_with_log(path: &Path) -> u64 {
    let log = PathBuf::from(format!("{}-wal", path.display()));
    let size = |path: &Path| std::fs::metadata(path).map_or(0, |file| file.len());
    size(path).saturating_add(size(&log))
}

/// Processor time of a process that runs.
fn cpu_us(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name before may hold anything; after it the state is field 3, the times are 14 and 15.
    let (_, fields) = stat.rsplit_once(')')?;
    let ticks = fields.split_whitespace().skip(11).take(2);
    let ticks: u64 = ticks.filter_map(|field| field.parse::<u64>().ok()).sum();
    Some(ticks.saturating_mul(TICK_US))
}

/// A size of a process that runs: `VmRSS` now, `VmHWM` at most.
pub(super) fn memory_bytes(pid: u32, name: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib.saturating_mul(1024))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counters_of_a_server_are_found_in_its_info() {
        let info = "# CPU\r\nused_cpu_sys:1.500000\r\nused_cpu_user:2.250001\r\n\
                    used_cpu_user_children:0.000000\r\n# Stats\r\ntotal_commands_processed:77\r\n\
                    used_memory:1024\r\ncmdstat_evalsha:calls=12,usec=34\r\n\
                    cmdstat_hset:calls=5,usec=6\r\n";
        let usage = StoreUsage::of_info(info);
        assert_eq!(usage.cpu_us, 3_750_001);
        assert_eq!((usage.scripts, usage.commands, usage.bytes), (12, 77, 1024));
    }

    #[test]
    fn this_process_has_memory_and_counts_its_time() {
        let pid = std::process::id();
        assert!(cpu_us(pid).is_some());
        assert!(memory_bytes(pid, "VmHWM:") >= memory_bytes(pid, "VmRSS:"));
        assert!(memory_bytes(pid, "VmRSS:").unwrap() > 0);
    }
}
