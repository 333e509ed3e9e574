//! `submit` and `validate`: a file in, every finding out.

use std::path::Path;

use onay_console::view;
use onay_ledger::Access;
use onay_payout::{Checksums, Code, Finding, Money, Severity};
use onay_producer::{EnqueueError, Enqueued, Format, Intake, Producer};
use serde_json::json;

use crate::args::{self, Json, Submit, Validate};
use crate::config::{Config, identify};
use crate::exit::{Exit, Failure};
use crate::output;

/// Hands over a batch.
pub(crate) async fn run(config: &Config, submit: Submit) -> anyhow::Result<Exit> {
    let policy = config.policy()?;
    let intake = read(&submit.file, &submit.intake)?;
    let ledger = config.ledger(Access::Create).await?;
    let maker = identify(ledger.as_ref(), &policy, &submit.person).await?;
    if !intake.is_readable() {
        return refused(&intake.faults(checksums(&submit.intake)), submit.json);
    }
    let producer = Producer::new(ledger, policy, maker, "cli")
        .map_err(|error| Failure::refused(error.to_string()))?;
    match producer
        .submit(&intake.draft, checksums(&submit.intake))
        .await
    {
        Ok(mut enqueued) => {
            let (Enqueued::New { findings, .. } | Enqueued::Replayed { findings, .. }) =
                &mut enqueued;
            findings.splice(..0, intake.findings);
            accepted(&enqueued, submit.json)
        }
        Err(EnqueueError::Invalid(found)) => {
            let all: Vec<Finding> = intake.findings.into_iter().chain(found).collect();
            refused(&all, submit.json)
        }
        Err(error @ EnqueueError::Conflict { .. }) => {
            if submit.json.is_asked() {
                output::json(&json!({ "error": error.to_string(), "findings": [] }))?;
                return Ok(Exit::Refused);
            }
            Err(Failure::refused(error.to_string()).into())
        }
        Err(EnqueueError::Ledger(error)) => Err(error.into()),
    }
}

/// Checks a file; nothing is submitted.
pub(crate) fn validate(config: &Config, validate: &Validate) -> anyhow::Result<Exit> {
    let intake = read(&validate.file, &validate.intake)?;
    let checksums = checksums(&validate.intake);
    let findings = if intake.is_readable() {
        let found = match super::policy_if_any(config)? {
            Some(policy) => match onay_producer::check(&intake.draft, checksums, &policy) {
                Ok((_, found)) | Err(EnqueueError::Invalid(found)) => found,
                Err(error) => return Err(error.into()),
            },
            None => intake.draft.check(checksums).findings,
        };
        [intake.findings, found].concat()
    } else {
        intake.faults(checksums)
    };
    let count = intake.draft.items.len();
    let total = intake
        .draft
        .check(Checksums::Warn)
        .content
        .map(|content| content.total());
    let is_valid = !findings
        .iter()
        .any(|found| found.severity == Severity::Error);
    if validate.json.is_asked() {
        let findings = view::findings(&findings);
        let (sum, currency) = (
            total.map(Money::number),
            total.map(|sum| sum.currency().code()),
        );
        output::json(&json!({
            "valid": is_valid, "count": count, "total": sum, "currency": currency,
            "findings": findings,
        }))?;
    } else {
        print_findings(&findings)?;
        let verdict = if is_valid { "valid" } else { "not valid" };
        let total = total.map_or_else(String::new, |total| format!(", {total}"));
        output::line(format!(
            "{}: {verdict}, {count} items{total}",
            validate.file.display()
        ))?;
    }
    Ok(if is_valid { Exit::Done } else { Exit::Refused })
}

/// Tells what came of a submission.
pub(crate) fn accepted(enqueued: &Enqueued, json: Json) -> anyhow::Result<Exit> {
    if json.is_asked() {
        output::json(&view::Submitted::of(enqueued))?;
        return Ok(Exit::Done);
    }
    let (head, findings, what) = match enqueued {
        Enqueued::New { head, findings } => (head, findings, "accepted"),
        Enqueued::Replayed { head, findings } => {
            (head, findings, "replayed: submitted before, nothing new")
        }
    };
    print_findings(findings)?;
    output::line(format!(
        "{} ({}): {what}; {} items, {}, {}",
        head.external_id,
        head.id,
        head.count,
        head.tie_out.requested,
        head.state.name()
    ))?;
    Ok(Exit::Done)
}

fn refused(findings: &[Finding], json: Json) -> anyhow::Result<Exit> {
    let errors = findings
        .iter()
        .filter(|found| found.severity == Severity::Error)
        .count();
    let message = format!("not submitted: {errors} errors");
    if json.is_asked() {
        let findings = view::findings(findings);
        output::json(&json!({ "error": message, "findings": findings }))?;
    } else {
        print_findings(findings)?;
        output::say(message);
    }
    Ok(Exit::Refused)
}

fn print_findings(findings: &[Finding]) -> anyhow::Result<()> {
    for found in findings {
        output::line(format!("{}: {found}", found.severity.word()))?;
    }
    Ok(())
}

/// Reads a file and lays the command line's own words over it.
pub(crate) fn read(path: &Path, given: &args::Intake) -> Result<Intake, Failure> {
    let shown = path.display();
    let format = path
        .to_str()
        .and_then(Format::of_file_name)
        .ok_or_else(|| Failure::usage(format!("{shown}: the name must end in .json or .csv")))?;
    let bytes = std::fs::read(path)
        .map_err(|error| Failure::usage(format!("{shown} cannot be read: {error}")))?;
    let mut intake = Intake::read(&bytes, format);
    let draft = &mut intake.draft;
    if let Some(id) = &given.external_id {
        if draft
            .external_id
            .as_ref()
            .is_some_and(|in_file| in_file != id)
        {
            let message =
                format!("the file says another id than --external-id {id}; which one is meant?");
            intake
                .findings
                .push(Finding::batch("externalId", Code::Text, message));
        }
        draft.external_id = Some(id.clone());
    }
    if given.purpose.is_some() {
        draft.purpose.clone_from(&given.purpose);
    }
    draft.expected_count = given.count;
    draft.expected_sum = given.control_sum;
    Ok(intake)
}

pub(crate) const fn checksums(given: &args::Intake) -> Checksums {
    if given.allow_invalid {
        Checksums::Warn
    } else {
        Checksums::Enforce
    }
}
