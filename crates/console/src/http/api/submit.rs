//! Handing over a batch.

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, HeaderMap, LOCATION};
use axum::response::{IntoResponse, Response};
use onay_payout::{Checksums, Draft, Money};
use onay_producer::{Enqueued, Format, Intake};
use serde::Deserialize;

use super::caller::{Asked, Body, Maker, Named};
use crate::http::problem::{Kind, Problem};
use crate::view;

/// The largest batch that is read: as large as the largest file.
pub(super) const BODY_BYTES_MAX: usize = 64 * 1024 * 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Options {
    /// For CSV, which has no place for it.
    external_id: Option<String>,
    /// For CSV, which has no place for it.
    purpose: Option<String>,
    /// How many items the maker says there are.
    count: Option<usize>,
    /// The sum the maker says they have.
    control_sum: Option<String>,
    /// Wrong check digits are warnings, for the provider to judge.
    #[serde(default)]
    allow_invalid: bool,
}

/// `POST /v1/batches`: iyzico's init shape as JSON, or one item a line as CSV.
///
/// `Idempotency-Key` is accepted and ignored: the external id is the key. It never expires, and it
/// tells a repetition from a different batch by content, which a header of the caller's choice
/// cannot.
pub(super) async fn submit(
    Maker(producer): Maker,
    Asked(options): Asked<Options>,
    headers: HeaderMap,
    Body(body): Body,
) -> Result<Response, Problem> {
    let format = format(&headers)?;
    let checksums = if options.allow_invalid {
        Checksums::Warn
    } else {
        Checksums::Enforce
    };
    let read = tokio::task::spawn_blocking(move || Intake::read(&body, format)).await;
    let intake = read.map_err(|_| Problem::new(Kind::Internal, "the body could not be read"))?;
    if !intake.is_readable() {
        return Err(Problem::invalid_batch(&intake.faults(checksums)));
    }
    let draft = options.complete(intake.draft, format)?;
    let mut enqueued = producer.submit(&draft, checksums).await?;
    let (Enqueued::New { findings, .. } | Enqueued::Replayed { findings, .. }) = &mut enqueued;
    findings.splice(..0, intake.findings);
    Ok(answer(&enqueued))
}

/// `POST /v1/batches/{batch}/resend`: a batch of what came back from another.
pub(super) async fn resend(
    Maker(producer): Maker,
    Named(batch): Named,
) -> Result<Response, Problem> {
    Ok(answer(&producer.resend(&batch).await?))
}

fn answer(enqueued: &Enqueued) -> Response {
    let head = enqueued.head();
    let location = [(LOCATION, format!("/v1/batches/{}", head.id))];
    let status = match enqueued {
        Enqueued::New { .. } => {
            tracing::info!(batch.id = %head.id, person = %head.maker, "batch {} submitted", head.id);
            StatusCode::CREATED
        }
        Enqueued::Replayed { .. } => StatusCode::OK,
    };
    (status, location, Json(view::Submitted::of(enqueued))).into_response()
}

fn format(headers: &HeaderMap) -> Result<Format, Problem> {
    let named = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let media_type = named
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    match media_type.as_str() {
        "application/json" => Ok(Format::Json),
        "text/csv" => Ok(Format::Csv),
        _ => Err(Problem::new(
            Kind::UnsupportedMediaType,
            "set Content-Type to application/json or text/csv",
        )),
    }
}

impl Options {
    /// Adds what stands in the address to what stands in the body.
    fn complete(self, draft: Draft, format: Format) -> Result<Draft, Problem> {
        let bad = |detail: &str| Problem::new(Kind::BadRequest, detail);
        let expected_sum = self.control_sum.map(|sum| Money::decimal(&sum)).transpose();
        let draft = Draft {
            expected_count: self.count,
            expected_sum: expected_sum
                .map_err(|_| bad("`control_sum` is not a number such as 1250.50"))?,
            ..draft
        };
        match format {
            Format::Csv => Ok(Draft {
                external_id: self.external_id,
                purpose: self.purpose,
                ..draft
            }),
            Format::Json if self.external_id.is_none() && self.purpose.is_none() => Ok(draft),
            Format::Json => Err(bad(
                "`external_id` and `purpose` are for CSV; JSON has them in the body",
            )),
        }
    }
}
