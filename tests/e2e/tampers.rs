//! What somebody does to journals who can write them, in an export or in a store.

use onay_payout::Canonical;
use rusqlite::{Connection, params_from_iter};
use serde_json::Value;

/// The house in place of a batch.
pub(crate) const HOUSE: &str = "b_00000000000000000000000000000000";

/// Where a line of a batch stands: an entry by its number, or the batch itself by 0.
#[track_caller]
pub(crate) fn place(lines: &[Value], batch: &str, seq: u64) -> usize {
    let is_it = |line: &Value| match seq {
        0 => line["kind"] == "batch" && line["batch"] == batch,
        _ => line["batch"] == batch && line["seq"] == seq,
    };
    lines.iter().position(is_it).unwrap()
}

/// The hash an entry would have, as docs/audit.md describes it.
fn hash(entry: &Value) -> String {
    let decision = entry["decision"].as_str();
    let form = decision.map_or("onay journal 1", |_| "onay journal 2");
    let mut canonical = Canonical::new(form);
    canonical.field(entry["batch"].as_str().unwrap());
    canonical.field(&entry["seq"].to_string());
    for name in ["at", "actor", "via", "event", "before", "after", "note"] {
        canonical.field(entry[name].as_str().unwrap());
    }
    canonical.optional(entry["digest"].as_str());
    canonical.field(entry["record"].as_str().unwrap());
    canonical.field(entry["prev"].as_str().unwrap());
    if let Some(decision) = decision {
        canonical.field(decision);
    }
    canonical.finish().to_string()
}

/// Makes everything fit again that can be computed: what somebody does who owns the whole file.
pub(crate) fn recompute(lines: &mut [Value]) {
    let (mut prev, mut seq) = (Value::from("0".repeat(64)), 0);
    let mut head = Canonical::new("onay audit head 1");
    let (mut batches, mut entries) = (0_u64, 0_u64);
    for line in lines {
        match line["kind"].as_str().unwrap() {
            "start" => head.optional(line["account"].as_str()),
            "entry" => {
                seq += 1;
                (line["seq"], line["prev"]) = (seq.into(), prev);
                prev = hash(line).into();
                line["hash"] = prev.clone();
            }
            "batch" => {
                (line["version"], line["head"]) = (seq.into(), prev);
                head.field(line["batch"].as_str().unwrap());
                head.field(&seq.to_string());
                head.field(line["head"].as_str().unwrap());
                batches += u64::from(line["batch"] != HOUSE);
                entries += seq;
                (prev, seq) = ("0".repeat(64).into(), 0_u64);
            }
            _ => {
                head.field(&batches.to_string());
                head.field(&entries.to_string());
                (line["batches"], line["entries"]) = (batches.into(), entries.into());
                line["head"] = std::mem::replace(&mut head, Canonical::new(""))
                    .finish()
                    .to_string()
                    .into();
            }
        }
    }
}

/// Does something to the lines of an export of three batches.
type Tamper = fn(&mut Vec<Value>, &[String; 3]);

/// What is done to an export; what of it is told, and of which batch; and what is told of which batch
/// against an earlier one when every hash was computed anew, where that can be.
type Row = (
    &'static str,
    Tamper,
    (Option<usize>, &'static str),
    Option<(usize, &'static str)>,
);

pub(crate) const TAMPERS: [Row; 9] = [
    (
        "a batch is deleted",
        |lines, ids| lines.retain(|line| line["batch"] != ids[1].as_str()),
        (None, "a batch was removed, put in or changed"),
        Some((1, "it is gone; earlier it had 4 entries")),
    ),
    (
        "the newest entries are cut",
        |lines, ids| {
            let at = place(lines, &ids[1], 3);
            lines.drain(at..=at + 1);
        },
        (Some(1), "journal: 2 entries for 4 changes"),
        Some((1, "its newest entries are gone: 2 are left of 4")),
    ),
    (
        "an entry is deleted",
        |lines, ids| {
            lines.remove(place(lines, &ids[1], 2));
        },
        (Some(1), "journal: entry 3 stands where entry 2 belongs"),
        Some((1, "entry 2 is not the one that was there earlier")),
    ),
    (
        "two entries change places",
        |lines, ids| {
            let at = place(lines, &ids[2], 2);
            lines.swap(at, at + 1);
        },
        (Some(2), "journal: entry 3 stands where entry 2 belongs"),
        Some((2, "entry 2 is not the one that was there earlier")),
    ),
    (
        "an entry is put in",
        |lines, ids| {
            let at = place(lines, &ids[0], 3);
            lines.insert(at, lines[at].clone());
        },
        (
            Some(0),
            "journal: entry 3 is not chained to the entry before it",
        ),
        Some((0, "entry 4 is not the one that was there earlier")),
    ),
    (
        "an entry is edited",
        |lines, ids| {
            let at = place(lines, &ids[0], 3);
            lines[at]["actor"] = "mehmet".into();
        },
        (Some(0), "journal: entry 3 was edited"),
        Some((0, "entry 3 is not the one that was there earlier")),
    ),
    (
        "a batch is not closed",
        |lines, ids| {
            lines.remove(place(lines, &ids[2], 0));
        },
        (
            Some(2),
            "its entries are there, but not the line of the batch",
        ),
        None,
    ),
    (
        "the end is cut off",
        |lines, _| {
            lines.pop();
        },
        (None, "the export is cut off"),
        None,
    ),
    (
        "the account is another",
        |lines, _| lines[0]["account"] = "elsewhere/00000000".into(),
        (None, "the head is"),
        None,
    ),
];

/// Puts the journals of an export into a store: what somebody can do who owns it.
pub(crate) fn rewrite(file: &Connection, lines: &[Value]) {
    let query = "SELECT group_concat('DROP TRIGGER ' || name || ';', '') FROM sqlite_master
                 WHERE type = 'trigger'";
    let drop: String = file.query_row(query, [], |row| row.get(0)).unwrap();
    file.execute_batch(&drop).unwrap();
    file.execute_batch("DELETE FROM journal; UPDATE batch SET version = 999;")
        .unwrap();
    let text = |line: &Value, name: &str| line[name].as_str().map(str::to_owned);
    // The house journal is in cells, and stays.
    for line in lines.iter().filter(|line| line["batch"] != HOUSE) {
        let names = [
            "batch", "at", "actor", "via", "event", "before", "after", "note", "digest", "record",
            "prev", "hash", "decision",
        ];
        if line["kind"] == "entry" {
            let mut values: Vec<_> = names.iter().map(|name| text(line, name)).collect();
            values.push(Some(line["seq"].to_string()));
            let into = format!("INSERT INTO journal ({}, seq)", names.join(", "));
            let insert = format!("{into} VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
            file.execute(&insert, params_from_iter(values)).unwrap();
        } else if line["kind"] == "batch" {
            let update = "UPDATE batch SET version = ?1, journal_head = ?2 WHERE id = ?3";
            let values = [
                line["version"].to_string().into(),
                text(line, "head"),
                text(line, "batch"),
            ];
            file.execute(update, params_from_iter(values)).unwrap();
        }
    }
    file.execute_batch(
        "DELETE FROM job WHERE batch IN (SELECT id FROM batch WHERE version = 999);
         DELETE FROM outcome WHERE batch IN (SELECT id FROM batch WHERE version = 999);
         DELETE FROM content WHERE batch IN (SELECT id FROM batch WHERE version = 999);
         DELETE FROM batch WHERE version = 999;",
    )
    .unwrap();
}
