//! The process of a server.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

/// The file in a server's folder that says what the server is.
pub(super) const SETTINGS: &str = "redis.conf";

/// The file in a server's folder where it says what happened.
pub(super) const LOG: &str = "redis.log";

/// What `redis-server` is told to be.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Store,
    Sentinel,
}

/// A running `redis-server`, or one that ended.
#[derive(Debug)]
pub(super) struct Process {
    kind: Kind,
    folder: PathBuf,
    running: Mutex<Running>,
}

impl Process {
    pub(super) fn start(kind: Kind, folder: &Path) -> Self {
        Self {
            kind,
            folder: folder.to_owned(),
            running: Mutex::new(Running::start(kind, folder)),
        }
    }

    pub(super) fn start_again(&self) {
        self.assert_ended();
        *self.running() = Running::start(self.kind, &self.folder);
    }

    pub(super) fn assert_ended(&self) {
        assert!(!self.is_running(), "the server still runs");
    }

    pub(super) fn is_running(&self) -> bool {
        self.running().server.try_wait().unwrap().is_none()
    }

    pub(super) fn end(&self, signal: Signal) {
        self.signal(signal);
        self.running().server.wait().unwrap();
    }

    pub(super) fn freeze(&self) {
        self.signal(Signal::STOP);
        let pid = Pid::from_child(&self.running().server);
        let stopped = waitpid(Some(pid), WaitOptions::UNTRACED).unwrap();
        assert!(stopped.is_some_and(|(_, status)| status.stopped()));
    }

    pub(super) fn signal(&self, signal: Signal) {
        assert!(self.is_running(), "the server does not run");
        kill_process(Pid::from_child(&self.running().server), signal).unwrap();
    }

    fn running(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A server, and a shell that ends it when our own process ends without a chance to: the shell
/// waits for its input to close.
#[derive(Debug)]
struct Running {
    server: Child,
    watch: Child,
}

impl Running {
    fn start(kind: Kind, folder: &Path) -> Self {
        let server = start_server(kind, folder);
        let watch = Command::new("sh")
            .args(["-c", "read -r _; kill -9 $1; rm -rf $2", "sh"])
            .arg(server.id().to_string())
            .arg(folder)
            .stdin(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { server, watch }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        for child in [&mut self.watch, &mut self.server] {
            // Fails only when it ended before.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn start_server(kind: Kind, folder: &Path) -> Child {
    let mut command = Command::new("redis-server");
    command.arg(SETTINGS).current_dir(folder);
    if matches!(kind, Kind::Sentinel) {
        command.arg("--sentinel");
    }
    // Before it knows of its log it complains here, such as about a setting.
    let log = File::options()
        .create(true)
        .append(true)
        .open(folder.join(LOG));
    let started = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log.unwrap())
        .spawn();
    match started {
        Ok(server) => server,
        Err(error) if error.kind() == io::ErrorKind::NotFound => panic!(
            "redis-server is not installed; install it with: sudo apt-get install redis-server"
        ),
        Err(error) => panic!("redis-server could not be started: {error}"),
    }
}
