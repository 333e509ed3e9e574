//! `audit verify --export`: an export is checked without the ledger it came from.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use onay_ledger::export::{self, Checked, Part, Signed};
use onay_payout::PublicKey;
use serde_json::{Value, json};

use super::{Problem, Report};
use crate::args::AuditVerify;
use crate::exit::{Exit, Failure};

/// Checks an export, that all that earlier ones hold is still there, and who signed it.
pub(crate) fn verify(path: &Path, args: &AuditVerify) -> anyhow::Result<Exit> {
    let (earlier, keys) = (&args.earlier, &args.public_key);
    let mut problems = Vec::new();
    let mut read = Vec::new();
    for path in earlier {
        let checked = self::read(path, Part::Earlier, &[])?;
        problems.extend(found(&checked, Some(path)));
        read.push(checked);
    }
    let checked = self::read(path, Part::Examined, &read)?;
    problems.extend(found(&checked, None));
    let unsigned = (!keys.is_empty()).then(|| checked.not_signed_with(keys));
    problems.extend(unsigned.flatten().map(|flaw| Problem {
        batch: None,
        what: flaw.to_string(),
    }));
    let told = earlier.iter().zip(&read).map(|(path, checked)| {
        json!({
            "file": path.display().to_string(), "at": checked.at,
            "head": checked.totals.head.to_string(),
        })
    });
    let more = json!({
        "at": checked.at, "account": checked.account, "earlier": told.collect::<Vec<_>>(),
        "signature": checked.signed.as_ref().map(|signed| signature(signed, keys)),
    });
    let is_ok = problems.is_empty();
    let signed = checked.signed.as_ref().filter(|_| is_ok);
    let note = signed.map(|signed| note(signed, keys));
    Report {
        totals: checked.totals,
        problems,
        note,
        more: Some(more),
    }
    .print(args.json)
}

fn signature(signed: &Signed, keys: &[PublicKey]) -> Value {
    json!({
        "by": signed.by.to_string(), "key": signed.key.to_string(),
        "is_known": keys.contains(&signed.key),
    })
}

fn note(Signed { by, key, .. }: &Signed, keys: &[PublicKey]) -> String {
    if keys.contains(key) {
        format!("signed by {by} with {key}")
    } else {
        format!("signed by {by} with an unknown key, {key}: give the one you know as --public-key")
    }
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
