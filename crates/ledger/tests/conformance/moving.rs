//! A ledger moves from one store into another, whichever the two are.

mod stores;

use std::num::NonZeroU32;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};
use onay_ledger::conformance::{
    ALL, Harness, LEASE, Scene, actor, batch_id, content, items, worker,
};
use onay_ledger::moving::{
    Copied, Journey, Move, MoveError, Progress, Stage, copy, give_up, take_back,
};
use onay_ledger::{
    Authority, Budget, Claim, Commit, Filter, LedgerError, Opening, Queue, Share, Swap, Terms,
    add_pause, house, pauses, verify_batch,
};
use onay_payout::{Account, BatchId, BatchRef, Jobs, PauseEntry, PauseStep, Pauses};
use tokio::sync::Notify;

use crate::harness::{Redis, Sqlite};

/// A fresh ledger that can move.
trait House: Harness {
    fn house(&self) -> Arc<dyn Move>;
}

impl House for Sqlite {
    fn house(&self) -> Arc<dyn Move> {
        self.store()
    }
}

impl House for Redis {
    fn house(&self) -> Arc<dyn Move> {
        self.store()
    }
}

macro_rules! rules {
    ($($rule:ident,)+) => {
        /// Makes a test of every rule for one pair of stores.
        macro_rules! between {
            ($pair:ident, $from:expr, $to:expr) => {
                mod $pair {
                    $(
                        #[tokio::test(flavor = "multi_thread")]
                        async fn $rule() {
                            super::$rule(&$from, &$to).await;
                        }
                    )+
                }
            };
        }
    };
}

rules! {
    everything_arrives_as_it_was,
    the_old_ledger_refuses_every_change_and_is_read_on,
    a_ledger_is_not_moved_while_a_claim_lasts,
    a_ledger_that_holds_batches_is_not_filled,
    a_ledger_that_holds_a_cell_is_not_filled,
    a_ledger_of_another_account_is_not_filled,
    a_ledger_that_is_being_filled_refuses_every_change,
    a_move_that_stopped_anywhere_goes_on_where_it_stopped,
    a_finished_move_changes_nothing_when_it_is_run_again,
    a_move_goes_into_one_store_only,
    an_unfinished_move_can_be_taken_back_and_a_finished_one_cannot,
    a_moved_ledger_can_move_on,
}

between!(
    sqlite_to_sqlite,
    crate::harness::Sqlite::fresh(),
    crate::harness::Sqlite::fresh()
);
between!(
    sqlite_to_redis,
    crate::harness::Sqlite::fresh(),
    crate::harness::Redis::fresh().await
);
between!(
    redis_to_sqlite,
    crate::harness::Redis::fresh().await,
    crate::harness::Sqlite::fresh()
);
between!(
    cluster_to_sqlite,
    crate::harness::Redis::on_cluster().await,
    crate::harness::Sqlite::fresh()
);
between!(
    sqlite_to_cluster,
    crate::harness::Sqlite::fresh(),
    crate::harness::Redis::on_cluster().await
);
between!(
    redis_to_redis,
    crate::harness::Redis::fresh().await,
    crate::harness::Redis::fresh().await
);

fn journey(id: &str) -> Journey {
    Journey {
        id: id.to_owned(),
        from: "sqlite:///old/onay.db".to_owned(),
        to: "redis://new:6379/0".to_owned(),
    }
}

async fn move_house(from: &dyn House, to: &dyn House) -> Result<Copied, MoveError> {
    copy(&*from.house(), &*to.house(), journey("move-1"), &|_| ()).await
}

/// How many steps the first batches took: with the first entry, some fill what a store keeps in one
/// piece, and some are just longer.
const STEPS: [usize; 7] = [0, 2, 7, 8, 15, 16, 20];

/// So many of them took no other step.
const STEPPED: usize = 5;

/// Batches with everything a ledger keeps: items, outcomes, entries, jobs of both queues, claims
/// that were lost, an account.
async fn furnish(house: &dyn House) -> Vec<BatchId> {
    let scene = Scene::new(house);
    scene.ledger.bind(&account()).await.unwrap();
    let paused = PauseEntry {
        step: PauseStep::Paused,
        by: "mehmet".parse().unwrap(),
        at: scene.now(),
        reason: "we move".to_owned(),
    };
    let never = Pauses::default();
    let added = add_pause(&*scene.ledger, &never, &paused, ("library", Vec::new())).await;
    added.unwrap();
    scene.ledger.swap(&cells()).await.unwrap();
    let mut ids = Vec::new();
    for (n, steps) in STEPS.into_iter().enumerate() {
        let mut stored = scene.opened(&format!("payday-{n}")).await;
        for _ in 0..steps {
            stored = scene.step(&stored).await;
        }
        if n >= STEPPED {
            let initialized = scene.initialized(&stored);
            let stored = scene.commit(&stored, initialized, Authority::Version);
            stored.await.unwrap();
        }
        ids.push(stored.batch.id());
    }
    let large = scene.accepted(content("payday-large", items(5000)));
    ids.push(large.batch.id());
    scene.open(large).await;
    let watched = scene.opened("payday-watched").await;
    let jobs = Jobs {
        worker: Some(scene.now() + Duration::from_hours(2)),
        reconciler: Some(scene.now()),
    };
    let watched = scene.commit(&watched, scene.planning(&watched, jobs), Authority::Version);
    ids.push(watched.await.unwrap().batch.id());
    for _ in 0..3 {
        assert!(scene.claim_of(Queue::Reconciler).await.is_some());
        scene.pass(LEASE).await;
    }
    ids
}

/// More cells than are carried at once.
fn cells() -> Vec<Swap> {
    let cell = |n: u32| Swap::new(format!("payee:{n}"), None, Some(format!("ödeme {n}")));
    (0..1234).map(cell).collect()
}

fn account() -> Account {
    Account::new("sandbox", "key")
}

async fn assert_same(from: &dyn House, to: &dyn House, ids: &[BatchId]) {
    let (old, new) = (from.house(), to.house());
    for id in ids {
        let by = BatchRef::Id(*id);
        let stored = old.load(&by).await.unwrap().unwrap();
        assert_eq!(new.load(&by).await.unwrap().as_ref(), Some(&stored));
        let by = BatchRef::External(stored.batch.head().external_id.clone());
        assert_eq!(new.load(&by).await.unwrap(), Some(stored));
        assert_eq!(
            new.journal(id).await.unwrap(),
            old.journal(id).await.unwrap()
        );
        assert_eq!(new.jobs(id).await.unwrap(), old.jobs(id).await.unwrap());
        for ledger in [&old, &new] {
            assert_eq!(verify_batch(&**ledger, id).await.unwrap(), []);
        }
    }
    let everything = Filter::default();
    let heads = old.list(&everything, &ALL).await.unwrap();
    assert_eq!(new.list(&everything, &ALL).await.unwrap(), heads);
    assert_eq!(heads.len(), ids.len());
    let keys: Vec<String> = cells().into_iter().map(|cell| cell.key).collect();
    let values: Vec<_> = cells().into_iter().map(|cell| cell.after).collect();
    // Those, and three of the house: its end, its entry, and that releases are paused.
    let count = u64::try_from(keys.len()).unwrap() + 3;
    for ledger in [&old, &new] {
        assert_eq!(ledger.cells(&keys).await.unwrap(), values);
        assert_eq!(ledger.cell_count().await.unwrap(), count);
    }
    let told = pauses(&*old).await.unwrap();
    assert_eq!(told.entries().len(), 1);
    assert_eq!(pauses(&*new).await.unwrap(), told);
    let house = house::journal(&*old).await.unwrap();
    assert_eq!(house::journal(&*new).await.unwrap(), house);
    let (old, new) = (old.stats().await.unwrap(), new.stats().await.unwrap());
    assert_eq!((new.account, new.by_state), (old.account, old.by_state));
}

async fn everything_arrives_as_it_was(from: &dyn House, to: &dyn House) {
    let ids = furnish(from).await;
    let newest = from.house().standing().await.unwrap().fence;
    let copied = move_house(from, to).await.unwrap();
    assert_eq!(copied.batches, u64::try_from(ids.len()).unwrap());
    // Nine openings, the steps, two answers and a plan.
    let entries = 9 + STEPS.into_iter().sum::<usize>() + 2 + 1;
    assert_eq!(copied.entries, u64::try_from(entries).unwrap());
    assert_same(from, to, &ids).await;
    let scene = Scene::new(to);
    scene.pass(4 * LEASE).await;
    let claim = scene.claim_of(Queue::Reconciler).await.unwrap();
    assert_eq!(claim.attempt, 3);
    assert!(claim.fence > newest, "{} > {newest}", claim.fence);
    for id in ids.iter().take(STEPPED) {
        let stored = scene.load(*id).await.unwrap();
        scene.step(&stored).await;
        assert_eq!(verify_batch(&*to.house(), id).await.unwrap(), []);
    }
}

/// Tries every change there is, and gives what each was answered.
async fn changes(house: &dyn House, id: BatchId, claim: &Claim) -> Vec<Result<(), LedgerError>> {
    let (scene, ledger) = (Scene::new(house), house.ledger());
    let base = scene.load(id).await.unwrap();
    let new = scene.accepted(content("payday-new", items(1)));
    let opened = ledger.open(Opening::new(new, &actor(), scene.now())).await;
    let commit = async |authority: Authority<'_>| {
        let commit = Commit::new(
            &base,
            scene.started(&base),
            &actor(),
            scene.now(),
            authority,
        );
        ledger.commit(commit).await.map(drop)
    };
    let (name, one) = (worker("worker-2"), NonZeroU32::MIN);
    let claim_in = async |queue| {
        let claims = ledger.claim(queue, Terms::new(&name, LEASE, one), Duration::ZERO);
        claims.await.map(drop)
    };
    let budget = Budget::per_minute(50).unwrap();
    vec![
        opened.map(drop),
        commit(Authority::Version).await,
        commit(Authority::Holding(claim)).await,
        commit(Authority::Finishing(claim)).await,
        claim_in(Queue::Worker).await,
        claim_in(Queue::Reconciler).await,
        ledger.renew(claim, LEASE).await,
        ledger.postpone(claim.clone(), LEASE).await,
        ledger.spend(Share::Write, one, budget).await.map(drop),
        ledger.close_window().await,
        ledger.bind(&account()).await,
        ledger
            .swap(&[Swap::new("new", None, Some("1".to_owned()))])
            .await,
    ]
}

async fn the_old_ledger_refuses_every_change_and_is_read_on(from: &dyn House, to: &dyn House) {
    let ids = furnish(from).await;
    let claim = Scene::new(from).claim().await.unwrap();
    Scene::new(from).pass(LEASE).await;
    move_house(from, to).await.unwrap();
    for answer in changes(from, claim.batch, &claim).await {
        let is_refused = matches!(&answer, Err(LedgerError::Moved { to }) if *to == journey("").to);
        assert!(is_refused, "{answer:?}");
    }
    assert_same(from, to, &ids).await;
}

async fn a_ledger_is_not_moved_while_a_claim_lasts(from: &dyn House, to: &dyn House) {
    let ids = furnish(from).await;
    let scene = Scene::new(from);
    let claim = scene.claim().await.unwrap();
    let refused = move_house(from, to).await.unwrap_err();
    assert!(matches!(refused, MoveError::InUse(_)), "{refused}");
    scene.ledger.renew(&claim, LEASE).await.unwrap();
    scene.ledger.postpone(claim, Duration::ZERO).await.unwrap();
    move_house(from, to).await.unwrap();
    assert_same(from, to, &ids).await;
}

async fn a_ledger_that_holds_batches_is_not_filled(from: &dyn House, to: &dyn House) {
    furnish(from).await;
    let theirs = Scene::new(to).opened("theirs").await;
    let refused = move_house(from, to).await.unwrap_err();
    assert!(matches!(refused, MoveError::NotEmpty), "{refused}");
    Scene::new(to).step(&theirs).await;
    assert!(
        Scene::new(from).claim().await.is_some(),
        "the old one is used on"
    );
}

async fn a_ledger_that_holds_a_cell_is_not_filled(from: &dyn House, to: &dyn House) {
    furnish(from).await;
    let theirs = [Swap::new("theirs", None, Some("1".to_owned()))];
    to.ledger().swap(&theirs).await.unwrap();
    let refused = move_house(from, to).await.unwrap_err();
    assert!(matches!(refused, MoveError::NotEmpty), "{refused}");
    assert!(
        Scene::new(from).claim().await.is_some(),
        "the old one is used on"
    );
}

async fn a_ledger_of_another_account_is_not_filled(from: &dyn House, to: &dyn House) {
    furnish(from).await;
    let live = Account::new("live", "key");
    to.ledger().bind(&live).await.unwrap();
    let refused = move_house(from, to).await.unwrap_err();
    let is_told = matches!(&refused, MoveError::Ledger(LedgerError::OtherAccount { ledger, ours })
        if (ledger, ours) == (&live, &account()));
    assert!(is_told, "{refused}");
    assert!(
        Scene::new(from).claim().await.is_some(),
        "the old one is used on"
    );
    to.ledger().bind(&live).await.unwrap();
}

async fn a_ledger_that_is_being_filled_refuses_every_change(from: &dyn House, to: &dyn House) {
    let ids = furnish(from).await;
    let claim = Scene::new(from).claim_of(Queue::Worker).await.unwrap();
    Scene::new(from).pass(LEASE).await;
    stop_at(from, to, Progress::Carried(ids.len().try_into().unwrap())).await;
    for answer in changes(to, claim.batch, &claim).await {
        let text = answer.as_ref().unwrap_err().to_string();
        let is_refused = matches!(answer, Err(LedgerError::Unavailable(_)));
        assert!(is_refused && text.contains("being filled"), "{text}");
    }
    move_house(from, to).await.unwrap();
    assert_same(from, to, &ids).await;
}

/// Begins to move, and is gone at this point.
async fn stop_at(from: &dyn House, to: &dyn House, point: Progress) {
    let (old, new) = (from.house(), to.house());
    let reached = Notify::new();
    let told = |progress| {
        if progress == point {
            reached.notify_one();
        }
    };
    let moving = pin!(copy(&*old, &*new, journey("move-1"), &told));
    let reached = pin!(reached.notified());
    let ended = select(reached, moving).await;
    assert!(
        matches!(ended, Either::Left(_)),
        "{point:?} was not reached"
    );
}

async fn a_move_that_stopped_anywhere_goes_on_where_it_stopped(from: &dyn House, to: &dyn House) {
    let ids = furnish(from).await;
    for done in [1, 4, 7] {
        stop_at(from, to, Progress::Carried(done)).await;
        let closed = (
            from.house().standing().await.unwrap().stage,
            to.house().standing().await.unwrap().stage,
        );
        assert_eq!(
            closed,
            (
                Stage::Moved(journey("move-1")),
                Stage::Filling(journey("move-1"))
            )
        );
    }
    let copied = move_house(from, to).await.unwrap();
    assert_eq!(copied.batches, u64::try_from(ids.len()).unwrap());
    assert_same(from, to, &ids).await;
}

async fn a_finished_move_changes_nothing_when_it_is_run_again(from: &dyn House, to: &dyn House) {
    furnish(from).await;
    let copied = move_house(from, to).await.unwrap();
    let scene = Scene::new(to);
    scene.step(&scene.load(batch_id(0)).await.unwrap()).await;
    let seen = scene.seen(batch_id(0)).await;
    assert_eq!(move_house(from, to).await.unwrap(), copied);
    assert_eq!(scene.seen(batch_id(0)).await, seen);
}

async fn a_move_goes_into_one_store_only(from: &dyn House, to: &dyn House) {
    furnish(from).await;
    let other = Sqlite::fresh();
    stop_at(from, to, Progress::Carried(1)).await;
    let refused = move_house(from, &other).await.unwrap_err();
    assert!(matches!(refused, MoveError::Elsewhere(_)), "{refused}");
    move_house(from, to).await.unwrap();
    let refused = move_house(from, &other).await.unwrap_err();
    assert!(matches!(refused, MoveError::Elsewhere(_)), "{refused}");
    Scene::new(&other).opened("others").await;
    let refused = move_house(&other, from).await.unwrap_err();
    assert!(matches!(refused, MoveError::Left(_)), "{refused}");
}

async fn an_unfinished_move_can_be_taken_back_and_a_finished_one_cannot(
    from: &dyn House,
    to: &dyn House,
) {
    let ids = furnish(from).await;
    let (old, new) = (from.house(), to.house());
    let refused = take_back(&*old, &*new).await.unwrap_err();
    assert!(matches!(refused, MoveError::Stayed), "{refused}");
    stop_at(from, to, Progress::Carried(2)).await;
    take_back(&*old, &*new).await.unwrap();
    let bound = new.bind(&account()).await;
    let is_sent_back = matches!(&bound, Err(LedgerError::Moved { to }) if *to == journey("").from);
    assert!(is_sent_back, "{bound:?}");
    assert!(Scene::new(from).claim().await.is_some());
    Scene::new(from).pass(LEASE).await;

    let other = Sqlite::fresh();
    let moved = copy(&*old, &*other.house(), journey("move-2"), &|_| ()).await;
    moved.unwrap();
    assert_same(from, &other, &ids).await;
    let refused = take_back(&*old, &*other.house()).await.unwrap_err();
    assert!(matches!(refused, MoveError::Finished), "{refused}");
    give_up(&*old).await.unwrap();
    assert!(Scene::new(from).claim().await.is_some());
}

async fn a_moved_ledger_can_move_on(from: &dyn House, to: &dyn House) {
    let ids = furnish(from).await;
    move_house(from, to).await.unwrap();
    let back = Sqlite::fresh();
    copy(&*to.house(), &*back.house(), journey("move-2"), &|_| ())
        .await
        .unwrap();
    assert_same(from, &back, &ids).await;
    let again = move_house(from, to).await.unwrap_err();
    assert!(matches!(again, MoveError::Elsewhere(_)), "{again}");
}
