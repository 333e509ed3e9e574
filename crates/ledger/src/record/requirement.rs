//! What must be met before a held batch is released, and what other batches told of it.

use onay_payout::{
    HeldHistory, HeldRule, HeldStep, ItemId, PersonName, Proof, Requirement, Signal, Signals,
};
use serde::{Deserialize, Serialize};

use super::scalar::{Amount, Kind, Text};

/// One rule of one step, which a token proves.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleRecord {
    name: String,
    needed: u32,
    asked: Vec<Text<PersonName>>,
}

/// Any other rule.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RulesRecord {
    name: String,
    steps: Vec<StepRecord>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    signed: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StepRecord {
    needed: u32,
    asked: Vec<Text<PersonName>>,
}

/// The most usual requirement has a form of its own, and none at all has none.
pub(super) fn written(requirement: &Requirement) -> (Option<RuleRecord>, Vec<RulesRecord>) {
    if let [rule] = requirement.rules.as_slice()
        && let [step] = rule.steps.as_slice()
        && rule.proof == Proof::Token
    {
        let StepRecord { needed, asked } = StepRecord::from(step);
        let name = rule.name.clone();
        let rule = RuleRecord {
            name,
            needed,
            asked,
        };
        return (Some(rule), Vec::new());
    }
    let rules = requirement.rules.iter().map(|rule| RulesRecord {
        name: rule.name.clone(),
        steps: rule.steps.iter().map(StepRecord::from).collect(),
        signed: rule.proof == Proof::Signature,
    });
    (None, rules.collect())
}

/// Reads back what [`written`] gave.
pub(super) fn read(rule: Option<RuleRecord>, rules: Vec<RulesRecord>) -> Requirement {
    let one = rule.map(|rule| HeldRule {
        name: rule.name,
        steps: vec![held(StepRecord {
            needed: rule.needed,
            asked: rule.asked,
        })],
        proof: Proof::Token,
    });
    let more = rules.into_iter().map(|rule| HeldRule {
        name: rule.name,
        steps: rule.steps.into_iter().map(held).collect(),
        proof: if rule.signed {
            Proof::Signature
        } else {
            Proof::Token
        },
    });
    Requirement {
        rules: one.into_iter().chain(more).collect(),
    }
}

impl From<&HeldStep> for StepRecord {
    fn from(step: &HeldStep) -> Self {
        Self {
            needed: step.needed,
            asked: step.asked.iter().cloned().map(Text).collect(),
        }
    }
}

fn held(step: StepRecord) -> HeldStep {
    HeldStep {
        needed: step.needed,
        asked: step.asked.into_iter().map(|Text(name)| name).collect(),
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HistoryRecord {
    maker_day: Amount,
    payee_day: Amount,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    counts: Vec<(Kind, usize)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    signals: Vec<SignalRecord>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SignalRecord {
    kind: Kind,
    item: Text<ItemId>,
    detail: String,
}

impl From<&HeldHistory> for HistoryRecord {
    fn from(history: &HeldHistory) -> Self {
        let counts = history.signals.counts().iter();
        let listed = history.signals.listed().iter();
        Self {
            maker_day: Amount(history.maker_day),
            payee_day: Amount(history.payee_day),
            counts: counts.map(|(kind, count)| (Kind(*kind), *count)).collect(),
            signals: listed
                .map(|signal| SignalRecord {
                    kind: Kind(signal.kind),
                    item: Text(signal.item.clone()),
                    detail: signal.detail.clone(),
                })
                .collect(),
        }
    }
}

impl From<HistoryRecord> for HeldHistory {
    fn from(record: HistoryRecord) -> Self {
        let counts = record.counts.into_iter();
        let listed = record.signals.into_iter().map(|signal| Signal {
            kind: signal.kind.0,
            item: signal.item.0,
            detail: signal.detail,
        });
        let counts = counts.map(|(Kind(kind), count)| (kind, count)).collect();
        Self {
            maker_day: record.maker_day.0,
            payee_day: record.payee_day.0,
            signals: Signals::restore(counts, listed.collect()),
        }
    }
}
