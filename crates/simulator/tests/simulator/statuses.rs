//! The switches for what is shown when: delays, lags, words. The books keep the truth.

use onay_simulator::{
    BatchStatus, Behaviour, ItemStatus, ItemType, Provider, Refusal, RetrieveRequest, Shown,
};

use crate::given::{SETTLE_MS, START_MS, init, settings};

fn asked(request_id: &str) -> RetrieveRequest {
    RetrieveRequest {
        request_id: Some(request_id.to_owned()),
        external_mass_payout_id: None,
        item_type: Some(ItemType::Valid),
        page: 0,
        size: 100,
    }
}

fn provider(behaviour: &str) -> Provider {
    let behaviour = Behaviour::default().changed(behaviour).unwrap();
    Provider::new(settings(behaviour))
}

fn said<S>(word: &str) -> Shown<S> {
    Shown::Word(word.to_owned())
}

type Seen = (Shown<BatchStatus>, Vec<Shown<ItemStatus>>);

fn seen(provider: &mut Provider, request_id: &str, now_ms: u64) -> Seen {
    let page = provider.retrieve(&asked(request_id), now_ms);
    let page = page.unwrap().unwrap();
    let items = page.items.iter().map(|item| page.view.item_status(item));
    (page.view.batch_status(page.batch), items.collect())
}

#[test]
fn a_new_batch_is_unknown_for_a_while_and_not_forgotten() {
    let mut provider = provider(r#"{"readable_after_ms":500}"#);
    let request_id = init(&mut provider, "b", 2);
    let found = |provider: &mut Provider, after_ms| {
        let page = provider.retrieve(&asked(&request_id), START_MS + after_ms);
        page.map(|page| page.is_some())
    };
    assert_eq!(found(&mut provider, 499), Err(Refusal::UnknownId));
    assert_eq!(init(&mut provider, "b", 2), request_id);
    assert_eq!(found(&mut provider, 500), Ok(true));
}

#[test]
fn the_items_of_a_new_batch_appear_one_half_first() {
    let mut provider = provider(r#"{"items_readable_after_ms":500}"#);
    let request_id = init(&mut provider, "b", 10);
    for (after_ms, total) in [(0, 5), (499, 5), (500, 10)] {
        let page = provider.retrieve(&asked(&request_id), START_MS + after_ms);
        let page = page.unwrap().unwrap();
        assert_eq!((page.items.len(), page.total), (total, total));
    }
}

#[test]
fn a_batch_nobody_authorizes_expires_where_the_switch_says() {
    let late_ms = START_MS + 1000;
    let mut patient = provider("{}");
    let mut hasty = provider(r#"{"expires_after_ms":1000}"#);
    for (provider, status, answer) in [
        (&mut patient, BatchStatus::Init, Ok(())),
        (&mut hasty, BatchStatus::Canceled, Err(Refusal::WrongState)),
    ] {
        let request_id = init(provider, "b", 1);
        let running = init(provider, "running", 1);
        provider.auth(&running, START_MS).unwrap();
        let books = provider.books(None, late_ms + SETTLE_MS);
        assert_eq!(books.batches[0].status, status);
        assert_eq!(books.batches[1].status, BatchStatus::Completed);
        assert_eq!(provider.auth(&request_id, late_ms), answer);
    }
}

#[test]
fn what_is_shown_may_lag_behind_what_is() {
    use BatchStatus::{Completed, Init};
    let done_ms = START_MS + 2 * SETTLE_MS;
    let table = [
        ("{}".to_owned(), Completed, ItemStatus::Success),
        (
            format!(r#"{{"item_lag_ms":{}}}"#, 3 * SETTLE_MS),
            Completed,
            ItemStatus::Init,
        ),
        (
            format!(r#"{{"batch_lag_ms":{}}}"#, 3 * SETTLE_MS),
            Init,
            ItemStatus::Success,
        ),
    ];
    for (behaviour, batch, item) in table {
        let mut provider = provider(&behaviour);
        let request_id = init(&mut provider, "b", 2);
        provider.auth(&request_id, START_MS).unwrap();
        let expected = (Shown::Status(batch), vec![Shown::Status(item); 2]);
        assert_eq!(seen(&mut provider, &request_id, done_ms), expected);
        let later_ms = done_ms + 3 * SETTLE_MS;
        let expected = (
            Shown::Status(Completed),
            vec![Shown::Status(ItemStatus::Success); 2],
        );
        assert_eq!(seen(&mut provider, &request_id, later_ms), expected);
        let books = provider.books(None, later_ms);
        assert_eq!(books.batches[0].status, Completed);
    }
}

#[test]
fn other_words_are_shown_for_the_named_and_for_a_share_and_never_kept() {
    let mut provider = provider(
        r#"{"batch_words":[{"say":"SUCCESS","instead_of":"COMPLETED","ids":["b"]}],
            "item_words":[{"say":"ON_HOLD","ids":["i-1"]},
                          {"say":"RETURNED","instead_of":"SUCCESS","ids":["i-0"]},
                          {"say":"LOST","instead_of":"QUEUED"}]}"#,
    );
    let request_id = init(&mut provider, "b", 3);
    let other_id = init(&mut provider, "other", 1);
    for id in [&request_id, &other_id] {
        provider.auth(id, START_MS).unwrap();
    }
    let done_ms = START_MS + 2 * SETTLE_MS;
    let (batch, items) = seen(&mut provider, &request_id, done_ms);
    assert_eq!(batch, said("SUCCESS"));
    let paid = Shown::Status(ItemStatus::Success);
    assert_eq!(items, [said("RETURNED"), said("ON_HOLD"), paid]);
    let (batch, _) = seen(&mut provider, &other_id, done_ms);
    assert_eq!(batch, Shown::Status(BatchStatus::Completed));
    let books = provider.books(Some("b"), done_ms);
    assert_eq!(books.batches[0].status, BatchStatus::Completed);

    let share = r#"{"item_words":[{"say":"ON_HOLD","share":300}]}"#;
    provider.behave(Behaviour::default().changed(share).unwrap());
    let large = init(&mut provider, "large", 100);
    let (_, items) = seen(&mut provider, &large, done_ms);
    let held = items
        .iter()
        .filter(|item| **item == said("ON_HOLD"))
        .count();
    assert!((10..50).contains(&held), "{held}");
}
