//! The targets of `targets.toml`, and whether they are met.

use std::fmt;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::programs::Runs;

/// What is off by less is met.
const NOISE: f64 = 1.005;

#[derive(Deserialize)]
struct File {
    target: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    what: String,
    of: String,
    to: Option<String>,
    keys: Vec<String>,
    unit: Option<f64>,
    #[serde(flatten)]
    bounds: Bounds,
}

/// What it must be, and what would be fine.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Bounds {
    AtLeast([f64; 2]),
    AtMost([f64; 2]),
}

/// A target with its measure.
struct Row {
    target: Target,
    bare: Option<f64>,
    onay: f64,
}

impl Row {
    fn of(target: Target, runs: &Runs) -> Self {
        let unit = target.unit.unwrap_or(1.0);
        let median = |of: &str| {
            let medians = target.keys.iter().map(|key| runs.median(of, key));
            medians.sum::<f64>() / unit
        };
        let (bare, onay) = (target.to.as_deref().map(median), median(&target.of));
        Self { target, bare, onay }
    }

    /// A ratio where there is something to compare with.
    fn value(&self) -> f64 {
        self.bare.map_or(self.onay, |bare| self.onay / bare)
    }

    fn verdict(&self) -> &'static str {
        let value = self.value();
        // A call more in a whole run is not one more for each batch.
        let [must, aim] = match self.target.bounds {
            Bounds::AtLeast(bounds) => bounds.map(|bound| value >= bound / NOISE),
            Bounds::AtMost(bounds) => bounds.map(|bound| value <= bound * NOISE),
        };
        match (must, aim) {
            (_, true) => "as aimed",
            (true, false) => "met",
            (false, false) => "**missed**",
        }
    }

    fn bounds(&self) -> [String; 2] {
        match self.target.bounds {
            Bounds::AtLeast(bounds) => bounds.map(|bound| format!("≥ {bound}")),
            Bounds::AtMost(bounds) => bounds.map(|bound| format!("≤ {bound}")),
        }
    }
}

/// All of them.
pub(crate) struct Table(Vec<Row>);

impl Table {
    pub(crate) fn of(runs: &Runs) -> Self {
        let file: File = toml::from_str(include_str!("targets.toml")).expect("the targets");
        let rows = file.target.into_iter();
        Self(rows.map(|target| Row::of(target, runs)).collect())
    }

    pub(crate) fn json(&self) -> Value {
        let rows = self.0.iter().map(|row| {
            json!({
                "what": row.target.what, "bare": row.bare, "onay": row.onay, "value": row.value(),
                "must_and_aim": row.bounds(), "verdict": row.verdict(),
            })
        });
        rows.collect()
    }
}

/// As Markdown, for `docs/performance.md`.
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = "| measure | bare | Onay | ratio | must | aim | |";
        writeln!(f, "{head}\n|---|---|---|---|---|---|---|")?;
        for row in &self.0 {
            let (what, [must, aim]) = (&row.target.what, row.bounds());
            let bare = row.bare.map_or_else(|| "–".to_owned(), short);
            let ratio = row
                .bare
                .map_or_else(|| "–".to_owned(), |_| short(row.value()));
            let (onay, verdict) = (short(row.onay), row.verdict());
            writeln!(
                f,
                "| {what} | {bare} | {onay} | {ratio} | {must} | {aim} | {verdict} |"
            )?;
        }
        Ok(())
    }
}

/// Three digits or so.
fn short(number: f64) -> String {
    match number.abs() {
        small if small < 10.0 => format!("{number:.2}"),
        middle if middle < 100.0 => format!("{middle:.1}"),
        large => format!("{large:.0}"),
    }
}
