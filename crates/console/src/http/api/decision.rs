//! The body of a decision.

use chrono::{DateTime, SubsecRound as _};
use onay_payout::{Motion, ReasonCode, Signed, SignedAt, Verdict};
use serde::Deserialize;

use super::decide::{incomplete, said};
use crate::http::problem::Problem;

/// Digits of a second that are kept, and signed.
const SECOND_DIGITS: u16 = 6;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Decision {
    verdict: Option<String>,
    digest: Option<String>,
    reason_code: Option<String>,
    comment: Option<String>,
    signature: Option<Signature>,
}

/// Made by the person's own key, somewhere else.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "the fields are the JSON's")]
struct Signature {
    key: String,
    signature: String,
    at: String,
}

impl Decision {
    /// What is asked to be decided.
    pub(super) fn motion(&self) -> Result<Motion<'_>, Problem> {
        let digest = self.digest.as_deref().map(str::trim);
        let digest = digest.filter(|text| !text.is_empty()).ok_or_else(|| {
            incomplete("`digest` is missing; send the one shown with the batch that was looked at")
        })?;
        let signed = self.signature.as_ref().map(Signature::read).transpose()?;
        Ok(Motion {
            verdict: self.verdict()?,
            digest,
            signed,
        })
    }

    fn verdict(&self) -> Result<Verdict, Problem> {
        let comment = said("comment", self.comment.as_deref())?;
        let code = self.reason_code.as_deref().map(reason_code).transpose()?;
        match (self.verdict.as_deref(), code, comment) {
            (Some("approve"), None, comment) => Ok(Verdict::Approve { comment }),
            (Some("undo"), None, None) => Ok(Verdict::Undo),
            (Some("approve" | "undo"), _, _) => Err(incomplete(
                "a `reason_code` belongs to `reject`, and `undo` keeps no words",
            )),
            (Some("reject"), code, comment) => {
                let code = code.unwrap_or_default();
                // A code says enough by itself, unless it says that something else does.
                let reason = comment.or_else(|| code.label().map(str::to_owned));
                let reason = reason.ok_or_else(|| {
                    incomplete(
                        "`reject` needs a `comment`, or a `reason_code` other than `other`; the \
                         maker reads it",
                    )
                })?;
                Ok(Verdict::Reject { code, reason })
            }
            (_, _, _) => Err(incomplete("`verdict` is none of approve, reject, undo")),
        }
    }
}

fn reason_code(word: &str) -> Result<ReasonCode, Problem> {
    ReasonCode::from_word(word).ok_or_else(|| {
        let known = ReasonCode::ALL.map(ReasonCode::word).join(", ");
        incomplete(&format!("`reason_code` is none of {known}"))
    })
}

impl Signature {
    fn read(&self) -> Result<SignedAt, Problem> {
        let wrong = |field: &str, what: &str| incomplete(&format!("`signature.{field}` is {what}"));
        let key = self.key.parse();
        let signature = self.signature.parse();
        let at = DateTime::parse_from_rfc3339(&self.at);
        let signed = Signed {
            key: key.map_err(|error: onay_payout::KeyError| wrong("key", &error.to_string()))?,
            signature: signature.map_err(|error: onay_payout::NotASignature| {
                wrong("signature", &error.to_string())
            })?,
        };
        let at = at.map_err(|_| {
            wrong(
                "at",
                "not a time such as 2026-11-23T09:00:00.000000Z; it is the one that was signed",
            )
        })?;
        Ok(SignedAt {
            at: at.to_utc().trunc_subsecs(SECOND_DIGITS),
            signed,
        })
    }
}
