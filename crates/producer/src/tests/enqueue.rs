//! Enqueueing: durable once, harmless twice, refused whole.

use std::sync::Arc;

use chrono::DateTime;
use onay_ledger::{Filter, Ledger, ManualClock, MemoryLedger, Page, Queue};
use onay_payout::{
    BatchRef, Code, Currency, NotAllowed, Policy, RecipientType, Role, State, issue_token,
};
use rust_decimal::Decimal;

use crate::{Batch, EnqueueError, Enqueued, Item, Producer, WithdrawError};

struct World {
    ledger: Arc<MemoryLedger>,
    ayse: Producer,
    can: Producer,
}

fn policy() -> (Policy, Vec<secrecy::SecretString>) {
    let mut text = "format = 1\n[[rule]]\nname = \"all\"\nup_to = \"1000.00 TRY\"\napprovals = 1\n\
                    expires_after = \"1h\"\n"
        .to_owned();
    let mut tokens = Vec::new();
    for (seed, name, role) in [
        (1, "ayse", "maker"),
        (2, "can", "maker"),
        (3, "deniz", "auditor"),
    ] {
        let (token, hash) = issue_token(&name.parse().unwrap(), &[seed; 40]).unwrap();
        let hash = hash.as_str();
        text = format!(
            "{text}[[person]]\nname = \"{name}\"\nroles = [\"{role}\"]\ntoken = \"{hash}\"\n"
        );
        tokens.push(token);
    }
    (Policy::parse(&text).unwrap(), tokens)
}

fn world() -> World {
    let (policy, tokens) = policy();
    let policy = Arc::new(policy);
    let ledger = Arc::new(MemoryLedger::new(ManualClock::new(
        DateTime::from_timestamp(7_000_000_000, 0).unwrap(),
    )));
    let producer = |index: usize| {
        let person = policy.authenticate(&tokens[index]).unwrap();
        let ledger: Arc<dyn Ledger> = Arc::<MemoryLedger>::clone(&ledger);
        Producer::new(ledger, Arc::clone(&policy), person, "library")
    };
    let (ayse, can) = (producer(0).unwrap(), producer(1).unwrap());
    let deniz = "deniz".parse().unwrap();
    assert_eq!(
        producer(2).unwrap_err(),
        NotAllowed::Role(deniz, Role::Maker)
    );
    World { ledger, ayse, can }
}

fn batch(amounts: &[i64]) -> Batch {
    amounts
        .iter()
        .enumerate()
        .fold(Batch::new("payday"), |batch, (index, amount)| {
            let (id, amount) = (format!("item-{index}"), Decimal::from(*amount));
            batch.item(Item::to(
                id,
                RecipientType::MemberId,
                "2228853",
                amount,
                Currency::Try,
            ))
        })
}

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

#[tokio::test]
async fn a_batch_is_durable_and_has_its_first_job() {
    let world = world();
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
    let world = world();
    let first = world.ayse.enqueue(batch(&[100])).await.unwrap();
    for producer in [&world.ayse, &world.can] {
        let again = producer.enqueue(batch(&[100])).await.unwrap();
        assert!(matches!(again, Enqueued::Replayed { .. }));
        assert_eq!(again.head(), first.head());
    }
    assert_eq!(stored(&world).await, 1);
}

#[tokio::test]
async fn one_id_for_two_contents_is_a_conflict_that_names_the_difference() {
    let world = world();
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
    let world = world();
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
    let world = world();
    let head = world
        .ayse
        .enqueue(batch(&[100]))
        .await
        .unwrap()
        .head()
        .clone();
    let batch = BatchRef::Id(head.id);
    let error = world.can.withdraw(&batch, "not mine").await.unwrap_err();
    assert!(matches!(error, WithdrawError::NotAllowed(_)), "{error}");
    let head = world.ayse.withdraw(&batch, "a mistake").await.unwrap();
    assert!(matches!(head.state, State::Withdrawn(_)));
    assert_eq!(world.ayse.withdraw(&batch, "again").await.unwrap(), head);
    let settled = world.ayse.wait_settled(&batch).await.unwrap();
    assert_eq!(settled, head);
}
