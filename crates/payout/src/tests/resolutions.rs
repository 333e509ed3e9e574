//! What two people may do about a frozen batch, and that nothing else ends it.

use std::sync::Arc;

use super::world::{
    approved, at, cancel_looked, copy, held, initialized, intent, looked, past_init, person,
    processing, received, released, releasing, reported, walk,
};
use crate::provider::{Refusal, RemoteStatus};
use crate::{
    Batch, Event, IllegalTransition, ItemStatus, NoResend, OnReleaseDoubt, Resolution, State,
    Transition, Why,
};

const AMOUNTS: [i64; 2] = [100, 200];

pub(super) fn froze(batch: &Batch, why: Why) -> Batch {
    let details = vec!["seen".to_owned()];
    batch
        .apply(Event::Froze { why, details }, at(20))
        .unwrap()
        .batch
}

/// A frozen batch for each reason, from each state it comes from.
fn frozen() -> Vec<Batch> {
    let preparing = walk(
        received(&AMOUNTS),
        vec![Event::InitializeStarted(intent(1))],
    );
    let prepared = walk(preparing.clone(), vec![initialized()]);
    let withdraw = Event::Withdrawn {
        by: person("ayse").clone(),
        reason: String::new(),
    };
    let cancelling = held(&AMOUNTS).apply(withdraw, at(10)).unwrap().batch;
    let next = |batch: &Batch, event| batch.apply(event, at(30)).unwrap().batch;
    let started = || past_init(RemoteStatus::InProgress, Some("r-1"));
    let short = looked(RemoteStatus::InsufficientBalance, OnReleaseDoubt::Ask);
    let canceled = looked(RemoteStatus::Canceled, OnReleaseDoubt::Ask);
    vec![
        froze(&prepared, Why::CopyDiffers),
        froze(&approved(&AMOUNTS), Why::CopyDiffers),
        froze(&approved(&AMOUNTS), Why::Tampered),
        froze(&prepared, Why::CopyIncomplete),
        froze(&preparing, Why::RequestIdUnknown),
        froze(&preparing, Why::InitializeUnconfirmed),
        next(&prepared, started()),
        next(&prepared, past_init(RemoteStatus::Canceled, Some("r-1"))),
        froze(&releasing(&AMOUNTS), Why::ReleaseUnconfirmed),
        froze(&releasing(&AMOUNTS), Why::ReleaseRefused),
        next(&releasing(&AMOUNTS), canceled),
        next(&releasing(&AMOUNTS), short),
        froze(&cancelling, Why::CancelUnconfirmed),
        froze(&processing(&AMOUNTS), Why::Contradiction),
        froze(&processing(&AMOUNTS), Why::TieOut),
    ]
}

pub(super) fn resolve(batch: &Batch, name: &str, resolution: Resolution) -> Event {
    Event::Resolve {
        since: batch.head().since,
        by: person(name).clone(),
        resolution,
        reason: "iyzico said so".into(),
    }
}

/// Proposed by one, confirmed by another.
pub(super) fn resolved(
    batch: &Batch,
    resolution: Resolution,
) -> Result<Transition, IllegalTransition> {
    let proposed = batch
        .apply(resolve(batch, "mehmet", resolution), at(40))?
        .batch;
    proposed.apply(resolve(&proposed, "zeynep", resolution), at(41))
}

pub(super) fn why(batch: &Batch) -> (Why, &'static str, &'static [Resolution]) {
    let State::Frozen(frozen) = batch.state() else {
        panic!("{} is not frozen", batch.state().name())
    };
    (frozen.why, frozen.from.name(), frozen.allowed())
}

/// The table in `docs/state-machine.md`.
pub(super) fn rows() -> Vec<String> {
    let mut rows = Vec::new();
    for batch in frozen() {
        let (reason, from, allowed) = why(&batch);
        for resolution in allowed {
            let after = match resolved(&batch, *resolution) {
                Ok(next) => next.batch.state().name().to_owned(),
                Err(no) => format!("refused: {no}"),
            };
            let (reason, word) = (reason.word(), resolution.word());
            rows.push(format!("| {reason} | {from} | {word} | {after} |"));
        }
    }
    rows
}

#[test]
fn every_reason_has_a_way_out_and_only_its_own() {
    let reasons: Vec<Why> = frozen().iter().map(|batch| why(batch).0).collect();
    for reason in Why::ALL {
        assert!(reasons.contains(&reason), "{reason:?} is not tried");
    }
    for batch in frozen() {
        let (reason, from, allowed) = why(&batch);
        assert!(!allowed.is_empty(), "{reason:?}");
        for resolution in Resolution::ALL {
            let outcome = resolved(&batch, resolution);
            let is_refused = matches!(outcome, Err(IllegalTransition::NoResolution { .. }));
            assert_eq!(
                is_refused,
                !allowed.contains(&resolution),
                "{reason:?} {from}"
            );
        }
    }
}

#[test]
fn resolving_takes_two_people_and_never_the_maker() {
    let batch = froze(&releasing(&AMOUNTS), Why::ReleaseUnconfirmed);
    let retry = Resolution::RetryRelease;
    let by = |batch: &Batch, name| batch.apply(resolve(batch, name, retry), at(40));
    assert!(matches!(
        by(&batch, "ayse"),
        Err(IllegalTransition::OwnBatch(_))
    ));
    assert!(matches!(
        by(&batch, "deniz"),
        Err(IllegalTransition::NotResolver(_))
    ));
    let proposed = by(&batch, "mehmet").unwrap().batch;
    assert_eq!(proposed.state().name(), "frozen");
    assert!(matches!(
        by(&proposed, "mehmet"),
        Err(IllegalTransition::AlreadyDecided(_))
    ));
    assert!(matches!(
        by(&proposed, "ayse"),
        Err(IllegalTransition::OwnBatch(_))
    ));
    // Another wish is another proposal, not a confirmation.
    let other = proposed
        .apply(resolve(&proposed, "zeynep", Resolution::Close), at(41))
        .unwrap();
    assert_eq!(other.batch.state().name(), "frozen");
    assert_eq!(
        by(&proposed, "zeynep").unwrap().batch.state().name(),
        "approved"
    );
}

#[test]
fn no_resolution_acts_while_the_call_may_still_arrive() {
    let batch = releasing(&AMOUNTS);
    let early = batch
        .apply(
            looked(RemoteStatus::InsufficientBalance, OnReleaseDoubt::Ask),
            at(11),
        )
        .unwrap()
        .batch;
    for resolution in [
        Resolution::RetryRelease,
        Resolution::PrepareAnew,
        Resolution::Close,
    ] {
        let no = early.apply(resolve(&early, "mehmet", resolution), at(11));
        assert!(
            matches!(no, Err(IllegalTransition::TooEarly(_))),
            "{resolution:?}"
        );
    }
}

#[test]
fn a_release_is_not_retried_after_its_approvals_expired() {
    let batch = froze(&releasing(&AMOUNTS), Why::ReleaseUnconfirmed);
    let late = at(60 * 24 * 3);
    let no = batch.apply(resolve(&batch, "mehmet", Resolution::RetryRelease), late);
    assert!(matches!(no, Err(IllegalTransition::Expired(_))));
}

#[test]
fn prepared_anew_means_cancelled_first_and_approved_again() {
    let batch = froze(&releasing(&AMOUNTS), Why::ReleaseUnconfirmed);
    let cancelling = resolved(&batch, Resolution::PrepareAnew).unwrap().batch;
    let started = copy(&batch, RemoteStatus::InProgress, &ItemStatus::Pending);
    let frozen = cancelling
        .apply(cancel_looked(started), at(50))
        .unwrap()
        .batch;
    assert_eq!(why(&frozen).0, Why::PastInit);
    assert_eq!(why(&frozen).1, "processing");
    let canceled = copy(&batch, RemoteStatus::Canceled, &ItemStatus::Cancelled);
    let anew = cancelling
        .apply(cancel_looked(canceled), at(50))
        .unwrap()
        .batch;
    assert_eq!(anew.state().name(), "received");
    assert_ne!(anew.head().remote_id(), batch.head().remote_id());
    let left = anew.head().left.last().unwrap();
    assert_eq!(
        (left.attempt, left.request_id.as_ref()),
        (0, batch.state().request_id())
    );
    assert!(
        anew.outcomes()
            .iter()
            .all(|outcome| outcome.status == ItemStatus::Pending)
    );
    assert!(anew.head().standing_approvals().is_empty());
}

#[test]
fn what_people_judged_stops_nothing_but_started_items_do() {
    let short = looked(RemoteStatus::InsufficientBalance, OnReleaseDoubt::Ask);
    let batch = releasing(&AMOUNTS).apply(short, at(30)).unwrap().batch;
    let retried = resolved(&batch, Resolution::RetryRelease).unwrap().batch;
    let judged = retried.state().hold().unwrap().judged.as_ref();
    let mut shown = copy(
        &batch,
        RemoteStatus::InsufficientBalance,
        &ItemStatus::Pending,
    );
    assert!(shown.is_waiting(judged));
    assert!(!shown.is_waiting(None));
    shown.items[0].status = ItemStatus::Queued;
    assert!(!shown.is_waiting(judged));
}

#[test]
fn a_short_balance_that_is_topped_up_goes_on_by_itself() {
    let short = looked(RemoteStatus::InsufficientBalance, OnReleaseDoubt::Ask);
    let frozen = releasing(&AMOUNTS).apply(short, at(30)).unwrap();
    assert!(frozen.jobs.reconciler.is_some(), "it is still watched");
    let report = reported(&frozen.batch, &[ItemStatus::Queued, ItemStatus::Queued]);
    let next = frozen.batch.apply(report, at(31)).unwrap().batch;
    assert_eq!(next.state().name(), "processing");
}

#[test]
fn nothing_is_closed_while_an_item_is_open_or_a_sum_is_off() {
    let batch = froze(&processing(&AMOUNTS), Why::Contradiction);
    let (paid, open) = (ItemStatus::Paid, ItemStatus::Processing);
    for (statuses, ends) in [
        ([paid.clone(), open], None),
        ([paid.clone(), paid.clone()], Some("settled")),
        ([paid, ItemStatus::Refunded], Some("partly_settled")),
    ] {
        let event = reported(&batch, &statuses);
        let batch = batch.apply(event, at(25)).unwrap().batch;
        let closed = resolved(&batch, Resolution::Close);
        match ends {
            Some(state) => assert_eq!(closed.unwrap().batch.state().name(), state),
            None => assert!(matches!(closed, Err(IllegalTransition::NotSafe(_)))),
        }
    }
}

#[test]
fn an_orphan_is_left_and_the_next_attempt_has_its_own_id() {
    let refusal = Refusal {
        code: Some("5001".into()),
        message: None,
    };
    let mut batch = received(&AMOUNTS);
    let mut ids = vec![batch.head().remote_id()];
    while batch.state().name() == "received" {
        let started = batch
            .apply(Event::InitializeStarted(intent(1)), at(1))
            .unwrap()
            .batch;
        batch = started
            .apply(Event::Orphaned(refusal.clone()), at(2))
            .unwrap()
            .batch;
        ids.push(batch.head().remote_id());
    }
    assert_eq!(
        why(&batch).0,
        Why::RequestIdUnknown,
        "people are asked in the end"
    );
    ids.pop();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 6);
}

#[test]
fn only_what_is_certainly_back_is_sent_again_and_only_once() {
    use ItemStatus::{Failed, Invalid, Paid, RefundFailed, Refunded};
    let amounts = [1, 2, 3, 4, 5];
    let batch = processing(&amounts);
    let statuses = [Paid, Failed, Refunded, RefundFailed, Invalid];
    let event = reported(&batch, &statuses);
    let closed = batch.apply(event, at(20)).unwrap().batch;
    let ids = |content: &crate::Content| -> Vec<String> {
        content
            .items()
            .iter()
            .map(|item| item.id.to_string())
            .collect()
    };
    let first = Arc::new(closed.resend(1, &[]).unwrap());
    assert_eq!(first.external_id().as_str(), "payday~resend-1");
    assert_eq!(ids(&first), ["item-2~resend-1", "item-4~resend-1"]);
    assert_eq!(
        closed.resend(1, &[]).unwrap(),
        *first,
        "twice gives the same"
    );
    let sent = [Arc::clone(&first)];
    assert_eq!(
        closed.resend(2, &sent),
        Err(NoResend::Nothing { failed: 1 })
    );
    let refund = [Paid, Refunded, Refunded, RefundFailed, Invalid];
    let event = reported(&closed, &refund);
    let later = closed.apply(event, at(21)).unwrap().batch;
    assert_eq!(ids(&later.resend(2, &sent).unwrap()), ["item-1~resend-2"]);
    let maker = "can".parse().unwrap();
    let id = crate::BatchId::new(uuid::Uuid::from_u128(2));
    let child = closed.accept_resend(id, first, maker, at(22)).batch;
    assert_eq!(child.state().name(), "received");
    let parent = child.head().parent.as_ref().unwrap();
    assert_eq!(parent.external_id, *closed.content().external_id());
    assert!(
        child.head().is_made_by(closed.maker()),
        "they wrote what is sent again"
    );
}

#[test]
fn nothing_is_sent_again_from_a_batch_that_may_still_pay() {
    for batch in [held(&AMOUNTS), processing(&AMOUNTS), releasing(&AMOUNTS)] {
        assert!(matches!(batch.resend(1, &[]), Err(NoResend::State(_))));
    }
}

#[test]
fn a_late_yes_to_what_was_given_up_stops_the_next_attempt() {
    let batch = froze(&releasing(&AMOUNTS), Why::ReleaseUnconfirmed);
    let cancelling = resolved(&batch, Resolution::PrepareAnew).unwrap().batch;
    let seen = cancelling.apply(released(), at(45)).unwrap().batch;
    assert_eq!((why(&seen).0, why(&seen).1), (Why::PastInit, "processing"));
    let canceled = copy(&batch, RemoteStatus::Canceled, &ItemStatus::Cancelled);
    let anew = cancelling
        .apply(cancel_looked(canceled), at(50))
        .unwrap()
        .batch;
    let seen = anew.apply(released(), at(51)).unwrap().batch;
    assert_eq!((why(&seen).0, why(&seen).1), (Why::PastInit, "processing"));
    assert_eq!(seen.state().request_id(), batch.state().request_id());
    assert!(
        seen.apply(Event::InitializeStarted(intent(52)), at(52))
            .is_err()
    );
}

#[test]
fn a_release_that_was_given_up_is_watched_until_it_arrives() {
    let frozen = froze(&releasing(&AMOUNTS), Why::ReleaseUnconfirmed);
    let retried = resolved(&frozen, Resolution::RetryRelease).unwrap();
    assert!(retried.jobs.worker.is_some() && retried.jobs.reconciler.is_some());
    let short = retried
        .batch
        .apply(Event::ApprovalShort("somebody left".into()), at(42))
        .unwrap();
    assert!(short.jobs.reconciler.is_some());
    for batch in [retried.batch, short.batch] {
        let nothing = reported(&batch, &[]);
        let Event::Reported(mut copy) = nothing else {
            unreachable!()
        };
        copy.batch.status = RemoteStatus::Init;
        copy.items[0].reference = Some("first-seen-now".parse().unwrap());
        assert!(
            !batch
                .apply(Event::Reported(copy), at(43))
                .unwrap()
                .is_news()
        );
        let arrived = reported(&batch, &[ItemStatus::Queued, ItemStatus::Queued]);
        let next = batch.apply(arrived, at(44)).unwrap().batch;
        assert_eq!(next.state().name(), "processing");
        let changed = froze(&batch, Why::CopyDiffers);
        assert!(changed.head().money_may_move());
    }
}
