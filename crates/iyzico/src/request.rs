//! The bodies we send. Each is serialised once, by the functions here; the same bytes are signed
//! and sent.
//!
//! Source: iyzico "Mass Payout API" (OpenAPI 1.0.0 in English, 1.0.1 in Turkish), read 2026-11-22.

use onay_payout::provider::{ItemKind, Lookup, Query};
use onay_payout::{Content, ExternalId, Item, Personal, Purpose, RequestId};
use serde::Serialize;
use serde_json::value::RawValue;

/// The body of initialize.
pub(crate) fn initialize(content: &Content, as_id: &ExternalId) -> serde_json::Result<Vec<u8>> {
    let items: Result<_, _> = content.items().iter().map(WireItem::new).collect();
    serde_json::to_vec(&Initialize {
        external_id: as_id.as_str(),
        conversation_id: content.conversation_id(),
        purpose: content.purpose().map(Purpose::word),
        items: items?,
    })
}

/// The body of authorize.
pub(crate) fn authorize(request: &RequestId) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(&Authorize {
        request_id: request.as_str(),
    })
}

/// The body of retrieve. It always names which items it wants: the Turkish page requires it.
pub(crate) fn retrieve(query: &Query) -> serde_json::Result<Vec<u8>> {
    let (request_id, external_mass_payout_id) = match &query.by {
        Lookup::Request(id) => (Some(id.as_str()), None),
        Lookup::External(id) => (None, Some(id.as_str())),
    };
    let item_type = match query.items {
        ItemKind::Valid => "VALID",
        ItemKind::Invalid => "INVALID",
    };
    let (page, size) = (query.page, query.size);
    serde_json::to_vec(&Retrieve {
        request_id,
        external_mass_payout_id,
        item_type,
        page,
        size,
    })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Initialize<'a> {
    external_id: &'a str,
    conversation_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    purpose: Option<&'a str>,
    items: Vec<WireItem<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireItem<'a> {
    item_external_id: &'a str,
    recipient_type: &'a str,
    recipient_info: &'a str,
    amount: Amount<'a>,
    /// The schema requires it although iyzico's samples omit it, so there is always one.
    description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    recipient_name: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    non_withdrawable: bool,
}

impl<'a> WireItem<'a> {
    fn new(item: &'a Item) -> serde_json::Result<Self> {
        Ok(Self {
            item_external_id: item.id.as_str(),
            recipient_type: item.recipient.kind.word(),
            recipient_info: item.recipient.info.expose(),
            amount: Amount {
                value: RawValue::from_string(item.amount.number())?,
                currency: item.amount.currency().code(),
            },
            description: item.description.as_deref().unwrap_or(item.id.as_str()),
            recipient_name: item.recipient.name.as_ref().map(Personal::expose),
            non_withdrawable: item.non_withdrawable,
        })
    }
}

#[derive(Serialize)]
struct Amount<'a> {
    /// A bare JSON number with the decimal's own digits: it never passes through a float.
    value: Box<RawValue>,
    currency: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Authorize<'a> {
    request_id: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Retrieve<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_mass_payout_id: Option<&'a str>,
    item_type: &'a str,
    page: u32,
    size: u32,
}

#[cfg(test)]
mod tests {
    use onay_payout::{Currency, Money, Recipient, RecipientType};

    use super::*;
    use crate::sign::Signer;

    fn item(id: &str, kind: RecipientType, info: &str, amount: &str) -> Item {
        Item {
            id: id.parse().unwrap(),
            recipient: Recipient {
                kind,
                info: Personal::new(info),
                name: None,
            },
            amount: Money::payable(Money::decimal(amount).unwrap(), Currency::Try).unwrap(),
            description: None,
            non_withdrawable: false,
        }
    }

    fn content(id: &str, purpose: Option<Purpose>, items: Vec<Item>) -> Content {
        let conversation = Some("c-1".to_owned());
        Content::new(
            id.parse().unwrap(),
            conversation,
            purpose,
            Currency::Try,
            items,
        )
        .unwrap()
    }

    /// Bodies and signatures computed with Python and openssl, one with Node too.
    #[test]
    fn bodies_are_the_signed_bytes_of_the_reference_vectors() {
        let mut payee = item(
            "i-1",
            RecipientType::Iban,
            "TR920086402100005482986178",
            "100.5",
        );
        payee.recipient.name = Some(Personal::new("Ayşe Yılmaz"));
        payee.description = Some("Ödeme şğüıçİ".into());
        let query = Query {
            by: Lookup::External("massPayoutId-323".parse().unwrap()),
            items: ItemKind::Valid,
            page: 0,
            size: 40,
        };
        let request = "79cdefc1-3ce6-4f51-bdd9-0c050274db64".parse().unwrap();
        let table = [
            (
                "/v1/mass/payout/init",
                initialize(&content("m-1", None, vec![payee]), &"m-1".parse().unwrap()).unwrap(),
                r#"{"externalId":"m-1","conversationId":"c-1","items":[{"itemExternalId":"i-1","recipientType":"IBAN","recipientInfo":"TR920086402100005482986178","amount":{"value":100.50,"currency":"TRY"},"description":"Ödeme şğüıçİ","recipientName":"Ayşe Yılmaz"}]}"#,
                "ec25557a47a09ee81b9f98c67e7564d6be68d8a9ca01b430f47743c7ee0b926c",
            ),
            (
                "/v1/mass/payout/auth",
                authorize(&request).unwrap(),
                r#"{"requestId":"79cdefc1-3ce6-4f51-bdd9-0c050274db64"}"#,
                "bf64e3e7806da57517eaf2acd4977006dc086ad990ab1704d1eb38a03bff3ce0",
            ),
            (
                "/v1/mass/payout/retrieve",
                retrieve(&query).unwrap(),
                r#"{"externalMassPayoutId":"massPayoutId-323","itemType":"VALID","page":0,"size":40}"#,
                "155876bf518ac1e91422d108d3bc60665826f60ed3d7d647f5ac2f6366eebdd4",
            ),
        ];
        let signer = Signer::new("sandbox-apiKey".into(), &"sandbox-secretKey".into()).unwrap();
        for (path, body, expected, signature) in table {
            assert_eq!(String::from_utf8_lossy(&body), expected);
            assert_eq!(
                signer.signature("123456789", path, &body),
                signature,
                "{path}"
            );
        }
    }

    #[test]
    fn optional_fields_are_sent_only_when_they_say_something() {
        let mut wallet = item("i-2", RecipientType::Phone, "+905555856935", "7000");
        wallet.non_withdrawable = true;
        let plain = item("i-3", RecipientType::MemberId, "2228853", "0.07");
        let body = initialize(
            &content("m-2", Some(Purpose::Salary), vec![wallet, plain]),
            &"m-2".parse().unwrap(),
        )
        .unwrap();
        assert_eq!(
            String::from_utf8_lossy(&body),
            r#"{"externalId":"m-2","conversationId":"c-1","purpose":"SALARY","items":[{"itemExternalId":"i-2","recipientType":"PHONE","recipientInfo":"+905555856935","amount":{"value":7000.00,"currency":"TRY"},"description":"i-2","nonWithdrawable":true},{"itemExternalId":"i-3","recipientType":"MEMBER_ID","recipientInfo":"2228853","amount":{"value":0.07,"currency":"TRY"},"description":"i-3"}]}"#
        );
    }

    #[test]
    fn amounts_keep_every_digit() {
        for (amount, sent) in [
            ("0.1", r#""value":0.10,"#),
            ("0.29", r#""value":0.29,"#),
            ("999999999.99", r#""value":999999999.99,"#),
            ("1E+2", r#""value":100.00,"#),
        ] {
            let item = item("i", RecipientType::MemberId, "1", amount);
            let body = initialize(&content("m", None, vec![item]), &"m".parse().unwrap()).unwrap();
            assert!(String::from_utf8_lossy(&body).contains(sent), "{amount}");
        }
    }

    #[test]
    fn refused_items_are_asked_for_by_request_id_too() {
        let query = Query {
            by: Lookup::Request("r-1".parse().unwrap()),
            items: ItemKind::Invalid,
            page: 2,
            size: 100,
        };
        assert_eq!(
            String::from_utf8_lossy(&retrieve(&query).unwrap()),
            r#"{"requestId":"r-1","itemType":"INVALID","page":2,"size":100}"#
        );
    }
}
