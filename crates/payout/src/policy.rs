//! Who must approve what.

mod file;
mod judge;
mod safety;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use crate::credential::TokenHash;
use crate::digest::Digest;
use crate::head::Head;
use crate::ids::PersonName;
use crate::money::Money;
use crate::signature::PublicKey;

pub use file::PolicyError;
pub use judge::{Identity, NotAllowed, Quorum, Short, Unauthenticated};
pub use safety::{Funds, OnInvalid, OnReleaseDoubt, ReadBack, Safety};

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
    /// What their signatures are checked with.
    pub public_key: Option<PublicKey>,
}

/// Which batches need which approvals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// What people call it.
    pub name: String,
    /// Applies to totals up to and including this.
    pub up_to: Option<Money>,
    /// Applies to totals above this.
    pub above: Option<Money>,
    /// How many different people must approve.
    pub approvals: u32,
    /// Who may; every approver when absent.
    pub from: Option<BTreeSet<PersonName>>,
    /// How long a batch is held for a decision.
    pub expires_after: Duration,
}

impl Rule {
    fn covers(&self, total: Money) -> bool {
        let is_within = |bound: &Money| bound.currency() == total.currency();
        self.up_to
            .is_none_or(|most| is_within(&most) && total.amount() <= most.amount())
            && self
                .above
                .is_none_or(|least| is_within(&least) && total.amount() > least.amount())
    }
}

/// The whole policy file.
#[derive(Debug, Clone)]
pub struct Policy {
    safety: Safety,
    people: BTreeMap<PersonName, Person>,
    rules: Vec<Rule>,
    hash: Digest,
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

    /// Everyone the policy knows, by name.
    pub fn people(&self) -> impl Iterator<Item = &Person> {
        self.people.values()
    }

    /// A person the policy knows.
    pub fn person(&self, name: &PersonName) -> Option<&Person> {
        self.people.get(name)
    }

    /// The rules, in the order of the file.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The strictest rule that covers a total: most approvals, then the shorter time.
    pub fn rule_for(&self, total: Money) -> Option<&Rule> {
        self.rules
            .iter()
            .filter(|rule| rule.covers(total))
            .max_by_key(|rule| (rule.approvals, std::cmp::Reverse(rule.expires_after)))
    }

    /// Whom a rule asks about a batch: never those who are behind it.
    pub fn asked(&self, rule: &Rule, batch: &Head) -> BTreeSet<PersonName> {
        self.asked_but(rule, |name| batch.is_made_by(name))
    }

    /// Whom a rule asks, but for some.
    pub fn asked_but(
        &self,
        rule: &Rule,
        is_left_out: impl Fn(&PersonName) -> bool,
    ) -> BTreeSet<PersonName> {
        self.people
            .values()
            .filter(|person| person.roles.contains(&Role::Approver))
            .filter(|person| !is_left_out(&person.name))
            .filter(|person| {
                rule.from
                    .as_ref()
                    .is_none_or(|from| from.contains(&person.name))
            })
            .map(|person| person.name.clone())
            .collect()
    }
}
