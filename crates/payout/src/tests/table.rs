//! Every event in every state, written down. A change of behaviour is a change of this document.

use std::collections::BTreeSet;

use super::resolutions;
use super::world::{
    approve, approved, at, cancel_looked as looked_at_cancel, copy, decision, held, initialized,
    intent, lira, looked, owner, past_init, person, processing, read_back, received,
    release_started, released, releasing, reported, walk,
};
use crate::provider::{Refusal, RemoteStatus};
use crate::{
    Batch, Event, ItemStatus, NotSentBy, OnReleaseDoubt, ReasonCode, Shortage, State, Verdict, Why,
};

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/state-machine.md");

const AMOUNTS: [i64; 2] = [100, 200];

fn cancel_looked(status: RemoteStatus) -> Event {
    looked_at_cancel(copy(&received(&AMOUNTS), status, &ItemStatus::Pending))
}

/// One batch in each state.
fn batches() -> Vec<Batch> {
    let (paid, failed) = (ItemStatus::Paid, ItemStatus::Failed);
    let closed = |statuses: &[ItemStatus]| {
        let batch = processing(&AMOUNTS);
        let event = reported(&batch, statuses);
        batch.apply(event, at(20)).unwrap().batch
    };
    let turned_down = |event: Event, minutes: i64| {
        let batch = held(&AMOUNTS).apply(event, at(minutes)).unwrap().batch;
        walk(
            batch,
            vec![
                Event::CancelStarted(intent(1)),
                cancel_looked(RemoteStatus::Canceled),
            ],
        )
    };
    let withdraw = || Event::Withdrawn {
        by: person("ayse").clone(),
        reason: "a mistake".into(),
    };
    let reject = Verdict::Reject {
        code: ReasonCode::Other,
        reason: "not this month".into(),
    };
    let preparing = walk(
        received(&AMOUNTS),
        vec![Event::InitializeStarted(intent(1))],
    );
    let refusal = Refusal {
        code: Some("11".into()),
        message: None,
    };
    let froze = Event::Froze {
        why: Why::TieOut,
        details: Vec::new(),
    };
    vec![
        received(&AMOUNTS),
        preparing.clone(),
        walk(preparing.clone(), vec![initialized()]),
        held(&AMOUNTS),
        approved(&AMOUNTS),
        releasing(&AMOUNTS),
        processing(&AMOUNTS),
        closed(&[paid.clone(), paid.clone()]),
        closed(&[paid, failed.clone()]),
        closed(&[failed.clone(), failed]),
        held(&AMOUNTS).apply(withdraw(), at(10)).unwrap().batch,
        turned_down(decision(&held(&AMOUNTS), "mehmet", reject), 10),
        turned_down(withdraw(), 10),
        turned_down(Event::Expired, 60 * 24 * 3),
        walk(preparing, vec![Event::InitializeRefused(refusal)]),
        processing(&AMOUNTS).apply(froze, at(20)).unwrap().batch,
    ]
}

/// One of each event, with the words for the ones that come in several shapes.
#[expect(clippy::too_many_lines, reason = "a table")]
fn events() -> Vec<(&'static str, Event)> {
    let fresh = received(&AMOUNTS);
    let (held, approved) = (held(&AMOUNTS), approved(&AMOUNTS));
    let not_sent = || NotSentBy {
        owner: owner(),
        cause: "no connection".into(),
        retry_after: std::time::Duration::from_mins(1),
    };
    let refusal = Refusal {
        code: None,
        message: None,
    };
    let refused = refusal.clone();
    let same = copy(&fresh, RemoteStatus::Init, &ItemStatus::Pending);
    let mut short = same.clone();
    short.items.pop();
    let all = |status: ItemStatus| reported(&fresh, &[status.clone(), status]);
    let past_init = |status| past_init(status, Some("r-1"));
    let shortage = Shortage {
        balance: lira(10),
        needed: lira(302),
        at: at(30),
    };
    vec![
        ("initialize_started", Event::InitializeStarted(intent(30))),
        ("initialize_not_sent", Event::InitializeNotSent(not_sent())),
        ("initialized", initialized()),
        ("orphaned", Event::Orphaned(refusal.clone())),
        ("initialize_refused", Event::InitializeRefused(refusal)),
        ("read_back: the same", read_back(same)),
        ("read_back: incomplete", read_back(short)),
        ("approve", decision(&held, "mehmet", approve())),
        (
            "reject",
            decision(
                &held,
                "zeynep",
                Verdict::Reject {
                    code: ReasonCode::Other,
                    reason: "no".into(),
                },
            ),
        ),
        ("undo", decision(&approved, "mehmet", Verdict::Undo)),
        (
            "withdraw",
            Event::Withdrawn {
                by: person("ayse").clone(),
                reason: String::new(),
            },
        ),
        ("remind", Event::Reminded),
        ("expire", Event::Expired),
        (
            "approval_short",
            Event::ApprovalShort("a person was removed".into()),
        ),
        ("funds_short", Event::FundsShort(shortage)),
        ("release_started", release_started(&approved, 30)),
        ("release_not_sent", Event::ReleaseNotSent(not_sent())),
        ("released", released()),
        ("release_refused", Event::ReleaseRefused(refused.clone())),
        (
            "release_looked: INIT",
            looked(RemoteStatus::Init, OnReleaseDoubt::Ask),
        ),
        (
            "release_looked: IN_PROGRESS",
            looked(RemoteStatus::InProgress, OnReleaseDoubt::Ask),
        ),
        (
            "release_looked: INSUFFICIENT_BALANCE",
            looked(RemoteStatus::InsufficientBalance, OnReleaseDoubt::Ask),
        ),
        (
            "release_looked: CANCELED",
            looked(RemoteStatus::Canceled, OnReleaseDoubt::Ask),
        ),
        (
            "found_past_init: IN_PROGRESS",
            past_init(RemoteStatus::InProgress),
        ),
        (
            "found_past_init: CANCELED",
            past_init(RemoteStatus::Canceled),
        ),
        ("reported: open", all(ItemStatus::Processing)),
        ("reported: all paid", all(ItemStatus::Paid)),
        (
            "reported: some paid",
            reported(&fresh, &[ItemStatus::Paid, ItemStatus::Failed]),
        ),
        ("reported: all failed", all(ItemStatus::Failed)),
        ("watch_ended", Event::WatchEnded),
        ("cancel_started", Event::CancelStarted(intent(30))),
        ("cancel_looked: INIT", cancel_looked(RemoteStatus::Init)),
        (
            "cancel_looked: CANCELED",
            cancel_looked(RemoteStatus::Canceled),
        ),
        (
            "cancel_looked: COMPLETED",
            cancel_looked(RemoteStatus::Completed),
        ),
        (
            "froze",
            Event::Froze {
                why: Why::Contradiction,
                details: Vec::new(),
            },
        ),
    ]
}

/// Batches that were turned down in the other two ways.
fn more_turned_down() -> Vec<Batch> {
    let reject = Verdict::Reject {
        code: ReasonCode::Other,
        reason: "not this month".into(),
    };
    let batch = held(&AMOUNTS);
    let reject = decision(&batch, "mehmet", reject);
    vec![
        batch.apply(reject, at(10)).unwrap().batch,
        batch.apply(Event::Expired, at(60 * 24 * 3)).unwrap().batch,
    ]
}

fn document() -> String {
    let mut edges = BTreeSet::new();
    let mut rows: Vec<String> = Vec::new();
    for batch in batches().into_iter().chain(more_turned_down()) {
        let from = batch.state().name();
        for (name, event) in events() {
            // Time enough for a deadline to have passed, not for a hold to have expired; an hour
            // later nobody could decide on what was held three days ago.
            let minutes = match name {
                "expire" => 60 * 24 * 3,
                "remind" => 60 * 24,
                _ => 30,
            };
            let Ok(next) = batch.apply(event, at(minutes)) else {
                continue;
            };
            let to = next.batch.state().name();
            let job = match (next.jobs.worker, next.jobs.reconciler) {
                (Some(_), _) => "worker",
                (None, Some(_)) => "reconciler",
                (None, None) => "–",
            };
            let row = format!("| {from} | {name} | {to} | {job} |");
            if !rows.contains(&row) {
                rows.push(row);
            }
            let event = name.split(':').next().unwrap();
            if from != to && to != "frozen" {
                edges.insert(format!("    {from} --> {to}: {event}"));
            }
        }
    }
    let edges: Vec<String> = edges.into_iter().collect();
    format!(
        "# The state machine\n\n\
         Written by a test from `Batch::apply` (`ONAY_BLESS=1 cargo test -p onay-payout` writes it \
         anew). What is not listed is refused and changes nothing.\n\n\
         ```mermaid\nstateDiagram-v2\n    [*] --> received: submitted\n{}\n```\n\n\
         Every state that is not final may also become `frozen`, and so may a closed batch that the \
         provider contradicts: a rule broke, nothing more is \
         sent, and what may be moving is still watched.\n\n\
         | state | event | state after | next job |\n| --- | --- | --- | --- |\n{}\n\n\
         ## What two people may do about a frozen batch\n\n\
         One proposes, another confirms; the maker never. `re-prepare` comes back to `received` once \
         the provider confirms the cancel.\n\n\
         | reason | frozen from | resolution | state after |\n| --- | --- | --- | --- |\n{}\n",
        edges.join("\n"),
        rows.join("\n"),
        resolutions::rows().join("\n")
    )
}

#[test]
fn there_is_a_batch_in_every_state() {
    let names: Vec<&str> = batches().iter().map(|batch| batch.state().name()).collect();
    assert_eq!(names, State::NAMES);
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "a person asks for the document to be written"
)]
fn the_transition_table_is_the_documented_one() {
    let document = document();
    if std::env::var("ONAY_BLESS").is_ok() {
        std::fs::write(PATH, &document).unwrap();
    }
    let written = std::fs::read_to_string(PATH).unwrap_or_default();
    assert!(
        written == document,
        "docs/state-machine.md is out of date; run with ONAY_BLESS=1"
    );
}
