//! Everything that is no success, by what is known about it.

use std::error::Error;
use std::iter;

use onay_payout::provider::{NotSent, ProviderError, Refusal};
use serde::Deserialize;

use crate::gate::TooLate;
use crate::scalar::{Scalar, cut, text, words};

/// Too many calls this minute. Source: iyzico "Limiters", read 2026-11-22.
const RATE_LIMITED: &str = "50000";

/// Signature or key missing or wrong. Sources: iyzico's error list, answers recorded in public
/// test suites, issues 128 of iyzipay-node and 204 of iyzipay-php; read 2026-11-22.
const CREDENTIALS: [&str; 5] = ["1000", "1001", "1004", "1007", "1009"];

/// System errors, which do not say how far the call came. `100001` was also the answer where a
/// feature was not enabled for the account. Source: iyzico's error list, issue 116 of iyzipay-php.
const SYSTEM: [&str; 3] = ["1", "2", "100001"];

/// What every answer has in common, and what failures add to it.
///
/// No mass payout page shows a failure; this is the general form of iyzico's answers, together
/// with the one failure that is declared for initialize: HTTP 400 with its usual fields.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Envelope {
    status: Option<Scalar>,
    error_code: Option<Scalar>,
    error_message: Option<Scalar>,
    invalid_items: Option<Vec<RefusedItem>>,
}

/// An item that initialize refused.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RefusedItem {
    /// The item's id; it is `itemExternalId` everywhere else.
    pub(crate) external_id: Option<Scalar>,
    pub(crate) error_code: Option<Scalar>,
    pub(crate) error_message: Option<Scalar>,
}

impl Envelope {
    /// Whether the call succeeded; if not, what that means.
    ///
    /// The status word decides, as refusals came with HTTP 200 wherever they were recorded. A
    /// gateway in front of iyzico writes the number 401 in place of the word (issue 215 of
    /// iyzipay-php). Any other word or number is no clear "no".
    pub(crate) fn check(self) -> Result<(), ProviderError> {
        match text(self.status).as_deref() {
            Some("success") => Ok(()),
            Some(status @ ("failure" | "401")) => {
                let refusal = refusal(self.error_code, self.error_message, self.invalid_items);
                Err(judge(status, refusal))
            }
            Some(_) | None => Err(in_doubt("the answer says neither success nor failure")),
        }
    }
}

/// The reason given for a failure: its own, else that of the items it names.
fn refusal(
    code: Option<Scalar>,
    message: Option<Scalar>,
    items: Option<Vec<RefusedItem>>,
) -> Refusal {
    let mut refusal = Refusal {
        code: words(code),
        message: words(message),
    };
    if refusal.code.is_none() && refusal.message.is_none() {
        let reasons: Vec<String> = items
            .into_iter()
            .flatten()
            .map(RefusedItem::reason)
            .collect();
        refusal.message = (!reasons.is_empty()).then(|| cut(reasons.join("; ")));
    }
    refusal
}

impl RefusedItem {
    fn reason(self) -> String {
        let id = words(self.external_id).unwrap_or_else(|| "an item".to_owned());
        let reason = Refusal {
            code: words(self.error_code),
            message: words(self.error_message),
        };
        format!("{id}: {reason}")
    }
}

fn judge(status: &str, refusal: Refusal) -> ProviderError {
    match refusal.code.as_deref() {
        Some(RATE_LIMITED) => ProviderError::NotSent(NotSent::RateLimited),
        Some(code) if SYSTEM.contains(&code) => in_doubt(format!("system error {code}")),
        code if status == "401" || code.is_some_and(|code| CREDENTIALS.contains(&code)) => {
            ProviderError::NotSent(NotSent::Credentials(refusal))
        }
        None if refusal.message.is_none() => in_doubt("a failure without a reason"),
        Some(_) | None => ProviderError::Refused(refusal),
    }
}

/// What a failed exchange says: nothing was sent, or nothing is known.
///
/// The HTTP client reports name lookup, TCP and TLS as connecting; the request is written only
/// after all three, and after its body was asked whether it is too late.
pub(crate) fn transport(error: reqwest::Error) -> ProviderError {
    let error = error.without_url();
    let reasons: Vec<String> = causes(&error).map(ToString::to_string).collect();
    let reason = reasons.join(": ");
    if causes(&error).any(<dyn Error>::is::<TooLate>) {
        ProviderError::NotSent(NotSent::TooLate)
    } else if error.is_builder() {
        unbuildable(reason)
    } else if error.is_connect() {
        ProviderError::NotSent(NotSent::Connection(reason))
    } else {
        in_doubt(reason)
    }
}

/// The request could not even be put together.
pub(crate) fn unbuildable(reason: impl Into<Box<dyn Error>>) -> ProviderError {
    ProviderError::NotSent(NotSent::Unbuildable(reason.into().to_string()))
}

/// The call may have been carried out.
pub(crate) fn in_doubt(reason: impl Into<String>) -> ProviderError {
    ProviderError::InDoubt(reason.into())
}

/// An error and what caused it, outermost first.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    iter::successors(Some(error), |&error| error.source())
}
