//! A bad file is refused with every fault it has, and leaves nothing behind.

use serde_json::{Value, json};

use crate::world::{Ran, World};

/// A file, and all that is wrong with it.
struct Bad {
    name: &'static str,
    content: Vec<u8>,
    /// Line, item, field and code of each finding, in the order of the file.
    findings: Value,
    /// What the messages say to do about it.
    remedies: &'static [&'static str],
}

#[test]
fn a_file_that_is_no_batch_is_refused_with_the_line_where_it_breaks() {
    refuse_all(vec![
        Bad {
            name: "broken.json",
            content: b"{\n \"externalId\": \"bad\",\n \"items\": [ {\n".to_vec(),
            findings: json!([[4, null, "file", "syntax"]]),
            remedies: &["not a JSON object"],
        },
        Bad {
            name: "list.json",
            content: b"[]".to_vec(),
            findings: json!([[1, null, "file", "syntax"]]),
            remedies: &["not a JSON object"],
        },
        Bad {
            name: "latin-5.json",
            content: b"{\n\"externalId\": \"bad\",\n\"items\": [\"\xc7a\xf0r\xfd\"]}".to_vec(),
            findings: json!([[3, null, "file", "encoding"]]),
            remedies: &["save the file as UTF-8"],
        },
        Bad {
            name: "missing-column.csv",
            content: b"itemExternalId;recipientType;amount;currency\ni-1;IBAN;1,00;TRY\n".to_vec(),
            findings: json!([[1, null, "header", "missing_column"]]),
            remedies: &["`recipientInfo` is missing"],
        },
        Bad {
            name: "misspelt-column.csv",
            content: b"itemExternalId,recipientType,recipentInfo,amount,currency\n".to_vec(),
            findings: json!([
                [1, null, "header", "unknown_field"],
                [1, null, "header", "missing_column"],
            ]),
            remedies: &[
                "`recipentInfo` is not one of ours",
                "`recipientInfo` is missing",
            ],
        },
    ]);
}

#[test]
fn a_batch_that_is_wrong_as_a_whole_is_refused() {
    refuse_all(vec![
        Bad {
            name: "empty.json",
            content: items(&[]),
            findings: json!([[null, null, "items", "empty_batch"]]),
            remedies: &["no items"],
        },
        Bad {
            name: "empty.csv",
            content: csv(0, "1.00"),
            findings: json!([[null, null, "items", "empty_batch"]]),
            remedies: &["no items"],
        },
        Bad {
            name: "too-many.csv",
            content: csv(100_001, "1.00"),
            findings: json!([[null, null, "items", "too_many_items"]]),
            remedies: &["100001 items", "split the batch"],
        },
        Bad {
            name: "mixed.json",
            content: items(&[&member("i-1", "10", "TRY"), &member("i-2", "10", "EUR")]),
            findings: json!([[3, "i-2", "amount.currency", "mixed_currencies"]]),
            remedies: &["one currency"],
        },
        Bad {
            name: "duplicate.json",
            content: items(&[&member("i-1", "10", "TRY"), &member("i-1", "20", "TRY")]),
            findings: json!([[3, "i-1", "itemExternalId", "duplicate_item"]]),
            remedies: &["unique within a batch"],
        },
    ]);
}

#[test]
fn an_item_that_cannot_be_paid_is_refused_with_its_line_and_the_remedy() {
    refuse_all(vec![
        Bad {
            name: "unknown-type.json",
            content: items(&[&item("i-1", "WALLET", "2228853")]),
            findings: json!([[2, "i-1", "recipientType", "unknown_word"]]),
            remedies: &["`WALLET`", "MEMBER_ID"],
        },
        Bad {
            name: "checksums.json",
            content: items(&[
                &item("i-1", "IBAN", "TR330006100519786457841327"),
                &item("i-2", "IDENTITY_NUMBER", "22222222221"),
                &item("i-3", "IDENTITY_NUMBER", "1234567891"),
            ]),
            findings: json!([
                [2, "i-1", "recipientInfo", "checksum"],
                [3, "i-2", "recipientInfo", "checksum"],
                [4, "i-3", "recipientInfo", "checksum"],
            ]),
            remedies: &["check it with the recipient"],
        },
        Bad {
            name: "form.json",
            content: items(&[
                &item("i-1", "PHONE", "05555856935"),
                &item("i-2", "MEMBER_ID", "22A8853"),
            ]),
            findings: json!([
                [2, "i-1", "recipientInfo", "form"],
                [3, "i-2", "recipientInfo", "form"],
            ]),
            remedies: &["such as +905551234567", "at most 19 digits"],
        },
        Bad {
            name: "amounts.json",
            content: items(&[
                &member("i-1", "-10.00", "TRY"),
                &member("i-2", "10.005", "TRY"),
                &member("i-3", "0", "TRY"),
                &member("i-4", "\"ten\"", "TRY"),
                &member("i-5", "1e400", "TRY"),
            ]),
            findings: json!([
                [2, "i-1", "amount.value", "amount"],
                [3, "i-2", "amount.value", "amount"],
                [4, "i-3", "amount.value", "amount"],
                [5, "i-4", "amount.value", "amount"],
                [6, "i-5", "amount.value", "amount"],
            ]),
            remedies: &["a positive amount with at most two decimals"],
        },
        Bad {
            name: "spreadsheet.csv",
            content: b"itemExternalId;recipientType;recipientInfo;amount;currency;recipientName\n\
                       i-1;IBAN;9,20086E+24;1,00;TRY;Ay\xc5\x9fe\n"
                .to_vec(),
            findings: json!([[2, "i-1", "recipientInfo", "spreadsheet_number"]]),
            remedies: &["format the column as text"],
        },
    ]);
}

#[test]
fn every_fault_is_told_at_once_not_only_the_first() {
    refuse_all(vec![
        Bad {
            name: "two.json",
            content: items(&[
                &item("i-1", "WALLET", "2228853"),
                &member("i-2", "10", "TRY"),
                &member("i-2", "-1", "EUR"),
            ]),
            findings: json!([
                [2, "i-1", "recipientType", "unknown_word"],
                [4, "i-2", "itemExternalId", "duplicate_item"],
                [4, "i-2", "amount.currency", "mixed_currencies"],
                [4, "i-2", "amount.value", "amount"],
            ]),
            remedies: &[],
        },
        Bad {
            name: "many.csv",
            content: csv(200, "-1"),
            findings: (1..=200)
                .map(|n| json!([n + 1, format!("i-{n}"), "amount.value", "amount"]))
                .collect(),
            remedies: &[],
        },
        // A line that is no item at all hides nothing of the lines that are.
        Bad {
            name: "short-line.csv",
            content: b"itemExternalId,recipientType,recipientInfo,amount,currency\n\
                       i-1,MEMBER_ID,2228853\n\
                       i-2,MEMBER_ID,2228853,-1,TRY\n"
                .to_vec(),
            findings: json!([
                [2, null, "file", "syntax"],
                [3, "i-2", "amount.value", "amount"],
            ]),
            remedies: &["3 fields where the header has 5"],
        },
        Bad {
            name: "no-text.json",
            content: items(&[
                "{\"itemExternalId\": 7, \"recipientType\": \"MEMBER_ID\", \"recipientInfo\": \"2228853\", \
                 \"amount\": {\"value\": 1, \"currency\": \"TRY\"}}",
                &member("i-2", "-1", "TRY"),
            ]),
            findings: json!([
                [2, null, "itemExternalId", "syntax"],
                [3, "i-2", "amount.value", "amount"],
            ]),
            remedies: &["put it in quotes"],
        },
    ]);
}

/// Submits and validates each file, in JSON and in text; then looks whether anything was kept.
fn refuse_all(files: Vec<Bad>) {
    let world = World::new();
    let _serve = world.serve();
    for bad in files {
        let file = world.file(bad.name, &bad.content);
        // A CSV has no place for it, and the JSON files say the same.
        let options = ["--external-id", "bad"];
        let submit = [&["submit", &file], &options[..]].concat();
        let validate = [&["validate", &file], &options[..]].concat();
        let submitted = world
            .run_as("ayse", &[&submit[..], &["--json"]].concat())
            .expect(3);
        let validated = world.run(&[&validate[..], &["--json"]].concat()).expect(3);
        assert!(
            submitted.json()["error"].is_string(),
            "{}",
            submitted.stdout
        );
        assert_eq!(validated.json()["valid"], false);
        for ran in [&submitted, &validated] {
            assert_findings(&bad, ran);
        }
        for ran in [world.run_as("ayse", &submit), world.run(&validate)] {
            assert_told(&bad, &ran.expect(3).stdout);
        }
    }
    let listed = world.run(&["batches", "--json"]).expect(0).json();
    assert_eq!(listed["batches"], json!([]));
    assert!(world.books().batches.is_empty());
    assert_eq!(world.books().calls.init, 0);
}

#[track_caller]
fn assert_findings(bad: &Bad, ran: &Ran) {
    let json = ran.json();
    let findings = json["findings"].as_array().unwrap();
    let found: Vec<_> = findings
        .iter()
        .map(|found| {
            (
                &found["line"],
                &found["item"],
                &found["field"],
                &found["code"],
            )
        })
        .collect();
    assert_eq!(json!(found), bad.findings, "{}: {}", bad.name, ran.stdout);
    for found in findings {
        let is_of_an_item = !found["item"].is_null();
        assert!(
            !is_of_an_item || found["index"].is_u64(),
            "{}: {found}",
            bad.name
        );
        assert!(
            found["severity"] == "error" || found["code"] == "unknown_field",
            "{found}"
        );
    }
}

/// The same in words: place and remedy.
#[track_caller]
fn assert_told(bad: &Bad, text: &str) {
    for found in bad.findings.as_array().unwrap() {
        let mut place = Vec::new();
        place.extend(found[0].as_u64().map(|line| format!("line {line}")));
        place.extend(found[1].as_str().map(|item| format!("item {item}")));
        let place = place.join(", ");
        let field = found[2].as_str().unwrap();
        let is_told = |line: &str| line.contains(&place) && line.contains(&format!("{field}: "));
        assert!(
            text.lines().any(is_told),
            "{}: no {found} in\n{text}",
            bad.name
        );
    }
    for remedy in bad.remedies {
        assert!(
            text.contains(remedy),
            "{}: no `{remedy}` in\n{text}",
            bad.name
        );
    }
}

/// Items `i-1`, `i-2`, … of one amount, the first on line 2.
fn csv(count: usize, amount: &str) -> Vec<u8> {
    let header = "itemExternalId,recipientType,recipientInfo,amount,currency".to_owned();
    let items = (1..=count).map(|n| format!("i-{n},MEMBER_ID,2228853,{amount},TRY"));
    let lines: Vec<String> = std::iter::once(header).chain(items).collect();
    lines.join("\n").into()
}

/// A batch with one item a line, the first on line 2.
fn items(items: &[&str]) -> Vec<u8> {
    let items = items.join(",\n");
    format!("{{\"externalId\": \"bad\", \"purpose\": \"SALARY\", \"items\": [\n{items}\n]}}").into()
}

fn member(id: &str, value: &str, currency: &str) -> String {
    format!(
        "{{\"itemExternalId\": \"{id}\", \"recipientType\": \"MEMBER_ID\", \"recipientInfo\": \"2228853\", \
         \"amount\": {{\"value\": {value}, \"currency\": \"{currency}\"}}}}"
    )
}

fn item(id: &str, kind: &str, info: &str) -> String {
    format!(
        "{{\"itemExternalId\": \"{id}\", \"recipientType\": \"{kind}\", \"recipientInfo\": \"{info}\", \
         \"recipientName\": \"Çağrı Öztürk\", \"amount\": {{\"value\": 10, \"currency\": \"TRY\"}}}}"
    )
}
