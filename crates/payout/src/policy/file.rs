//! The policy file (TOML, format 1).

mod rules;

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};

use serde::Deserialize;

use super::{
    Delegation, Funds, OnInvalid, OnReleaseDoubt, Person, Policy, ReadBack, Role, Rule, Safety,
};
use crate::credential::TokenHash;
use crate::digest::Digest;
use crate::ids::PersonName;
use crate::signature::PublicKey;
use rules::{DelegationTable, GroupTable, HistoryTable, Names, RuleTable};

/// What is wrong with a policy file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// It is not TOML of this shape.
    #[error("not a policy file: {0}")]
    Syntax(String),
    /// It reads, but does not hold together.
    #[error("{}", .0.join("; "))]
    Rules(Vec<String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: u32,
    #[serde(default)]
    safety: SafetyTable,
    #[serde(default)]
    person: Vec<PersonTable>,
    #[serde(default)]
    group: Vec<GroupTable>,
    #[serde(default)]
    delegation: Vec<DelegationTable>,
    history: Option<HistoryTable>,
    #[serde(default)]
    rule: Vec<RuleTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct SafetyTable {
    read_back: String,
    look_before_init: bool,
    funds: String,
    on_invalid: String,
    on_release_doubt: String,
    quiet_period: String,
}

impl Default for SafetyTable {
    fn default() -> Self {
        Self {
            read_back: "full".to_owned(),
            look_before_init: true,
            funds: "check".to_owned(),
            on_invalid: "ask".to_owned(),
            on_release_doubt: "ask".to_owned(),
            quiet_period: "10m".to_owned(),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PersonTable {
    name: String,
    roles: Vec<String>,
    token: Option<String>,
    token_until: Option<String>,
    public_key: Option<String>,
}

impl Policy {
    /// Reads a policy file and reports everything that is wrong with it.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let file: File =
            toml::from_str(text).map_err(|error| PolicyError::Syntax(error.to_string()))?;
        let mut problems = Vec::new();
        if file.format != 1 {
            problems.push(format!(
                "format {} is not known; this version reads format 1",
                file.format
            ));
        }
        let safety = kept(file.safety.read(), &mut problems);
        let people = read_people(file.person, &mut problems);
        let names = Names::read(file.group, &people, &mut problems);
        let rules: Vec<Rule> = file
            .rule
            .into_iter()
            .filter_map(|rule| kept(rule.read(&names), &mut problems))
            .collect();
        problems.extend(twice("rule", rules.iter().map(|rule| rule.name.as_str())));
        let delegations: Vec<Delegation> = file
            .delegation
            .into_iter()
            .filter_map(|lent| kept(lent.read(&names), &mut problems))
            .collect();
        let history = file.history.map(HistoryTable::read).transpose();
        let history = kept(history, &mut problems).flatten();
        problems.extend(without_history(history, &rules));
        if rules.is_empty() && problems.is_empty() {
            problems.push("no [[rule]]: nothing could ever be released".to_owned());
        }
        match safety {
            Some(safety) if problems.is_empty() => Ok(Self {
                safety,
                people,
                delegations,
                rules,
                history,
                text: text.into(),
                hash: Digest::of(text.as_bytes()),
                past: Arc::default(),
            }),
            _ => Err(PolicyError::Rules(problems)),
        }
    }
}

fn kept<T>(result: Result<T, String>, problems: &mut Vec<String>) -> Option<T> {
    result.map_err(|problem| problems.push(problem)).ok()
}

impl SafetyTable {
    fn read(self) -> Result<Safety, String> {
        let unknown = |key: &str, word: &str, allowed: &str| {
            format!("safety.{key}: unknown word `{word}`; use {allowed}")
        };
        Ok(Safety {
            read_back: match self.read_back.as_str() {
                "full" => ReadBack::Full,
                "totals" => ReadBack::Totals,
                "off" => ReadBack::Off,
                other => return Err(unknown("read_back", other, "full, totals or off")),
            },
            look_before_init: self.look_before_init,
            funds: match self.funds.as_str() {
                "check" => Funds::Check,
                "off" => Funds::Off,
                other => return Err(unknown("funds", other, "check or off")),
            },
            on_invalid: match self.on_invalid.as_str() {
                "ask" => OnInvalid::Ask,
                "reject" => OnInvalid::Reject,
                other => return Err(unknown("on_invalid", other, "ask or reject")),
            },
            on_release_doubt: match self.on_release_doubt.as_str() {
                "ask" => OnReleaseDoubt::Ask,
                "resend" => OnReleaseDoubt::Resend,
                other => return Err(unknown("on_release_doubt", other, "ask or resend")),
            },
            quiet_period: duration("safety.quiet_period", &self.quiet_period)?,
        })
    }
}

fn read_people(
    tables: Vec<PersonTable>,
    problems: &mut Vec<String>,
) -> BTreeMap<PersonName, Person> {
    let mut people = BTreeMap::new();
    for table in tables {
        let Some(person) = kept(table.read(), problems) else {
            continue;
        };
        problems.extend(same_key(&person, &people));
        if let Some(twice) = people.insert(person.name.clone(), person) {
            problems.push(format!("person `{}` stands twice", twice.name));
        }
    }
    people
}

/// Somebody else with the key of this person: one human would count twice.
fn same_key(person: &Person, people: &BTreeMap<PersonName, Person>) -> Option<String> {
    let key = person.public_key?;
    let is_other = |other: &&Person| other.public_key == Some(key) && other.name != person.name;
    let (name, other) = (&person.name, &people.values().find(is_other)?.name);
    Some(format!(
        "person `{name}`: public_key is that of `{other}`; everybody makes their own with `onay key new`"
    ))
}

impl PersonTable {
    fn read(self) -> Result<Person, String> {
        let name = PersonName::from_str(&self.name)
            .map_err(|error| format!("person `{}`: name {error}", self.name))?;
        let roles = self
            .roles
            .iter()
            .map(|word| {
                Role::ALL.into_iter().find(|role| role.word() == word).ok_or_else(|| {
                    format!(
                        "person `{name}`: unknown role `{word}`; use maker, approver, operator, auditor or admin"
                    )
                })
            })
            .collect::<Result<BTreeSet<Role>, String>>()?;
        let token = self
            .token
            .map(|text| {
                TokenHash::new(&text).ok_or_else(|| {
                    format!(
                        "person `{name}`: token is not an argon2id hash; `onay token new {name}` prints one"
                    )
                })
            })
            .transpose()?;
        let token_until = self
            .token_until
            .map(|text| moment(&format!("person `{name}`: token_until"), &text))
            .transpose()?;
        let public_key = self.public_key.map(|text| {
            text.parse::<PublicKey>().map_err(|error| {
                format!("person `{name}`: public_key is {error}; `onay key show {name}` prints it")
            })
        });
        let public_key = public_key.transpose()?;
        Ok(Person {
            name,
            roles,
            token,
            token_until,
            public_key,
        })
    }
}

pub(super) fn duration(place: &str, text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text)
        .map_err(|error| format!("{place} `{text}`: {error}; write it as \"48h\" or \"10m\""))
}

/// A moment, or the beginning of a day in UTC.
pub(super) fn moment(place: &str, text: &str) -> Result<DateTime<Utc>, String> {
    let day = NaiveDate::from_str(text).map(|day| day.and_time(NaiveTime::MIN).and_utc());
    DateTime::parse_from_rfc3339(text)
        .map(|moment| moment.to_utc())
        .or(day)
        .map_err(|_| {
            format!("{place} `{text}` is no date; write it as \"2027-01-31\" or \"2027-01-31T09:00:00Z\"")
        })
}

/// Names that stand twice.
fn twice<'n>(kind: &str, names: impl Iterator<Item = &'n str>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    names
        .filter(|name| !seen.insert(*name))
        .map(|name| format!("{kind} `{name}` stands twice"))
        .collect()
}

/// Rules that look at what nothing would remember.
fn without_history(history: Option<Duration>, rules: &[Rule]) -> Vec<String> {
    let in_vain = rules
        .iter()
        .filter(|rule| history.is_none() && rule.conditions.needs_history());
    in_vain
        .map(|rule| {
            format!(
                "rule `{}` looks at other batches, and nothing is remembered of them; add [history]",
                rule.name
            )
        })
        .collect()
}
