//! Batches from spreadsheets.

use serde_json::json;

use crate::world::World;

/// What Excel writes in Turkey: a byte-order mark, `;`, a decimal comma, carriage returns.
const SEMICOLON: &str = "\u{feff}itemExternalId;recipientType;recipientInfo;amount;currency;\
                         recipientName;description\r\n\
                         ş-1;IBAN;TR330006100519786457841326;41250,05;TRY;Çağrı Öztürk;Kasım maaşı\r\n\
                         ş-2;MEMBER_ID;2228853;1999,9;TRY;;\"prim; ikinci\"\r\n";

const COMMA: &str = "itemExternalId,recipientType,recipientInfo,amount,currency,recipientName\n\
                     i-1,IBAN,TR330006100519786457841326,41250.05,TRY,\"Öztürk, Çağrı\"\n\
                     i-2,MEMBER_ID,2228853,1999.9,TRY,\n";

#[test]
fn either_separator_is_read_and_paid_to_the_kurus() {
    let world = World::new();
    let _serve = world.serve();
    for (id, text, items) in [
        ("semicolon", SEMICOLON, ["ş-1", "ş-2"]),
        ("comma", COMMA, ["i-1", "i-2"]),
    ] {
        let file = world.file(&format!("{id}.csv"), text);
        let args = [
            "submit",
            &file,
            "--external-id",
            id,
            "--purpose",
            "SALARY",
            "--json",
        ];
        let submitted = world.run_as("ayse", &args).expect(0).json();
        assert_eq!(submitted["total"], "43249.95", "{submitted:#}");
        world.wait_until(id, "pending_approval");
        world.approve("mehmet", id);
        world.wait_until(id, "settled");
        let books = world.books();
        let paid = books.batch(id);
        paid.assert_paid_once();
        let paid: Vec<_> = paid
            .items
            .iter()
            .map(|item| (item.item_id.as_str(), item.amount.as_str()))
            .collect();
        assert_eq!(paid, [(items[0], "41250.05"), (items[1], "1999.90")]);
    }
}

#[test]
fn a_csv_without_an_external_id_is_refused_because_replay_would_be_lost() {
    let world = World::new();
    let _serve = world.serve();
    let file = world.file("payday.csv", COMMA);
    let refused = world
        .run_as("ayse", &["submit", &file, "--json"])
        .expect(3)
        .json();
    let found = &refused["findings"][0];
    assert_eq!(
        (found["field"].as_str(), found["code"].as_str()),
        (Some("externalId"), Some("missing"))
    );
    assert!(
        found["message"].as_str().unwrap().contains("--external-id"),
        "{found}"
    );
    assert!(world.books().batches.is_empty());
}

#[test]
fn a_file_that_is_not_what_was_announced_is_refused() {
    let world = World::new();
    let file = world.file("payday.csv", COMMA);
    let announced = ["--count", "3", "--external-id", "cut"];
    let args = [&["submit", &file, "--json"], &announced[..]].concat();
    let refused = world.run_as("ayse", &args).expect(3).json();
    assert_eq!(
        refused["findings"][0]["code"], "count_mismatch",
        "{refused:#}"
    );
    let announced = ["--control-sum", "43249.94", "--external-id", "cut"];
    let args = [&["submit", &file, "--json"], &announced[..]].concat();
    let refused = world.run_as("ayse", &args).expect(3).json();
    assert_eq!(
        refused["findings"][0]["code"], "sum_mismatch",
        "{refused:#}"
    );
}

#[test]
fn a_column_nobody_knows_is_told_and_does_no_harm() {
    let world = World::new();
    let text = COMMA.replace("recipientName", "recipient");
    let text = text.replace("IBAN,TR330006100519786457841326", "MEMBER_ID,2228853");
    let file = world.file("odd.csv", text);
    let args = ["submit", &file, "--external-id", "odd", "--json"];
    let submitted = world.run_as("ayse", &args).expect(0).json();
    let found = &submitted["findings"][0];
    assert_eq!(
        (&found["code"], &found["severity"]),
        (&json!("unknown_field"), &json!("warning")),
        "{submitted:#}"
    );
}
