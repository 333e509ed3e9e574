//! `docs/configuration.md` names every command, flag, variable and key there is, and no other.

use std::collections::BTreeSet;
use std::process::Command;

use onay_tests::onay;

use crate::{markdown, read, words};

type Names = BTreeSet<String>;

/// Secrets; each may also stand in a file that `…_FILE` names.
const SECRETS: [&str; 5] = [
    "ONAY_IYZICO_API_KEY",
    "ONAY_IYZICO_SECRET_KEY",
    "ONAY_KEY_PASSPHRASE",
    "ONAY_STORE",
    "ONAY_TOKEN",
];

/// The environment variables that the program reads.
pub(crate) fn variables() -> Names {
    let text =
        ["args.rs", "config.rs", "keys.rs"].map(|file| read(format!("crates/cli/src/{file}")));
    let text = text.concat();
    let read = words(&text).filter(|word| word.starts_with("ONAY_"));
    let files = SECRETS.map(|name| format!("{name}_FILE"));
    read.map(str::to_owned).chain(files).collect()
}

/// A command that finds none of them set.
pub(crate) fn clean(mut command: Command) -> Command {
    for name in variables() {
        command.env_remove(name);
    }
    command
}

/// What a command prints as its help.
fn help(command: &[&str]) -> String {
    let output = clean(Command::new(onay()))
        .args(command)
        .arg("--help")
        .output();
    String::from_utf8(output.unwrap().stdout).unwrap()
}

/// The first words of the indented lines under a heading of a help text.
fn listed<'a>(help: &'a str, heading: &str) -> Vec<&'a str> {
    let section = help.split_once(heading).map_or("", |(_, rest)| rest);
    section
        .lines()
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect()
}

/// The commands, with those under `audit`, `token` and the like.
pub(crate) fn commands() -> Vec<String> {
    let text = help(&[]);
    let mut all = Vec::new();
    for name in listed(&text, "Commands:") {
        let text = help(&[name]);
        let below = listed(&text, "Commands:");
        if below.is_empty() {
            all.push(name.to_owned());
        }
        all.extend(below.iter().map(|inner| format!("{name} {inner}")));
    }
    all
}

/// The flags of a help text.
fn flags(help: &str) -> Names {
    let starts = help
        .lines()
        .filter_map(|line| line.split_whitespace().next());
    starts
        .filter(|word| word.starts_with("--"))
        .map(str::to_owned)
        .collect()
}

/// The keys a file may have, as its reader lists them when it meets one it does not know.
fn keys(file: &str, text: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    for name in ["onay.toml", "policy.toml"] {
        let text = if name == file { text } else { "" };
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let output = clean(Command::new(onay()))
        .args(["doctor", "--json", "--config"])
        .arg(folder.path().join("onay.toml"))
        .output()
        .unwrap();
    let told = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    let (_, list) = told
        .split_once("expected")
        .unwrap_or_else(|| panic!("{text}\n{told}"));
    let list = list.split(['\\', '\n', '"']).next().unwrap();
    let names = list.split('`').skip(1).step_by(2);
    names.map(str::to_owned).collect()
}

/// Every key of a file, `table.key`; a table is asked for its keys with a key nobody has.
fn all_keys(file: &str, start: &str, tables: &[(&str, &str)]) -> Names {
    let names: Vec<&str> = tables.iter().map(|(name, _)| *name).collect();
    let mut all: Names = keys(file, &format!("{start}\nnobody = 1\n"))
        .into_iter()
        .filter(|key| !names.contains(&key.as_str()))
        .collect();
    for (name, header) in tables {
        let inner = keys(file, &format!("{start}\n{header}\nnobody = 1\n"));
        all.extend(inner.into_iter().map(|key| format!("{name}.{key}")));
    }
    all
}

fn is_key(name: &str) -> bool {
    let is_lower = |letter: char| letter.is_ascii_lowercase() || "._".contains(letter);
    name.chars().all(is_lower)
}

#[test]
fn every_variable_is_documented_and_no_other() {
    let text = read("docs/configuration.md");
    let documented: Names = words(&text)
        .filter(|word| word.starts_with("ONAY_"))
        .map(str::to_owned)
        .collect();
    assert_eq!(documented, variables());
}

#[test]
fn every_key_is_documented_and_no_other() {
    let settings = [("iyzico", "[iyzico]"), ("worker", "[worker]")];
    let policy = [
        ("safety", "[safety]"),
        ("person", "[[person]]"),
        ("group", "[[group]]"),
        ("delegation", "[[delegation]]"),
        ("history", "[history]"),
        ("rule", "[[rule]]"),
    ];
    let mut expected = all_keys("onay.toml", "", &settings);
    expected.extend(all_keys("policy.toml", "format = 1", &policy));
    let text = read("docs/configuration.md");
    let documented: Names = markdown::rows(&text)
        .iter()
        .flat_map(|row| &row[0])
        .filter(|name| is_key(name))
        .map(ToString::to_string)
        .collect();
    assert_eq!(documented, expected);
}

#[test]
fn every_command_and_flag_is_documented_and_no_other() {
    let text = read("docs/configuration.md");
    let rows = markdown::rows(&text);
    let of_all = flags(help(&["doctor"]).split_once("Settings:").unwrap().1);
    let in_settings: Names = rows
        .iter()
        .filter(|row| {
            row[0]
                .first()
                .is_none_or(|first| !first.starts_with("onay "))
        })
        .flatten()
        .flatten()
        .filter(|word| word.starts_with("--"))
        .map(ToString::to_string)
        .collect();
    assert_eq!(in_settings, of_all, "flags of every command");
    let documented: BTreeSet<(String, Names)> = rows
        .iter()
        .filter_map(|row| {
            let name = row[0].first()?.strip_prefix("onay ")?;
            let flags = row[1..]
                .iter()
                .flatten()
                .filter(|word| word.starts_with("--"));
            Some((name.to_owned(), flags.map(ToString::to_string).collect()))
        })
        .collect();
    let expected = commands().into_iter().map(|name| {
        let words: Vec<&str> = name.split(' ').collect();
        let own = &flags(&help(&words)) - &of_all;
        (name, own)
    });
    assert_eq!(documented, expected.collect());
}
