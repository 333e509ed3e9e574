//! Whether a person may decide.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Identity, Policy, Role};
use crate::decision::{Decision, Motion, Ruling, Verdict};
use crate::head::Head;
use crate::ids::PersonName;
use crate::money::Money;
use crate::requirement::Given;
use crate::state::{Hold, State};

/// How old a signature may be when it is handed in, and how far ahead its clock.
const SIGNED_WITHIN: TimeDelta = TimeDelta::minutes(10);

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
    /// Only a signature of theirs would count.
    #[error(
        "rule `{0}` asks for a signature; sign with `onay approve --key FILE` (`onay key new` makes a key, \
         whose line goes into the policy file)"
    )]
    SignatureNeeded(String),
    /// What they signed is not this decision.
    #[error("the signature does not count: {0}")]
    Signature(&'static str),
    /// The maker must learn why.
    #[error("a rejection needs a reason that the maker can read")]
    NoReason,
    /// There is no approval of theirs.
    #[error("{0} has no standing approval to take back")]
    NothingToUndo(PersonName),
}

/// What a person who may decide decides on, and as who.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MayDecide<'b> {
    /// What is held.
    pub hold: &'b Hold,
    /// In whose place, when they are not asked themselves.
    pub on_behalf: Option<PersonName>,
}

impl Policy {
    /// **The one function that decides whether a person may decide.** The ruling it gives is the
    /// only thing [`crate::Batch::apply`] takes as a decision.
    pub fn judge(
        &self,
        batch: &Head,
        by: &Identity,
        motion: Motion<'_>,
        at: DateTime<Utc>,
    ) -> Result<Ruling, NotAllowed> {
        let decision = self.draft(batch, by, motion, at)?;
        self.check_signature(batch, &decision, at)?;
        if decision.is_approval() {
            self.check_counts(batch, &decision)?;
        }
        let quorum = self.quorum(&batch.with_decision(decision.clone())).ok();
        Ok(Ruling::new(decision, quorum))
    }

    /// The decision that would be recorded, for a person to sign: its statement is what is signed.
    /// It is no ruling.
    pub fn draft(
        &self,
        batch: &Head,
        by: &Identity,
        motion: Motion<'_>,
        at: DateTime<Utc>,
    ) -> Result<Decision, NotAllowed> {
        let MayDecide { hold, on_behalf } = self.may_decide(batch, by.name(), at)?;
        if matches!(&motion.verdict, Verdict::Reject { reason, .. } if reason.trim().is_empty()) {
            return Err(NotAllowed::NoReason);
        }
        if !hold.digest.matches(motion.digest) {
            let given = motion.digest.chars().take(12).collect();
            let actual = hold.digest.code();
            return Err(NotAllowed::OtherDigest { given, actual });
        }
        if matches!(motion.verdict, Verdict::Undo) && !batch.has_approval_of(by.name()) {
            return Err(NotAllowed::NothingToUndo(by.name().clone()));
        }
        let signed = motion.signed;
        // A signed one before it may be by a clock that is ahead.
        let earlier = batch
            .decisions
            .iter()
            .filter(|made| made.person == *by.name());
        let not_before = earlier.map(|made| made.at).max();
        let at = not_before.map_or(at, |earlier| earlier.max(at));
        Ok(Decision {
            person: by.name().clone(),
            on_behalf,
            verdict: motion.verdict,
            digest: hold.digest,
            request_id: hold.request_id.clone(),
            policy: self.hash(),
            revision: batch.next_revision(by.name()),
            at: signed.map_or(at, |signed| signed.at),
            signed: signed.map(|signed| signed.signed),
        })
    }

    /// Whether a person may decide on `batch` now, and if not, why.
    pub fn may_decide<'b>(
        &self,
        batch: &'b Head,
        by: &PersonName,
        at: DateTime<Utc>,
    ) -> Result<MayDecide<'b>, NotAllowed> {
        let person = self.person(by);
        let is_approver = person.is_some_and(|person| person.roles.contains(&Role::Approver));
        let is_delegate = self.delegations().iter().any(|lent| lent.to == *by);
        if person.is_none() || !(is_approver || is_delegate) {
            return Err(NotAllowed::Role(by.clone(), Role::Approver));
        }
        if batch.is_made_by(by) {
            return Err(NotAllowed::OwnBatch(by.clone()));
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
        let in_force = self.requirement(&batch.facts(hold), batch);
        if in_force.rules.is_empty() {
            return Err(NotAllowed::NoRule(hold.total));
        }
        let asked = [hold.rules.asked(), in_force.asked()];
        let is_asked = |name: &PersonName| asked.iter().any(|asked| asked.contains(name));
        let lenders = self.stands_in_for(by, hold.total, at);
        let own = (is_approver && is_asked(by)).then_some(None);
        let lent = lenders.filter(|name| is_asked(name)).map(Some);
        // Their own word goes before a word in somebody's place, where it helps as much.
        let places = own.into_iter().chain(lent);
        match places.min_by_key(|place| self.missing_with(batch, by, *place)) {
            Some(on_behalf) => Ok(MayDecide {
                hold,
                on_behalf: on_behalf.cloned(),
            }),
            None => Err(NotAllowed::NotAsked {
                person: by.clone(),
                rule: in_force.names(),
                asked: in_force
                    .asked()
                    .into_iter()
                    .map(PersonName::as_str)
                    .collect::<Vec<_>>()
                    .join(", "),
            }),
        }
    }

    /// How many approvals are missing once this person approves, in this place.
    fn missing_with(
        &self,
        batch: &Head,
        person: &PersonName,
        on_behalf: Option<&PersonName>,
    ) -> usize {
        let mut given = self.counted(batch);
        given.retain(|given| given.person != *person);
        given.push(Given {
            person: person.clone(),
            on_behalf: on_behalf.cloned(),
            is_signed: self
                .person(person)
                .is_some_and(|known| known.public_key.is_some()),
        });
        let requirements = self.requirements(batch).into_iter().flatten();
        let rules = requirements.flat_map(|asks| asks.into_owned().rules);
        let missing = rules.map(|rule| rule.missing(&given));
        missing.fold(0, usize::saturating_add)
    }

    /// What is signed must be this very decision, by the key of the policy, a moment ago.
    fn check_signature(
        &self,
        batch: &Head,
        decision: &Decision,
        now: DateTime<Utc>,
    ) -> Result<(), NotAllowed> {
        let Some(signed) = &decision.signed else {
            return Ok(());
        };
        let key = self
            .person(&decision.person)
            .and_then(|person| person.public_key.as_ref());
        if key != Some(&signed.key) {
            let what = "it is by a key that is not the one the policy file has for this person";
            return Err(NotAllowed::Signature(what));
        }
        if now.signed_duration_since(decision.at).abs() > SIGNED_WITHIN {
            let what =
                "it was not made within the last ten minutes; look at the clock, and sign anew";
            return Err(NotAllowed::Signature(what));
        }
        let is_older = |made: &Decision| made.person == decision.person && made.at > decision.at;
        if batch.decisions.iter().any(is_older) {
            return Err(NotAllowed::Signature(
                "it is older than an earlier decision of this person",
            ));
        }
        if !decision.is_proved_by(&batch.id, &signed.key) {
            let what = "it signs something else; look at the batch again, and sign anew";
            return Err(NotAllowed::Signature(what));
        }
        Ok(())
    }

    /// An approval that would count for no rule is refused, with what would count.
    fn check_counts(&self, batch: &Head, decision: &Decision) -> Result<(), NotAllowed> {
        match self.wants_signature(batch, decision.authority()) {
            Some(rule) if decision.signed.is_none() => Err(NotAllowed::SignatureNeeded(rule)),
            Some(_) | None => Ok(()),
        }
    }
}
