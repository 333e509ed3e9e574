//! Who must approve what.

mod authenticate;
mod check;
mod compare;
mod count;
mod delegation;
mod file;
mod judge;
mod points;
mod rule;
mod safety;
mod strict;
mod turn;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::credential::TokenHash;
use crate::digest::Digest;
use crate::head::Head;
use crate::ids::PersonName;
use crate::money::Money;
use crate::requirement::{Given, HeldRule, HeldStep, Proof, Requirement};
use crate::signature::PublicKey;

pub use authenticate::{Identity, Unauthenticated};
pub use check::{PolicyCode, PolicyFinding};
pub use count::{Forged, Quorum, Short};
pub use delegation::Delegation;
pub use file::PolicyError;
pub use judge::{MayDecide, NotAllowed};
pub use rule::{Conditions, Facts, HistoryFacts, Rule, Step};
pub use safety::{Funds, OnInvalid, OnReleaseDoubt, ReadBack, Safety};
pub use turn::Turn;

/// What a person may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Submits and withdraws batches.
    Maker,
    /// Approves and rejects batches of others.
    Approver,
    /// Runs the workers.
    Operator,
    /// Reads everything, changes nothing.
    Auditor,
    /// Manages the policy.
    Admin,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 5] = [
        Self::Maker,
        Self::Approver,
        Self::Operator,
        Self::Auditor,
        Self::Admin,
    ];

    /// The word in the policy file.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Maker => "maker",
            Self::Approver => "approver",
            Self::Operator => "operator",
            Self::Auditor => "auditor",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A person the policy knows.
#[derive(Debug, Clone)]
pub struct Person {
    /// The one name used everywhere.
    pub name: PersonName,
    /// What they may do.
    pub roles: BTreeSet<Role>,
    /// How they prove who they are.
    pub token: Option<TokenHash>,
    /// From when on their token proves nothing any more.
    pub token_until: Option<DateTime<Utc>>,
    /// What their signatures are checked with.
    pub public_key: Option<PublicKey>,
}

/// The whole policy file.
#[derive(Debug, Clone)]
pub struct Policy {
    safety: Safety,
    people: BTreeMap<PersonName, Person>,
    delegations: Vec<Delegation>,
    rules: Vec<Rule>,
    history: Option<Duration>,
    text: Arc<str>,
    hash: Digest,
    /// The policies that were active before this one, on the ledger it is used with.
    past: Arc<HashSet<Digest>>,
}

impl Policy {
    /// Settings of the money step.
    pub const fn safety(&self) -> &Safety {
        &self.safety
    }

    /// The SHA-256 of the file this was read from; stamped on each decision.
    pub const fn hash(&self) -> Digest {
        self.hash
    }

    /// The text of the file this was read from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The same policy, where these were active before it: what was approved under them counts
    /// still, as far as this one asks for those who approved.
    #[must_use]
    pub fn after(self, past: impl IntoIterator<Item = Digest>) -> Self {
        let past = Arc::new(past.into_iter().collect());
        Self { past, ..self }
    }

    /// Whether decisions that were judged by this policy file count: by this one, or by one that was
    /// active before. Whoever can name a file of their own could otherwise approve anything.
    pub fn trusts(&self, policy: Digest) -> bool {
        policy == self.hash || self.past.contains(&policy)
    }

    /// Everyone the policy knows, by name.
    pub fn people(&self) -> impl Iterator<Item = &Person> {
        self.people.values()
    }

    /// Everyone who may change the policy.
    pub fn changers(&self) -> impl Iterator<Item = &Person> {
        let roles = [Role::Admin, Role::Approver];
        self.people()
            .filter(move |person| roles.iter().any(|role| person.roles.contains(role)))
    }

    /// A person, if the policy knows them.
    pub fn person(&self, name: &PersonName) -> Option<&Person> {
        self.people.get(name)
    }

    /// Who may approve in whose place.
    pub fn delegations(&self) -> &[Delegation] {
        &self.delegations
    }

    /// The rules, in the order of the file.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Whether any rule asks for a signature.
    pub fn asks_for_signatures(&self) -> bool {
        self.rules.iter().any(|rule| rule.proof == Proof::Signature)
    }

    /// Within which time likely duplicates are looked for; nothing, when nothing is remembered of
    /// payees and makers.
    pub const fn history(&self) -> Option<Duration> {
        self.history
    }

    /// The rules that match, those that ask for most first. All of them must be met, so the strictest
    /// wins in whatever it is strictest.
    pub fn rules_for(&self, facts: &Facts) -> Vec<&Rule> {
        let matching = self.rules.iter();
        let matching = matching.filter(|rule| rule.conditions.match_facts(facts));
        let mut rules: Vec<&Rule> = matching.collect();
        rules.sort_by_key(|rule| std::cmp::Reverse((rule.approvals(), rule.proof)));
        rules
    }

    /// What must be met for a batch with these facts.
    pub fn requirement(&self, facts: &Facts, batch: &Head) -> Requirement {
        self.requirement_but(facts, |name| batch.is_made_by(name))
    }

    /// What must be met where some people are behind the batch.
    pub fn requirement_but(
        &self,
        facts: &Facts,
        is_left_out: impl Fn(&PersonName) -> bool,
    ) -> Requirement {
        let rules = self.rules_for(facts).into_iter();
        Requirement {
            rules: rules.map(|rule| self.held(rule, &is_left_out)).collect(),
        }
    }

    /// What a rule asks where some people are behind the batch.
    fn held(&self, rule: &Rule, is_left_out: impl Fn(&PersonName) -> bool) -> HeldRule {
        let steps = rule.steps.iter().map(|step| HeldStep {
            needed: step.approvals,
            asked: self.asked(step, &is_left_out),
        });
        HeldRule {
            name: rule.name.clone(),
            proof: rule.proof,
            steps: steps.collect(),
        }
    }

    /// Whether anybody could meet a rule where some people are behind the batch.
    pub fn can_be_met(&self, rule: &Rule, is_left_out: impl Fn(&PersonName) -> bool) -> bool {
        let everybody = self.everybody_but(&is_left_out);
        self.held(rule, is_left_out).is_met(&everybody)
    }

    /// Every approval that could be given where some people are behind the batch.
    fn everybody_but(&self, is_left_out: impl Fn(&PersonName) -> bool) -> Vec<Given> {
        self.people()
            .filter(|person| person.roles.contains(&Role::Approver))
            .filter(|person| !is_left_out(&person.name))
            .map(|person| Given {
                person: person.name.clone(),
                on_behalf: None,
                is_signed: person.public_key.is_some(),
            })
            .collect()
    }

    /// How long people have to decide: the shortest time of the rules that match.
    pub fn expires_after(&self, facts: &Facts) -> Option<Duration> {
        let rules = self.rules_for(facts).into_iter();
        rules.map(|rule| rule.expires_after).min()
    }

    /// Whom a step asks, but for some.
    fn asked(
        &self,
        step: &Step,
        is_left_out: impl Fn(&PersonName) -> bool,
    ) -> BTreeSet<PersonName> {
        self.people
            .values()
            .filter(|person| person.roles.contains(&Role::Approver))
            .filter(|person| !is_left_out(&person.name))
            .filter(|person| {
                step.from
                    .as_ref()
                    .is_none_or(|from| from.contains(&person.name))
            })
            .map(|person| person.name.clone())
            .collect()
    }

    /// In whose place a person may approve `total` at this moment.
    pub fn stands_in_for<'p>(
        &'p self,
        person: &'p PersonName,
        total: Money,
        at: DateTime<Utc>,
    ) -> impl Iterator<Item = &'p PersonName> {
        self.delegations
            .iter()
            .filter(move |lent| lent.to == *person && lent.covers(total, at))
            .map(|lent| &lent.from)
    }
}
