//! A random sequence of calls gives the same answers on the model and on every store.

use std::fmt::Debug;
use std::num::NonZeroU32;
use std::time::Duration;

use onay_ledger::conformance::{Harness, LEASE, Scene, actor, batch_id, content, items, worker};
use onay_ledger::{
    Authority, Budget, Claim, Commit, Filter, Opened, Opening, Page, Queue, Share, Stored, Swap,
    Terms,
};
use onay_payout::{Account, Batch, BatchId, BatchRef, Jobs};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::harness::{Memory, Redis, Sqlite};

#[derive(Debug, Clone)]
enum Call {
    Open {
        external_id: u8,
        items: u8,
    },
    Commit {
        base: Index,
        authority: Right,
        worker_in: Option<u8>,
        reconciler_in: Option<u8>,
        cells: Vec<Cell>,
    },
    Claim(Queue, u8),
    Renew(Index),
    Postpone(Index, u8),
    Pass(u8),
    List {
        state: Option<&'static str>,
        before: Option<u8>,
        size: u8,
    },
    Bind(bool),
    Look(u8),
    Spend(Share, u8),
    CloseWindow,
    Swap(Vec<Cell>),
}

/// A cell, what it must be, and what it becomes; nothing for 0.
type Cell = (u8, u8, u8);

#[derive(Debug, Clone)]
enum Right {
    Version,
    Holding(Index),
    Finishing(Index),
}

fn call() -> impl Strategy<Value = Call> {
    let index = any::<Index>;
    let queue = prop_oneof![Just(Queue::Worker), Just(Queue::Reconciler)];
    let share = prop_oneof![Just(Share::Write), Just(Share::Look), Just(Share::Poll)];
    let right = prop_oneof![
        Just(Right::Version),
        index().prop_map(Right::Holding),
        index().prop_map(Right::Finishing)
    ];
    let state = prop_oneof![Just(None), Just(Some("received")), Just(Some("preparing"))];
    let due = || proptest::option::of(0..60_u8);
    let cell = || (0..3_u8, 0..2_u8, 0..3_u8);
    let cells = |most| proptest::collection::vec(cell(), 0..most).prop_map(distinct);
    prop_oneof![
        2 => (0..4_u8, 0..3_u8).prop_map(|(external_id, items)| Call::Open { external_id, items }),
        4 => (index(), right, due(), due(), cells(2)).prop_map(
            |(base, authority, worker_in, reconciler_in, cells)| {
                Call::Commit { base, authority, worker_in, reconciler_in, cells }
            }
        ),
        4 => (queue, 1..4_u8).prop_map(|(queue, most)| Call::Claim(queue, most)),
        1 => index().prop_map(Call::Renew),
        1 => (index(), 0..60_u8).prop_map(|(claim, delay)| Call::Postpone(claim, delay)),
        2 => (0..60_u8).prop_map(Call::Pass),
        1 => (state, proptest::option::of(0..6_u8), 0..4_u8)
            .prop_map(|(state, before, size)| Call::List { state, before, size }),
        1 => any::<bool>().prop_map(Call::Bind),
        1 => (0..6_u8).prop_map(Call::Look),
        2 => (share, 1..9_u8).prop_map(|(share, calls)| Call::Spend(share, calls)),
        1 => Just(Call::CloseWindow),
        2 => cells(4).prop_map(Call::Swap),
    ]
}

/// Each cell once.
fn distinct(mut cells: Vec<Cell>) -> Vec<Cell> {
    cells.sort_unstable_by_key(|(cell, ..)| *cell);
    cells.dedup_by_key(|(cell, ..)| *cell);
    cells
}

fn swaps(cells: &[Cell]) -> Vec<Swap> {
    let value = |n: u8| (n > 0).then(|| n.to_string());
    let swap = |(cell, before, after): &Cell| {
        Swap::new(format!("cell-{cell}"), value(*before), value(*after))
    };
    cells.iter().map(swap).collect()
}

/// What the caller remembers: everything it was ever given, so that old things are tried too.
#[derive(Default)]
struct Caller {
    stored: Vec<Stored>,
    claims: Vec<Claim>,
}

impl Caller {
    /// Makes one call and gives the answer as text.
    async fn make(&mut self, scene: &Scene<'_>, call: &Call) -> String {
        match call {
            Call::Open { external_id, items } => self.open(scene, *external_id, *items).await,
            Call::Commit {
                base,
                authority,
                worker_in,
                reconciler_in,
                cells,
            } => {
                let due = |seconds: Option<u8>| Some(scene.now() + secs(seconds?));
                let (worker, reconciler) = (due(*worker_in), due(*reconciler_in));
                let jobs = Jobs { worker, reconciler };
                let swaps = swaps(cells);
                self.commit(scene, *base, authority, (jobs, swaps)).await
            }
            Call::Claim(queue, most) => {
                let name = worker("worker-1");
                let most = NonZeroU32::new((*most).into()).unwrap();
                let claims = scene
                    .ledger
                    .claim(*queue, Terms::new(&name, LEASE, most), Duration::ZERO)
                    .await;
                // A store may hand the batch over at once, or leave that to the next call.
                let claims = claims.map(|claims| {
                    let claims = claims.into_iter();
                    claims.map(|claimed| claimed.claim).collect::<Vec<_>>()
                });
                self.claims.extend(claims.iter().flatten().cloned());
                text(claims)
            }
            Call::Renew(claim) => match self.claim(*claim) {
                Some(claim) => text(scene.ledger.renew(claim, LEASE).await),
                None => String::new(),
            },
            Call::Postpone(claim, delay) => match self.claim(*claim).cloned() {
                Some(claim) => text(scene.ledger.postpone(claim, secs(*delay)).await),
                None => String::new(),
            },
            Call::Pass(time) => {
                scene.pass(secs(*time)).await;
                String::new()
            }
            Call::List {
                state,
                before,
                size,
            } => {
                let filter = Filter {
                    state: state.map(str::to_owned),
                };
                let page = Page {
                    before: before.map(|n| batch_id(n.into())),
                    size: (*size).into(),
                };
                text(scene.ledger.list(&filter, &page).await)
            }
            Call::Bind(live) => {
                let host = if *live { "live" } else { "sandbox" };
                text(scene.ledger.bind(&Account::new(host, "key")).await)
            }
            Call::Look(n) => look(scene, batch_id((*n).into())).await,
            Call::Spend(share, calls) => {
                let calls = NonZeroU32::new((*calls).into()).unwrap();
                text(scene.ledger.spend(*share, calls, budget()).await)
            }
            Call::CloseWindow => text(scene.ledger.close_window().await),
            Call::Swap(cells) => text(scene.ledger.swap(&swaps(cells)).await),
        }
    }

    /// Every opening has an id of its own; external ids come again.
    async fn open(&mut self, scene: &Scene<'_>, external_id: u8, count: u8) -> String {
        let id = batch_id(u64::try_from(self.stored.len()).unwrap());
        let content = content(&format!("payday-{external_id}"), items(count.into()));
        let accepted = Batch::accept(id, content, "ayse".parse().unwrap(), scene.now());
        let opened = scene
            .ledger
            .open(Opening::new(accepted, &actor(), scene.now()))
            .await;
        if let Ok(Opened::New(stored) | Opened::Existing(stored)) = &opened {
            self.stored.push(stored.clone());
        }
        text(opened)
    }

    async fn commit(
        &mut self,
        scene: &Scene<'_>,
        base: Index,
        right: &Right,
        (jobs, swaps): (Jobs, Vec<Swap>),
    ) -> String {
        let authority = match right {
            Right::Version => Some(Authority::Version),
            Right::Holding(claim) => self.claim(*claim).map(Authority::Holding),
            Right::Finishing(claim) => self.claim(*claim).map(Authority::Finishing),
        };
        let (Some(authority), false) = (authority, self.stored.is_empty()) else {
            return String::new();
        };
        let base = base.get(&self.stored);
        let planning = scene.planning(base, jobs);
        let commit = Commit::new(base, planning, &actor(), scene.now(), authority);
        let committed = scene.ledger.commit(commit.with_swaps(swaps)).await;
        self.stored.extend(committed.as_ref().ok().cloned());
        text(committed)
    }

    fn claim(&self, index: Index) -> Option<&Claim> {
        (!self.claims.is_empty()).then(|| index.get(&self.claims))
    }
}

async fn look(scene: &Scene<'_>, id: BatchId) -> String {
    let loaded = scene.ledger.load(&BatchRef::Id(id)).await;
    let journal = scene.ledger.journal(&id).await;
    let planned = scene.ledger.planned(&id).await;
    let stats = scene.ledger.stats().await.unwrap();
    let (by_state, due) = (stats.by_state, stats.due);
    let cells = scene.cells(&["cell-0", "cell-1", "cell-2"]).await;
    let told = (loaded, journal, planned, stats.account);
    text((told, by_state, due, cells))
}

fn budget() -> Budget {
    Budget::per_minute(20).unwrap()
}

fn secs(seconds: u8) -> Duration {
    Duration::from_secs(seconds.into())
}

fn text(answer: impl Debug) -> String {
    format!("{answer:?}")
}

async fn answers(harness: &dyn Harness, calls: &[Call]) -> Vec<String> {
    let (scene, mut caller) = (Scene::new(harness), Caller::default());
    let mut answers = Vec::new();
    for call in calls {
        answers.push(caller.make(&scene, call).await);
    }
    answers
}

/// Makes the same calls on the model and on a store, and compares every answer.
fn compare<H: Harness>(store: impl AsyncFn() -> H, calls: &[Call]) -> Result<(), TestCaseError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let (model, stored) = runtime.block_on(async {
        let store = store().await;
        (
            answers(&Memory::fresh(), calls).await,
            answers(&store, calls).await,
        )
    });
    for ((call, model), stored) in calls.iter().zip(model).zip(stored) {
        prop_assert_eq!(stored, model, "{:?}", call);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn sqlite_answers_like_the_model(calls in proptest::collection::vec(call(), 1..40)) {
        compare(async || Sqlite::fresh(), &calls)?;
    }

    #[test]
    fn redis_answers_like_the_model(calls in proptest::collection::vec(call(), 1..40)) {
        compare(Redis::fresh, &calls)?;
    }
}
