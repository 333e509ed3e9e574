//! What a story plays in: a folder of its own, people with tokens, a simulator, and the program.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;
use tempfile::TempDir;

use crate::process::{Process, until};
use crate::simulator::{Books, Simulator};

/// States nothing follows without people.
const ENDS: [&str; 8] = [
    "settled",
    "partly_settled",
    "failed",
    "rejected",
    "withdrawn",
    "expired",
    "refused",
    "frozen",
];

/// What differs from the usual world.
#[derive(Default)]
pub(crate) struct Setup {
    people: Vec<(&'static str, &'static [&'static str])>,
    policy: Vec<(&'static str, &'static str)>,
    simulator: Vec<&'static str>,
    scenario: Option<Value>,
    store: Option<String>,
    is_quick: bool,
}

impl Setup {
    /// One more person; ayse (maker) and mehmet (approver) are always there.
    pub(crate) fn person(mut self, name: &'static str, roles: &'static [&'static str]) -> Self {
        self.people.push((name, roles));
        self
    }

    /// Another line in the policy that `onay init` writes.
    pub(crate) fn policy(mut self, line: &'static str, other: &'static str) -> Self {
        self.policy.push((line, other));
        self
    }

    /// An unanswered call is given up after a second, an unanswered release after seconds instead
    /// of minutes.
    pub(crate) fn short_doubt(mut self) -> Self {
        self.is_quick = true;
        self.policy("quiet_period = \"10m\"", "quiet_period = \"2s\"")
    }

    /// Two people must approve.
    pub(crate) fn two_approvals(self) -> Self {
        self.person("zeynep", &["approver"])
            .policy("approvals = 1", "approvals = 2")
    }

    /// What would pay again is allowed by the policy.
    pub(crate) fn resend(self) -> Self {
        self.policy(
            "on_release_doubt = \"ask\"",
            "on_release_doubt = \"resend\"",
        )
    }

    /// Switches of the simulator.
    pub(crate) fn simulator(mut self, switches: &[&'static str]) -> Self {
        self.simulator.extend(switches);
        self
    }

    /// What the simulator plays.
    pub(crate) fn scenario(mut self, scenario: Value) -> Self {
        self.scenario = Some(scenario);
        self
    }

    /// Keeps batches there, instead of in a file of its own.
    pub(crate) fn store(mut self, url: impl Into<String>) -> Self {
        self.store = Some(url.into());
        self
    }

    /// Writes the files and starts the simulator.
    pub(crate) fn build(self) -> World {
        let dir = tempfile::Builder::new()
            .prefix("onay-e2e-")
            .tempdir()
            .unwrap();
        let mut switches = vec!["--settle-after", "300ms"];
        switches.extend(&self.simulator);
        let scenario = dir.path().join("scenario.json");
        if let Some(what) = &self.scenario {
            std::fs::write(&scenario, what.to_string()).unwrap();
            switches.extend(["--scenario", scenario.to_str().unwrap()]);
        }
        let simulator = Simulator::start(&switches, &dir.path().join("simulator"));
        let own_file = format!("sqlite://{}", dir.path().join("onay.db").display());
        let mut world = World {
            store_url: self.store.clone().unwrap_or(own_file),
            dir,
            simulator,
            tokens: BTreeMap::new(),
            started: AtomicUsize::new(0),
        };
        world.write_policy(&self);
        world.write_settings(if self.is_quick { "1s" } else { "2s" });
        world
    }
}

/// A set-up world. Its processes end with their handles, its folder with itself.
pub(crate) struct World {
    pub(crate) simulator: Simulator,
    pub(crate) store_url: String,
    dir: TempDir,
    tokens: BTreeMap<String, String>,
    started: AtomicUsize,
}

impl World {
    pub(crate) fn new() -> Self {
        Setup::default().build()
    }

    fn write_policy(&mut self, setup: &Setup) {
        let dir = self.dir.path().to_str().unwrap();
        let init = self.run(&["init", "--dir", dir]).expect(0);
        for line in init.stdout.lines() {
            let (name, token) = line.split_once(' ').unwrap();
            self.tokens.insert(name.to_owned(), token.to_owned());
        }
        let path = self.path("policy.toml");
        let mut policy = std::fs::read_to_string(&path).unwrap();
        for (line, other) in &setup.policy {
            assert!(policy.contains(line), "the policy has no line `{line}`");
            policy = policy.replace(line, other);
        }
        for (name, roles) in &setup.people {
            let (table, token) = self.new_token(name, roles);
            policy.push_str(&table);
            self.tokens.insert((*name).to_owned(), token);
        }
        std::fs::write(&path, policy).unwrap();
    }

    /// The lines for the policy file, and the token.
    pub(crate) fn new_token(&self, name: &str, roles: &[&str]) -> (String, String) {
        let mut args = vec!["token", "new", name];
        args.extend(roles.iter().flat_map(|role| ["--role", role]));
        let printed = self.run(&args).expect(0).stdout;
        let (table, token) = printed.trim_end().rsplit_once('\n').unwrap();
        (table.to_owned(), token.to_owned())
    }

    fn write_settings(&self, timeout: &str) {
        let settings = format!(
            "store = \"{}\"\nlisten = \"127.0.0.1:0\"\n\
             [iyzico]\nurl = \"{}\"\ntimeout = \"{timeout}\"\n[worker]\nlease = \"2s\"\n",
            self.store_url, self.simulator.url,
        );
        std::fs::write(self.path("onay.toml"), settings).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.path("onay.db")
    }

    pub(crate) fn token(&self, name: &str) -> &str {
        &self.tokens[name]
    }

    /// Every token there is.
    pub(crate) fn tokens(&self) -> impl Iterator<Item = &str> {
        self.tokens.values().map(String::as_str)
    }

    pub(crate) fn books(&self) -> Books {
        self.simulator.books()
    }

    /// A file in the world's folder.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// The program in this world's environment, and in no other.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(onay_tests::onay());
        command
            .args(args)
            .current_dir(self.dir.path())
            .env_clear()
            .env("HOME", self.dir.path())
            .env("ONAY_IYZICO_CALLS_PER_MINUTE", "0")
            .env("ONAY_IYZICO_API_KEY", &self.simulator.api_key)
            .env("ONAY_IYZICO_SECRET_KEY", &self.simulator.secret_key);
        command
    }

    /// Runs a command to its end, with nobody at the keyboard.
    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        Ran::of(&mut self.command(args))
    }

    /// Runs a command as a person.
    pub(crate) fn run_as(&self, name: &str, args: &[&str]) -> Ran {
        let mut command = self.command(args);
        Ran::of(
            command
                .args(["--as", name])
                .env("ONAY_TOKEN", self.token(name)),
        )
    }

    /// Starts a long-running command.
    pub(crate) fn start(&self, args: &[&str]) -> Process {
        self.start_command(&mut self.command(args))
    }

    pub(crate) fn start_command(&self, command: &mut Command) -> Process {
        let number = self.started.fetch_add(1, Ordering::Relaxed);
        Process::start(command, &self.path(&format!("process-{number}")))
    }

    /// Starts `onay serve` and waits until it listens.
    #[track_caller]
    pub(crate) fn serve(&self) -> Process {
        let mut serve = self.start(&["serve"]);
        serve.told("console on ");
        serve
    }

    /// Submits a batch as ayse; the answer's JSON.
    #[track_caller]
    pub(crate) fn submit(&self, batch: &Value) -> Value {
        let name = format!("{}.json", batch["externalId"].as_str().unwrap());
        let file = self.file(&name, batch.to_string());
        let ran = self.run_as("ayse", &["submit", &file, "--json"]);
        ran.expect(0).json()
    }

    /// Submits a batch and waits until the provider holds it; what `show` then says.
    #[track_caller]
    pub(crate) fn hold(&self, batch: &Value) -> Value {
        self.submit(batch);
        self.wait_until(batch["externalId"].as_str().unwrap(), "pending_approval")
    }

    #[track_caller]
    pub(crate) fn show(&self, batch: &str) -> Value {
        self.run(&["show", batch, "--json"]).expect(0).json()
    }

    /// Waits until a batch is in a state; what `show` then says.
    #[track_caller]
    pub(crate) fn wait_until(&self, batch: &str, state: &str) -> Value {
        until(&format!("{batch} {state}"), || {
            let shown = self.show(batch);
            let now = shown["state"].as_str().unwrap();
            assert!(
                now == state || !ENDS.contains(&now),
                "{batch} was to be {state}, but is: {shown:#}"
            );
            (now == state).then_some(shown)
        })
    }

    /// Waits until a batch that is frozen goes on and comes to a state; what `show` then says.
    #[track_caller]
    pub(crate) fn wait_until_again(&self, batch: &str, state: &str) -> Value {
        until(&format!("{batch} {state}"), || {
            let shown = self.show(batch);
            (shown["state"] == state).then_some(shown)
        })
    }

    /// Approves what is held now.
    #[track_caller]
    pub(crate) fn approve(&self, name: &str, batch: &str) -> Value {
        let shown = self.show(batch);
        let digest = shown["digest"].as_str().unwrap();
        let ran = self.run_as(name, &["approve", batch, "--digest", digest, "--json"]);
        ran.expect(0).json()
    }

    /// Says what is to become of a frozen batch, once no call of ours is under way any more.
    #[track_caller]
    pub(crate) fn resolve(&self, name: &str, batch: &str, action: &str) -> Ran {
        let args = ["resolve", batch, action, "--reason", "as agreed", "--json"];
        until("the end of a call", || {
            let ran = self.run_as(name, &args);
            (!ran.stderr.contains("try again after")).then_some(ran)
        })
    }

    /// Two people who want the same.
    #[track_caller]
    pub(crate) fn resolve_by_two(&self, batch: &str, action: &str) {
        self.resolve("mehmet", batch, action).expect(0);
        self.resolve("oya", batch, action).expect(0);
    }

    /// Everything the long-running processes said.
    pub(crate) fn logs(&self) -> Vec<(PathBuf, String)> {
        let files = std::fs::read_dir(self.dir.path()).unwrap();
        let paths = files.map(|file| file.unwrap().path());
        let is_log = |path: &PathBuf| {
            path.extension()
                .is_some_and(|ending| ending == "err" || ending == "out")
        };
        let mut logs: Vec<_> = paths
            .filter(is_log)
            .map(|path| (path.clone(), std::fs::read_to_string(path).unwrap()))
            .collect();
        logs.sort();
        logs
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for (path, text) in self.logs() {
                eprintln!("--- {}\n{text}", path.display());
            }
        }
    }
}

/// A command that has ended.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) command: String,
}

impl Ran {
    pub(crate) fn of(command: &mut Command) -> Self {
        let output = command.stdin(Stdio::null()).output().unwrap();
        let args: Vec<_> = command
            .get_args()
            .map(|arg| arg.to_string_lossy())
            .collect();
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
            command: args.join(" "),
        }
    }

    /// Asserts the exit code.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        let Self {
            command,
            stdout,
            stderr,
            ..
        } = &self;
        assert_eq!(
            self.code,
            Some(code),
            "onay {command}\n--- stdout\n{stdout}\n--- stderr\n{stderr}"
        );
        self
    }

    /// Asserts that standard error says all of this.
    #[track_caller]
    pub(crate) fn says(self, words: &[&str]) -> Self {
        for word in words {
            assert!(
                self.stderr.contains(word),
                "onay {} was to say `{word}`:\n{}",
                self.command,
                self.stderr
            );
        }
        self
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("onay {}: {error} in\n{}", self.command, self.stdout))
    }
}

/// Asserts that a JSON object has all these fields; more may be added, none is ever renamed.
#[track_caller]
pub(crate) fn assert_fields(value: &Value, names: &[&str]) {
    let object = value.as_object().unwrap();
    for name in names {
        assert!(object.contains_key(*name), "no `{name}` in {value:#}");
    }
}
