//! The policy file (TOML, format 1).

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;
use std::time::Duration;

use serde::Deserialize;

use super::{Funds, OnInvalid, OnReleaseDoubt, Person, Policy, ReadBack, Role, Rule, Safety};
use crate::credential::TokenHash;
use crate::digest::Digest;
use crate::ids::PersonName;
use crate::money::Money;
use crate::signature::PublicKey;

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
    public_key: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleTable {
    name: String,
    up_to: Option<String>,
    above: Option<String>,
    approvals: u32,
    from: Option<Vec<String>>,
    expires_after: String,
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
        let rules: Vec<Rule> = file
            .rule
            .into_iter()
            .filter_map(|rule| kept(rule.read(&people), &mut problems))
            .collect();
        if rules.is_empty() && problems.is_empty() {
            problems.push("no [[rule]]: nothing could ever be released".to_owned());
        }
        match safety {
            Some(safety) if problems.is_empty() => Ok(Self {
                safety,
                people,
                rules,
                hash: Digest::of(text.as_bytes()),
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
            public_key,
        })
    }
}

impl RuleTable {
    fn read(self, people: &BTreeMap<PersonName, Person>) -> Result<Rule, String> {
        let name = self.name;
        let money = |key: &str, text: Option<String>| {
            text.map(|text| {
                Money::from_str(&text).map_err(|error| {
                    format!(
                        "rule `{name}`: {key} `{text}` is {error}; write it as \"50000.00 TRY\""
                    )
                })
            })
            .transpose()
        };
        let up_to = money("up_to", self.up_to)?;
        let above = money("above", self.above)?;
        if self.approvals == 0 {
            return Err(format!(
                "rule `{name}`: approvals is 0; at least one person must approve"
            ));
        }
        let from = self
            .from
            .map(|names| {
                names
                    .iter()
                    .map(|asked| approver(&name, asked, people))
                    .collect()
            })
            .transpose()?;
        let expires_after = duration(
            &format!("rule `{name}`: expires_after"),
            &self.expires_after,
        )?;
        Ok(Rule {
            up_to,
            above,
            approvals: self.approvals,
            from,
            expires_after,
            name,
        })
    }
}

fn approver(
    rule: &str,
    name: &str,
    people: &BTreeMap<PersonName, Person>,
) -> Result<PersonName, String> {
    people
        .values()
        .find(|person| person.name.as_str() == name && person.roles.contains(&Role::Approver))
        .map(|person| person.name.clone())
        .ok_or_else(|| format!("rule `{rule}`: from names `{name}`, who is not an approver"))
}

fn duration(place: &str, text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text)
        .map_err(|error| format!("{place} `{text}`: {error}; write it as \"48h\" or \"10m\""))
}
