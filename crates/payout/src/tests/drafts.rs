//! Validation reports every fault with its place and its remedy.

use crate::{Checksums, Code, Draft, DraftItem, Severity};

fn item() -> DraftItem {
    let text = |text: &str| Some(text.to_owned());
    DraftItem {
        line: Some(7),
        id: text("line-1"),
        recipient_type: text("IBAN"),
        recipient_info: text("TR920086402100005482986178"),
        recipient_name: text("Ayşe Yılmaz"),
        amount: text("100.50"),
        currency: text("TRY"),
        description: None,
        non_withdrawable: false,
    }
}

fn draft(items: Vec<DraftItem>) -> Draft {
    Draft {
        external_id: Some("payday".into()),
        items,
        ..Draft::default()
    }
}

fn codes(draft: &Draft) -> Vec<Code> {
    let checked = draft.check(Checksums::Enforce);
    let has_error = checked
        .findings
        .iter()
        .any(|found| found.severity == Severity::Error);
    assert_eq!(
        checked.content.is_none(),
        has_error,
        "errors and content exclude each other"
    );
    checked
        .findings
        .into_iter()
        .map(|found| found.code)
        .collect()
}

/// One change of a good item, and the fault it makes.
#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn each_fault_of_an_item_has_its_own_code() {
    let text = |text: &str| Some(text.to_owned());
    let table: Vec<(DraftItem, Code)> = vec![
        (DraftItem { id: None, ..item() }, Code::Missing),
        (
            DraftItem {
                id: text("a b"),
                ..item()
            },
            Code::Text,
        ),
        (
            DraftItem {
                recipient_type: text("CARD"),
                ..item()
            },
            Code::UnknownWord,
        ),
        (
            DraftItem {
                recipient_info: text("TR92"),
                ..item()
            },
            Code::Form,
        ),
        (
            DraftItem {
                recipient_info: text("TR920086402100002353983528"),
                ..item()
            },
            Code::Checksum,
        ),
        (
            DraftItem {
                recipient_info: text("9,20086E+24"),
                ..item()
            },
            Code::SpreadsheetNumber,
        ),
        (
            DraftItem {
                recipient_name: None,
                ..item()
            },
            Code::Missing,
        ),
        (
            DraftItem {
                amount: text("-5"),
                ..item()
            },
            Code::Amount,
        ),
        (
            DraftItem {
                amount: text("1.005"),
                ..item()
            },
            Code::Amount,
        ),
        (
            DraftItem {
                amount: text("ten"),
                ..item()
            },
            Code::Amount,
        ),
        (
            DraftItem {
                amount: text("41.250"),
                ..item()
            },
            Code::Amount,
        ),
        (
            DraftItem {
                amount: text("1E+05"),
                ..item()
            },
            Code::Amount,
        ),
        (
            DraftItem {
                amount: text("1_000"),
                ..item()
            },
            Code::Amount,
        ),
        (
            DraftItem {
                amount: text("+100"),
                ..item()
            },
            Code::Amount,
        ),
        (
            DraftItem {
                amount: text(".5"),
                ..item()
            },
            Code::Amount,
        ),
        (
            DraftItem {
                amount: text("5."),
                ..item()
            },
            Code::Amount,
        ),
        (
            DraftItem {
                amount: None,
                ..item()
            },
            Code::Missing,
        ),
        (
            DraftItem {
                currency: text("GBP"),
                ..item()
            },
            Code::UnknownWord,
        ),
        (
            DraftItem {
                description: text(&"x".repeat(256)),
                ..item()
            },
            Code::Text,
        ),
        (
            DraftItem {
                description: text("a\u{7}b"),
                ..item()
            },
            Code::Text,
        ),
    ];
    for (bad, code) in table {
        assert_eq!(
            codes(&draft(vec![bad.clone()])),
            [code],
            "{:?}",
            bad.recipient_info
        );
    }
    assert_eq!(codes(&draft(vec![item()])), []);
}

#[test]
fn every_bad_item_is_reported_not_the_first() {
    let bad = DraftItem {
        amount: Some("0".into()),
        currency: Some("TL".into()),
        ..item()
    };
    let second = DraftItem {
        id: Some("line-2".into()),
        amount: Some("x".into()),
        ..item()
    };
    let checked = draft(vec![bad, second]).check(Checksums::Enforce);
    let places: Vec<_> = checked
        .findings
        .iter()
        .map(|found| (found.index.unwrap(), found.field))
        .collect();
    assert_eq!(places, [(0, "amount.currency"), (1, "amount.value")]);
    let said = checked.findings.last().unwrap().to_string();
    assert!(
        said.starts_with("line 7, item line-2: amount.value: `x` is not a decimal number"),
        "{said}"
    );
}

#[test]
fn faults_of_the_batch_are_found() {
    let usd = DraftItem {
        id: Some("b".into()),
        currency: Some("USD".into()),
        ..item()
    };
    assert_eq!(codes(&draft(vec![item(), usd])), [Code::MixedCurrencies]);
    assert_eq!(codes(&draft(vec![item(), item()])), [Code::DuplicateItem]);
    assert_eq!(codes(&draft(Vec::new())), [Code::EmptyBatch]);
    assert_eq!(
        codes(&Draft {
            external_id: None,
            ..draft(vec![item()])
        }),
        [Code::Missing]
    );
    let purpose = Some("PIZZA".to_owned());
    assert_eq!(
        codes(&Draft {
            purpose,
            ..draft(vec![item()])
        }),
        [Code::UnknownWord]
    );
    let announced = Draft {
        expected_count: Some(2),
        ..draft(vec![item()])
    };
    assert_eq!(codes(&announced), [Code::CountMismatch]);
    let sum = rust_decimal::Decimal::ONE_HUNDRED;
    assert_eq!(
        codes(&Draft {
            expected_sum: Some(sum),
            ..draft(vec![item()])
        }),
        [Code::SumMismatch]
    );
}

#[test]
fn a_hundred_thousand_items_are_a_batch_and_one_more_is_not() {
    let items = |count: usize| {
        (0..count)
            .map(|index| DraftItem {
                id: Some(index.to_string()),
                ..item()
            })
            .collect()
    };
    assert_eq!(codes(&draft(items(crate::ITEMS_PER_BATCH_MAX))), []);
    assert_eq!(
        codes(&draft(items(crate::ITEMS_PER_BATCH_MAX + 1))),
        [Code::TooManyItems]
    );
}

#[test]
fn wrong_check_digits_may_be_left_to_the_provider() {
    let guide = DraftItem {
        recipient_info: Some("TR920086402100002353983528".into()),
        ..item()
    };
    let checked = draft(vec![guide]).check(Checksums::Warn);
    assert!(checked.content.is_some());
    let severities: Vec<_> = checked
        .findings
        .iter()
        .map(|found| found.severity)
        .collect();
    assert_eq!(severities, [Severity::Warning]);
}

#[test]
fn findings_never_show_a_payee() {
    let guide = DraftItem {
        recipient_info: Some("TR920086402100002353983528".into()),
        ..item()
    };
    let checked = draft(vec![guide.clone()]).check(Checksums::Enforce);
    let shown = format!("{:?}{guide:?}", checked.findings);
    assert!(
        !shown.contains("86402100002353983") && !shown.contains("Yılmaz"),
        "{shown}"
    );
}
