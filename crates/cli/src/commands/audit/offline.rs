//! `audit verify --export`: an export is checked without the ledger it came from.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use onay_ledger::export::{self, Checked, Part};
use serde_json::json;

use super::{Problem, Report};
use crate::args::Json;
use crate::exit::{Exit, Failure};

/// Checks an export, and that all that earlier ones hold is still there.
pub(crate) fn verify(path: &Path, earlier: &[PathBuf], json: Json) -> anyhow::Result<Exit> {
    let mut problems = Vec::new();
    let mut read = Vec::new();
    for path in earlier {
        let checked = self::read(path, Part::Earlier, &[])?;
        problems.extend(found(&checked, Some(path)));
        read.push(checked);
    }
    let checked = self::read(path, Part::Examined, &read)?;
    problems.extend(found(&checked, None));
    let told = earlier.iter().zip(&read).map(|(path, checked)| {
        json!({
            "file": path.display().to_string(), "at": checked.at,
            "head": checked.totals.head.to_string(),
        })
    });
    let more = json!({
        "at": checked.at, "account": checked.account, "earlier": told.collect::<Vec<_>>(),
    });
    Report {
        totals: checked.totals,
        problems,
        more: Some(more),
    }
    .print(json)
}

/// Reads an export.
pub(super) fn read(path: &Path, part: Part, earlier: &[Checked]) -> anyhow::Result<Checked> {
    let cannot = |error| Failure::usage(format!("{} cannot be read: {error}", path.display()));
    let file = BufReader::new(File::open(path).map_err(cannot)?);
    Ok(export::check(file, part, earlier).map_err(cannot)?)
}

/// What is wrong with an export; with its name when it is an earlier one.
fn found(checked: &Checked, path: Option<&Path>) -> Vec<Problem> {
    let place = path.map(|path| format!("{}: ", path.display()));
    let place = place.unwrap_or_default();
    let tell = |finding: &export::Finding| Problem {
        batch: finding.batch.map(|batch| batch.to_string()),
        what: format!("{place}{}", finding.flaw),
    };
    checked.findings.iter().map(tell).collect()
}
