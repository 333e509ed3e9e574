//! What is told: as JSON, and in lines.

use serde::Serialize;

use crate::output;

/// Everything that can be said about one batch and one policy.
#[derive(Debug, Serialize)]
pub(super) struct Told {
    pub(super) batch: Option<String>,
    pub(super) external_id: Option<String>,
    pub(super) maker: Option<String>,
    pub(super) total: String,
    /// The same, for people.
    #[serde(skip)]
    pub(super) sum: String,
    pub(super) currency: &'static str,
    /// The hash of the policy file.
    pub(super) policy: String,
    /// What is not known, and what that means.
    pub(super) unknown: Option<&'static str>,
    pub(super) rules: Vec<Rule>,
    /// Rules it was held under that are others now; they must be met, too.
    pub(super) held_under: Vec<Asks>,
    /// Who would be asked next.
    pub(super) asked: Vec<String>,
    pub(super) people: Vec<Decider>,
}

/// A rule of the policy file.
#[derive(Debug, Serialize)]
pub(super) struct Rule {
    pub(super) name: String,
    pub(super) conditions: String,
    pub(super) matches: bool,
    /// Why it does not match.
    pub(super) because: Option<String>,
    pub(super) asks: Option<Asks>,
}

/// What a rule asks of people.
#[derive(Debug, Serialize)]
pub(super) struct Asks {
    pub(super) rule: String,
    pub(super) proof: &'static str,
    pub(super) met: bool,
    pub(super) steps: Vec<Step>,
}

#[derive(Debug, Serialize)]
pub(super) struct Step {
    pub(super) needed: u32,
    pub(super) asked: Vec<String>,
    pub(super) given: Vec<String>,
}

/// Whether somebody may decide.
#[derive(Debug, Serialize)]
pub(super) struct Decider {
    pub(super) person: String,
    pub(super) may: bool,
    pub(super) because: String,
}

impl Told {
    pub(super) fn print(&self) -> anyhow::Result<()> {
        let id = self.external_id.as_deref().unwrap_or("the file");
        let by = self.maker.as_deref().unwrap_or("somebody");
        output::line(format!("{id}: {} by {by}", self.sum))?;
        for rule in &self.rules {
            let matches = match &rule.because {
                None => "matches".to_owned(),
                Some(because) => format!("does not match: {because}"),
            };
            output::line(format!(
                "rule `{}` ({}) {matches}",
                rule.name, rule.conditions
            ))?;
            rule.asks.iter().try_for_each(Asks::print)?;
        }
        if self.rules.iter().all(|rule| !rule.matches) {
            output::line("no rule matches: it is never released")?;
        }
        for asks in &self.held_under {
            output::line(format!("held under rule `{}`, as it was then", asks.rule))?;
            asks.print()?;
        }
        if !self.asked.is_empty() {
            output::line(format!("asked next: {}", self.asked.join(", ")))?;
        }
        for may in &self.people {
            output::line(&may.because)?;
        }
        if let Some(unknown) = self.unknown {
            output::say(format!("note: {unknown}"));
        }
        Ok(())
    }
}

impl Asks {
    fn print(&self) -> anyhow::Result<()> {
        for step in &self.steps {
            let asked = if step.asked.is_empty() {
                "nobody".to_owned()
            } else {
                step.asked.join(", ")
            };
            let given = if step.given.is_empty() {
                "nobody yet".to_owned()
            } else {
                step.given.join(", ")
            };
            output::line(format!(
                "  {} of {asked}, by {}; given by {given}",
                step.needed, self.proof
            ))?;
        }
        Ok(())
    }
}
