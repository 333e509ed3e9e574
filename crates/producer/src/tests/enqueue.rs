//! Enqueueing: durable once, harmless twice, refused whole.

use onay_ledger::{Filter, Ledger as _, Page, Queue};
use onay_payout::{BatchRef, Code, NotAllowed, Role, State};
use rust_decimal::Decimal;

use super::world::{World, batch};
use crate::{EnqueueError, Enqueued, WithdrawError};

async fn stored(world: &World) -> usize {
    let page = Page {
        before: None,
        size: 100,
    };
    world
        .ledger
        .list(&Filter::default(), &page)
        .await
        .unwrap()
        .len()
}

#[test]
fn only_makers_hand_batches_over() {
    let deniz = "deniz".parse().unwrap();
    let error = World::new().producer("deniz").unwrap_err();
    assert_eq!(error, NotAllowed::Role(deniz, Role::Maker));
}

#[tokio::test]
async fn a_batch_is_durable_and_has_its_first_job() {
    let world = World::new();
    let Enqueued::New { head, .. } = world.ayse.enqueue(batch(&[100, 200])).await.unwrap() else {
        panic!("not new")
    };
    assert_eq!((head.count, head.maker.as_str()), (2, "ayse"));
    let stats = world.ledger.stats().await.unwrap();
    assert_eq!(stats.due.get(Queue::Worker.name()), Some(&1));
    let journal = world.ledger.journal(&head.id).await.unwrap();
    assert_eq!(
        (journal[0].actor.as_str(), journal[0].via.as_str()),
        ("ayse", "library")
    );
}

#[tokio::test]
async fn the_same_batch_again_adds_nothing_whoever_sends_it() {
    let world = World::new();
    let first = world.ayse.enqueue(batch(&[100])).await.unwrap();
    for name in ["ayse", "can"] {
        let producer = world.producer(name).unwrap();
        let again = producer.enqueue(batch(&[100])).await.unwrap();
        assert!(matches!(again, Enqueued::Replayed { .. }));
        assert_eq!(again.head(), first.head());
    }
    assert_eq!(stored(&world).await, 1);
}

#[tokio::test]
async fn one_id_for_two_contents_is_a_conflict_that_names_the_difference() {
    let world = World::new();
    world.ayse.enqueue(batch(&[100])).await.unwrap();
    let error = world.ayse.enqueue(batch(&[101, 5])).await.unwrap_err();
    let EnqueueError::Conflict { differences, .. } = &error else {
        panic!("{error}")
    };
    assert_eq!(
        differences.join("; ").replace('\u{a0}', " "),
        "item item-0: amount is 101.00 TRY, was 100.00 TRY; item item-1 is new"
    );
    assert_eq!(stored(&world).await, 1);
}

#[tokio::test]
async fn a_refused_batch_leaves_no_trace() {
    let world = World::new();
    let codes = |error: EnqueueError| match error {
        EnqueueError::Invalid(found) => found.iter().map(|one| one.code).collect::<Vec<_>>(),
        other @ (EnqueueError::Conflict { .. } | EnqueueError::Ledger(_)) => panic!("{other}"),
    };
    let error = world.ayse.enqueue(batch(&[0, -1])).await.unwrap_err();
    assert_eq!(codes(error), [Code::Amount, Code::Amount]);
    let error = world.ayse.enqueue(batch(&[1001])).await.unwrap_err();
    assert_eq!(codes(error), [Code::NoRule], "nobody could ever release it");
    let short = batch(&[1, 2]).expect(3, Decimal::from(3));
    let error = world.ayse.enqueue(short).await.unwrap_err();
    assert_eq!(codes(error), [Code::CountMismatch]);
    assert_eq!(stored(&world).await, 0);
}

#[tokio::test]
async fn only_the_maker_takes_a_batch_back() {
    let world = World::new();
    let head = world
        .ayse
        .enqueue(batch(&[100]))
        .await
        .unwrap()
        .head()
        .clone();
    let batch = BatchRef::Id(head.id);
    let can = world.producer("can").unwrap();
    let error = can.withdraw(&batch, "not mine").await.unwrap_err();
    assert!(matches!(error, WithdrawError::NotAllowed(_)), "{error}");
    let head = world.ayse.withdraw(&batch, "a mistake").await.unwrap();
    assert!(matches!(head.state, State::Withdrawn(_)));
    assert_eq!(world.ayse.withdraw(&batch, "again").await.unwrap(), head);
    let settled = world.ayse.wait_settled(&batch).await.unwrap();
    assert_eq!(settled, head);
}
