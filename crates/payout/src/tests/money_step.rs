//! The release: one intent, one permit, and a status table for what is in doubt.

use std::time::{Duration, Instant};

use super::world::{
    approved, at, cancel_looked, copy, held, intent, looked, owner, past_init, policy, processing,
    received, released, releasing, reported, walk,
};
use crate::provider::{Refusal, RemoteStatus};
use crate::{
    Comparison, Event, IllegalTransition, ItemStatus, NotSentBy, OnReleaseDoubt, ReadBack,
    ReleaseLook, SendBy, State, Why,
};

const AMOUNTS: [i64; 3] = [100, 200, 300];

fn frozen_why(state: &State) -> Option<Why> {
    if let State::Frozen(frozen) = state {
        Some(frozen.why)
    } else {
        None
    }
}

#[test]
fn a_permit_exists_only_after_the_intent_and_only_for_its_owner() {
    let batch = approved(&AMOUNTS);
    let quorum = policy().quorum(batch.head()).unwrap();
    let send_by = SendBy {
        monotonic: Instant::now(),
        wall: at(60),
    };
    assert!(
        batch.release_permit(&quorum, &owner(), send_by).is_none(),
        "no intent, no permit"
    );
    let batch = releasing(&AMOUNTS);
    let other = "worker-1.2".parse().unwrap();
    assert!(
        batch.release_permit(&quorum, &other, send_by).is_none(),
        "not the owner"
    );
    let permit = batch.release_permit(&quorum, &owner(), send_by).unwrap();
    assert_eq!(permit.request_id().as_str(), "r-1");
    let foreign = policy().quorum(approved(&[1]).head()).unwrap();
    assert!(
        batch.release_permit(&foreign, &owner(), send_by).is_none(),
        "another content"
    );
}

#[test]
fn nobody_starts_over_a_call_that_may_be_under_way() {
    let preparing = walk(
        received(&AMOUNTS),
        vec![Event::InitializeStarted(intent(1))],
    );
    let early = preparing.apply(Event::InitializeStarted(intent(1)), at(1));
    assert!(matches!(early, Err(IllegalTransition::NotOwner { .. })));
    assert!(
        preparing
            .apply(Event::InitializeStarted(intent(5)), at(5))
            .is_ok()
    );
    let again = releasing(&AMOUNTS);
    let quorum = policy().quorum(approved(&AMOUNTS).head()).unwrap();
    let second = again.apply(
        Event::ReleaseStarted {
            intent: intent(60),
            quorum,
        },
        at(60),
    );
    assert!(
        second.is_err(),
        "a release in doubt is never started again from outside the table"
    );
}

#[test]
fn only_the_owner_says_that_a_call_was_not_sent() {
    let failure = |owner: &str| NotSentBy {
        owner: owner.parse().unwrap(),
        cause: String::new(),
        retry_after: Duration::from_secs(1),
    };
    let batch = releasing(&AMOUNTS);
    assert!(
        batch
            .apply(Event::ReleaseNotSent(failure("worker-1.2")), at(20))
            .is_err()
    );
    let back = batch
        .apply(Event::ReleaseNotSent(failure("worker-1.1")), at(20))
        .unwrap();
    assert_eq!(back.batch.state().name(), "approved");
}

#[test]
fn a_release_in_doubt_follows_the_status_table() {
    use RemoteStatus as S;
    let table = [
        (S::InProgress, "processing"),
        (S::PublishedToQueue, "processing"),
        (S::Completed, "processing"),
        (S::Fail, "processing"),
        (S::Canceled, "frozen"),
        (S::InsufficientBalance, "frozen"),
        (S::IyzicoInsufficientBalance, "frozen"),
        (S::Success, "releasing"),
        (S::Unknown("ON_HOLD".into()), "releasing"),
        (S::Init, "releasing"),
    ];
    for (status, state) in table {
        let word = status.word().to_owned();
        let event = looked(status, OnReleaseDoubt::Ask);
        let next = releasing(&AMOUNTS).apply(event, at(12)).unwrap().batch;
        assert_eq!(next.state().name(), state, "{word}");
    }
}

/// Looks at INIT every minute until something other than waiting happens.
fn look_until_decided(on_doubt: OnReleaseDoubt) -> (i64, State) {
    let mut batch = releasing(&AMOUNTS);
    for minute in 12.. {
        batch = batch
            .apply(looked(RemoteStatus::Init, on_doubt), at(minute))
            .unwrap()
            .batch;
        if batch.state().name() != "releasing" {
            return (minute, batch.state().clone());
        }
    }
    unreachable!("the loop has no end")
}

#[test]
fn still_init_after_the_quiet_period_asks_people_or_sends_again_by_opt_in() {
    // The intent began at minute 11, the quiet period lasts ten minutes.
    let (minute, state) = look_until_decided(OnReleaseDoubt::Ask);
    assert_eq!(
        (minute, frozen_why(&state)),
        (21, Some(Why::ReleaseUnconfirmed))
    );
    let (minute, state) = look_until_decided(OnReleaseDoubt::Resend);
    // Sending again also takes as many looks as fit into it: a clock that jumps is not waiting.
    assert_eq!((minute, state.name()), (23, "approved"));
}

#[test]
fn a_quiet_period_of_nothing_still_takes_three_looks_and_the_deadline() {
    let look = || {
        Event::ReleaseLooked(ReleaseLook {
            copy: copy(
                &received(&AMOUNTS),
                RemoteStatus::Init,
                &ItemStatus::Pending,
            ),
            quiet_period: Duration::ZERO,
            on_doubt: OnReleaseDoubt::Resend,
        })
    };
    let mut batch = releasing(&AMOUNTS);
    for _ in 0..10 {
        batch = batch.apply(look(), at(11)).unwrap().batch;
    }
    assert_eq!(
        batch.state().name(),
        "releasing",
        "the call may still arrive until its deadline"
    );
    assert_eq!(
        batch.apply(look(), at(12)).unwrap().batch.state().name(),
        "approved"
    );
}

#[test]
fn a_refused_release_is_believed_only_while_the_provider_shows_init() {
    let refused = |status| {
        let refusal = Refusal {
            code: Some("11".into()),
            message: None,
        };
        let told = Event::ReleaseRefused(refusal);
        let batch = releasing(&AMOUNTS).apply(told, at(12)).unwrap().batch;
        assert_eq!(batch.state().name(), "releasing");
        let look = looked(status, OnReleaseDoubt::Ask);
        batch.apply(look, at(12)).unwrap().batch
    };
    assert_eq!(
        frozen_why(refused(RemoteStatus::Init).state()),
        Some(Why::ReleaseRefused)
    );
    assert_eq!(
        refused(RemoteStatus::InProgress).state().name(),
        "processing"
    );
}

#[test]
fn a_batch_found_started_is_watched_and_never_released() {
    let event = || past_init(RemoteStatus::InProgress, Some("r-1"));
    let adopted = approved(&AMOUNTS).apply(event(), at(20)).unwrap();
    assert_eq!(adopted.batch.state().name(), "processing");
    assert!(adopted.jobs.worker.is_none() && adopted.jobs.reconciler.is_some());
    let frozen = received(&AMOUNTS).apply(event(), at(20)).unwrap();
    assert_eq!(frozen_why(frozen.batch.state()), Some(Why::PastInit));
    assert!(
        frozen.jobs.reconciler.is_some(),
        "money that may move is watched"
    );
}

#[test]
fn a_copy_that_differs_is_never_held() {
    let batch = received(&AMOUNTS);
    let same = copy(&batch, RemoteStatus::Init, &ItemStatus::Pending);
    assert_eq!(batch.compare(&same, ReadBack::Full), Comparison::Same);
    let mut other = same.clone();
    other.items[1].amount = Some(super::world::lira(201));
    let mut payee = same.clone();
    payee.items[1].recipient_info = Some(crate::Personal::new("TR330006100519786457841326"));
    let mut extra = same.clone();
    extra.items.push(crate::provider::RemoteItem {
        id: "x".parse().unwrap(),
        ..same.items[0].clone()
    });
    let mut twice = same.clone();
    twice.items.push(same.items[0].clone());
    let mut total = same.clone();
    total.batch.total = Some(super::world::lira(601));
    let mut name = same.clone();
    name.batch.external_id = Some("another".into());
    for (what, copy) in [
        ("amount is 201.00", other),
        ("payee is TR33…1326", payee),
        ("never sent", extra),
        ("twice", twice),
        ("a total of 601.00", total),
        ("external id another", name),
    ] {
        let Comparison::Differs(said) = batch.compare(&copy, ReadBack::Full) else {
            panic!("{what} was not noticed")
        };
        assert!(
            said.concat().replace('\u{a0}', " ").contains(what),
            "{said:?}"
        );
    }
    let mut short = same;
    short.items.pop();
    assert!(matches!(
        batch.compare(&short, ReadBack::Full),
        Comparison::Incomplete(_)
    ));
}

#[test]
fn money_is_booked_by_item_and_ties_out() {
    use ItemStatus::{Failed, Paid, Processing, Refunded};
    let batch = processing(&AMOUNTS);
    let open = batch
        .apply(reported(&batch, &[Paid, Processing, Failed]), at(20))
        .unwrap()
        .batch;
    assert_eq!(open.state().name(), "processing");
    let sums = open.head().tie_out;
    assert_eq!(sums.paid, super::world::lira(100));
    assert_eq!(sums.open, super::world::lira(200));
    assert!(sums.difference.is_zero());
    let closed = open
        .apply(reported(&open, &[Paid, Paid, Failed]), at(21))
        .unwrap();
    assert_eq!(closed.batch.state().name(), "partly_settled");
    assert!(
        closed.jobs.reconciler.is_some(),
        "a failed item is watched for its refund"
    );
    let batch = closed.batch;
    let refunded = batch
        .apply(reported(&batch, &[Paid, Paid, Refunded]), at(22))
        .unwrap()
        .batch;
    assert_eq!(refunded.state().name(), "partly_settled");
    assert!(!refunded.head().awaits_refund());
}

#[test]
fn another_amount_than_asked_for_freezes_the_batch() {
    let batch = processing(&AMOUNTS);
    let mut report = copy(&batch, RemoteStatus::Completed, &ItemStatus::Paid);
    report.items[0].amount = Some(super::world::lira(99));
    let frozen = batch.apply(Event::Reported(report), at(20)).unwrap().batch;
    assert_eq!(frozen_why(frozen.state()), Some(Why::Contradiction));
}

#[test]
fn a_provider_that_contradicts_itself_freezes_the_batch() {
    use ItemStatus::{Failed, Paid, Processing};
    let batch = processing(&AMOUNTS);
    let batch = batch
        .apply(reported(&batch, &[Paid, Processing, Processing]), at(20))
        .unwrap()
        .batch;
    let back = batch
        .apply(reported(&batch, &[Failed, Processing, Processing]), at(21))
        .unwrap()
        .batch;
    assert_eq!(frozen_why(back.state()), Some(Why::Contradiction));
    assert_eq!(back.outcomes()[0].status, Paid, "what was final stays");
}

#[test]
fn a_word_nobody_knows_is_kept_and_never_final() {
    let unknown = ItemStatus::Unknown("ON_HOLD".into());
    let batch = processing(&AMOUNTS);
    let statuses = [ItemStatus::Paid, ItemStatus::Paid, unknown.clone()];
    let batch = batch
        .apply(reported(&batch, &statuses), at(20))
        .unwrap()
        .batch;
    assert_eq!(batch.state().name(), "processing");
    assert_eq!(batch.outcomes()[2].status, unknown);
}

#[test]
fn a_doubt_that_the_provider_resolves_is_over() {
    let (_, state) = look_until_decided(OnReleaseDoubt::Ask);
    let batch = crate::Batch::restore(
        crate::Head {
            state,
            ..releasing(&AMOUNTS).head().clone()
        },
        held(&AMOUNTS).content().clone(),
        held(&AMOUNTS).outcomes().to_vec(),
    );
    let report = copy(&batch, RemoteStatus::InProgress, &ItemStatus::Processing);
    let resolved = batch.apply(Event::Reported(report), at(60)).unwrap().batch;
    assert_eq!(resolved.state().name(), "processing");
}

#[test]
fn a_batch_cannot_close_while_the_sums_differ() {
    // No report leads here: the ledger was edited.
    let batch = processing(&AMOUNTS);
    let mut outcomes = batch.outcomes().to_vec();
    outcomes[0] = crate::Outcome {
        status: ItemStatus::Paid,
        reported: Some(super::world::lira(99)),
        ..crate::Outcome::new()
    };
    let edited = crate::Batch::restore(batch.head().clone(), batch.content().clone(), outcomes);
    let mut report = copy(&edited, RemoteStatus::Completed, &ItemStatus::Paid);
    report.items.remove(0);
    let frozen = edited.apply(Event::Reported(report), at(20)).unwrap().batch;
    assert_eq!(frozen_why(frozen.state()), Some(Why::TieOut));
}

#[test]
fn a_report_that_lags_is_no_news() {
    use ItemStatus::{Paid, Pending, Processing, Queued};
    let batch = processing(&AMOUNTS);
    let first = reported(&batch, &[Paid, Processing, Queued]);
    let batch = batch.apply(first, at(20)).unwrap().batch;
    let lagging = reported(&batch, &[Processing, Queued, Pending]);
    assert!(!batch.apply(lagging, at(21)).unwrap().is_news());
}

#[test]
fn items_under_way_outweigh_a_batch_that_shows_init() {
    let mut started = copy(
        &received(&AMOUNTS),
        RemoteStatus::Init,
        &ItemStatus::Pending,
    );
    assert_eq!(started.authorized(), crate::provider::Authorized::NotYet);
    started.items[2].status = ItemStatus::Queued;
    assert_eq!(started.authorized(), crate::provider::Authorized::Unclear);
    let look = |minute| {
        let quiet_period = Duration::from_mins(10);
        let on_doubt = OnReleaseDoubt::Resend;
        let look = ReleaseLook {
            copy: started.clone(),
            quiet_period,
            on_doubt,
        };
        (Event::ReleaseLooked(look), at(minute))
    };
    let mut batch = releasing(&AMOUNTS);
    for minute in 12..40 {
        let (event, at) = look(minute);
        let Ok(next) = batch.apply(event, at) else {
            break;
        };
        batch = next.batch;
    }
    assert_eq!(
        frozen_why(batch.state()),
        Some(Why::ReleaseStatus),
        "never sent again"
    );
}

#[test]
fn a_late_yes_of_the_provider_is_believed() {
    let (_, state) = look_until_decided(OnReleaseDoubt::Resend);
    assert_eq!(state.name(), "approved");
    let batch = approved(&AMOUNTS).apply(released(), at(30)).unwrap().batch;
    assert_eq!(batch.state().name(), "processing");
    let (_, state) = look_until_decided(OnReleaseDoubt::Ask);
    let frozen = crate::Batch::restore(
        crate::Head {
            state,
            ..releasing(&AMOUNTS).head().clone()
        },
        held(&AMOUNTS).content().clone(),
        held(&AMOUNTS).outcomes().to_vec(),
    );
    let batch = frozen.apply(released(), at(60)).unwrap().batch;
    assert_eq!(batch.state().name(), "processing");
}

#[test]
fn an_item_that_was_refused_and_is_held_all_the_same_is_a_difference() {
    let batch = received(&AMOUNTS);
    let same = copy(&batch, RemoteStatus::Init, &ItemStatus::Pending);
    let refused = crate::provider::InvalidItem {
        id: same.items[0].id.clone(),
        code: None,
        message: None,
    };
    let answer = crate::provider::Initialized {
        request_id: "r-1".parse().unwrap(),
        invalid: vec![refused],
    };
    let prepared = walk(
        batch,
        vec![
            Event::InitializeStarted(intent(1)),
            Event::Initialized(answer),
        ],
    );
    assert!(matches!(
        prepared.compare(&same, ReadBack::Full),
        Comparison::Differs(_)
    ));
}

#[test]
fn a_closed_batch_that_is_contradicted_is_still_watched() {
    use ItemStatus::{Failed, Paid};
    let batch = processing(&AMOUNTS);
    let batch = batch
        .apply(reported(&batch, &[Paid, Paid, Failed]), at(20))
        .unwrap()
        .batch;
    let frozen = batch
        .apply(reported(&batch, &[Failed, Paid, Failed]), at(21))
        .unwrap();
    assert_eq!(frozen_why(frozen.batch.state()), Some(Why::Contradiction));
    assert!(frozen.jobs.reconciler.is_some());
}

#[test]
fn a_cancel_is_confirmed_only_when_no_item_moves() {
    let withdraw = Event::Withdrawn {
        by: super::world::person("ayse").clone(),
        reason: String::new(),
    };
    let cancelling = held(&AMOUNTS).apply(withdraw, at(10)).unwrap().batch;
    let mut canceled = copy(&cancelling, RemoteStatus::Canceled, &ItemStatus::Cancelled);
    let ended = cancelling
        .apply(cancel_looked(canceled.clone()), at(11))
        .unwrap()
        .batch;
    assert_eq!(ended.state().name(), "withdrawn");
    canceled.items[1].status = ItemStatus::Processing;
    let frozen = cancelling.apply(cancel_looked(canceled), at(11)).unwrap();
    assert_eq!(frozen_why(frozen.batch.state()), Some(Why::PastInit));
    assert!(frozen.jobs.reconciler.is_some());
}
