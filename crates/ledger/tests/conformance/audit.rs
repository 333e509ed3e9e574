//! Whoever edits the file is found.

use onay_ledger::conformance::{Scene, batch_id};
use onay_ledger::house::verify_house;
use onay_ledger::{Authority, Entry, LedgerError, Problem, add_pause, pauses, verify_batch};
use onay_payout::{PauseEntry, PauseStep};
use rusqlite::Connection;

use crate::harness::Sqlite;

/// A batch with three entries and one outcome, in a file without its triggers.
async fn written() -> (Sqlite, Connection) {
    let file = Sqlite::fresh();
    let scene = Scene::new(&file);
    let stored = scene.opened("payday").await;
    let stored = scene.step(&stored).await;
    scene
        .commit(&stored, scene.initialized(&stored), Authority::Version)
        .await
        .unwrap();
    let connection = Connection::open(file.path()).unwrap();
    for trigger in [
        "journal_is_never_edited",
        "journal_is_never_cut",
        "content_is_never_edited",
    ] {
        connection
            .execute(&format!("DROP TRIGGER {trigger}"), [])
            .unwrap();
    }
    (file, connection)
}

async fn problems(file: &Sqlite) -> Vec<Problem> {
    verify_batch(&*Scene::new(file).ledger, &batch_id(0))
        .await
        .unwrap()
}

#[tokio::test]
async fn an_untouched_batch_has_no_problems() {
    let (file, _) = written().await;
    assert_eq!(problems(&file).await, []);
    let unknown = verify_batch(&*Scene::new(&file).ledger, &batch_id(7)).await;
    assert!(matches!(unknown, Err(LedgerError::NotFound)), "{unknown:?}");
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table")]
async fn every_edit_is_found_and_named() {
    use Problem::{Chain, Content, Edited, End, Head, Length, Outcomes, Sequence};
    let table = [
        (
            "UPDATE content SET record = replace(record, '1.01 TRY', '9.01 TRY')",
            vec![Content],
        ),
        (
            "UPDATE content SET record = replace(record, 'TR000', 'TR666')",
            vec![Content],
        ),
        (
            "UPDATE outcome SET record = replace(record, 'INVALID', 'SUCCESS')",
            vec![Outcomes],
        ),
        ("DELETE FROM outcome", vec![Outcomes]),
        (
            "UPDATE batch SET head = replace(head, 'req-1', 'req-2')",
            vec![Head],
        ),
        (
            "UPDATE batch SET head = replace(head, '\"ayse\"', '\"fatma\"')",
            vec![Head],
        ),
        (
            "UPDATE batch SET state = 'received', head = json_set(head, '$.state', 'received')",
            vec![Head],
        ),
        (
            "UPDATE batch SET version = 9",
            vec![Length {
                version: 9,
                entries: 3,
            }],
        ),
        (
            "UPDATE batch SET journal_head = record FROM journal",
            vec![End],
        ),
        (
            "UPDATE journal SET note = 'all is well' WHERE seq = 2",
            vec![Edited(2)],
        ),
        (
            "UPDATE journal SET actor = 'mehmet' WHERE seq = 3",
            vec![Edited(3)],
        ),
        (
            "UPDATE journal SET record = hash WHERE seq = 3",
            vec![Edited(3), Head],
        ),
        (
            "DELETE FROM journal WHERE seq = 3",
            vec![
                Length {
                    version: 3,
                    entries: 2,
                },
                End,
                Head,
            ],
        ),
        (
            "DELETE FROM journal WHERE seq = 1",
            vec![
                Sequence {
                    expected: 1,
                    found: 2,
                },
                Chain(2),
                Length {
                    version: 3,
                    entries: 2,
                },
            ],
        ),
        (
            "UPDATE journal SET seq = CASE seq WHEN 2 THEN 30 ELSE 20 END WHERE seq > 1;
             UPDATE journal SET seq = seq / 10 WHERE seq > 1",
            vec![Chain(2), Edited(2), Chain(3), Edited(3), End, Head],
        ),
        (
            "DELETE FROM journal",
            vec![
                Length {
                    version: 3,
                    entries: 0,
                },
                End,
            ],
        ),
    ];
    for (edit, expected) in table {
        let (file, connection) = written().await;
        connection.execute_batch(edit).unwrap();
        assert_eq!(problems(&file).await, expected, "{edit}");
    }
}

/// A file without its triggers, whose releases were paused, nearly resumed, and paused again.
async fn paused() -> (Sqlite, Connection) {
    let file = Sqlite::fresh();
    let scene = Scene::new(&file);
    for step in [
        PauseStep::Paused,
        PauseStep::ResumeProposed,
        PauseStep::Paused,
    ] {
        let entry = PauseEntry {
            step,
            by: "mehmet".parse().unwrap(),
            at: scene.now(),
            reason: "ödeme listesi".to_owned(),
        };
        let known = scene.pauses().await;
        add_pause(&*scene.ledger, &known, &entry, ("cli", Vec::new()))
            .await
            .unwrap();
    }
    let connection = Connection::open(file.path()).unwrap();
    for (edit, guard) in [
        ("UPDATE cell SET value = '' WHERE key = 'log:1'", "edited"),
        ("DELETE FROM cell WHERE key = 'log'", "cut"),
    ] {
        let refused = connection.execute(edit, []).unwrap_err().to_string();
        assert!(refused.contains("append-only"), "{refused}");
        let drop = format!("DROP TRIGGER the_house_journal_is_never_{guard}");
        connection.execute(&drop, []).unwrap();
    }
    (file, connection)
}

#[tokio::test]
async fn every_edit_of_the_house_journal_is_found_and_named() {
    use Problem::{Chain, Edited, End, Length, Paused, Sequence};
    let cut = |entries| Length {
        version: 3,
        entries,
    };
    let table = [
        (
            "UPDATE cell SET value = replace(value, 'ödeme', 'başka') WHERE key = 'log:2'",
            vec![Edited(2)],
        ),
        (
            "UPDATE cell SET value = replace(value, '\"cli\"', '\"http\"') WHERE key = 'log:3'",
            vec![Edited(3)],
        ),
        (
            "DELETE FROM cell WHERE key = 'log:2'",
            vec![
                Sequence {
                    expected: 2,
                    found: 3,
                },
                Chain(3),
                cut(2),
            ],
        ),
        (
            "DELETE FROM cell WHERE key = 'log:3'",
            vec![cut(2), End, Paused],
        ),
        (
            "INSERT INTO cell SELECT 'log:4', value FROM cell WHERE key = 'log:3'",
            vec![cut(4)],
        ),
        ("DELETE FROM cell WHERE key = 'paused'", vec![Paused]),
        (
            "UPDATE cell SET value = '1' WHERE key = 'paused'",
            vec![Paused],
        ),
        (
            "DELETE FROM cell WHERE key = 'log'",
            vec![
                Length {
                    version: 0,
                    entries: 1,
                },
                Paused,
            ],
        ),
    ];
    for (edit, expected) in table {
        let (file, connection) = paused().await;
        let ledger = Scene::new(&file).ledger;
        assert_eq!(verify_house(&*ledger).await.unwrap().1, []);
        connection.execute_batch(edit).unwrap();
        assert_eq!(verify_house(&*ledger).await.unwrap().1, expected, "{edit}");
    }
}

#[tokio::test]
async fn what_cannot_be_read_of_the_house_journal_is_a_problem_and_not_an_error() {
    for edit in [
        "UPDATE cell SET value = '3 x' WHERE key = 'log'",
        "UPDATE cell SET value = '{}' WHERE key = 'log:2'",
    ] {
        let (file, connection) = paused().await;
        connection.execute_batch(edit).unwrap();
        let (_, problems) = verify_house(&*Scene::new(&file).ledger).await.unwrap();
        assert!(
            matches!(problems[..], [Problem::Unreadable(_)]),
            "{edit}: {problems:?}"
        );
    }
}

#[tokio::test]
async fn a_pause_that_was_taken_out_of_its_cell_is_told_and_not_added_to() {
    let (file, connection) = paused().await;
    let (edit, ledger) = (
        "DELETE FROM cell WHERE key = 'paused'",
        Scene::new(&file).ledger,
    );
    connection.execute(edit, []).unwrap();
    let told = pauses(&*ledger).await;
    assert!(matches!(told, Err(LedgerError::Corrupt(_))), "{told:?}");
}

#[tokio::test]
async fn an_edited_decision_is_found() {
    let (file, connection) = written().await;
    connection
        .execute("UPDATE journal SET decision = '{}' WHERE seq = 2", [])
        .unwrap();
    assert_eq!(
        problems(&file).await,
        [
            Problem::Edited(2),
            Problem::Signature(2),
            Problem::Decisions
        ]
    );
}

#[tokio::test]
async fn an_entry_that_was_forged_with_its_hash_breaks_the_chain() {
    let (file, connection) = written().await;
    let ledger = Scene::new(&file).ledger;
    let mut forged: Entry = ledger.journal(&batch_id(0)).await.unwrap()[1].clone();
    forged.note = "all is well".to_owned();
    let hash = forged.expected_hash().to_string();
    let forge = "UPDATE journal SET note = 'all is well', hash = ?1 WHERE seq = 2";
    connection.execute(forge, [hash]).unwrap();
    assert_eq!(problems(&file).await, [Problem::Chain(3)]);
}

#[tokio::test]
async fn what_cannot_be_read_is_a_problem_and_not_an_error() {
    for edit in [
        "UPDATE batch SET head = json_set(head, '$.state', 'received')",
        "UPDATE content SET record = json_remove(record, '$.items[0]')",
        "UPDATE journal SET at = 'yesterday' WHERE seq = 1",
    ] {
        let (file, connection) = written().await;
        connection.execute_batch(edit).unwrap();
        let problems = problems(&file).await;
        assert!(
            matches!(problems[..], [Problem::Unreadable(_)]),
            "{edit}: {problems:?}"
        );
    }
}
