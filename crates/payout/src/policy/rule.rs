//! Rules: which batches they match, and what they ask.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use crate::content::Purpose;
use crate::history::SignalKind;
use crate::ids::PersonName;
use crate::money::{Currency, Money};
use crate::requirement::Proof;

/// Which batches need which approvals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// What people call it.
    pub name: String,
    /// Which batches it matches.
    pub conditions: Conditions,
    /// Who must approve, one group after the other.
    pub steps: Vec<Step>,
    /// What an approval must bring.
    pub proof: Proof,
    /// How long a batch is held for a decision.
    pub expires_after: Duration,
}

impl Rule {
    /// How many approvals it asks for.
    pub fn approvals(&self) -> u32 {
        let needed = self.steps.iter().map(|step| step.approvals);
        needed.fold(0, u32::saturating_add)
    }
}

/// So many of some people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// How many different people must approve.
    pub approvals: u32,
    /// Who may; every approver when absent.
    pub from: Option<BTreeSet<PersonName>>,
}

/// When a rule matches: when all that it names is so. One that names nothing matches everything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Conditions {
    /// The total of the batch, up to and including this.
    pub up_to: Option<Money>,
    /// The total of the batch, above this.
    pub above: Option<Money>,
    /// The largest item, above this.
    pub item_above: Option<Money>,
    /// What one maker's batches of 24 hours came to, this one included, above this.
    pub maker_day_above: Option<Money>,
    /// What one payee was to be paid within 24 hours, this batch included, above this.
    pub payee_day_above: Option<Money>,
    /// What the money is for, one of these.
    pub purposes: Option<BTreeSet<Purpose>>,
    /// The currency, one of these.
    pub currencies: Option<BTreeSet<Currency>>,
    /// At least one of these was noticed.
    pub signals: Option<BTreeSet<SignalKind>>,
}

/// What rules look at in a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The sum that would be paid.
    pub total: Money,
    /// The largest item that would be paid.
    pub largest: Money,
    /// What the money is for.
    pub purpose: Option<Purpose>,
    /// What is known from other batches; nothing, where nothing is remembered.
    pub history: Option<HistoryFacts>,
}

/// What rules look at that only other batches tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryFacts {
    /// What its maker's batches of 24 hours came to.
    pub maker_day: Money,
    /// The most that one of its payees was to be paid within 24 hours.
    pub payee_day: Money,
    /// What was noticed.
    pub signals: BTreeSet<SignalKind>,
}

/// A condition that is not so. Put into words only where somebody reads them.
enum Miss<'c> {
    UpTo(Money, Money),
    Purpose(Option<Purpose>),
    Currency(Currency),
    Above(&'static str, Money, Money),
    Signals(&'c BTreeSet<SignalKind>),
}

impl fmt::Display for Miss<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UpTo(total, most) => write!(f, "the total {total} is not up to {most}"),
            Self::Purpose(purpose) => {
                let purpose = purpose.map_or("none", Purpose::word);
                write!(f, "the purpose is {purpose}")
            }
            Self::Currency(currency) => write!(f, "the currency is {currency}"),
            Self::Above(what, sum, bound) => write!(f, "{what}, {sum}, is not above {bound}"),
            Self::Signals(asked) => {
                let words: Vec<&str> = asked.iter().map(|kind| kind.word()).collect();
                write!(f, "nothing of {} was noticed", words.join(", "))
            }
        }
    }
}

impl Conditions {
    /// Whether a batch is matched. What is not known of it counts as matched: a rule is rather kept
    /// in vain than forgotten.
    pub fn match_facts(&self, facts: &Facts) -> bool {
        self.miss(facts).is_none()
    }

    /// The first condition that is not so, for people.
    pub fn misses(&self, facts: &Facts) -> Option<String> {
        self.miss(facts).map(|miss| miss.to_string())
    }

    fn miss(&self, facts: &Facts) -> Option<Miss<'_>> {
        let total = facts.total;
        if let Some(most) = self.up_to
            && !(most.currency() == total.currency() && total.amount() <= most.amount())
        {
            return Some(Miss::UpTo(total, most));
        }
        if let Some(purposes) = &self.purposes
            && !facts
                .purpose
                .is_some_and(|purpose| purposes.contains(&purpose))
        {
            return Some(Miss::Purpose(facts.purpose));
        }
        if let Some(currencies) = &self.currencies
            && !currencies.contains(&total.currency())
        {
            return Some(Miss::Currency(total.currency()));
        }
        self.misses_sums(facts)
            .or_else(|| self.misses_signals(facts))
    }

    fn misses_sums(&self, facts: &Facts) -> Option<Miss<'_>> {
        let history = facts.history.as_ref();
        let sums = [
            ("the total", self.above, Some(facts.total)),
            ("the largest item", self.item_above, Some(facts.largest)),
            (
                "what its maker asked for in 24 hours",
                self.maker_day_above,
                history.map(|known| known.maker_day),
            ),
            (
                "what one payee was to get in 24 hours",
                self.payee_day_above,
                history.map(|known| known.payee_day),
            ),
        ];
        sums.into_iter().find_map(|(what, bound, sum)| {
            let (bound, sum) = (bound?, sum?);
            let is_above = bound.currency() == sum.currency() && sum.amount() > bound.amount();
            (!is_above).then_some(Miss::Above(what, sum, bound))
        })
    }

    fn misses_signals(&self, facts: &Facts) -> Option<Miss<'_>> {
        let (asked, known) = (self.signals.as_ref()?, facts.history.as_ref()?);
        asked
            .is_disjoint(&known.signals)
            .then_some(Miss::Signals(asked))
    }

    /// Whether it looks at what only other batches tell.
    pub fn needs_history(&self) -> bool {
        self.maker_day_above.is_some() || self.payee_day_above.is_some() || self.signals.is_some()
    }

    /// What it matches, for people: `above 50 000.00 TRY, purpose SALARY`.
    pub fn sentence(&self) -> String {
        let money = |what: &str, bound: Option<Money>| bound.map(|bound| format!("{what} {bound}"));
        let listed = |what: &str, words: Option<Vec<&str>>| {
            words.map(|words| format!("{what} {}", words.join(" or ")))
        };
        let purposes = self.purposes.as_ref();
        let currencies = self.currencies.as_ref();
        let signals = self.signals.as_ref();
        let parts = [
            money("total up to", self.up_to),
            money("total above", self.above),
            money("an item above", self.item_above),
            money("of one maker in 24 hours above", self.maker_day_above),
            money("to one payee in 24 hours above", self.payee_day_above),
            listed(
                "purpose",
                purposes.map(|all| all.iter().map(|one| one.word()).collect()),
            ),
            listed(
                "in",
                currencies.map(|all| all.iter().map(|one| one.code()).collect()),
            ),
            listed(
                "noticed:",
                signals.map(|all| all.iter().map(|one| one.word()).collect()),
            ),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        if parts.is_empty() {
            "every batch".to_owned()
        } else {
            parts.join(", ")
        }
    }
}
