//! Rules: tried on batches on either side of every bound that either policy has.

use std::collections::BTreeMap;

use crate::history::SignalKind;
use crate::money::Currency;
use crate::policy::points::{Points, told};
use crate::policy::strict::Asks;
use crate::policy::{Conditions, Facts, Policy, Rule};

/// Where rules ask for less, and where they match what nothing matched before.
pub(super) fn looser(before: &Policy, next: &Policy) -> Vec<String> {
    let rules = before.rules().iter().chain(next.rules());
    let conditions: Vec<&Conditions> = rules.map(|rule| &rule.conditions).collect();
    let mut found = Found::new(before, next);
    for currency in [Currency::Try, Currency::Usd, Currency::Eur] {
        let points = Points::of(&conditions, currency, &[]);
        if points.is_cut {
            let what = "the rules have more bounds than can be compared, so they count as looser";
            return vec![what.to_owned()];
        }
        for facts in points.facts {
            // Nothing is known of other batches where nothing was remembered yet.
            let unknown = facts.history.is_some().then(|| Facts {
                history: None,
                ..facts.clone()
            });
            for facts in [Some(facts), unknown].into_iter().flatten() {
                found.look(&facts);
            }
        }
    }
    found.told()
}

/// The same batch, where it is not noticed that it repeats another one.
fn unnoticed(facts: &Facts) -> Facts {
    let mut facts = facts.clone();
    if let Some(known) = &mut facts.history {
        known.signals.remove(&SignalKind::Duplicate);
    }
    facts
}

/// Rules of one policy, and what each asks.
struct Asking<'p>(Vec<(&'p Rule, Asks)>);

impl<'p> Asking<'p> {
    fn of(policy: &'p Policy) -> Self {
        let rules = policy.rules().iter();
        Self(rules.map(|rule| (rule, policy.asks(rule))).collect())
    }

    fn matching(&self, facts: &Facts) -> Vec<&(&'p Rule, Asks)> {
        let rules = self.0.iter();
        let matching = rules.filter(|(rule, _)| rule.conditions.match_facts(facts));
        matching.collect()
    }
}

/// What was found on the batches that were looked at, each thing once.
struct Found<'p> {
    before: Asking<'p>,
    next: Asking<'p>,
    /// Whether duplicates are noticed now that were not noticed before.
    notices_more: bool,
    /// For each rule that nothing is as strict as: a first batch.
    weaker: BTreeMap<&'p str, String>,
    /// For each rule that matches what nothing matched before: a first batch.
    opened: BTreeMap<&'p str, String>,
}

impl<'p> Found<'p> {
    fn new(before: &'p Policy, next: &'p Policy) -> Self {
        Self {
            before: Asking::of(before),
            next: Asking::of(next),
            notices_more: before.history() < next.history(),
            weaker: BTreeMap::new(),
            opened: BTreeMap::new(),
        }
    }

    /// Every rule that matched this batch must be met by whoever meets those that match it now. Where
    /// none matched, nothing was released, so none may match.
    fn look(&mut self, facts: &Facts) {
        let known = self.before.matching(facts);
        let now = self.next.matching(facts);
        let was_open = known.is_empty()
            || self.notices_more && self.before.matching(&unnoticed(facts)).is_empty();
        if was_open {
            for (rule, _) in now {
                let opened = self.opened.entry(rule.name.as_str());
                opened.or_insert_with(|| told(facts));
            }
            return;
        }
        // Where nothing matches any more, nothing is released any more.
        if now.is_empty() {
            return;
        }
        for (rule, asks) in known {
            if !now.iter().any(|(_, theirs)| theirs.is_as_strict_as(asks)) {
                let weaker = self.weaker.entry(rule.name.as_str());
                weaker.or_insert_with(|| told(facts));
            }
        }
    }

    fn told(&self) -> Vec<String> {
        let weaker = self.weaker.iter().map(|(name, example)| {
            let what = self.what_changed(name);
            format!("rule `{name}` {what}; such as for {example}")
        });
        let opened = self.opened.iter().map(|(name, example)| {
            format!("rule `{name}` matches what no rule matched before, such as {example}")
        });
        weaker.chain(opened).collect()
    }

    /// In what the rule of the same name asks for less, if there is one.
    fn what_changed(&self, name: &str) -> String {
        let of = |asking: &'_ Asking<'p>| {
            let mut rules = asking.0.iter();
            let found = rules.find(|(rule, _)| rule.name == name);
            found.map(|(_, asks)| asks.clone())
        };
        match (of(&self.before), of(&self.next)) {
            (Some(before), Some(next)) => match next.less_than(&before) {
                less if less.is_empty() => "does not match any more".to_owned(),
                less => format!("asks for less: {}", less.join(", ")),
            },
            _ => "is gone".to_owned(),
        }
    }
}
