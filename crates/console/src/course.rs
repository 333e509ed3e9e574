//! How far the approvals of a batch have come: for JSON, pages and the command line.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use onay_payout::{
    Decision, Given, Head, HeldRule, PersonName, Policy, Proof, Requirement, State, StepTally,
};

/// How far the approvals of a held or released batch have come.
#[derive(Debug)]
pub struct Course {
    /// Every rule that must be met.
    pub rules: Vec<Ruled>,
    /// The approvals that stand, and whether they count; not known without a policy.
    pub given: Vec<(Decision, Option<bool>)>,
    /// How many approvals it takes at least; nothing, when no rule matched.
    pub needed: Option<u32>,
    /// Whom to ask next.
    pub next: Vec<PersonName>,
    /// Why it waits in vain.
    pub blocked: Option<Blocked>,
    /// Whether people still decide.
    pub is_open: bool,
}

/// A rule, and how far it is met.
#[derive(Debug)]
pub struct Ruled {
    /// What people call it.
    pub name: String,
    /// What an approval must bring.
    pub proof: Proof,
    /// Since when it is asked for.
    pub under: Under,
    /// One after the other.
    pub steps: Vec<Stage>,
    /// Whether enough approved.
    pub is_met: bool,
}

/// Where a rule stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Under {
    /// Among those the batch was held under, and so it is in force.
    Both,
    /// Among those the batch was held under; by now it is another one, or gone.
    Held,
    /// In the policy in force only.
    InForce,
}

impl Under {
    /// The word in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Both => "both",
            Self::Held => "held",
            Self::InForce => "in_force",
        }
    }
}

/// A step, and who counts for it.
#[derive(Debug)]
pub struct Stage {
    /// How many different people must approve.
    pub needed: u32,
    /// Whom it asks.
    pub asked: Vec<PersonName>,
    /// Who counts for it.
    pub by: Vec<Given>,
    /// How far it is.
    pub place: Place,
    /// Whom it asks that do not count for this rule yet.
    pub open: Vec<PersonName>,
    /// Who may approve in whose place now.
    pub stand_ins: Vec<(PersonName, PersonName)>,
}

/// How far a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Enough approved.
    Met,
    /// It is the one that is waited for.
    Next,
    /// Others come first.
    Later,
}

/// Why nobody can bring a batch to its release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Blocked {
    /// No rule covers it.
    NoRule,
    /// Nobody who could meet this rule is left.
    Rule(String),
}

impl Blocked {
    /// Of a batch that people still decide on.
    pub fn of(head: &Head, policy: Option<&Policy>) -> Option<Self> {
        let hold = head.state.hold().filter(|_| is_open(head))?;
        let requirements = policy.and_then(|policy| policy.requirements(head));
        let mut requirements = requirements.iter().flatten();
        if hold.rules.rules.is_empty() || requirements.any(|asks| asks.rules.is_empty()) {
            return Some(Self::NoRule);
        }
        policy
            .and_then(|policy| policy.blocked(head))
            .map(Self::Rule)
    }

    /// The rule in JSON; `none`, when no rule covers the batch.
    pub fn word(&self) -> String {
        match self {
            Self::NoRule => "none".to_owned(),
            Self::Rule(name) => name.clone(),
        }
    }

    /// The sentence for people.
    pub fn sentence(&self) -> String {
        match self {
            Self::NoRule => "no rule of the policy covers it, so nobody can approve it".to_owned(),
            Self::Rule(name) => {
                format!("nobody is left who could meet rule `{name}`, so it cannot be released")
            }
        }
    }
}

impl Course {
    /// As it was recorded; with a policy, as it counts under it at this moment.
    pub fn of(head: &Head, policy: Option<&Policy>, now: DateTime<Utc>) -> Option<Self> {
        let hold = head.state.hold()?;
        // What was released was approved, whatever the policy says now.
        let is_open = is_open(head);
        let judge = policy.filter(|_| is_open);
        let standing = head.standing_approvals();
        let counting: Vec<Given> = match judge {
            Some(policy) => policy.counted(head),
            None => standing.iter().copied().map(Given::from).collect(),
        };
        let given = standing.iter().map(|made| {
            let counts = policy.map(|policy| policy.given(head, made).is_some());
            ((*made).clone(), counts)
        });
        let in_force = judge.map_or_else(
            || hold.rules.clone(),
            |policy| policy.requirement(&head.facts(hold), head),
        );
        let asking = [&hold.rules, &in_force];
        let next: BTreeSet<&PersonName> = asking
            .iter()
            .flat_map(|asks| asks.open(&counting))
            .collect();
        let needed = asking.iter().map(|asks| asks.needed());
        let needed: Option<Vec<u32>> = needed.collect();
        Some(Self {
            rules: ruled(&hold.rules, &in_force)
                .into_iter()
                .map(|(rule, under)| {
                    let lent = |name: &PersonName| -> Vec<PersonName> {
                        let lent = judge.into_iter().flat_map(Policy::delegations);
                        lent.filter(|lent| lent.from == *name && lent.covers(hold.total, now))
                            .filter(|lent| !head.is_made_by(&lent.to))
                            .map(|lent| lent.to.clone())
                            .collect()
                    };
                    Ruled::of(rule, under, &counting, lent)
                })
                .collect(),
            given: given.collect(),
            needed: needed.and_then(|needed| needed.into_iter().max()),
            next: next.into_iter().cloned().collect(),
            blocked: Blocked::of(head, policy),
            is_open,
        })
    }

    /// How many of the approvals count.
    pub fn tally(&self) -> usize {
        let counting = self.given.iter();
        counting
            .filter(|(_, counts)| !self.is_open || counts.unwrap_or(true))
            .count()
    }
}

/// Every rule once: what is asked for now as it was when the batch was held is one rule.
fn ruled<'r>(held: &'r Requirement, in_force: &'r Requirement) -> Vec<(&'r HeldRule, Under)> {
    let held_rules = held.rules.iter().map(|rule| {
        let is_still = in_force.rules.contains(rule);
        (rule, if is_still { Under::Both } else { Under::Held })
    });
    let new = in_force.rules.iter();
    let new = new.filter(|rule| !held.rules.contains(rule));
    held_rules
        .chain(new.map(|rule| (rule, Under::InForce)))
        .collect()
}

impl Ruled {
    fn of(
        rule: &HeldRule,
        under: Under,
        given: &[Given],
        lent: impl Fn(&PersonName) -> Vec<PersonName>,
    ) -> Self {
        let tally = rule.tally(given);
        let spoken: BTreeSet<&PersonName> = tally.iter().flat_map(|step| &step.by).collect();
        let next = tally.iter().position(|step| !step.is_met());
        let steps = tally.iter().enumerate().map(|(index, step)| {
            let StepTally { step: held, by } = step;
            let open = held.asked.iter().filter(|name| !spoken.contains(name));
            let open: Vec<PersonName> = open.cloned().collect();
            let stand_ins = open.iter().flat_map(|from| {
                let to = lent(from).into_iter();
                to.map(move |to| (to, from.clone()))
            });
            Stage {
                needed: held.needed,
                asked: held.asked.iter().cloned().collect(),
                by: by
                    .iter()
                    .filter_map(|name| approval_of(rule, name, given))
                    .collect(),
                place: match next {
                    _ if step.is_met() => Place::Met,
                    Some(next) if next == index => Place::Next,
                    Some(_) | None => Place::Later,
                },
                stand_ins: stand_ins.collect(),
                open,
            }
        });
        Self {
            name: rule.name.clone(),
            proof: rule.proof,
            under,
            steps: steps.collect(),
            is_met: rule.is_met(given),
        }
    }

    /// Whether some step asks this person.
    pub fn asks(&self, name: &PersonName) -> bool {
        self.steps.iter().any(|step| step.asked.contains(name))
    }
}

/// The approval that counts as this person's: their own before one in their place.
fn approval_of(rule: &HeldRule, name: &PersonName, given: &[Given]) -> Option<Given> {
    let is_proved = |one: &&Given| rule.proof == Proof::Token || one.is_signed;
    let mut theirs: Vec<&Given> = given.iter().filter(is_proved).collect();
    theirs.retain(|one| one.authority() == name);
    let own = theirs.iter().find(|one| one.on_behalf.is_none());
    own.or_else(|| theirs.first()).copied().cloned()
}

const fn is_open(head: &Head) -> bool {
    matches!(head.state, State::PendingApproval(_) | State::Approved(_))
}

/// `ali for mehmet`, or only `ali`.
pub fn who(person: &PersonName, on_behalf: Option<&PersonName>) -> String {
    match on_behalf {
        Some(other) => format!("{person} for {other}"),
        None => person.to_string(),
    }
}
