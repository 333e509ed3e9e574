//! Whose turn it is, and why a batch was turned down.

use super::world::{approve, at, decision, held, person, policy};
use crate::{ReasonCode, Turn, Verdict};

const LARGE: [i64; 2] = [40_000, 30_000];

#[test]
fn an_approval_that_changes_nothing_is_nobodys_turn() {
    let turn =
        |batch: &crate::Batch, name: &str| policy().turn(batch.head(), person(name).name(), at(10));
    let batch = held(&LARGE);
    for (name, expected) in [
        ("mehmet", Turn::Now),
        ("zeynep", Turn::Now),
        // Behind the batch, not asked, and no approver.
        ("ayse", Turn::None),
        ("can", Turn::None),
        ("deniz", Turn::None),
    ] {
        assert_eq!(turn(&batch, name), expected, "{name}");
    }
    let once = decision(&batch, "mehmet", approve());
    let once = batch.apply(once, at(10)).unwrap().batch;
    assert_eq!(turn(&once, "mehmet"), Turn::None);
    assert_eq!(turn(&once, "zeynep"), Turn::Now);
    let twice = decision(&once, "zeynep", approve());
    let twice = once.apply(twice, at(11)).unwrap().batch;
    assert_eq!(turn(&twice, "zeynep"), Turn::None);
}

#[test]
fn a_rejection_keeps_who_why_and_what_kind_of_reason() {
    let batch = held(&LARGE);
    assert_eq!(batch.head().rejection(), None);
    let verdict = Verdict::Reject {
        code: ReasonCode::WrongAmount,
        reason: "a zero too many".to_owned(),
    };
    let rejected = decision(&batch, "mehmet", verdict);
    let rejected = batch.apply(rejected, at(10)).unwrap().batch;
    let why = rejected.head().rejection().unwrap();
    assert_eq!(why.by, Some(person("mehmet").name()));
    assert_eq!(why.code, Some(ReasonCode::WrongAmount));
    let explained = crate::explain(rejected.head());
    let words = "rejected by mehmet (wrong amount): a zero too many";
    assert!(explained.contains(words), "{explained}");
}
