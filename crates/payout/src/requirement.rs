//! What must be met before a batch is released, and whether it is: every rule that matches, each
//! with its steps.

use std::collections::BTreeSet;

use crate::decision::Decision;
use crate::ids::PersonName;

/// What an approval must bring to count for a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Proof {
    /// The person's token when it was given.
    #[default]
    Token,
    /// The signature of the person's own key, which the worker checks again.
    Signature,
}

impl Proof {
    /// `token` or `signature`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Signature => "signature",
        }
    }

    /// The proof for one of these words.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Token, Self::Signature]
            .into_iter()
            .find(|known| known.word() == word)
    }
}

/// Everything that must be met. A batch no rule matches has an empty one, which nothing meets.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Requirement {
    /// The rules that matched, those that ask for most first.
    pub rules: Vec<HeldRule>,
}

/// A rule, as it matched a batch: the people in it are never those behind the batch.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HeldRule {
    /// What people call it.
    pub name: String,
    /// One after the other. One person counts once in all of them.
    pub steps: Vec<HeldStep>,
    /// What an approval must bring.
    pub proof: Proof,
}

/// So many of these people.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HeldStep {
    /// How many different people must approve.
    pub needed: u32,
    /// Whom it asks.
    pub asked: BTreeSet<PersonName>,
}

/// An approval that counts, by the policy in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// Who gave it.
    pub person: PersonName,
    /// In whose place, when it is not their own.
    pub on_behalf: Option<PersonName>,
    /// Whether their own key signed it.
    pub is_signed: bool,
}

impl From<&Decision> for Given {
    /// As it was recorded, whatever it counts by now.
    fn from(made: &Decision) -> Self {
        Self {
            person: made.person.clone(),
            on_behalf: made.on_behalf.clone(),
            is_signed: made.signed.is_some(),
        }
    }
}

impl Given {
    /// Whose approval it stands for.
    pub fn authority(&self) -> &PersonName {
        self.on_behalf.as_ref().unwrap_or(&self.person)
    }
}

/// How far a step has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepTally<'r> {
    /// The step.
    pub step: &'r HeldStep,
    /// Who counts for it; those in whose place somebody approved.
    pub by: Vec<PersonName>,
}

impl StepTally<'_> {
    /// Whether enough approved.
    pub fn is_met(&self) -> bool {
        self.by.len() >= to_usize(self.step.needed)
    }
}

impl Requirement {
    /// The names of the rules, for people.
    pub fn names(&self) -> String {
        if self.rules.is_empty() {
            return "none".to_owned();
        }
        let names: Vec<&str> = self.rules.iter().map(|rule| rule.name.as_str()).collect();
        names.join(" + ")
    }

    /// How many approvals it takes at least; nothing, when no rule matched.
    pub fn needed(&self) -> Option<u32> {
        self.rules.iter().map(HeldRule::needed).max()
    }

    /// Everybody who is asked.
    pub fn asked(&self) -> BTreeSet<&PersonName> {
        let steps = self.rules.iter().flat_map(|rule| &rule.steps);
        steps.flat_map(|step| &step.asked).collect()
    }

    /// Whether these approvals are enough: every rule is met, and there is one.
    pub fn is_met(&self, given: &[Given]) -> bool {
        !self.rules.is_empty() && self.rules.iter().all(|rule| rule.is_met(given))
    }

    /// How many approvals are missing at least.
    pub fn missing(&self, given: &[Given]) -> usize {
        let missing = self.rules.iter().map(|rule| rule.missing(given));
        missing.max().unwrap_or_default()
    }

    /// Whom to ask next: those of every rule's first step that is not met, without those who count
    /// already.
    pub fn open(&self, given: &[Given]) -> BTreeSet<&PersonName> {
        self.rules
            .iter()
            .flat_map(|rule| {
                let tally = rule.tally(given);
                let spoken: BTreeSet<PersonName> =
                    tally.iter().flat_map(|step| step.by.clone()).collect();
                let next = tally.into_iter().find(|step| !step.is_met());
                let asked = next.into_iter().flat_map(|next| &next.step.asked);
                asked.filter(move |name| !spoken.contains(*name))
            })
            .collect()
    }
}

impl HeldRule {
    /// How many approvals it takes.
    pub fn needed(&self) -> u32 {
        let needed = self.steps.iter().map(|step| step.needed);
        needed.fold(0, u32::saturating_add)
    }

    /// Whether these approvals are enough. A rule that asks for nobody is met by nobody.
    pub fn is_met(&self, given: &[Given]) -> bool {
        self.needed() > 0 && self.tally(given).iter().all(StepTally::is_met)
    }

    /// Whether it asks this person.
    pub fn asks(&self, person: &PersonName) -> bool {
        self.steps.iter().any(|step| step.asked.contains(person))
    }

    /// How many approvals are missing.
    pub fn missing(&self, given: &[Given]) -> usize {
        let tally = self.tally(given).into_iter();
        let missing = tally.map(|step| to_usize(step.step.needed).saturating_sub(step.by.len()));
        missing.fold(0, usize::saturating_add)
    }

    /// Who counts for which step: one person for one step, whichever way fills most of them.
    pub fn tally(&self, given: &[Given]) -> Vec<StepTally<'_>> {
        let given = self.distinct(given);
        // Which step an approval counts for.
        let mut taken: Vec<Option<usize>> = vec![None; given.len()];
        for (index, step) in self.steps.iter().enumerate() {
            for _ in 0..step
                .needed
                .min(u32::try_from(given.len()).unwrap_or(u32::MAX))
            {
                let mut tried = vec![false; given.len()];
                if !self.assign(index, &given, &mut taken, &mut tried) {
                    break;
                }
            }
        }
        let by = |index| {
            let counted = given.iter().zip(&taken);
            let counted = counted.filter(|(_, step)| **step == Some(index));
            counted
                .map(|(given, _)| given.authority().clone())
                .collect()
        };
        let steps = self.steps.iter().enumerate();
        steps
            .map(|(index, step)| StepTally {
                step,
                by: by(index),
            })
            .collect()
    }

    /// One approval for each person, and for each in whose place one was given.
    fn distinct<'g>(&self, given: &'g [Given]) -> Vec<&'g Given> {
        let mut distinct: Vec<&Given> = Vec::new();
        // Their own word goes before a word in their place.
        let (own, lent): (Vec<_>, Vec<_>) = given.iter().partition(|one| one.on_behalf.is_none());
        for one in own.into_iter().chain(lent) {
            let is_proved = self.proof == Proof::Token || one.is_signed;
            let is_new = distinct
                .iter()
                .all(|other| other.authority() != one.authority() && other.person != one.person);
            if is_proved && is_new {
                distinct.push(one);
            }
        }
        distinct
    }

    /// Finds one more approval for a step, moving others to other steps where that helps.
    fn assign(
        &self,
        index: usize,
        given: &[&Given],
        taken: &mut [Option<usize>],
        tried: &mut [bool],
    ) -> bool {
        let Some(step) = self.steps.get(index) else {
            return false;
        };
        for (place, one) in given.iter().enumerate() {
            let is_tried = tried.get(place).copied().unwrap_or(true);
            if is_tried || !step.asked.contains(one.authority()) {
                continue;
            }
            let held_by = taken.get(place).copied().flatten();
            // What counts for this step already is not taken from itself.
            if held_by == Some(index) {
                continue;
            }
            if let Some(mark) = tried.get_mut(place) {
                *mark = true;
            }
            if held_by.is_none_or(|other| self.assign(other, given, taken, tried)) {
                if let Some(slot) = taken.get_mut(place) {
                    *slot = Some(index);
                }
                return true;
            }
        }
        false
    }
}

fn to_usize(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: &str) -> BTreeSet<PersonName> {
        list.split_whitespace()
            .map(|name| name.parse().unwrap())
            .collect()
    }

    fn rule(proof: Proof, steps: &[(u32, &str)]) -> HeldRule {
        HeldRule {
            name: "large".to_owned(),
            steps: steps
                .iter()
                .map(|(needed, asked)| HeldStep {
                    needed: *needed,
                    asked: names(asked),
                })
                .collect(),
            proof,
        }
    }

    /// `ali`, `ali/mehmet` for ali in mehmet's place, `ali!` for a signed one.
    fn given(list: &str) -> Vec<Given> {
        list.split_whitespace()
            .map(|text| {
                let (text, is_signed) = text
                    .strip_suffix('!')
                    .map_or((text, false), |text| (text, true));
                let (person, on_behalf) = text
                    .split_once('/')
                    .map_or((text, None), |(person, other)| (person, Some(other)));
                Given {
                    person: person.parse().unwrap(),
                    on_behalf: on_behalf.map(|name| name.parse().unwrap()),
                    is_signed,
                }
            })
            .collect()
    }

    #[test]
    fn one_person_counts_for_one_step_of_a_rule_whichever_fills_most() {
        let two = rule(Proof::Token, &[(1, "ali zeynep"), (1, "ali can")]);
        assert!(!two.is_met(&given("ali")));
        // ali moves to the second step, so that zeynep fills the first, and the other way round.
        assert!(two.is_met(&given("ali zeynep")));
        assert!(two.is_met(&given("ali can")));
        assert!(two.is_met(&given("can ali")));
        assert!(!two.is_met(&given("ali mehmet")));
        let three = rule(Proof::Token, &[(2, "a b c"), (1, "a"), (1, "b d")]);
        assert!(three.is_met(&given("a b c d")));
        assert!(!three.is_met(&given("a b d e")));
    }

    #[test]
    fn nobody_meets_a_rule_that_asks_nobody() {
        assert!(!rule(Proof::Token, &[]).is_met(&given("ali")));
        assert!(!rule(Proof::Token, &[(0, "ali")]).is_met(&given("ali")));
        assert!(!rule(Proof::Token, &[(1, "")]).is_met(&given("ali")));
        assert!(!Requirement::default().is_met(&given("ali")));
    }

    #[test]
    fn an_approval_in_somebodys_place_counts_once_beside_their_own() {
        let two = rule(Proof::Token, &[(2, "mehmet zeynep")]);
        assert!(two.is_met(&given("zeynep ali/mehmet")));
        assert!(!two.is_met(&given("mehmet ali/mehmet")));
        assert!(!two.is_met(&given("ali/mehmet can/mehmet")));
        assert!(!two.is_met(&given("ali ali/mehmet")));
    }

    #[test]
    fn where_a_signature_is_asked_for_nothing_else_counts() {
        let signed = rule(Proof::Signature, &[(1, "mehmet zeynep")]);
        assert!(!signed.is_met(&given("mehmet zeynep")));
        assert!(signed.is_met(&given("mehmet zeynep!")));
    }

    #[test]
    fn every_rule_must_be_met_and_one_person_may_help_several() {
        let both = Requirement {
            rules: vec![
                rule(Proof::Token, &[(1, "mehmet zeynep")]),
                rule(Proof::Token, &[(1, "zeynep can")]),
            ],
        };
        assert!(both.is_met(&given("zeynep")));
        assert!(!both.is_met(&given("mehmet")));
        assert!(both.is_met(&given("mehmet can")));
        assert_eq!(
            both.open(&given("mehmet")),
            names("zeynep can").iter().collect()
        );
    }

    #[test]
    fn steps_are_asked_one_after_the_other_and_an_early_approval_is_kept() {
        let steps = Requirement {
            rules: vec![rule(
                Proof::Token,
                &[(1, "mehmet zeynep"), (1, "can deniz")],
            )],
        };
        assert_eq!(steps.open(&[]), names("mehmet zeynep").iter().collect());
        assert_eq!(
            steps.open(&given("mehmet")),
            names("can deniz").iter().collect()
        );
        assert_eq!(
            steps.open(&given("can")),
            names("mehmet zeynep").iter().collect()
        );
        assert!(steps.is_met(&given("can mehmet")));
    }
}
