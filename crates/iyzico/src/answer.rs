//! The bodies we get, as values of the domain.
//!
//! Unknown fields are ignored, absent arrays are empty, and an empty text counts as absent. But a
//! body is read in full or not at all: an item without a usable id, an amount that is no exact
//! number, or a currency we do not know leaves the call in doubt; nothing is skipped, and nothing
//! is taken for zero.
//!
//! Sources: iyzico "Mass Payout API" 1.0.0 and 1.0.1, the guide's samples, and the unmerged pull
//! request 184 of iyzipay-java, read 2026-11-22.

use onay_payout::provider::{
    Initialized, InvalidItem, NotSent, ProviderError, RemoteBatch, RemoteItem, RemotePage,
    RemoteStatus,
};
use onay_payout::{Currency, ItemStatus, Money, Personal};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::failure::{Envelope, RefusedItem, in_doubt};
use crate::scalar::{Scalar, Texts, text, words};

/// What came back, whatever it is. No `Debug`: it holds personal data.
pub(crate) struct Reply {
    pub(crate) http_status: u16,
    pub(crate) body: Vec<u8>,
}

/// The answer to authorize and cancel, which says nothing but that it was done.
pub(crate) fn done(reply: &Reply) -> Result<(), ProviderError> {
    success::<IgnoredAny>(reply).map(drop)
}

/// The answer to initialize.
pub(crate) fn initialized(reply: &Reply) -> Result<Initialized, ProviderError> {
    let stored: Stored = success(reply)?;
    let request_id = text(stored.request_id).and_then(|id| id.parse().ok());
    let invalid = stored.invalid_items.unwrap_or_default();
    Ok(Initialized {
        request_id: request_id.ok_or_else(|| unreadable("the request id"))?,
        invalid: invalid
            .into_iter()
            .map(invalid_item)
            .collect::<Result<_, _>>()?,
    })
}

/// The answer to retrieve; `None` when it shows no batch.
pub(crate) fn page(reply: &Reply) -> Result<Option<RemotePage>, ProviderError> {
    let shown: Page = looked_up(reply)?;
    let Some(batch) = shown.mass_payout.filter(|batch| !batch.is_empty()) else {
        return Ok(None);
    };
    let currency = currency(batch.currency.as_ref())?;
    let inner = shown.mass_payout_items.unwrap_or_default();
    let items = inner.items.unwrap_or_default();
    let total_items = inner.total.or(shown.total);
    Ok(Some(RemotePage {
        batch: batch.into_domain(currency)?,
        items: items
            .into_iter()
            .map(|item| item.into_domain(currency))
            .collect::<Result<_, _>>()?,
        total_items: total_items.and_then(|total| total.as_str().parse().ok()),
    }))
}

/// The answer to item detail; `None` when it shows no item.
pub(crate) fn item(reply: &Reply) -> Result<Option<RemoteItem>, ProviderError> {
    let shown: Detail = looked_up(reply)?;
    shown
        .item
        .filter(|item| !item.is_empty())
        .map(|item| item.into_domain(None))
        .transpose()
}

/// The answer to balance. It names no currency.
pub(crate) fn balance(reply: &Reply) -> Result<Decimal, ProviderError> {
    let shown: Balance = looked_up(reply)?;
    shown
        .balance
        .and_then(|balance| balance.decimal())
        .ok_or_else(|| unreadable("the balance"))
}

/// As [`success`], for the calls that change nothing: there HTTP's 429 needs no proof.
fn looked_up<T: DeserializeOwned>(reply: &Reply) -> Result<T, ProviderError> {
    if reply.http_status == 429 {
        return Err(ProviderError::NotSent(NotSent::RateLimited));
    }
    success(reply)
}

/// Reads the body as `T` if the call succeeded.
///
/// The body says yes or no, and HTTP's status how far that is believed:
///
/// - A yes only with 2xx.
/// - A server that says it broke (5xx) may have broken after the work was done.
/// - 401 means that the request was not applied (RFC 9110, 15.5.2).
/// - 429 does not: something behind the server that took the call may have been too busy.
///   iyzico's own word for its limit is code 50000, with no documented HTTP status.
fn success<T: DeserializeOwned>(reply: &Reply) -> Result<T, ProviderError> {
    let said = read::<Envelope>(reply)?.check();
    match (reply.http_status, said) {
        (200..=299, Ok(())) => read(reply),
        (401, Err(ProviderError::Refused(refusal))) => {
            Err(ProviderError::NotSent(NotSent::Credentials(refusal)))
        }
        (429, Err(ProviderError::Refused(_))) => Err(in_doubt("HTTP status 429")),
        (200..=299 | 400..=499, Err(error)) => Err(error),
        (status, _) => Err(in_doubt(format!("HTTP status {status}"))),
    }
}

/// Reads JSON. An error tells the place only: the parser's own words may quote the body.
///
/// iyzico's printed retrieve sample is no JSON (`"merchantId": 000000`, no-break spaces). A body
/// like that is not mended by guessing but left in doubt.
fn read<T: DeserializeOwned>(reply: &Reply) -> Result<T, ProviderError> {
    serde_json::from_slice(&reply.body).map_err(|error| {
        let (http, line, column) = (reply.http_status, error.line(), error.column());
        in_doubt(format!(
            "the answer (HTTP {http}) is unreadable at line {line}, column {column}"
        ))
    })
}

fn unreadable(what: &str) -> ProviderError {
    in_doubt(format!("{what} in the answer is missing or unreadable"))
}

fn currency(code: Option<&Scalar>) -> Result<Option<Currency>, ProviderError> {
    code.map(|code| code.as_str().parse().map_err(|_| unreadable("a currency")))
        .transpose()
}

/// An amount, when both it and its currency are known.
fn money(
    amount: Option<&Scalar>,
    currency: Option<Currency>,
) -> Result<Option<Money>, ProviderError> {
    let Some(amount) = amount else {
        return Ok(None);
    };
    let amount = amount.decimal().ok_or_else(|| unreadable("an amount"))?;
    Ok(currency.map(|currency| Money::reported(amount, currency)))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stored {
    request_id: Option<Scalar>,
    invalid_items: Option<Vec<RefusedItem>>,
}

fn invalid_item(item: RefusedItem) -> Result<InvalidItem, ProviderError> {
    let id = text(item.external_id).and_then(|id| id.parse().ok());
    Ok(InvalidItem {
        id: id.ok_or_else(|| unreadable("the id of a refused item"))?,
        code: words(item.error_code),
        message: words(item.error_message),
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    mass_payout: Option<Batch>,
    mass_payout_items: Option<Items>,
    /// Here by iyzico's schema, inside `massPayoutItems` by its guide and its Java client.
    total: Option<Scalar>,
}

#[derive(Deserialize, Default)]
struct Items {
    items: Option<Vec<WireItem>>,
    total: Option<Scalar>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Batch {
    external_id: Option<Scalar>,
    mass_payout_status: Option<Scalar>,
    total_amount: Option<Scalar>,
    total_commission_amount: Option<Scalar>,
    currency: Option<Scalar>,
}

impl Batch {
    const fn is_empty(&self) -> bool {
        self.external_id.is_none() && self.mass_payout_status.is_none()
    }

    fn into_domain(self, currency: Option<Currency>) -> Result<RemoteBatch, ProviderError> {
        let status = text(self.mass_payout_status);
        Ok(RemoteBatch {
            external_id: text(self.external_id),
            status: RemoteStatus::from_word(
                &status.ok_or_else(|| unreadable("the status of the batch"))?,
            ),
            total: money(self.total_amount.as_ref(), currency)?,
            commission: money(self.total_commission_amount.as_ref(), currency)?,
        })
    }
}

#[derive(Deserialize)]
struct Detail {
    item: Option<WireItem>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireItem {
    item_external_id: Option<Scalar>,
    reference_code: Option<Scalar>,
    recipient_type: Option<Scalar>,
    recipient_info: Option<Scalar>,
    recipient_name: Option<Scalar>,
    description: Option<Scalar>,
    item_status: Option<Scalar>,
    /// An array in iyzico's pages.
    error_messages: Option<Texts>,
    /// One text in its Java client.
    error_message: Option<Texts>,
    total_amount: Option<Scalar>,
    commission_amount: Option<Scalar>,
    currency_code: Option<Scalar>,
    /// In the Java client only.
    mass_payout_request_id: Option<Scalar>,
}

impl WireItem {
    const fn is_empty(&self) -> bool {
        self.item_external_id.is_none() && self.item_status.is_none()
    }

    /// `fallback` is the currency of the batch, for amounts that come without one.
    fn into_domain(self, fallback: Option<Currency>) -> Result<RemoteItem, ProviderError> {
        let currency = currency(self.currency_code.as_ref())?.or(fallback);
        let id = text(self.item_external_id).and_then(|id| id.parse().ok());
        let status = text(self.item_status);
        let errors = [self.error_messages, self.error_message];
        Ok(RemoteItem {
            id: id.ok_or_else(|| unreadable("the id of an item"))?,
            reference: text(self.reference_code).and_then(|code| code.parse().ok()),
            status: ItemStatus::from_provider_word(
                &status.ok_or_else(|| unreadable("the status of an item"))?,
            ),
            recipient_kind: text(self.recipient_type).and_then(|word| word.parse().ok()),
            recipient_info: text(self.recipient_info).map(Personal::new),
            recipient_name: text(self.recipient_name).map(Personal::new),
            description: text(self.description),
            amount: money(self.total_amount.as_ref(), currency)?,
            commission: money(self.commission_amount.as_ref(), currency)?,
            errors: errors
                .into_iter()
                .flatten()
                .flat_map(Texts::into_words)
                .collect(),
            request_id: text(self.mass_payout_request_id).and_then(|id| id.parse().ok()),
        })
    }
}

#[derive(Deserialize)]
struct Balance {
    balance: Option<Scalar>,
}

#[cfg(test)]
mod tests;
