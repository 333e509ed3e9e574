//! Whose turn it is: whether an approval would bring a batch nearer to its release.

use chrono::{DateTime, Utc};

use super::{MayDecide, Policy};
use crate::head::Head;
use crate::ids::PersonName;
use crate::requirement::{Given, Proof};

/// What an approval of somebody would do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It is what the batch waits for.
    Now,
    /// It would be kept, but others come first.
    Early,
    /// It would change nothing, or they may not give one.
    None,
}

impl Policy {
    /// What an approval of this person would do at this moment, with a signature if they have a key.
    pub fn turn(&self, batch: &Head, by: &PersonName, at: DateTime<Utc>) -> Turn {
        let Ok(MayDecide { on_behalf, .. }) = self.may_decide(batch, by, at) else {
            return Turn::None;
        };
        let key = self
            .person(by)
            .and_then(|person| person.public_key.as_ref());
        let approval = Given {
            person: by.clone(),
            on_behalf,
            is_signed: key.is_some(),
        };
        let requirements = self.requirements(batch).into_iter().flatten();
        let requirements: Vec<_> = requirements.collect();
        let missing = |given: &[Given]| -> usize {
            let rules = requirements.iter().flat_map(|asks| &asks.rules);
            rules.map(|rule| rule.missing(given)).sum()
        };
        let given = self.counted(batch);
        let is_asked = requirements
            .iter()
            .any(|asks| asks.open(&given).contains(approval.authority()));
        // A new word takes the place of an old one.
        let mut with_theirs = given.clone();
        with_theirs.retain(|one| one.person != *by);
        with_theirs.push(approval);
        match (missing(&with_theirs) < missing(&given), is_asked) {
            (true, true) => Turn::Now,
            (true, false) => Turn::Early,
            (false, _) => Turn::None,
        }
    }

    /// The first rule that wants a signature of somebody who is asked by no rule that wants less:
    /// an approval of theirs that is not signed would count for nothing.
    pub fn wants_signature(&self, batch: &Head, authority: &PersonName) -> Option<String> {
        let requirements = self.requirements(batch)?;
        let rules = requirements.iter().flat_map(|asks| &asks.rules);
        let mut asking = rules.filter(|rule| rule.asks(authority));
        let first = asking.next()?;
        let is_signed = |proof: Proof| proof == Proof::Signature;
        let is_all = is_signed(first.proof) && asking.all(|rule| is_signed(rule.proof));
        is_all.then(|| first.name.clone())
    }
}
