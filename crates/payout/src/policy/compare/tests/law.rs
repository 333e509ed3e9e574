//! Whatever a policy that is not looser releases, the one before it releases, too.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::OnceLock;

use chrono::{DateTime, TimeZone as _, Utc};
use proptest::prelude::*;
use rust_decimal::Decimal;

use super::HASH;
use crate::{
    Currency, Facts, Given, HistoryFacts, Money, PersonName, Policy, Purpose, Role, SignalKind,
    SigningKey,
};

const NAMES: [&str; 5] = ["ali", "ayse", "can", "ece", "mehmet"];
const BOUNDS: [u32; 3] = [100, 200, 300];

/// A person: approver or not, with a key or not.
type PersonSketch = (bool, bool);
/// A bound, by its place.
type Bound = Option<usize>;
/// How many of whom, by the bits of a number; everybody for 31.
type StepSketch = (u32, u8);

#[derive(Debug, Clone)]
struct RuleSketch {
    bounds: [Bound; 5],
    /// For wages only, duplicates only, signatures only.
    only: [bool; 3],
    hours: u32,
    steps: Vec<StepSketch>,
}

#[derive(Debug, Clone)]
struct Sketch {
    people: Vec<PersonSketch>,
    rules: Vec<RuleSketch>,
    lent: Option<(usize, usize, usize)>,
    is_history_longer: bool,
}

#[derive(Debug, Clone)]
enum Edit {
    Person(usize, PersonSketch),
    Bound(usize, usize, Bound),
    Only(usize, usize, bool),
    Hours(usize, u32),
    Steps(usize, Vec<StepSketch>),
    Drop(usize),
    Add(RuleSketch),
    Lend(Option<(usize, usize, usize)>),
    History(bool),
}

fn keys() -> &'static [String] {
    static KEYS: OnceLock<Vec<String>> = OnceLock::new();
    KEYS.get_or_init(|| {
        let seeds = 1..=NAMES.len();
        let key = |seed| SigningKey::from_seed(&[u8::try_from(seed).unwrap(); 32]).public_key();
        seeds.map(|seed| key(seed).to_string()).collect()
    })
}

impl Sketch {
    fn edited(mut self, edit: &Edit) -> Self {
        let rules = self.rules.len();
        let at = |place: usize| place % rules;
        match edit.clone() {
            Edit::Person(place, person) => self.people[place] = person,
            Edit::Bound(place, which, bound) => self.rules[at(place)].bounds[which] = bound,
            Edit::Only(place, which, is) => self.rules[at(place)].only[which] = is,
            Edit::Hours(place, hours) => self.rules[at(place)].hours = hours,
            Edit::Steps(place, steps) => self.rules[at(place)].steps = steps,
            Edit::Drop(place) if rules > 1 => drop(self.rules.remove(place % rules)),
            Edit::Drop(_) => {}
            Edit::Add(rule) => self.rules.push(rule),
            Edit::Lend(lent) => self.lent = lent,
            Edit::History(is_longer) => self.is_history_longer = is_longer,
        }
        self
    }

    fn is_approver(&self, place: usize) -> bool {
        self.people[place].0
    }

    fn policy(&self) -> Policy {
        let window = if self.is_history_longer { "8d" } else { "7d" };
        let mut text = format!("format = 1\n[history]\nwindow = \"{window}\"\n");
        for (place, (is_approver, has_key)) in self.people.iter().enumerate() {
            let (name, key) = (NAMES[place], &keys()[place]);
            let role = if *is_approver { "\"approver\"" } else { "" };
            let key = if *has_key {
                format!("public_key = \"{key}\"\n")
            } else {
                String::new()
            };
            let _ = write!(
                text,
                "[[person]]\nname = \"{name}\"\nroles = [{role}]\ntoken = \"{HASH}\"\n{key}"
            );
        }
        for (place, rule) in self.rules.iter().enumerate() {
            let _ = write!(text, "[[rule]]\nname = \"r{place}\"\n{}", self.rule(rule));
        }
        if let Some((from, to, bound)) = self.lent
            && from != to
            && self.is_approver(from)
        {
            let (from, to, bound) = (NAMES[from], NAMES[to], BOUNDS[bound]);
            let _ = write!(
                text,
                "[[delegation]]\nfrom = \"{from}\"\nto = \"{to}\"\nuntil = \"2027-01-31\"\nup_to = \"{bound}.00 TRY\"\n"
            );
        }
        Policy::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
    }

    fn rule(&self, rule: &RuleSketch) -> String {
        let keys = [
            "up_to",
            "above",
            "item_above",
            "maker_day_above",
            "payee_day_above",
        ];
        let bounds = keys.iter().zip(rule.bounds).filter_map(|(key, bound)| {
            bound.map(|bound| format!("{key} = \"{}.00 TRY\"\n", BOUNDS[bound]))
        });
        let steps = rule.steps.iter().map(|(needed, whom)| {
            let named = (0..NAMES.len()).filter(|place| whom >> place & 1 == 1);
            let named = named.filter(|place| self.is_approver(*place));
            let named: Vec<String> = named.map(|place| format!("\"{}\"", NAMES[place])).collect();
            if *whom == 31 {
                format!("{{ approvals = {needed} }}")
            } else {
                format!("{{ approvals = {needed}, from = [{}] }}", named.join(", "))
            }
        });
        let steps: Vec<String> = steps.collect();
        let salary = if rule.only[0] {
            "purpose = [\"SALARY\"]\n"
        } else {
            ""
        };
        let noticed = if rule.only[1] {
            "on = [\"duplicate\"]\n"
        } else {
            ""
        };
        let proof = if rule.only[2] { "signature" } else { "token" };
        format!(
            "{}{salary}{noticed}proof = \"{proof}\"\nexpires_after = \"{}h\"\nsteps = [{}]\n",
            bounds.collect::<String>(),
            rule.hours,
            steps.join(", ")
        )
    }
}

fn person() -> impl Strategy<Value = PersonSketch> {
    (prop::bool::weighted(0.8), any::<bool>())
}

fn bound() -> impl Strategy<Value = Bound> {
    prop::option::weighted(0.3, 0..BOUNDS.len())
}

fn steps() -> impl Strategy<Value = Vec<StepSketch>> {
    let step = (1..3_u32, prop_oneof![Just(31_u8), 1..31_u8]);
    prop::collection::vec(step, 1..3)
}

fn rule() -> impl Strategy<Value = RuleSketch> {
    let bounds = [bound(), bound(), bound(), bound(), bound()];
    let is_only = || prop::bool::weighted(0.2);
    let only = [is_only(), is_only(), is_only()];
    (bounds, only, 1..4_u32, steps()).prop_map(|(bounds, only, hours, steps)| RuleSketch {
        bounds,
        only,
        hours,
        steps,
    })
}

fn lent() -> impl Strategy<Value = Option<(usize, usize, usize)>> {
    prop::option::of((0..NAMES.len(), 0..NAMES.len(), 0..BOUNDS.len()))
}

fn sketch() -> impl Strategy<Value = Sketch> {
    let people = prop::collection::vec(person(), NAMES.len());
    let rules = prop::collection::vec(rule(), 1..4);
    (people, rules, lent(), any::<bool>()).prop_map(|(people, rules, lent, is_history_longer)| {
        Sketch {
            people,
            rules,
            lent,
            is_history_longer,
        }
    })
}

fn edit() -> impl Strategy<Value = Edit> {
    let rule_at = 0..4_usize;
    prop_oneof![
        (0..NAMES.len(), person()).prop_map(|(place, person)| Edit::Person(place, person)),
        (rule_at.clone(), 0..5_usize, bound())
            .prop_map(|(place, which, bound)| Edit::Bound(place, which, bound)),
        (rule_at.clone(), 0..3_usize, any::<bool>())
            .prop_map(|(place, which, is)| Edit::Only(place, which, is)),
        (rule_at.clone(), 1..4_u32).prop_map(|(place, hours)| Edit::Hours(place, hours)),
        (rule_at.clone(), steps()).prop_map(|(place, steps)| Edit::Steps(place, steps)),
        rule_at.prop_map(Edit::Drop),
        rule().prop_map(Edit::Add),
        lent().prop_map(Edit::Lend),
        any::<bool>().prop_map(Edit::History),
    ]
}

/// A batch, who is behind it, and who approved: themselves or in whose place, signed or not.
#[derive(Debug, Clone)]
struct Case {
    facts: Facts,
    maker: usize,
    approvals: Vec<Option<(usize, bool)>>,
    hours: u32,
}

fn case() -> impl Strategy<Value = Case> {
    let sum = (0..BOUNDS.len(), 0..2_i64).prop_map(|(place, step)| {
        let units = Decimal::from(BOUNDS[place]);
        Money::reported(units + Decimal::new(step, 2), Currency::Try)
    });
    let approval = prop::option::weighted(0.6, (0..NAMES.len() * 2, any::<bool>()));
    let approvals = prop::collection::vec(approval, NAMES.len());
    let sums = [sum.clone(), sum.clone(), sum.clone(), sum];
    (
        sums,
        any::<[bool; 3]>(),
        0..NAMES.len(),
        approvals,
        0..4_u32,
    )
        .prop_map(
            |(mut sums, [is_salary, is_noticed, is_known], maker, approvals, hours)| {
                sums.sort_by_key(|sum| sum.amount());
                let [largest, payee_day, total, maker_day] = sums;
                let signals = is_noticed.then_some(SignalKind::Duplicate);
                let facts = Facts {
                    total,
                    largest,
                    purpose: is_salary.then_some(Purpose::Salary),
                    history: is_known.then(|| HistoryFacts {
                        maker_day,
                        payee_day,
                        signals: signals.into_iter().collect(),
                    }),
                };
                Case {
                    facts,
                    maker,
                    approvals,
                    hours,
                }
            },
        )
}

fn name(place: usize) -> PersonName {
    NAMES[place].parse().unwrap()
}

fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 22, 9, 0, 0).unwrap()
}

impl Case {
    /// The approvals that count under a policy, as [`Policy::given`] counts those of a batch.
    fn counted(&self, policy: &Policy) -> Vec<Given> {
        let made = self.approvals.iter().enumerate();
        let made = made.filter_map(|(place, made)| made.map(|made| (place, made)));
        let given = made.filter_map(|(place, (whose, is_signed))| {
            let on_behalf = Some(whose).filter(|whose| *whose < NAMES.len() && *whose != place);
            let given = Given {
                person: name(place),
                on_behalf: on_behalf.map(name),
                is_signed,
            };
            let counts = |name| policy.person(name).unwrap().roles.contains(&Role::Approver);
            let has_key = policy.person(&given.person).unwrap().public_key.is_some();
            let is_lent = given.on_behalf.as_ref().is_none_or(|from| {
                let mut lenders = policy.stands_in_for(&given.person, self.facts.total, now());
                lenders.any(|lender| lender == from)
            });
            let stands = counts(given.authority()) && is_lent && (has_key || !is_signed);
            (stands && place != self.maker).then_some(given)
        });
        given.collect()
    }

    /// Whether a policy lets this batch be released after so many hours.
    fn is_released(&self, policy: &Policy, facts: &Facts) -> bool {
        let maker = name(self.maker);
        let requirement = policy.requirement_but(facts, |name| *name == maker);
        let time = policy.expires_after(facts);
        let is_in_time = time.is_some_and(|time| time.as_secs() / 3600 > u64::from(self.hours));
        is_in_time && requirement.is_met(&self.counted(policy))
    }

    /// What the rules see where a repeated payment may be too old to be noticed.
    fn seen_by(&self, sketch: &Sketch, other: &Sketch) -> Facts {
        let mut facts = self.facts.clone();
        if !sketch.is_history_longer
            && other.is_history_longer
            && let Some(known) = &mut facts.history
        {
            known.signals = BTreeSet::new();
        }
        facts
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn what_is_released_under_a_policy_that_is_not_looser_was_released_before(
        sketch in sketch(),
        edits in prop::collection::vec(edit(), 1..3),
        cases in prop::collection::vec(case(), 64),
    ) {
        let edited = edits.iter().fold(sketch.clone(), Sketch::edited);
        let [before, next] = [&sketch, &edited].map(Sketch::policy);
        let loosened = before.loosened_by(&next);
        prop_assert_eq!(before.loosened_by(&before), Vec::<String>::new());
        if loosened.is_empty() {
            for case in &cases {
                let is_released = case.is_released(&next, &case.seen_by(&edited, &sketch));
                prop_assert!(
                    !is_released || case.is_released(&before, &case.seen_by(&sketch, &edited)),
                    "{:?}", case
                );
            }
        }
    }
}
