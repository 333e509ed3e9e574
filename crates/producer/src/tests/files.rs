//! Files: every fault with its line, nothing decided, nothing lost.

use onay_payout::{Checksums, Code, Severity};

use crate::{Format, Intake};

const JSON_ITEM: &str = r#"{"itemExternalId":"a","recipientType":"PHONE","recipientInfo":"+905555856935","amount":{"value":100.10,"currency":"TRY"}}"#;

fn json(items: &str) -> Intake {
    let text = format!("{{\"externalId\":\"payday\",\n\"items\":[\n{items}\n]}}");
    Intake::read(text.as_bytes(), Format::Json)
}

/// A line and what is wrong on it.
type Fault = (Option<u64>, Code);

fn codes(intake: &Intake) -> Vec<Fault> {
    intake
        .findings
        .iter()
        .map(|found| (found.line, found.code))
        .collect()
}

/// All findings, those of the file and those of its content.
fn all_codes(intake: &Intake) -> Vec<Fault> {
    let mut draft = intake.draft.clone();
    draft.external_id.get_or_insert_with(|| "payday".to_owned());
    let checked = draft.check(Checksums::Enforce);
    let found = checked
        .findings
        .iter()
        .map(|found| (found.line, found.code));
    codes(intake).into_iter().chain(found).collect()
}

#[test]
fn numbers_of_a_json_file_keep_their_text() {
    for (value, text) in [("100.10", "100.10"), ("\"7\"", "7"), ("1E+2", "1E+2")] {
        let intake = json(&JSON_ITEM.replace("100.10", value));
        let item = intake.draft.items.first().unwrap();
        assert_eq!(item.amount.as_deref(), Some(text));
    }
}

#[test]
fn items_of_a_json_file_know_their_line() {
    let second = JSON_ITEM.replace("\"a\"", "\"b\"");
    let intake = json(&format!("{JSON_ITEM},\n\n{second}"));
    let lines: Vec<_> = intake.draft.items.iter().map(|item| item.line).collect();
    assert_eq!(lines, [Some(3), Some(5)]);
}

#[test]
fn a_json_file_is_read_past_its_faults() {
    let table: [(&str, &[Fault]); 5] = [
        ("7", &[(Some(3), Code::Syntax)]),
        (
            r#"{"itemExternalId":7,"amount":"100 TRY"}"#,
            &[(Some(3), Code::Syntax), (Some(3), Code::Syntax)],
        ),
        (r#"{"nonWithdrawable":"yes"}"#, &[(Some(3), Code::Syntax)]),
        (
            r#"{"recipientNmae":"Ayşe"}"#,
            &[(Some(3), Code::UnknownField)],
        ),
        (
            r#"{"amount":{"value":1,"curency":"TRY"}}"#,
            &[(Some(3), Code::UnknownField)],
        ),
    ];
    for (item, expected) in table {
        assert_eq!(codes(&json(item)), expected, "{item}");
    }
}

#[test]
fn what_is_not_a_file_of_its_kind_is_said_with_its_line() {
    let read = |bytes: &[u8], format| codes(&Intake::read(bytes, format));
    assert_eq!(
        read(b"{\n\"externalId\": ", Format::Json),
        [(Some(2), Code::Syntax)]
    );
    assert_eq!(read(b"[]", Format::Json), [(Some(1), Code::Syntax)]);
    assert_eq!(read(b"a\nb\xff", Format::Json), [(Some(2), Code::Encoding)]);
    assert_eq!(
        read("a\n\u{131}\n".as_bytes(), Format::Json),
        [(Some(1), Code::Syntax)]
    );
    assert_eq!(read(b"x,\xfey\n", Format::Csv), [(Some(1), Code::Encoding)]);
}

const HEADER: &str = "itemExternalId,recipientType,recipientInfo,amount,currency,recipientName";

#[test]
fn csv_is_read_with_either_separator() {
    let comma = format!("{HEADER}\na,PHONE,+905555856935,1250.50,TRY,\n");
    let semicolon = comma
        .replace("1250.50", "1250#50")
        .replace(',', ";")
        .replace('#', ",");
    for text in [
        comma.clone(),
        semicolon,
        format!("\u{feff}{comma}"),
        comma.replace('\n', "\r\n"),
    ] {
        let intake = Intake::read(text.as_bytes(), Format::Csv);
        assert_eq!(all_codes(&intake), [], "{text}");
        let item = intake.draft.items.first().unwrap();
        assert_eq!(
            (item.amount.as_deref(), item.line),
            (Some("1250.50"), Some(2))
        );
    }
}

#[test]
fn quoted_fields_may_hold_separators_and_turkish_letters() {
    let text = format!("{HEADER}\na,IBAN,TR920086402100005482986178,1,TRY,\"Öztürk, Çağrı\"\n");
    let intake = Intake::read(text.as_bytes(), Format::Csv);
    let name = intake.draft.items.first().unwrap().recipient_name.clone();
    assert_eq!(name.as_deref(), Some("Öztürk, Çağrı"));
}

#[test]
fn a_csv_file_is_read_past_its_faults() {
    let good = "a,PHONE,+905555856935,1,TRY,";
    let table: [(String, &[Fault]); 7] = [
        (
            HEADER.replace("amount", "amout"),
            &[
                (Some(1), Code::UnknownField),
                (Some(1), Code::MissingColumn),
            ],
        ),
        (format!("{HEADER},amount\n"), &[(Some(1), Code::Syntax)]),
        (format!("{HEADER},value\n"), &[(Some(1), Code::Syntax)]),
        (
            format!("{HEADER}\n{good}\nb,PHONE,x\n"),
            &[(Some(3), Code::Syntax)],
        ),
        (
            format!("{HEADER}\na,IBAN,\"9,20086E+24\",1,TRY,A B\n"),
            &[(Some(2), Code::SpreadsheetNumber)],
        ),
        (
            format!("{HEADER}\n{good}\na,PHONE,+905555856935,0.005,TRY,\n"),
            &[(Some(3), Code::DuplicateItem), (Some(3), Code::Amount)],
        ),
        (format!("{HEADER}\n"), &[(None, Code::EmptyBatch)]),
    ];
    for (text, expected) in table {
        let intake = Intake::read(text.as_bytes(), Format::Csv);
        let found = if intake.is_readable() {
            all_codes(&intake)
        } else {
            codes(&intake)
        };
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn a_thousands_point_is_not_mistaken_for_a_decimal_point() {
    for amount in ["41.250", "1.250,50", "41.25"] {
        let text = format!(
            "{}\na;PHONE;+905555856935;{amount};TRY;\n",
            HEADER.replace(',', ";")
        );
        let mut intake = Intake::read(text.as_bytes(), Format::Csv);
        intake.draft.external_id = Some("payday".to_owned());
        let faults = intake.faults(Checksums::Enforce);
        let codes: Vec<_> = faults
            .iter()
            .map(|found| (found.line, found.code))
            .collect();
        assert_eq!(codes, [(Some(2), Code::Amount)], "{amount}");
        assert!(
            faults.iter().all(|found| found.message.contains(amount)),
            "{faults:?}"
        );
    }
}

#[test]
fn an_unknown_column_is_a_warning() {
    let text = format!("{HEADER},note\na,PHONE,+905555856935,1,TRY,,hello\n");
    let intake = Intake::read(text.as_bytes(), Format::Csv);
    let severities: Vec<_> = intake.findings.iter().map(|found| found.severity).collect();
    assert_eq!(severities, [Severity::Warning]);
    assert!(intake.is_readable());
}

#[test]
fn the_format_follows_from_the_name() {
    assert_eq!(Format::of_file_name("a.b.JSON"), Some(Format::Json));
    assert_eq!(Format::of_file_name("a.csv"), Some(Format::Csv));
    assert_eq!(Format::of_file_name("csv"), None);
    assert_eq!(Format::of_file_name("a.xlsx"), None);
}

#[test]
fn a_line_that_cannot_be_read_hides_no_fault_of_the_others() {
    let text = format!("{HEADER}\na,PHONE\nb,PHONE,+905555856935,-1,TRY,\n");
    let intake = Intake::read(text.as_bytes(), Format::Csv);
    let faults = intake.faults(Checksums::Enforce);
    let found: Vec<_> = faults
        .iter()
        .map(|found| (found.line, found.code))
        .collect();
    // The external id comes from elsewhere.
    assert_eq!(
        found,
        [
            (None, Code::Missing),
            (Some(2), Code::Syntax),
            (Some(3), Code::Amount)
        ]
    );
}

#[test]
fn what_cannot_be_read_is_not_called_missing_as_well() {
    let text = r#"{"externalId": 7, "items": [
        "no item",
        {"itemExternalId": 7, "recipientType": "PHONE", "recipientInfo": "+905555856935", "amount": 1}
    ]}"#;
    let intake = Intake::read(text.as_bytes(), Format::Json);
    let faults = intake.faults(Checksums::Enforce);
    let found: Vec<_> = faults
        .iter()
        .map(|found| (found.line, found.field))
        .collect();
    assert_eq!(
        found,
        [
            (None, "externalId"),
            (Some(2), "items"),
            (Some(3), "itemExternalId"),
            (Some(3), "amount")
        ]
    );
}

#[test]
fn a_file_that_cannot_be_read_at_all_has_one_fault() {
    for (text, format) in [("{", Format::Json), ("a,b\n1,2\n", Format::Csv)] {
        let intake = Intake::read(text.as_bytes(), format);
        assert_eq!(intake.faults(Checksums::Enforce), intake.findings, "{text}");
    }
}
