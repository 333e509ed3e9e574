//! What this process and the server have used so far, by their own counters.

use redis::InfoDict;
use redis::aio::MultiplexedConnection;

/// Up to a moment, or between two.
pub(crate) struct Used {
    pub(crate) own_cpu_us: u64,
    pub(crate) peak_bytes: u64,
    pub(crate) store_cpu_us: u64,
    pub(crate) store_commands: u64,
    pub(crate) store_bytes: u64,
}

impl Used {
    pub(crate) async fn now(store: &mut MultiplexedConnection) -> Self {
        let info: InfoDict = redis::cmd("INFO").query_async(store).await.expect("INFO");
        let cpu = [
            "used_cpu_user",
            "used_cpu_sys",
            "used_cpu_user_children",
            "used_cpu_sys_children",
        ];
        let seconds: f64 = cpu.iter().filter_map(|name| info.get::<f64>(name)).sum();
        let count = |name: &str| info.get::<u64>(name).expect("a count");
        Self {
            own_cpu_us: own_cpu_us(),
            peak_bytes: peak_bytes(),
            store_cpu_us: (seconds * 1e6) as u64,
            store_commands: count("total_commands_processed"),
            store_bytes: count("used_memory"),
        }
    }

    pub(crate) fn since(self, then: &Self) -> Self {
        Self {
            own_cpu_us: self.own_cpu_us - then.own_cpu_us,
            peak_bytes: self.peak_bytes,
            store_cpu_us: self.store_cpu_us - then.store_cpu_us,
            store_commands: self.store_commands - then.store_commands,
            store_bytes: self.store_bytes.saturating_sub(then.store_bytes),
        }
    }
}

/// `/proc` counts processor time in hundredths of a second.
fn own_cpu_us() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    let (_, fields) = stat.rsplit_once(')').expect("a name");
    let ticks = fields.split_whitespace().skip(11).take(2);
    ticks
        .map(|field| field.parse::<u64>().expect("ticks") * 10_000)
        .sum()
}

fn peak_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.expect("VmHWM") * 1024
}
