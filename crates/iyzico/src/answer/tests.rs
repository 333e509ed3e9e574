//! Every body in `tests/fixtures` and what it means. The `guide-` files are iyzico's own samples,
//! byte for byte (`-mended`: without its no-break spaces and leading zeros); each of the others
//! shows one shape that iyzico's pages, clients or users report, or one that must not be misread.

use std::collections::BTreeSet;
use std::path::Path;

use onay_payout::provider::Refusal;

use super::*;

#[derive(Clone, Copy)]
enum Call {
    Initialize,
    AuthorizeOrCancel,
    Retrieve,
    ItemDetail,
    BalanceOf,
}

use Call::{AuthorizeOrCancel, BalanceOf, Initialize, ItemDetail, Retrieve};

const CALLS: [Call; 5] = [
    Initialize,
    AuthorizeOrCancel,
    Retrieve,
    ItemDetail,
    BalanceOf,
];

const RATE_LIMITED: &str = "not sent: the provider's rate limit is reached";

const ID: &str = "79cdefc1-3ce6-4f51-bdd9-0c050274db64";

/// The call, the body, HTTP's status, and what it means in the domain.
#[rustfmt::skip]
const TABLE: &[(Call, &str, u16, &str)] = &[
    (Initialize, "guide-init", 200, "{id}"),
    (Initialize, "init-no-invalid-items", 200, "{id}"),
    (Initialize, "init-null-invalid-items", 200, "{id}"),
    (Initialize, "init-odd-request-id", 200, "1{id}"),
    (Initialize, "init-invalid-items", 200, "{id}; line-2: IBAN is not valid (code 2030); line-3: no reason given (code 11)"),
    (Initialize, "init-no-request-id", 200, "in doubt: the request id in the answer is missing or unreadable"),
    (Initialize, "init-unsafe-request-id", 200, "in doubt: the request id in the answer is missing or unreadable"),
    (Initialize, "init-invalid-item-without-id", 200, "in doubt: the id of a refused item in the answer is missing or unreadable"),
    (Initialize, "init-every-item-invalid", 400, "refused: line-1: IBAN is not valid (code 2030); line-2: no reason given"),
    (Initialize, "no-status", 200, "in doubt: the answer says neither success nor failure"),
    (Initialize, "status-upper-case", 200, "in doubt: the answer says neither success nor failure"),
    (Initialize, "failure-invalid-request", 400, "refused: Geçersiz istek (code 11)"),
    (AuthorizeOrCancel, "guide-auth", 200, "done"),
    (AuthorizeOrCancel, "guide-auth", 307, "in doubt: HTTP status 307"),
    (AuthorizeOrCancel, "guide-auth", 404, "in doubt: HTTP status 404"),
    (AuthorizeOrCancel, "guide-auth", 429, "in doubt: HTTP status 429"),
    (AuthorizeOrCancel, "guide-auth", 502, "in doubt: HTTP status 502"),
    (AuthorizeOrCancel, "failure-invalid-request", 200, "refused: Geçersiz istek (code 11)"),
    (AuthorizeOrCancel, "failure-invalid-request", 307, "in doubt: HTTP status 307"),
    (AuthorizeOrCancel, "failure-invalid-request", 401, "not sent: the provider does not accept our credentials (Geçersiz istek (code 11))"),
    (AuthorizeOrCancel, "failure-invalid-request", 429, "in doubt: HTTP status 429"),
    (AuthorizeOrCancel, "failure-invalid-request", 500, "in doubt: HTTP status 500"),
    (AuthorizeOrCancel, "failure-number-code", 200, "refused: no reason given (code 11)"),
    (AuthorizeOrCancel, "failure-message-only", 422, "refused: Kayıt bulunamadı"),
    (AuthorizeOrCancel, "failure-bad-email", 200, "refused: email is not valid (code 5)"),
    (AuthorizeOrCancel, "failure-signature", 200, "not sent: the provider does not accept our credentials (Geçersiz imza (code 1000))"),
    (AuthorizeOrCancel, "failure-api-key", 200, "not sent: the provider does not accept our credentials (api bilgileri bulunamadı (code 1001))"),
    (AuthorizeOrCancel, "failure-gateway-401", 401, "not sent: the provider does not accept our credentials (Authentication failed! (code 5))"),
    (AuthorizeOrCancel, "failure-gateway-401-bare", 401, "not sent: the provider does not accept our credentials (no reason given)"),
    (AuthorizeOrCancel, "failure-gateway-401-system", 401, "in doubt: system error 100001"),
    (AuthorizeOrCancel, "failure-rate-limit", 200, "not sent: the provider's rate limit is reached"),
    (AuthorizeOrCancel, "failure-gateway-404", 404, "in doubt: the answer says neither success nor failure"),
    (AuthorizeOrCancel, "failure-gateway-503", 503, "in doubt: HTTP status 503"),
    (AuthorizeOrCancel, "failure-bare", 200, "in doubt: a failure without a reason"),
    (AuthorizeOrCancel, "failure-system-1", 200, "in doubt: system error 1"),
    (AuthorizeOrCancel, "failure-system-2", 200, "in doubt: system error 2"),
    (AuthorizeOrCancel, "failure-system-100001", 200, "in doubt: system error 100001"),
    (AuthorizeOrCancel, "unknown-status", 200, "in doubt: the answer says neither success nor failure"),
    (AuthorizeOrCancel, "status-object", 200, "in doubt: the answer (HTTP 200) is unreadable at line 5, column 1"),
    (Retrieve, "guide-retrieve", 200, "in doubt: the answer (HTTP 200) is unreadable at line 2, column 1"),
    (Retrieve, "retrieve-merchant-zeros", 200, "in doubt: the answer (HTTP 200) is unreadable at line 6, column 24"),
    (Retrieve, "guide-retrieve-mended", 200, "massPayoutId-323 PUBLISHED_TO_QUEUE 201.00 TRY + 0.00 TRY of 2; ext-0077 pending 100.50 TRY + 20.00 TRY []; ext-0099 pending 100.50 TRY + 20.00 TRY []"),
    (Retrieve, "retrieve-paging-at-top", 200, "batch-7 INIT 100.50 TRY + 0.00 TRY of 7; line-1 pending 100.50 TRY + 20.00 TRY []"),
    (Retrieve, "retrieve-paging-twice", 200, "batch-7 INIT 100.50 TRY + 0.00 TRY of 7; line-1 pending 100.50 TRY + 20.00 TRY []"),
    (Retrieve, "retrieve-no-paging", 200, "batch-7 INIT 100.50 TRY + 0.00 TRY of ?; line-1 pending 100.50 TRY + 20.00 TRY []"),
    (Retrieve, "retrieve-no-items", 200, "batch-7 INIT 100.50 TRY + 0.00 TRY of 2"),
    (Retrieve, "retrieve-items-missing", 200, "batch-7 INIT 100.50 TRY + 0.00 TRY of ?"),
    (Retrieve, "retrieve-sdk-dialect", 200, "batch-7 SUCCESS 100.50 TRY + 0.00 TRY of 1; line-1 failed 100.50 TRY + 20.00 TRY [Hesap kapalı] in {id}"),
    (Retrieve, "retrieve-error-messages", 200, "batch-7 IYZICO_INSUFFICIENT_BALANCE 100.50 TRY + 0.00 TRY of 4; line-1 refunded 100.50 TRY + 20.00 TRY [Hesap kapalı|İade edildi]; line-2 refund_failed 100.50 TRY + 20.00 TRY [Hesap kapalı]; line-3 failed 100.50 TRY + 20.00 TRY []; line-4 invalid 100.50 TRY + 20.00 TRY []"),
    (Retrieve, "retrieve-unknown-words", 200, "batch-7 ON_HOLD 100.50 TRY + 0.00 TRY of ?; line-1 UNDER_REVIEW 100.50 TRY + 20.00 TRY []"),
    (Retrieve, "retrieve-money-shapes", 200, "batch-7 INIT 1250.50 TRY + 0.00 TRY of 1; line-1 pending 1250.50 TRY + 20.00 TRY []"),
    (Retrieve, "retrieve-items-without-currency", 200, "batch-7 INIT 100.50 EUR + 0.00 EUR of 2; line-1 pending 100.50 EUR + 20.00 EUR []; line-2 pending 100.50 EUR + 20.00 EUR []"),
    (Retrieve, "retrieve-no-amounts", 200, "batch-7 INIT ? + ? of 2; line-1 pending ? + ? []; line-2 pending ? + 20.00 TRY []"),
    (Retrieve, "retrieve-unknown-currency", 200, "in doubt: a currency in the answer is missing or unreadable"),
    (Retrieve, "retrieve-unknown-batch-currency", 200, "in doubt: a currency in the answer is missing or unreadable"),
    (Retrieve, "retrieve-unreadable-amount", 200, "in doubt: an amount in the answer is missing or unreadable"),
    (Retrieve, "retrieve-unreadable-total", 200, "in doubt: an amount in the answer is missing or unreadable"),
    (Retrieve, "retrieve-item-without-id", 200, "in doubt: the id of an item in the answer is missing or unreadable"),
    (Retrieve, "retrieve-item-with-unusable-id", 200, "in doubt: the id of an item in the answer is missing or unreadable"),
    (Retrieve, "retrieve-item-without-status", 200, "in doubt: the status of an item in the answer is missing or unreadable"),
    (Retrieve, "retrieve-batch-without-status", 200, "in doubt: the status of the batch in the answer is missing or unreadable"),
    (Retrieve, "retrieve-items-no-array", 200, "in doubt: the answer (HTTP 200) is unreadable at line 14, column 13"),
    (Retrieve, "retrieve-nothing", 200, "none"),
    (Retrieve, "retrieve-null", 200, "none"),
    (Retrieve, "retrieve-empty", 200, "none"),
    (Retrieve, "failure-rate-limit", 429, "not sent: the provider's rate limit is reached"),
    (Retrieve, "failure-invalid-request", 429, "not sent: the provider's rate limit is reached"),
    (ItemDetail, "item-detail", 200, "ext-65656 paid 100.00 TRY + 20.00 TRY []"),
    (ItemDetail, "item-nothing", 200, "none"),
    (ItemDetail, "item-empty", 200, "none"),
    (ItemDetail, "failure-message-only", 404, "refused: Kayıt bulunamadı"),
    (BalanceOf, "balance-string", 200, "25399393.5"),
    (BalanceOf, "balance-number", 200, "25399393.50"),
    (BalanceOf, "balance-exponent", 200, "25399393.5"),
    (BalanceOf, "balance-missing", 200, "in doubt: the balance in the answer is missing or unreadable"),
    (BalanceOf, "balance-null", 200, "in doubt: the balance in the answer is missing or unreadable"),
];

#[test]
fn every_recorded_body_means_what_the_table_says() {
    for (call, name, http_status, expected) in TABLE {
        let reply = Reply {
            http_status: *http_status,
            body: fixture(name),
        };
        assert_eq!(
            meaning(*call, &reply),
            expected.replace("{id}", ID),
            "{name}"
        );
    }
}

#[test]
fn every_recorded_body_is_in_a_test() {
    let tested: BTreeSet<String> = TABLE
        .iter()
        .map(|row| row.1)
        .chain(["failure-long-message"])
        .map(Into::into)
        .collect();
    let recorded: BTreeSet<String> = std::fs::read_dir(fixtures())
        .unwrap()
        .map(|entry| {
            entry
                .unwrap()
                .path()
                .file_stem()
                .unwrap()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    assert_eq!(recorded, tested);
}

/// Whatever the body is, even half of a success, only a whole one counts.
#[test]
fn a_body_that_is_no_answer_leaves_the_call_in_doubt() {
    let half = br#"{"status":"success","requestId":"79cd"#;
    let bodies: [&[u8]; 10] = [
        b"",
        b"<html>502 Bad Gateway</html>",
        b"null",
        b"[]",
        b"\"success\"",
        half,
        br#"{"status":"success","status":"failure"}"#,
        br#"{"status":"success"}{"status":"failure"}"#,
        br#"{"status":["success"]}"#,
        b"\xff",
    ];
    for (body, http_status) in each_with(&bodies, &[200, 401, 404, 429, 500, 503]) {
        for call in CALLS {
            let reply = reply(body, http_status);
            let said = meaning(call, &reply);
            if http_status == 429 && !matches!(call, Initialize | AuthorizeOrCancel) {
                assert_eq!(said, RATE_LIMITED);
            } else {
                let start = format!("in doubt: the answer (HTTP {http_status}) is unreadable");
                assert!(said.starts_with(&start), "{said}");
            }
        }
    }
}

#[test]
fn limits_and_credentials_mean_the_same_on_every_call() {
    let credentials = "not sent: the provider does not accept our credentials";
    let bodies: [(&[u8], &str); 7] = [
        (br#"{"status":"failure","errorCode":50000}"#, RATE_LIMITED),
        (br#"{"status":"failure","errorCode":"50000"}"#, RATE_LIMITED),
        (br#"{"status":"failure","errorCode":1000}"#, credentials),
        (br#"{"status":"failure","errorCode":"1000"}"#, credentials),
        (br#"{"status":"failure","errorCode":"1001"}"#, credentials),
        (br#"{"status":401,"errorCode":5}"#, credentials),
        (br#"{"status":"401"}"#, credentials),
    ];
    for ((body, start), http_status) in each_with(&bodies, &[200, 400, 401, 403]) {
        for call in CALLS {
            let said = meaning(call, &reply(body, http_status));
            assert!(said.starts_with(start), "{said}");
        }
    }
    for ((body, _), http_status) in each_with(&bodies, &[500, 503]) {
        for call in CALLS {
            let said = meaning(call, &reply(body, http_status));
            assert_eq!(said, format!("in doubt: HTTP status {http_status}"));
        }
    }
}

#[test]
fn an_item_is_read_with_all_that_is_shown() {
    let reply = Reply {
        http_status: 200,
        body: fixture("guide-retrieve-mended"),
    };
    let page = page(&reply).unwrap().unwrap();
    let lira = |text| {
        Some(Money::reported(
            Money::decimal(text).unwrap(),
            Currency::Try,
        ))
    };
    let expected = RemoteItem {
        id: "ext-0077".parse().unwrap(),
        reference: Some("a97b142a-1e22-4ceb-bafb-38d6c1c4a4f7".parse().unwrap()),
        status: ItemStatus::Pending,
        recipient_kind: Some(onay_payout::RecipientType::Iban),
        recipient_info: Some(Personal::new("TR920086402100002353983528")),
        recipient_name: Some(Personal::new("John Doe")),
        description: Some("Payment for services".into()),
        amount: lira("100.50"),
        commission: lira("20"),
        errors: Vec::new(),
        request_id: None,
    };
    assert_eq!(page.items.first(), Some(&expected));
}

#[test]
fn what_is_not_shown_or_not_understood_is_absent() {
    let read = |name| {
        page(&Reply {
            http_status: 200,
            body: fixture(name),
        })
        .unwrap()
        .unwrap()
    };
    let odd = read("retrieve-unknown-words").items.remove(0);
    assert_eq!((odd.recipient_kind, odd.reference), (None, None));
    let sparse = read("retrieve-no-amounts").items.remove(1);
    assert_eq!(sparse.recipient_info, None);
    assert_eq!((sparse.recipient_name, sparse.description), (None, None));
}

#[test]
fn a_long_message_is_cut() {
    let reply = Reply {
        http_status: 200,
        body: fixture("failure-long-message"),
    };
    let refusal = Refusal {
        code: Some("99".into()),
        message: Some("x".repeat(300)),
    };
    assert_eq!(done(&reply), Err(ProviderError::Refused(refusal)));
}

fn reply(body: &[u8], http_status: u16) -> Reply {
    let body = body.to_vec();
    Reply { http_status, body }
}

/// Each value with each HTTP status.
fn each_with<T: Copy>(values: &[T], statuses: &[u16]) -> Vec<(T, u16)> {
    values
        .iter()
        .flat_map(|value| statuses.iter().map(|status| (*value, *status)))
        .collect()
}

fn fixtures() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(fixtures().join(name).with_extension("json")).unwrap()
}

/// The domain value in one line.
fn meaning(call: Call, reply: &Reply) -> String {
    let read = match call {
        Initialize => initialized(reply).map(|stored| stored_line(&stored)),
        AuthorizeOrCancel => done(reply).map(|()| "done".to_owned()),
        Retrieve => page(reply).map(|page| page.map_or("none".to_owned(), |page| page_line(&page))),
        ItemDetail => {
            item(reply).map(|item| item.map_or("none".to_owned(), |item| item_line(&item)))
        }
        BalanceOf => balance(reply).map(|balance| balance.to_string()),
    };
    match read {
        Ok(line) => line,
        Err(ProviderError::NotSent(why)) => format!("not sent: {why}"),
        Err(ProviderError::Refused(why)) => format!("refused: {why}"),
        Err(ProviderError::InDoubt(why)) => format!("in doubt: {why}"),
    }
}

fn stored_line(stored: &Initialized) -> String {
    let refused = stored.invalid.iter().map(|item| {
        let reason = Refusal {
            code: item.code.clone(),
            message: item.message.clone(),
        };
        format!("; {}: {reason}", item.id)
    });
    format!("{}{}", stored.request_id, refused.collect::<String>())
}

fn page_line(page: &RemotePage) -> String {
    let batch = &page.batch;
    let total_items = page
        .total_items
        .map_or("?".to_owned(), |total| total.to_string());
    let items = page
        .items
        .iter()
        .map(|item| format!("; {}", item_line(item)));
    format!(
        "{} {} {} + {} of {total_items}{}",
        batch.external_id.as_deref().unwrap_or("?"),
        batch.status.word(),
        money_word(batch.total),
        money_word(batch.commission),
        items.collect::<String>()
    )
}

fn item_line(item: &RemoteItem) -> String {
    let batch = item
        .request_id
        .as_ref()
        .map(|id| format!(" in {id}"))
        .unwrap_or_default();
    format!(
        "{} {} {} + {} [{}]{batch}",
        item.id,
        item.status.word(),
        money_word(item.amount),
        money_word(item.commission),
        item.errors.join("|")
    )
}

fn money_word(money: Option<Money>) -> String {
    money.map_or("?".to_owned(), |money| {
        format!("{} {}", money.number(), money.currency())
    })
}
