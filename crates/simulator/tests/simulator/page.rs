//! `docs/simulator.md` lists what there is, and no more.

use std::collections::BTreeSet;

use onay_simulator::{Behaviour, FaultPlan, Scenario};

const PAGE: &str = include_str!("../../../../docs/simulator.md");

/// What stands in code at the start of the rows under a heading.
fn listed(heading: &str) -> BTreeSet<&'static str> {
    let (_, section) = PAGE.split_once(&format!("\n## {heading}\n")).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.map(|row| row.split('`').next().unwrap()).collect()
}

#[test]
fn every_scenario_is_listed_and_no_other() {
    assert_eq!(listed("Scenarios"), BTreeSet::from(Scenario::NAMES));
}

#[test]
fn the_scenario_on_the_page_can_be_played() {
    let (_, rest) = PAGE.split_once("```toml\n").unwrap();
    let (text, _) = rest.split_once("```").unwrap();
    Scenario::parse(text).unwrap();
}

#[test]
fn every_switch_is_listed_with_its_default_first() {
    let defaults = serde_json::to_value(Behaviour::default()).unwrap();
    let defaults = defaults.as_object().unwrap();
    let switches: BTreeSet<_> = defaults.keys().map(String::as_str).collect();
    assert_eq!(listed("Switches"), switches);
    let words = defaults.iter().filter_map(|(switch, default)| {
        let word = default.as_str().filter(|word| *word != "0")?;
        Some((switch, word))
    });
    for (switch, default) in words {
        let row = PAGE
            .lines()
            .find(|line| line.starts_with(&format!("| `{switch}` |")));
        let choices = row.unwrap().split('|').nth(3).unwrap();
        assert!(choices.starts_with(&format!(" `{default}`")), "{choices}");
    }
}

#[test]
fn every_fault_is_listed_and_no_other() {
    let error = serde_json::from_str::<FaultPlan>(r#"{"kind":"nobody's"}"#).unwrap_err();
    let error = error.to_string();
    let (_, known) = error.split_once("expected one of").unwrap();
    let known: BTreeSet<_> = known.split('`').skip(1).step_by(2).collect();
    assert_eq!(listed("Faults"), known);
}
