//! `policy explain`: which rules match, why the others do not, and who is asked.

mod told;

use std::path::Path;

use onay_ledger::{Access, now};
use onay_payout::{
    Batch, Facts, Given, Head, HeldRule, NotAllowed, PersonName, Policy, Requirement, Role, State,
};

use crate::args::PolicyExplain;
use crate::commands::submit;
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::output;

use told::{Asks, Decider, Rule, Step, Told};

/// Not known before a batch is held, and not of a file at all.
const NO_HISTORY: &str = "sums of other batches and signals are not known before it is held; rules \
                          that look at them count as matching";

/// Says what the policy says about a batch of the ledger, or about a file.
pub(crate) async fn run(config: &Config, args: &PolicyExplain) -> anyhow::Result<Exit> {
    let policy = config.policy()?;
    let path = Path::new(&args.what);
    let told = if onay_producer::Format::of_file_name(&args.what).is_some() && path.exists() {
        of_file(&policy, path, args)?
    } else {
        let batch = args.what.parse().map_err(|error| {
            Failure::usage(format!(
                "`{}` is no file, and as a batch: {error}",
                args.what
            ))
        })?;
        let ledger = config.ledger(Access::Existing).await?;
        let policy = onay_ledger::with_past(ledger.as_ref(), &policy).await?;
        let stored = crate::commands::load(ledger.as_ref(), &batch).await?;
        of_batch(&policy, &stored.batch, args.person.as_ref())
    };
    if args.json.is_asked() {
        output::json(&told)?;
    } else {
        told.print()?;
    }
    let is_matched = told.rules.iter().any(|rule| rule.matches);
    Ok(if is_matched {
        Exit::Done
    } else {
        Exit::Refused
    })
}

fn of_batch(policy: &Policy, batch: &Batch, person: Option<&PersonName>) -> Told {
    let head = batch.head();
    let hold = head.state.hold();
    let facts = hold.map_or_else(|| batch.content().facts(), |hold| head.facts(hold));
    let given = policy.counted(head);
    let in_force = policy.requirement(&facts, head);
    let earlier = hold.map(|hold| &hold.rules);
    let earlier = earlier.filter(|earlier| **earlier != in_force);
    let both = [Some(&in_force), earlier];
    let people = deciders(policy).filter(|name| person.is_none_or(|one| one == *name));
    let people = people.filter_map(|name| {
        if matches!(head.state, State::PendingApproval(_) | State::Approved(_)) {
            return Some(may_decide(policy, head, name));
        }
        // Later there is nothing to decide on any more.
        let is_early = matches!(
            head.state,
            State::Received | State::Preparing(_) | State::Prepared(_)
        );
        let maker = head.is_made_by(name).then_some(name);
        is_early.then(|| would_decide(policy, &facts, &in_force, (maker, name)))
    });
    let is_known = facts.history.is_some() || policy.history().is_none();
    Told {
        batch: Some(head.id.to_string()),
        external_id: Some(head.external_id.to_string()),
        maker: Some(head.maker.to_string()),
        unknown: (!is_known).then_some(NO_HISTORY),
        held_under: earlier.map_or_else(Vec::new, |earlier| asks(earlier, &given)),
        asked: open(both.into_iter().flatten(), &given),
        people: people.collect(),
        ..Told::of(policy, &facts, &in_force, &given)
    }
}

/// What would happen with a file.
fn of_file(policy: &Policy, path: &Path, args: &PolicyExplain) -> Result<Told, Failure> {
    let intake = submit::read(path, &args.intake)?;
    let content = intake.draft.check(submit::checksums(&args.intake)).content;
    let content = content.filter(|_| intake.is_readable()).ok_or_else(|| {
        let shown = path.display();
        Failure::refused(format!("{shown} is not valid"))
            .hint(format!("`onay validate {shown}` lists every finding"))
    })?;
    let facts = content.facts();
    let maker = args.person.as_ref();
    if let Some(name) = maker.filter(|name| !is_maker(policy, name)) {
        return Err(Failure::refused(
            NotAllowed::Role(name.clone(), Role::Maker).to_string(),
        ));
    }
    let requirement = policy.requirement_but(&facts, |name| Some(name) == maker);
    let people =
        deciders(policy).map(|name| would_decide(policy, &facts, &requirement, (maker, name)));
    Ok(Told {
        external_id: Some(content.external_id().to_string()),
        maker: maker.map(ToString::to_string),
        unknown: policy.history().map(|_| NO_HISTORY),
        asked: open([&requirement].into_iter(), &[]),
        people: people.collect(),
        ..Told::of(policy, &facts, &requirement, &[])
    })
}

impl Told {
    fn of(policy: &Policy, facts: &Facts, in_force: &Requirement, given: &[Given]) -> Self {
        let rules = policy.rules().iter().map(|rule| {
            let because = rule.conditions.misses(facts);
            let mut held = in_force.rules.iter();
            let held = held.find(|held| held.name == rule.name);
            Rule {
                name: rule.name.clone(),
                conditions: rule.conditions.sentence(),
                matches: because.is_none(),
                asks: held.map(|held| asked_by(held, given)),
                because,
            }
        });
        Self {
            batch: None,
            external_id: None,
            maker: None,
            total: facts.total.number(),
            sum: facts.total.to_string(),
            currency: facts.total.currency().code(),
            policy: policy.hash().to_string(),
            unknown: None,
            rules: rules.collect(),
            held_under: Vec::new(),
            asked: Vec::new(),
            people: Vec::new(),
        }
    }
}

fn asks(requirement: &Requirement, given: &[Given]) -> Vec<Asks> {
    let rules = requirement.rules.iter();
    rules.map(|rule| asked_by(rule, given)).collect()
}

fn asked_by(rule: &HeldRule, given: &[Given]) -> Asks {
    let steps = rule.tally(given).into_iter().map(|tally| Step {
        needed: tally.step.needed,
        asked: words(&tally.step.asked),
        given: words(&tally.by),
    });
    Asks {
        rule: rule.name.clone(),
        proof: rule.proof.word(),
        met: rule.is_met(given),
        steps: steps.collect(),
    }
}

fn words<'n>(names: impl IntoIterator<Item = &'n PersonName>) -> Vec<String> {
    names.into_iter().map(ToString::to_string).collect()
}

/// Everybody who is asked next by one of these, each once.
fn open<'r>(requirements: impl Iterator<Item = &'r Requirement>, given: &[Given]) -> Vec<String> {
    let names = requirements.flat_map(|asks| asks.open(given));
    let names: std::collections::BTreeSet<&PersonName> = names.collect();
    words(names)
}

fn is_maker(policy: &Policy, name: &PersonName) -> bool {
    let person = policy.person(name);
    person.is_some_and(|person| person.roles.contains(&Role::Maker))
}

/// Everybody who could decide on some batch: approvers, and those who stand in for one.
fn deciders(policy: &Policy) -> impl Iterator<Item = &PersonName> {
    let stands_in = |name: &PersonName| policy.delegations().iter().any(|lent| lent.to == *name);
    let people = policy
        .people()
        .filter(move |person| person.roles.contains(&Role::Approver) || stands_in(&person.name));
    people.map(|person| &person.name)
}

/// Whether somebody may decide on a held batch.
fn may_decide(policy: &Policy, head: &Head, name: &PersonName) -> Decider {
    let standing = head.standing_approvals();
    let theirs = standing.into_iter().find(|made| made.person == *name);
    let (may, because) = match (policy.may_decide(head, name, now()), theirs) {
        (Err(no), _) => (false, no.to_string()),
        (Ok(_), Some(made)) if policy.given(head, made).is_some() => {
            (true, format!("{name} has approved"))
        }
        (Ok(_), Some(_)) => (
            true,
            format!(
                "{name} has approved, and that does not count any more; they may approve again"
            ),
        ),
        (Ok(may), None) => match may.on_behalf {
            Some(lender) => (true, format!("{name} may decide in {lender}'s place")),
            None => (true, format!("{name} may decide")),
        },
    };
    Decider {
        person: name.to_string(),
        may,
        because,
    }
}

/// Whether somebody would be asked about a batch that is not held yet; the maker is in it, if known.
fn would_decide(
    policy: &Policy,
    facts: &Facts,
    requirement: &Requirement,
    (maker, name): (Option<&PersonName>, &PersonName),
) -> Decider {
    let asked = requirement.asked();
    let mut lenders = policy.stands_in_for(name, facts.total, now());
    let (may, because) = if maker == Some(name) {
        (false, NotAllowed::OwnBatch(name.clone()).to_string())
    } else if requirement.rules.is_empty() {
        (false, NotAllowed::NoRule(facts.total).to_string())
    } else if asked.contains(name) {
        (true, format!("{name} would be asked"))
    } else if let Some(lender) = lenders.find(|lender| asked.contains(lender)) {
        (true, format!("{name} could decide in {lender}'s place"))
    } else {
        let no = NotAllowed::NotAsked {
            person: name.clone(),
            rule: requirement.names(),
            asked: words(asked).join(", "),
        };
        (false, no.to_string())
    };
    Decider {
        person: name.to_string(),
        may,
        because,
    }
}
