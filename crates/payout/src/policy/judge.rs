//! Who somebody is, whether they may decide, and whether enough have: proofs that only the policy
//! makes.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use secrecy::SecretString;

use super::{Policy, Role};
use crate::credential::claimed_name;
use crate::decision::{Decision, Motion, Ruling, Verdict};
use crate::digest::Digest;
use crate::head::Head;
use crate::ids::PersonName;
use crate::money::Money;
use crate::state::{Hold, State};

/// Someone who has proved who they are. Only [`Policy::authenticate`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    name: PersonName,
    roles: BTreeSet<Role>,
}

impl Identity {
    /// Their name.
    pub const fn name(&self) -> &PersonName {
        &self.name
    }

    /// Whether they have a role.
    pub fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }
}

/// Proof that the recorded decisions of a batch satisfy the policy for its digest.
/// Only [`Policy::quorum`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quorum {
    digest: Digest,
    people: Vec<PersonName>,
}

impl Quorum {
    /// What was approved.
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// Whose approvals count.
    pub fn people(&self) -> &[PersonName] {
        &self.people
    }
}

/// The token is not one of anybody's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the token is not valid; check ONAY_TOKEN, or ask for a new one (`onay token new`)")]
pub struct Unauthenticated;

/// Why a person may not do something.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAllowed {
    /// They lack the role.
    #[error("{0} does not have the role `{1}`")]
    Role(PersonName, Role),
    /// Nobody approves their own batch.
    #[error("{0} submitted this batch; a maker never decides on their own batch")]
    OwnBatch(PersonName),
    /// Only the maker withdraws.
    #[error("{0} did not submit this batch; only its maker, {1}, can withdraw it")]
    NotMaker(PersonName, PersonName),
    /// The rule asks other people.
    #[error("rule `{rule}` asks {asked}, not {person}")]
    NotAsked {
        /// Who tried.
        person: PersonName,
        /// The rule.
        rule: String,
        /// Whom it asks.
        asked: String,
    },
    /// There is nothing to decide on.
    #[error("the batch is {0}; there is nothing to decide on{1}")]
    NotHeld(&'static str, &'static str),
    /// Too late.
    #[error("the time to decide ended at {0}; expiry means no")]
    Expired(DateTime<Utc>),
    /// The decision was made on something else.
    #[error(
        "the decision names digest {given}, the batch held at the provider has {actual}; look at the batch again"
    )]
    OtherDigest {
        /// What the decision names.
        given: String,
        /// What the batch has.
        actual: String,
    },
    /// No rule covers the batch: nothing is released.
    #[error("no rule of the policy covers {0}")]
    NoRule(Money),
    /// The maker must learn why.
    #[error("a rejection needs a reason that the maker can read")]
    NoReason,
    /// There is no approval of theirs.
    #[error("{0} has no standing approval to take back")]
    NothingToUndo(PersonName),
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

impl Policy {
    /// Finds out who holds `token`. Takes the time of one hash, whoever asks.
    pub fn authenticate(&self, token: &SecretString) -> Result<Identity, Unauthenticated> {
        let claimed = claimed_name(token).and_then(|name| self.people.get(&name));
        let decoy = || {
            self.people
                .values()
                .find_map(|person| person.token.as_ref())
        };
        match claimed.and_then(|person| Some((person, person.token.as_ref()?))) {
            Some((person, hash)) if hash.verify(token) => Ok(Identity {
                name: person.name.clone(),
                roles: person.roles.clone(),
            }),
            Some(_) => Err(Unauthenticated),
            None => {
                // Unknown names take as long as known ones.
                let _ = decoy().map(|hash| hash.verify(token));
                Err(Unauthenticated)
            }
        }
    }

    /// **The one function that decides whether a person may decide.** The ruling it gives is the
    /// only thing [`crate::Batch::apply`] takes as a decision.
    pub fn judge(
        &self,
        batch: &Head,
        by: &Identity,
        motion: Motion<'_>,
        at: DateTime<Utc>,
    ) -> Result<Ruling, NotAllowed> {
        let hold = self.may_decide(batch, by, at)?;
        let Motion { verdict, digest } = motion;
        if matches!(&verdict, Verdict::Reject { reason } if reason.trim().is_empty()) {
            return Err(NotAllowed::NoReason);
        }
        if !hold.digest.matches(digest) {
            let (given, actual) = (digest.chars().take(12).collect(), hold.digest.code());
            return Err(NotAllowed::OtherDigest { given, actual });
        }
        if matches!(verdict, Verdict::Undo) && !batch.has_approval_of(by.name()) {
            return Err(NotAllowed::NothingToUndo(by.name.clone()));
        }
        let rule = self
            .rule_for(hold.total)
            .ok_or(NotAllowed::NoRule(hold.total))?;
        let decision = Decision {
            person: by.name.clone(),
            verdict,
            digest: hold.digest,
            policy: self.hash,
            at,
        };
        Ok(Ruling::new(decision, rule.approvals.max(hold.rule.needed)))
    }

    /// Whether `by` may decide on `batch` now, and if not, why.
    pub fn may_decide<'b>(
        &self,
        batch: &'b Head,
        by: &Identity,
        at: DateTime<Utc>,
    ) -> Result<&'b Hold, NotAllowed> {
        if !by.has(Role::Approver) {
            return Err(NotAllowed::Role(by.name.clone(), Role::Approver));
        }
        if batch.is_made_by(by.name()) {
            return Err(NotAllowed::OwnBatch(by.name.clone()));
        }
        let (State::PendingApproval(hold) | State::Approved(hold)) = &batch.state else {
            return Err(NotAllowed::NotHeld(
                batch.state.name(),
                batch.state.decision_hint(),
            ));
        };
        if at >= hold.expires_at {
            return Err(NotAllowed::Expired(hold.expires_at));
        }
        let rule = self
            .rule_for(hold.total)
            .ok_or(NotAllowed::NoRule(hold.total))?;
        let asked_now = self.asked(rule, batch);
        for (name, asked) in [
            (&hold.rule.name, &hold.rule.asked),
            (&rule.name, &asked_now),
        ] {
            if !asked.contains(&by.name) {
                return Err(NotAllowed::NotAsked {
                    person: by.name.clone(),
                    rule: name.clone(),
                    asked: asked
                        .iter()
                        .map(PersonName::as_str)
                        .collect::<Vec<_>>()
                        .join(", "),
                });
            }
        }
        Ok(hold)
    }

    /// Counts the approvals of a held batch again, by the rule it was held under and by this
    /// policy, as it stands now. Approvals that were judged by another policy file do not count:
    /// whoever can name a file of their own could otherwise approve anything.
    pub fn quorum(&self, batch: &Head) -> Result<Quorum, Short> {
        let hold = batch.state.hold().ok_or(Short::NotHeld)?;
        let rule = self.rule_for(hold.total).ok_or(Short::NoRule(hold.total))?;
        let asked_now = self.asked(rule, batch);
        let people: Vec<PersonName> = batch
            .standing_approvals()
            .into_iter()
            .filter(|made| made.policy == self.hash)
            .map(|made| &made.person)
            .filter(|name| hold.rule.asked.contains(name) && asked_now.contains(name))
            .cloned()
            .collect();
        let needed = rule.approvals.max(hold.rule.needed).max(1);
        if people.len() < usize::try_from(needed).unwrap_or(usize::MAX) {
            return Err(Short::Approvals {
                have: people.len(),
                needed,
            });
        }
        Ok(Quorum {
            digest: hold.digest,
            people,
        })
    }
}
