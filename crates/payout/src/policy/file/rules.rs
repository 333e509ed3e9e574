//! The parts of the policy file that say who must approve what.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::{duration, moment, twice};
use crate::content::Purpose;
use crate::history::SignalKind;
use crate::ids::PersonName;
use crate::money::{Currency, Money};
use crate::policy::{Conditions, Delegation, Person, Role, Rule, Step};
use crate::requirement::Proof;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GroupTable {
    name: String,
    members: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DelegationTable {
    from: String,
    to: String,
    after: Option<String>,
    until: String,
    up_to: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HistoryTable {
    window: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleTable {
    name: String,
    up_to: Option<String>,
    above: Option<String>,
    item_above: Option<String>,
    maker_day_above: Option<String>,
    payee_day_above: Option<String>,
    purpose: Option<Vec<String>>,
    currency: Option<Vec<String>>,
    on: Option<Vec<String>>,
    approvals: Option<u32>,
    from: Option<Vec<String>>,
    steps: Option<Vec<StepTable>>,
    proof: Option<String>,
    expires_after: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StepTable {
    approvals: u32,
    from: Option<Vec<String>>,
}

/// Everybody whom rules may name, one by one or as a group.
pub(super) struct Names<'p> {
    people: &'p BTreeMap<PersonName, Person>,
    groups: BTreeMap<String, BTreeSet<PersonName>>,
}

impl<'p> Names<'p> {
    pub(super) fn read(
        tables: Vec<GroupTable>,
        people: &'p BTreeMap<PersonName, Person>,
        problems: &mut Vec<String>,
    ) -> Self {
        problems.extend(twice(
            "group",
            tables.iter().map(|group| group.name.as_str()),
        ));
        let mut names = Self {
            people,
            groups: BTreeMap::new(),
        };
        for GroupTable { name, members } in tables {
            let place = format!("group `{name}`: members names");
            match members
                .iter()
                .map(|one| names.approver(&place, one))
                .collect()
            {
                Ok(members) => {
                    names.groups.insert(name, members);
                }
                Err(problem) => problems.push(problem),
            }
        }
        names
    }

    /// One of the people.
    fn person(&self, place: &str, name: &str) -> Result<&Person, String> {
        let mut people = self.people.values();
        let known = people.find(|person| person.name.as_str() == name);
        known.ok_or_else(|| format!("{place} `{name}`, whom no [[person]] describes"))
    }

    fn approver(&self, place: &str, name: &str) -> Result<PersonName, String> {
        let person = self.person(place, name);
        person
            .ok()
            .filter(|person| person.roles.contains(&Role::Approver))
            .map(|person| person.name.clone())
            .ok_or_else(|| format!("{place} `{name}`, who is not an approver"))
    }

    /// People and `@groups`.
    fn all(&self, place: &str, names: &[String]) -> Result<BTreeSet<PersonName>, String> {
        let mut all = BTreeSet::new();
        for name in names {
            match name.strip_prefix('@') {
                Some(group) => {
                    let members = self.groups.get(group);
                    let members = members
                        .ok_or_else(|| format!("{place} `{name}`, which no [[group]] describes"))?;
                    all.extend(members.iter().cloned());
                }
                None => {
                    all.insert(self.approver(place, name)?);
                }
            }
        }
        Ok(all)
    }
}

impl DelegationTable {
    pub(super) fn read(self, names: &Names<'_>) -> Result<Delegation, String> {
        let place = format!("delegation from `{}` to `{}`", self.from, self.to);
        let from = names.approver(&format!("{place}: from names"), &self.from)?;
        let to = names
            .person(&format!("{place}: to names"), &self.to)?
            .name
            .clone();
        if from == to {
            return Err(format!("{place}: nobody stands in for themselves"));
        }
        let after = self
            .after
            .as_deref()
            .map_or(Ok(DateTime::<Utc>::MIN_UTC), |text| {
                moment(&format!("{place}: after"), text)
            })?;
        let until = moment(&format!("{place}: until"), &self.until)?;
        if until <= after {
            return Err(format!("{place}: it ends before it begins"));
        }
        Ok(Delegation {
            from,
            to,
            after,
            until,
            up_to: money(&place, "up_to", &self.up_to)?,
        })
    }
}

impl HistoryTable {
    pub(super) fn read(self) -> Result<Duration, String> {
        duration("history.window", &self.window)
    }
}

impl RuleTable {
    pub(super) fn read(self, names: &Names<'_>) -> Result<Rule, String> {
        let place = format!("rule `{}`", self.name);
        let steps = self.steps(&place, names)?;
        let proof = match self.proof.as_deref() {
            None => Proof::Token,
            Some(word) => Proof::from_word(word).ok_or_else(|| {
                format!("{place}: unknown proof `{word}`; use token or signature")
            })?,
        };
        let expires_after = duration(&format!("{place}: expires_after"), &self.expires_after)?;
        Ok(Rule {
            conditions: self.conditions(&place)?,
            steps,
            proof,
            expires_after,
            name: self.name,
        })
    }

    /// `approvals` and `from` are one step; `steps` are several.
    fn steps(&self, place: &str, names: &Names<'_>) -> Result<Vec<Step>, String> {
        let one;
        let tables = match (&self.steps, self.approvals, &self.from) {
            (Some(steps), None, None) => steps.as_slice(),
            (None, Some(approvals), from) => {
                let from = from.clone();
                one = [StepTable { approvals, from }];
                one.as_slice()
            }
            (None, None, _) => {
                return Err(format!(
                    "{place}: approvals is missing; how many people must approve?"
                ));
            }
            (Some(_), _, _) => {
                let what = "steps stand beside approvals or from; write one or the other";
                return Err(format!("{place}: {what}"));
            }
        };
        if tables.is_empty() || tables.iter().any(|step| step.approvals == 0) {
            return Err(format!(
                "{place}: approvals is 0; at least one person must approve"
            ));
        }
        let read = |table: &StepTable| {
            let from = table.from.as_deref();
            let from = from.map(|from| names.all(&format!("{place}: from names"), from));
            Ok(Step {
                approvals: table.approvals,
                from: from.transpose()?,
            })
        };
        tables.iter().map(read).collect()
    }

    fn conditions(&self, place: &str) -> Result<Conditions, String> {
        let bound = |key: &str, text: &Option<String>| {
            text.as_deref()
                .map(|text| money(place, key, text))
                .transpose()
        };
        Ok(Conditions {
            up_to: bound("up_to", &self.up_to)?,
            above: bound("above", &self.above)?,
            item_above: bound("item_above", &self.item_above)?,
            maker_day_above: bound("maker_day_above", &self.maker_day_above)?,
            payee_day_above: bound("payee_day_above", &self.payee_day_above)?,
            purposes: words(place, "purpose", self.purpose.as_deref(), |word| {
                Purpose::from_str(word).map_err(|error| error.to_string())
            })?,
            currencies: words(place, "currency", self.currency.as_deref(), |word| {
                Currency::from_str(word).map_err(|error| error.to_string())
            })?,
            signals: words(place, "on", self.on.as_deref(), |word| {
                SignalKind::from_word(word)
                    .ok_or_else(|| "use duplicate, changed_payee or new_payee".to_owned())
            })?,
        })
    }
}

fn money(place: &str, key: &str, text: &str) -> Result<Money, String> {
    Money::from_str(text).map_err(|error| {
        format!("{place}: {key} `{text}` is {error}; write it as \"50000.00 TRY\"")
    })
}

/// A list of words of one kind. An empty one would match nothing.
fn words<T: Ord>(
    place: &str,
    key: &str,
    list: Option<&[String]>,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<Option<BTreeSet<T>>, String> {
    let Some(list) = list else {
        return Ok(None);
    };
    if list.is_empty() {
        return Err(format!(
            "{place}: {key} is empty, so it would match nothing; leave it out"
        ));
    }
    let read =
        |word: &String| read(word).map_err(|error| format!("{place}: {key} `{word}`: {error}"));
    list.iter().map(read).collect::<Result<_, _>>().map(Some)
}
