//! Real Redis servers that tests start themselves.
//!
//! Each has a port and a folder of its own, and ends with the value that started it, also when its
//! test panics, and at the latest with the process of the tests.

mod cluster;
mod port;
mod process;
mod sentinels;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use redis::{InfoDict, RedisResult, Value};
use rustix::process::Signal;
use tempfile::TempDir;

pub use cluster::Cluster;
use port::Port;
use process::{Kind, Process};
pub use sentinels::Sentinels;

/// How long a server may take to do what it is asked for, on a machine that is busy with tests.
const PATIENCE: Duration = Duration::from_secs(20);

/// Between two looks at whether something happened.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// As durable as Onay asks for; replicas are served at once.
const DURABLE: &[(&str, &str)] = &[
    ("appendonly", "yes"),
    ("appendfsync", "always"),
    ("save", "\"\""),
    ("repl-diskless-sync-delay", "0"),
];

/// A `redis-server` on a loopback port, as durable as Onay asks for unless its settings say
/// otherwise.
///
/// # Panics
/// Every method panics when the server does not do what it is asked for, and says what its log says.
#[derive(Debug)]
pub struct RedisServer {
    // Dropped in this order: the process before its folder.
    process: Process,
    port: Port,
    folder: TempDir,
}

impl RedisServer {
    /// Starts a server with its append-only file on, synced at every write.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts a server with lines of `redis.conf` of its own: `[("appendfsync", "everysec")]`.
    pub fn start_with(settings: &[(&str, &str)]) -> Self {
        Self::start_on(Port::free(), Kind::Store, &[DURABLE, settings].concat())
    }

    /// The one server that tests share. Each takes a ledger of its own in it, and leaves the server
    /// alone.
    pub fn shared() -> &'static Self {
        static SHARED: LazyLock<RedisServer> = LazyLock::new(RedisServer::start);
        &SHARED
    }

    fn start_on(port: Port, kind: Kind, settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = [
            ("bind", "127.0.0.1".to_owned()),
            ("port", port.number.to_string()),
            ("dir", format!("\"{}\"", folder.path().display())),
            ("logfile", process::LOG.to_owned()),
        ];
        let place = place.iter().map(|(key, value)| (*key, value.as_str()));
        let lines: Vec<_> = place
            .chain(settings.iter().copied())
            .map(|(key, value)| format!("{key} {value}\n"))
            .collect();
        // A file, not arguments: servers that fail over write into it what they became.
        fs::write(folder.path().join(process::SETTINGS), lines.concat()).unwrap();
        let process = Process::start(kind, folder.path());
        let server = Self {
            process,
            port,
            folder,
        };
        server.wait_until_it_answers();
        server
    }

    /// Names the server, for [`crate::open`].
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port())
    }

    /// The port on 127.0.0.1; stays the same when the server starts again.
    pub fn port(&self) -> u16 {
        self.port.number
    }

    /// Where the append-only files are.
    pub fn append_only_folder(&self) -> PathBuf {
        self.folder.path().join("appendonlydir")
    }

    /// Ends the server at once, as `kill -9` does.
    pub fn kill(&self) {
        self.process.end(Signal::KILL);
    }

    /// Ends the server in an orderly way.
    pub fn stop(&self) {
        self.process.end(Signal::TERM);
    }

    /// Starts the server after its end, on the same port and folder, and waits until it answers.
    pub fn start_again(&self) {
        self.start_again_unseen();
        self.wait_until_it_answers();
    }

    /// Starts the server after its end and does not wait, so that it can be seen while it loads.
    pub fn start_again_unseen(&self) {
        self.process.start_again();
    }

    /// Copies what the server wrote. Only for one that ended.
    pub fn backup(&self) -> TempDir {
        let backup = tempfile::tempdir().unwrap();
        self.process.assert_ended();
        copy_files(&self.append_only_folder(), backup.path());
        backup
    }

    /// Puts a copy in the place of what the server wrote since, as after a disk that lost it. Only
    /// for one that ended.
    pub fn restore(&self, backup: &TempDir) {
        self.process.assert_ended();
        let folder = self.append_only_folder();
        fs::remove_dir_all(&folder).unwrap();
        fs::create_dir(&folder).unwrap();
        copy_files(backup.path(), &folder);
    }

    /// Makes the server stand still; its connections stay open and nothing is answered.
    pub fn freeze(&self) {
        self.process.freeze();
    }

    /// Lets a server that stands still go on.
    pub fn thaw(&self) {
        self.process.signal(Signal::CONT);
    }

    /// Sends a command, over a connection of its own, and gives the answer.
    pub fn command(&self, words: &[&str]) -> Value {
        self.try_command(words)
            .unwrap_or_else(|error| panic!("{words:?}: {error}; {}", self.log()))
    }

    /// Sends a command that may be refused.
    pub fn try_command(&self, words: &[&str]) -> RedisResult<Value> {
        let client = redis::Client::open(self.url())?;
        let mut connection = client.get_connection_with_timeout(PATIENCE)?;
        connection.set_read_timeout(Some(PATIENCE))?;
        let mut command = redis::Cmd::new();
        command.arg(words).query(&mut connection)
    }

    /// A section of what the server tells about itself.
    pub fn info(&self, section: &str) -> InfoDict {
        redis::from_redis_value(self.command(&["INFO", section])).unwrap()
    }

    /// Waits until a field of `INFO` has this value. A server that changes its role cuts connections.
    pub fn wait_for_info(&self, section: &str, field: &str, expected: &str) {
        until(&format!("{field} is {expected}; {}", self.log()), || {
            let answer = self.try_command(&["INFO", section]);
            let info: Option<InfoDict> = answer
                .ok()
                .map(|info| redis::from_redis_value(info).unwrap());
            info.is_some_and(|info| info.get::<String>(field).as_deref() == Some(expected))
        });
    }

    fn wait_until_it_answers(&self) {
        let began = Instant::now();
        while let Err(error) = self.try_command(&["PING"]) {
            assert!(
                self.process.is_running() && began.elapsed() < PATIENCE,
                "redis-server does not answer: {error}; {}",
                self.log()
            );
            std::thread::sleep(LOOK_EVERY);
        }
    }

    /// The end of the server's log.
    fn log(&self) -> String {
        let log = fs::read_to_string(self.folder.path().join(process::LOG)).unwrap_or_default();
        let lines: Vec<_> = log.lines().rev().take(12).collect();
        let lines: Vec<_> = lines.into_iter().rev().collect();
        format!("its log ends with:\n{}", lines.join("\n"))
    }
}

fn copy_files(from: &Path, to: &Path) {
    for file in fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

/// Where these servers are, as a URL lists them.
fn hosts(servers: &[RedisServer]) -> String {
    let hosts = servers
        .iter()
        .map(|server| format!("127.0.0.1:{}", server.port()));
    hosts.collect::<Vec<_>>().join(",")
}

/// Waits until `happened`.
fn until(what: &str, mut happened: impl FnMut() -> bool) {
    let began = Instant::now();
    while !happened() {
        assert!(began.elapsed() < PATIENCE, "this did not happen: {what}");
        std::thread::sleep(LOOK_EVERY);
    }
}
