//! Sending again: the same child twice, and never an item whose money may be elsewhere.

use onay_ledger::Ledger as _;
use onay_payout::ItemStatus::{self, Failed, Paid, RefundFailed, Refunded};
use onay_payout::{BatchRef, NoResend};

use super::world::{World, batch, named};
use crate::{Enqueued, ResendError};

/// A closed batch of one item in each of these statuses.
async fn parent(world: &World, statuses: &[ItemStatus]) -> BatchRef {
    let amounts: Vec<i64> = (1..).take(statuses.len()).collect();
    let enqueued = world.ayse.enqueue(batch(&amounts)).await.unwrap();
    let parent = BatchRef::Id(enqueued.head().id);
    world.closed(&parent, statuses).await;
    parent
}

/// The ids of the items of the batch that came of it.
async fn items(world: &World, enqueued: &Enqueued) -> Vec<String> {
    let child = BatchRef::Id(enqueued.head().id);
    let stored = world.ledger.load(&child).await.unwrap().unwrap();
    let items = stored.batch.content().items().iter();
    items.map(|item| item.id.to_string()).collect()
}

#[tokio::test]
async fn twice_gives_the_same_child_and_only_of_what_is_certainly_back() {
    let world = World::new();
    let parent = parent(&world, &[Paid, Failed, Refunded, RefundFailed]).await;
    let first = world.ayse.resend(&parent).await.unwrap();
    assert!(matches!(first, Enqueued::New { .. }));
    assert_eq!(items(&world, &first).await, ["item-2~resend-1"]);
    let head = first.head();
    assert_eq!(head.external_id.as_str(), "payday~resend-1");
    assert_eq!(head.parent.as_ref().unwrap().external_id.as_str(), "payday");
    assert_eq!(
        head.state.name(),
        "received",
        "it needs an approval of its own"
    );
    assert!(head.decisions.is_empty());
    for name in ["ayse", "can"] {
        let again = world.producer(name).unwrap().resend(&parent).await.unwrap();
        assert!(matches!(again, Enqueued::Replayed { .. }));
        assert_eq!(again.head().id, head.id);
    }
}

#[tokio::test]
async fn what_comes_back_later_goes_into_a_second_child() {
    let world = World::new();
    let parent = parent(&world, &[Paid, Failed, Refunded]).await;
    let first = world.ayse.resend(&parent).await.unwrap();
    world.reported(&parent, &[Paid, Refunded, Refunded]).await;
    let second = world.ayse.resend(&parent).await.unwrap();
    assert_eq!(items(&world, &second).await, ["item-1~resend-2"]);
    let again = world.ayse.resend(&parent).await.unwrap();
    assert_eq!(again.head().id, second.head().id);
    assert_ne!(again.head().id, first.head().id);
}

#[tokio::test]
async fn two_at_once_make_one_child() {
    let world = World::new();
    let parent = parent(&world, &[Paid, Refunded]).await;
    let can = world.producer("can").unwrap();
    let (one, other) = tokio::join!(world.ayse.resend(&parent), can.resend(&parent));
    assert_eq!(one.unwrap().head().id, other.unwrap().head().id);
}

#[tokio::test]
async fn where_nothing_came_back_nothing_is_sent() {
    let world = World::new();
    let parent = parent(&world, &[Paid, Failed]).await;
    let error = world.ayse.resend(&parent).await.unwrap_err();
    assert!(
        matches!(error, ResendError::Nothing(NoResend::Nothing { failed: 1 })),
        "{error}"
    );
}

#[tokio::test]
async fn an_id_that_somebody_took_is_passed_over() {
    let world = World::new();
    let parent = parent(&world, &[Paid, Refunded]).await;
    let stranger = named("payday~resend-1", &[5]);
    world.ayse.enqueue(stranger).await.unwrap();
    let child = world.ayse.resend(&parent).await.unwrap();
    assert_eq!(child.head().external_id.as_str(), "payday~resend-2");
    assert_eq!(items(&world, &child).await, ["item-1~resend-2"]);
    let again = world.ayse.resend(&parent).await.unwrap();
    assert_eq!(again.head().id, child.head().id);
}

#[tokio::test]
async fn what_a_withdrawn_child_did_not_send_goes_into_another() {
    let world = World::new();
    let parent = parent(&world, &[Paid, Refunded]).await;
    let first = world.ayse.resend(&parent).await.unwrap();
    let child = BatchRef::Id(first.head().id);
    world.ayse.withdraw(&child, "wrong account").await.unwrap();
    let second = world.ayse.resend(&parent).await.unwrap();
    assert_eq!(items(&world, &second).await, ["item-1~resend-2"]);
}
