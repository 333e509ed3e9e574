//! The ways to pay twice, or to end what may still pay, that a review once found here.

use super::resolutions::{froze, resolve, resolved, why};
use super::world::{
    approved, at, cancel_looked, copy, intent, looked, past_init, processing, received,
    release_started, released, releasing, reported,
};
use crate::provider::RemoteStatus;
use crate::{Batch, Event, IllegalTransition, ItemStatus, OnReleaseDoubt, Resolution, Why};

const AMOUNTS: [i64; 2] = [100, 200];

fn started_items(batch: &Batch) -> Batch {
    let event = reported(batch, &[ItemStatus::Paid, ItemStatus::Pending]);
    batch.apply(event, at(25)).unwrap().batch
}

#[test]
fn what_the_ledger_knows_as_started_is_neither_released_nor_prepared_again() {
    let short = Why::InsufficientBalance;
    let batch = froze(&started_items(&processing(&AMOUNTS)), short);
    for resolution in [
        Resolution::RetryRelease,
        Resolution::PrepareAnew,
        Resolution::Close,
    ] {
        let no = batch.apply(resolve(&batch, "mehmet", resolution), at(40));
        assert!(
            matches!(no, Err(IllegalTransition::NotSafe(_))),
            "{resolution:?}"
        );
    }
}

#[test]
fn a_policy_that_sends_again_does_so_on_init_only() {
    let short = || looked(RemoteStatus::InsufficientBalance, OnReleaseDoubt::Resend);
    let batch = releasing(&AMOUNTS).apply(short(), at(30)).unwrap().batch;
    let retried = resolved(&batch, Resolution::RetryRelease).unwrap().batch;
    let event = release_started(&retried, 42);
    let mut batch = retried.apply(event, at(42)).unwrap().batch;
    for minute in 43..90 {
        if batch.state().name() == "releasing" {
            batch = batch.apply(short(), at(minute)).unwrap().batch;
        }
    }
    assert_eq!(why(&batch).0, Why::InsufficientBalance);
}

#[test]
fn a_cancel_found_at_the_provider_can_be_closed() {
    let canceled = past_init(RemoteStatus::Canceled, Some("r-1"));
    let batch = approved(&AMOUNTS).apply(canceled, at(20)).unwrap().batch;
    let cancelling = resolved(&batch, Resolution::Close).unwrap().batch;
    let copy = copy(&batch, RemoteStatus::Canceled, &ItemStatus::Cancelled);
    let ended = cancelling.apply(cancel_looked(copy), at(50)).unwrap().batch;
    assert_eq!(ended.state().name(), "rejected");
}

#[test]
fn after_a_release_in_doubt_a_cancel_counts_when_every_item_shows_it() {
    let batch = froze(&releasing(&AMOUNTS), Why::ReleaseUnconfirmed);
    let cancelling = resolved(&batch, Resolution::Close).unwrap().batch;
    let lagging = copy(&batch, RemoteStatus::Canceled, &ItemStatus::Pending);
    let waits = cancelling
        .apply(cancel_looked(lagging), at(50))
        .unwrap()
        .batch;
    assert_eq!(waits.state().name(), "cancelling");
    let all = copy(&batch, RemoteStatus::Canceled, &ItemStatus::Cancelled);
    let ended = waits.apply(cancel_looked(all.clone()), at(51)).unwrap();
    assert_eq!(ended.batch.state().name(), "rejected");
    assert!(
        ended.jobs.reconciler.is_some(),
        "it is looked at once more, late"
    );
    let same = ended.batch.apply(Event::Reported(all), at(60)).unwrap();
    assert!(!same.is_news());
    let moved = reported(&batch, &[ItemStatus::Queued, ItemStatus::Queued]);
    let seen = ended.batch.apply(moved, at(60)).unwrap().batch;
    assert_eq!((why(&seen).0, why(&seen).1), (Why::PastInit, "processing"));
    // What was taken for cancelled is open again, and booked as what it comes to.
    assert!(seen.has_open_items());
    let paid = reported(&seen, &[ItemStatus::Paid, ItemStatus::Paid]);
    let paid = seen.apply(paid, at(61)).unwrap().batch;
    let closed = resolved(&paid, Resolution::Close).unwrap().batch;
    assert_eq!(closed.state().name(), "settled");
    let seen = ended.batch.apply(released(), at(60)).unwrap().batch;
    assert_eq!(why(&seen).0, Why::PastInit);
}

#[test]
fn what_moves_under_another_id_is_what_is_watched() {
    let batch = froze(&releasing(&AMOUNTS), Why::ReleaseUnconfirmed);
    let cancelling = resolved(&batch, Resolution::PrepareAnew).unwrap().batch;
    let copy = copy(&batch, RemoteStatus::Canceled, &ItemStatus::Cancelled);
    let anew = cancelling.apply(cancel_looked(copy), at(50)).unwrap().batch;
    let started = anew
        .apply(Event::InitializeStarted(intent(51)), at(51))
        .unwrap()
        .batch;
    let answer = crate::provider::Initialized {
        request_id: "r-2".parse().unwrap(),
        invalid: Vec::new(),
    };
    let second = started
        .apply(Event::Initialized(answer), at(52))
        .unwrap()
        .batch;
    let found = past_init(RemoteStatus::InProgress, Some("r-1"));
    let seen = second.apply(found, at(53)).unwrap().batch;
    assert_eq!(seen.state().request_id().unwrap().as_str(), "r-1");
    assert_eq!(seen.head().attempt, 0);
    let left: Vec<_> = seen.head().left.iter().map(|left| left.attempt).collect();
    assert_eq!(left, [1], "what was prepared meanwhile is left behind");
    assert!(seen.head().money_may_move());
}

#[test]
fn nothing_ends_that_may_pay_and_cannot_be_cancelled() {
    let found = past_init(RemoteStatus::InProgress, None);
    let batch = received(&AMOUNTS).apply(found, at(20)).unwrap().batch;
    let no = batch.apply(resolve(&batch, "mehmet", Resolution::Close), at(40));
    assert!(matches!(no, Err(IllegalTransition::NotSafe(_))));
    let paid = reported(&batch, &[ItemStatus::Paid, ItemStatus::Paid]);
    let batch = batch.apply(paid, at(41)).unwrap().batch;
    let closed = resolved(&batch, Resolution::Close).unwrap().batch;
    assert_eq!(closed.state().name(), "settled");
}

#[test]
fn a_confirmation_is_about_what_its_author_saw() {
    let batch = froze(&releasing(&AMOUNTS), Why::ReleaseUnconfirmed);
    let proposed = batch
        .apply(resolve(&batch, "mehmet", Resolution::RetryRelease), at(40))
        .unwrap()
        .batch;
    let Event::Resolve {
        by,
        resolution,
        reason,
        ..
    } = resolve(&proposed, "zeynep", Resolution::RetryRelease)
    else {
        unreachable!()
    };
    let earlier = Event::Resolve {
        by,
        resolution,
        reason,
        since: at(3),
    };
    let no = proposed.apply(earlier, at(41));
    assert!(matches!(no, Err(IllegalTransition::FrozeAnew(_))));
    // A proposal is forgotten after a day.
    let late = resolve(&proposed, "zeynep", Resolution::ConfirmReleased);
    let late = proposed.apply(late, at(40 + 60 * 25)).unwrap().batch;
    assert_eq!(late.state().name(), "frozen");
}

#[test]
fn a_release_that_shows_no_effect_for_a_day_is_for_people() {
    let batch = processing(&AMOUNTS);
    let copy = copy(&batch, RemoteStatus::Init, &ItemStatus::Pending);
    let soon = batch
        .apply(Event::Reported(copy.clone()), at(30))
        .unwrap()
        .batch;
    assert_eq!(soon.state().name(), "processing");
    let late = batch
        .apply(Event::Reported(copy), at(60 * 26))
        .unwrap()
        .batch;
    assert_eq!(why(&late).0, Why::ReleaseUnconfirmed);
}

#[test]
fn what_never_started_does_not_lag_into_being_started() {
    let batch = processing(&AMOUNTS);
    let event = reported(&batch, &[ItemStatus::Cancelled, ItemStatus::Invalid]);
    let closed = batch.apply(event, at(25)).unwrap().batch;
    assert_eq!(closed.state().name(), "failed");
    for started in [ItemStatus::Queued, ItemStatus::Processing, ItemStatus::Paid] {
        let event = reported(&closed, &[started.clone(), ItemStatus::Invalid]);
        let frozen = closed.apply(event, at(26)).unwrap().batch;
        assert_eq!(why(&frozen).0, Why::Contradiction, "{started:?}");
    }
}

#[test]
fn an_amount_in_another_currency_is_for_people() {
    let batch = processing(&AMOUNTS);
    let Event::Reported(mut copy) = reported(&batch, &[ItemStatus::Paid, ItemStatus::Paid]) else {
        unreachable!()
    };
    let dollars = crate::Money::payable(100.into(), crate::Currency::Usd).unwrap();
    copy.items[0].amount = Some(dollars);
    let frozen = batch.apply(Event::Reported(copy), at(25)).unwrap().batch;
    assert_eq!(why(&frozen).0, Why::Contradiction);
}
