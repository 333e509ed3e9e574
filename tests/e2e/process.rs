//! A running program: its output goes to files, and it does not outlive its test.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// Longest wait for anything that must happen. Only a failing test takes this long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);

/// Between two looks at what is waited for.
const PAUSE: Duration = Duration::from_millis(50);

/// Looks until there is something to see.
#[track_caller]
pub(crate) fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(
            start.elapsed() < PATIENCE,
            "{what}: not within {PATIENCE:?}"
        );
        std::thread::sleep(PAUSE);
    }
}

/// A program under way. Dropping it kills it.
pub(crate) struct Process {
    child: Child,
    stdout: PathBuf,
    stderr: PathBuf,
}

impl Process {
    /// Starts a program; `log` is where its output goes, without an ending.
    pub(crate) fn start(command: &mut Command, log: &Path) -> Self {
        let (stdout, stderr) = (log.with_extension("out"), log.with_extension("err"));
        let child = command
            .stdin(Stdio::null())
            .stdout(File::create(&stdout).unwrap())
            .stderr(File::create(&stderr).unwrap())
            .spawn()
            .unwrap();
        Self {
            child,
            stdout,
            stderr,
        }
    }

    pub(crate) fn stdout(&self) -> String {
        std::fs::read_to_string(&self.stdout).unwrap()
    }

    pub(crate) fn stderr(&self) -> String {
        std::fs::read_to_string(&self.stderr).unwrap()
    }

    /// What follows `start` in the output, up to the next blank, quote or line end.
    #[track_caller]
    pub(crate) fn told(&mut self, start: &str) -> String {
        until(start, || {
            let text = self.stdout() + &self.stderr();
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("ended with {status} before it said `{start}`:\n{text}");
            }
            let (_, rest) = text.split_once(start)?;
            let (word, _) = rest.split_once([' ', '"', '\n'])?;
            Some(word.to_owned())
        })
    }

    /// `kill -9`.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM, as a service manager sends it; then waits for the end.
    #[track_caller]
    pub(crate) fn terminate(mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        self.ended()
    }

    /// It does nothing, and knows nothing of it, until it is continued.
    pub(crate) fn stop(&self) {
        self.signal(Signal::STOP);
    }

    pub(crate) fn go_on(&self) {
        self.signal(Signal::CONT);
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for the program to end by itself.
    #[track_caller]
    pub(crate) fn ended(&mut self) -> ExitStatus {
        until("the end of a process", || self.child.try_wait().unwrap())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
