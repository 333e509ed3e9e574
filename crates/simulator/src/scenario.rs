//! Settings, switches and faults in one file.

use serde::Deserialize;

use crate::{Behaviour, FaultPlan, Settings};

/// What a simulator plays. In TOML, or the same in JSON:
///
/// ```toml
/// [settings]                        # see Settings; amounts are text
/// initial_balance = "100.00"
/// settle_after_ms = 500
/// [behaviour]                       # see Behaviour
/// funds = "auth_refuses"
/// [[faults]]                        # see FaultPlan
/// endpoint = "auth"
/// kind = "lose_answer_after_work"
/// ```
///
/// What a file leaves out has its default; a key nobody knows is an error.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// A parsed scenario has no keys: its caller sets [`Settings::credentials`].
    pub settings: Settings,
    /// Planned from the start.
    pub faults: Vec<FaultPlan>,
}

/// A scenario that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// As JSON, because it begins with a brace.
    #[error("the scenario is not readable JSON")]
    Json(#[from] serde_json::Error),
    /// As TOML.
    #[error("the scenario is not readable TOML")]
    Toml(#[from] toml::de::Error),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default = "Settings::without_keys")]
    settings: Settings,
    #[serde(default)]
    behaviour: Behaviour,
    #[serde(default)]
    faults: Vec<FaultPlan>,
}

const NAMED: [(&str, &str); 5] = [
    (
        "lost-auth-answer",
        include_str!("../scenarios/lost-auth-answer.toml"),
    ),
    (
        "rate-limited",
        include_str!("../scenarios/rate-limited.toml"),
    ),
    (
        "half-invalid",
        include_str!("../scenarios/half-invalid.toml"),
    ),
    (
        "bank-refuses",
        include_str!("../scenarios/bank-refuses.toml"),
    ),
    ("no-funds", include_str!("../scenarios/no-funds.toml")),
];

impl Scenario {
    /// The scenarios that [`Scenario::named`] knows.
    pub const NAMES: [&str; NAMED.len()] = {
        let [a, b, c, d, e] = NAMED;
        [a.0, b.0, c.0, d.0, e.0]
    };

    /// One of [`Scenario::NAMES`].
    pub fn named(name: &str) -> Option<Self> {
        let (_, text) = NAMED.iter().find(|(known, _)| *known == name)?;
        Self::parse(text).ok()
    }

    /// Reads a scenario from TOML, or from JSON when it begins with a brace.
    ///
    /// # Errors
    /// [`ScenarioError`], whose source says where and names an unknown key.
    pub fn parse(text: &str) -> Result<Self, ScenarioError> {
        let file: File = if text.trim_start().starts_with('{') {
            serde_json::from_str(text)?
        } else {
            toml::from_str(text)?
        };
        Ok(Self {
            settings: Settings {
                behaviour: file.behaviour,
                ..file.settings
            },
            faults: file.faults,
        })
    }
}

impl Default for Scenario {
    fn default() -> Self {
        Settings::without_keys().into()
    }
}

impl From<Settings> for Scenario {
    fn from(settings: Settings) -> Self {
        Self {
            settings,
            faults: Vec::new(),
        }
    }
}
