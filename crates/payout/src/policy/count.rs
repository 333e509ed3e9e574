//! Whether enough people approved: counted again, by the policy as it stands now.

use super::{Policy, Role};
use crate::decision::Decision;
use crate::digest::Digest;
use crate::head::Head;
use crate::ids::PersonName;
use crate::money::Money;
use crate::requirement::{Given, HeldRule, Requirement};

/// Proof that the recorded decisions of a batch satisfy the policy for its digest.
/// Only [`Policy::quorum`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quorum {
    digest: Digest,
    people: Vec<Given>,
}

impl Quorum {
    /// What was approved.
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// The approvals that count.
    pub fn people(&self) -> &[Given] {
        &self.people
    }
}

/// What is missing for a release.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Short {
    /// The batch is not held.
    #[error("the batch is not held for approval")]
    NotHeld,
    /// No rule covers it any more.
    #[error("no rule of the policy covers {0}")]
    NoRule(Money),
    /// Too few approvals count.
    #[error("{have} of {needed} approvals count under the policy in force")]
    Approvals {
        /// How many count.
        have: usize,
        /// How many are needed.
        needed: u32,
    },
}

/// A recorded decision that cannot be what its person said.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Forged {
    /// The key of the policy did not make it.
    #[error("decision {revision} of {person} is not what {person} signed")]
    Signature {
        /// Whose it is said to be.
        person: PersonName,
        /// Which one of theirs.
        revision: u32,
    },
    /// Some are missing, doubled, or stand in another order.
    #[error(
        "the decisions of {person} are not one after the other: {found} stands where {expected} belongs"
    )]
    Order {
        /// Whose they are.
        person: PersonName,
        /// Which one belongs there.
        expected: u32,
        /// Which one stands there.
        found: u32,
    },
    /// One is older than the one before it.
    #[error("decision {revision} of {person} is older than the one before it")]
    Time {
        /// Whose it is.
        person: PersonName,
        /// Which one.
        revision: u32,
    },
}

impl Policy {
    /// The standing approvals that count: given by somebody who is still asked to approve, under a
    /// policy that was active, and signed, if they are, by the key this policy has for that person.
    pub fn counted(&self, batch: &Head) -> Vec<Given> {
        let standing = batch.standing_approvals().into_iter();
        standing
            .filter_map(|made| self.given(batch, made))
            .collect()
    }

    /// What a standing approval counts as, if it counts.
    pub fn given(&self, batch: &Head, made: &Decision) -> Option<Given> {
        let total = batch.state.hold()?.total;
        let is_approver = |name: &PersonName| {
            let person = self.person(name);
            person.is_some_and(|person| person.roles.contains(&Role::Approver))
        };
        let is_lent = |from: &PersonName| {
            let mut lent = self.delegations().iter();
            lent.any(|lent| {
                lent.to == made.person && lent.from == *from && lent.covers(total, made.at)
            })
        };
        let person = self.person(&made.person)?;
        let stands = self.trusts(made.policy)
            && is_approver(made.authority())
            && made.on_behalf.as_ref().is_none_or(is_lent);
        let is_signed = match (&made.signed, &person.public_key) {
            (None, _) => false,
            (Some(signed), Some(key)) if signed.key == *key => {
                if !made.is_proved_by(&batch.id, key) {
                    return None;
                }
                true
            }
            // Revoked keys do not count.
            (Some(_), _) => return None,
        };
        stands.then(|| Given {
            person: made.person.clone(),
            on_behalf: made.on_behalf.clone(),
            is_signed,
        })
    }

    /// Counts the approvals of a held batch again, by the rules it was held under and by this policy,
    /// as it stands now. Approvals that were judged by a policy file that was never active do not
    /// count: whoever can name a file of their own could otherwise approve anything.
    pub fn quorum(&self, batch: &Head) -> Result<Quorum, Short> {
        let hold = batch.state.hold().ok_or(Short::NotHeld)?;
        let in_force = self.requirement(&batch.facts(hold), batch);
        if in_force.rules.is_empty() || hold.rules.rules.is_empty() {
            return Err(Short::NoRule(hold.total));
        }
        let people = self.counted(batch);
        let unmet = [&in_force, &hold.rules]
            .into_iter()
            .flat_map(|asks| &asks.rules)
            .filter(|rule| !rule.is_met(&people));
        match unmet.max_by_key(|rule| rule.needed()) {
            None => Ok(Quorum {
                digest: hold.digest,
                people,
            }),
            Some(rule) => Err(short(rule, &people)),
        }
    }

    /// What must be met for a held batch: by the rules it was held under, and by those in force.
    pub fn requirements<'b>(
        &self,
        batch: &'b Head,
    ) -> Option<[std::borrow::Cow<'b, Requirement>; 2]> {
        use std::borrow::Cow;
        let hold = batch.state.hold()?;
        let in_force = self.requirement(&batch.facts(hold), batch);
        Some([Cow::Borrowed(&hold.rules), Cow::Owned(in_force)])
    }

    /// The first rule that nobody can meet, whoever approves: what is held so waits in vain.
    pub fn blocked(&self, batch: &Head) -> Option<String> {
        let everybody = self.everybody_but(|name| batch.is_made_by(name));
        let requirements = self.requirements(batch)?;
        if requirements.iter().any(|asks| asks.rules.is_empty()) {
            return Some("none".to_owned());
        }
        let mut rules = requirements.iter().flat_map(|asks| &asks.rules);
        let unmet = rules.find(|rule| !rule.is_met(&everybody));
        unmet.map(|rule| rule.name.clone())
    }

    /// Every recorded decision that cannot be what its person said: by its signature, by its place
    /// among theirs, by its time.
    pub fn forged(&self, batch: &Head) -> Vec<Forged> {
        let mut forged = Vec::new();
        for (index, made) in batch.decisions.iter().enumerate() {
            let earlier = batch.decisions.iter().take(index);
            let earlier: Vec<&Decision> = earlier.filter(|one| one.person == made.person).collect();
            let expected = u32::try_from(earlier.len())
                .unwrap_or(u32::MAX)
                .saturating_add(1);
            let (person, revision) = (made.person.clone(), made.revision);
            // What was recorded before decisions were counted has no number.
            if revision != expected && revision != 0 {
                forged.push(Forged::Order {
                    person: person.clone(),
                    expected,
                    found: revision,
                });
            }
            let is_older = |before: &&Decision| before.at > made.at && before.revision != 0;
            if earlier.last().is_some_and(is_older) {
                forged.push(Forged::Time {
                    person: person.clone(),
                    revision,
                });
            }
            let key = self
                .person(&person)
                .and_then(|person| person.public_key.as_ref());
            let is_theirs = |key| made.is_proved_by(&batch.id, key);
            if let Some(signed) = &made.signed
                && key == Some(&signed.key)
                && !is_theirs(&signed.key)
            {
                forged.push(Forged::Signature { person, revision });
            }
        }
        forged
    }
}

fn short(rule: &HeldRule, people: &[Given]) -> Short {
    let tally = rule.tally(people);
    Short::Approvals {
        have: tally.iter().map(|step| step.by.len()).sum(),
        needed: rule.needed(),
    }
}
