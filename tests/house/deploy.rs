//! What `deploy/` holds can be read by those who are meant to read it, and names what there is.

use std::process::Command;

use onay_tests::{onay, root};
use serde_json::Value;

use crate::{files, read, settings, words};

/// The words of `deploy/…` after this one on their line, for each line that has it.
fn after<'a>(text: &'a str, start: &str) -> Vec<&'a str> {
    let lines = text.lines().filter_map(|line| line.strip_prefix(start));
    lines.map(str::trim).collect()
}

fn is_command(name: &str) -> bool {
    settings::commands().iter().any(|command| command == name)
}

#[test]
fn the_examples_are_read_with_every_setting_switched_on() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("onay.toml");
    let example = read("deploy/onay.example.toml");
    let is_setting = |line: &&str| line.contains(" = ") && !line.ends_with('.');
    let all_on: String = example
        .lines()
        .map(|line| match line.strip_prefix("# ").filter(is_setting) {
            Some(setting) => format!("{setting}\n"),
            None => format!("{line}\n"),
        })
        .collect();
    std::fs::write(&config, all_on).unwrap();
    let output = settings::clean(Command::new(onay()))
        .args(["doctor", "--json", "--policy"])
        .arg(root().join("deploy/policy.example.toml"))
        .arg("--config")
        .arg(&config)
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    for check in report["checks"].as_array().unwrap() {
        let is_of_files = ["settings", "policy", "people", "rules"]
            .iter()
            .any(|name| check["name"] == *name);
        assert!(!is_of_files || check["ok"] == true, "{check}");
    }
}

#[test]
fn every_variable_in_deploy_is_one_that_is_read() {
    let known = settings::variables();
    for path in files("deploy", "") {
        let text = read(&path);
        for name in words(&text).filter(|word| word.starts_with("ONAY_")) {
            assert!(known.contains(name), "{}: {name}", path.display());
        }
    }
}

#[test]
fn the_container_file_copies_and_starts_what_there_is() {
    let text = read("deploy/Containerfile");
    let stages = after(&text, "FROM ");
    let toolchain: toml::Table = toml::from_str(&read("rust-toolchain.toml")).unwrap();
    let version = toolchain["toolchain"]["channel"].as_str().unwrap();
    assert_eq!(stages.len(), 2, "one stage builds, one runs");
    assert!(
        stages[0].contains(&format!("rust:{version}-")),
        "{}",
        stages[0]
    );
    assert_eq!(after(&text, "ENV RUSTUP_TOOLCHAIN="), [version]);
    for line in after(&text, "COPY ") {
        let mut paths: Vec<&str> = line
            .split(' ')
            .filter(|word| !word.starts_with("--"))
            .collect();
        paths.pop();
        let is_built = line.starts_with("--from=build ");
        for path in paths {
            let is_there = if is_built {
                path.ends_with("/release/onay")
            } else {
                root().join(path).exists()
            };
            assert!(is_there, "{path}");
        }
    }
    let entry: Vec<String> = serde_json::from_str(after(&text, "ENTRYPOINT ")[0]).unwrap();
    let command: Vec<String> = serde_json::from_str(after(&text, "CMD ")[0]).unwrap();
    assert!(entry[0].ends_with("/onay") && is_command(&command[0]));
    assert_eq!(after(&text, "USER ").len(), 1, "it does not run as root");
}

#[test]
fn the_compose_file_starts_commands_there_are_with_secrets_there_are() {
    let compose: Value = serde_saphyr::from_str(&read("deploy/compose.yaml")).unwrap();
    let services = compose["services"].as_object().unwrap();
    for (name, service) in services {
        let command = service["command"][0].as_str().unwrap();
        assert!(is_command(command), "{name} runs {command}");
        for secret in service["secrets"].as_array().into_iter().flatten() {
            assert!(
                compose["secrets"].get(secret.as_str().unwrap()).is_some(),
                "{secret}"
            );
        }
    }
    // The client speaks plain http with its own machine only.
    assert_eq!(services["simulator"]["network_mode"], "service:onay");
}

/// Asserts that a `redis-server` is told to keep what it answered.
fn assert_durable(words: &Value) {
    let words: Vec<&str> = words.as_array().unwrap().iter().map(text).collect();
    for (setting, value) in [
        ("--appendonly", "yes"),
        ("--appendfsync", "always"),
        ("--maxmemory-policy", "noeviction"),
    ] {
        assert!(
            words.windows(2).any(|pair| pair == [setting, value]),
            "{setting}"
        );
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[test]
fn the_redis_of_both_examples_keeps_what_it_answered_and_roles_drain_in_time() {
    let compose: Value = serde_saphyr::from_str(&read("deploy/compose.redis.yaml")).unwrap();
    let services = compose["services"].as_object().unwrap();
    for (name, service) in services {
        if name == "redis" {
            assert_durable(&service["command"]);
            continue;
        }
        assert!(is_command(text(&service["command"][0])), "{service}");
        assert_eq!(service["stop_grace_period"], "75s");
        assert_eq!(service["environment"]["ONAY_STORE"], "redis://redis:6379/0");
    }

    let list: Value = serde_saphyr::from_str(&read("deploy/kubernetes.yaml")).unwrap();
    let items = list["items"].as_array().unwrap();
    for item in items {
        let pod = &item["spec"]["template"]["spec"];
        let container = &pod["containers"][0];
        match text(&item["kind"]) {
            "Deployment" => {
                assert!(is_command(text(&container["args"][0])), "{container}");
                assert_eq!(pod["terminationGracePeriodSeconds"], 75);
                assert_eq!(container["livenessProbe"]["httpGet"]["path"], "/healthz");
                assert_eq!(container["readinessProbe"]["httpGet"]["path"], "/readyz");
            }
            "StatefulSet" => assert_durable(&container["args"]),
            "Service" | "PodDisruptionBudget" => {}
            other => panic!("{other}"),
        }
    }
    assert_eq!(services.len() + items.len(), 11);
}

#[test]
fn the_unit_waits_longer_than_a_worker_drains() {
    let unit = read("deploy/systemd/onay.service");
    let command = after(&unit, "ExecStart=")[0];
    assert!(is_command(command.split(' ').nth(1).unwrap()), "{command}");
    let seconds: u64 = after(&unit, "TimeoutStopSec=")[0].parse().unwrap();
    for (path, constant) in [
        (
            "crates/cli/src/config.rs",
            "const DRAIN: Duration = Duration::from_secs(30);",
        ),
        (
            "crates/iyzico/src/settings.rs",
            "const CALL_TIMEOUT: Duration = Duration::from_secs(30);",
        ),
    ] {
        assert!(read(path).contains(constant), "{path}: {constant}");
    }
    assert!(seconds > 30 + 30, "TimeoutStopSec={seconds}");
    assert_eq!(after(&unit, "Restart="), ["always"]);
}
