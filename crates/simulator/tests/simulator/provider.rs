//! The pure provider, without HTTP and without a clock.

use onay_simulator::{
    AfterFailed, BatchStatus, Behaviour, ItemStatus, MixedResult, Outcome, Provider, RepeatedAuth,
    RetrieveRequest, Settings, Shares,
};
use rust_decimal::Decimal;

use crate::given::{SETTLE_MS, START_MS, assert_tied_out, decimal, init, settings, statuses};

#[test]
fn a_batch_moves_forward_with_time_only() {
    use ItemStatus::{Init, Processing, Queued, Success};

    let mut provider = Provider::new(settings(Behaviour::default()));
    let request_id = init(&mut provider, "b", 2);
    // Until somebody authorizes it, a batch waits however long it takes.
    let auth_ms = START_MS + 9 * SETTLE_MS;
    let at = |provider: &mut Provider, part: u64| {
        let books = provider.books(None, auth_ms + SETTLE_MS * part / 100);
        assert_tied_out(&books);
        (books.batches[0].status, statuses(&books))
    };
    assert_eq!(at(&mut provider, 0), (BatchStatus::Init, vec![Init, Init]));
    provider.auth(&request_id, auth_ms).unwrap();
    // The parts keep clear of the fifth by which items differ in pace.
    let table = [
        (0, BatchStatus::InProgress, [Init, Init]),
        (12, BatchStatus::PublishedToQueue, [Init, Init]),
        (28, BatchStatus::PublishedToQueue, [Queued, Queued]),
        (60, BatchStatus::PublishedToQueue, [Processing, Queued]),
        (79, BatchStatus::PublishedToQueue, [Processing, Queued]),
        (121, BatchStatus::Completed, [Success, Success]),
        (0, BatchStatus::Completed, [Success, Success]),
    ];
    for (part, batch, items) in table {
        assert_eq!(
            at(&mut provider, part),
            (batch, items.to_vec()),
            "at {part} %"
        );
    }
}

#[test]
fn the_same_seed_gives_the_same_run_and_another_seed_another() {
    let run = |seed| {
        let shares = Shares {
            invalid: 200,
            failed: 500,
            refunded: 500,
        };
        let mut provider = Provider::new(Settings {
            seed,
            shares,
            ..settings(Behaviour::default())
        });
        let request_id = init(&mut provider, "b", 50);
        provider.auth(&request_id, START_MS).unwrap();
        format!("{:?}", provider.books(None, START_MS + SETTLE_MS))
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

#[test]
fn the_books_tie_out_at_every_moment_whatever_goes_wrong() {
    let shares = Shares {
        invalid: 100,
        failed: 300,
        refunded: 500,
    };
    for after_failed in [
        AfterFailed::DepositSuccess,
        AfterFailed::DepositFail,
        AfterFailed::Stays,
    ] {
        for seed in 0..8 {
            let behaviour = Behaviour {
                after_failed,
                repeated_auth: RepeatedAuth::PaysTwice,
                ..Behaviour::default()
            };
            let mut provider = Provider::new(Settings {
                seed,
                shares,
                initial_balance: decimal("40000.00"),
                ..settings(behaviour)
            });
            let first = init(&mut provider, "first", 100);
            let second = init(&mut provider, "second", 100);
            let too_much = init(&mut provider, "too much", 300);
            for step in 0..60 {
                let now_ms = START_MS + step * SETTLE_MS / 20;
                match step {
                    10 => provider.auth(&second, now_ms).unwrap(),
                    0 | 15 => provider.auth(&first, now_ms).unwrap(),
                    20 => provider.auth(&too_much, now_ms).unwrap(),
                    _ => {}
                }
                assert_tied_out(&provider.books(None, now_ms));
            }
            let books = provider.books(None, START_MS + 9 * SETTLE_MS);
            assert_eq!(books.batches[2].status, BatchStatus::InsufficientBalance);
            let stuck = statuses(&books)
                .into_iter()
                .filter(|status| matches!(status, ItemStatus::Failed | ItemStatus::DepositFail));
            let stuck_cost = decimal("103.00") * Decimal::from(stuck.count());
            assert_eq!(books.reserved, stuck_cost);
        }
    }
}

#[test]
fn shares_are_met_and_named_outcomes_come_first() {
    let count = |shares, outcomes: &[(&str, Outcome)]| {
        let mut provider = Provider::new(Settings {
            shares,
            outcomes: outcomes
                .iter()
                .map(|(id, outcome)| ((*id).to_owned(), *outcome))
                .collect(),
            ..settings(Behaviour::default())
        });
        let request_id = init(&mut provider, "b", 1000);
        provider.auth(&request_id, START_MS).unwrap();
        let statuses = statuses(&provider.books(None, START_MS + 9 * SETTLE_MS));
        move |wanted| statuses.iter().filter(|status| **status == wanted).count()
    };
    let shares = count(
        Shares {
            invalid: 100,
            failed: 200,
            refunded: 500,
        },
        &[],
    );
    assert!((70..130).contains(&shares(ItemStatus::Invalid)));
    assert!((60..120).contains(&shares(ItemStatus::Failed)));
    assert!((60..120).contains(&shares(ItemStatus::DepositSuccess)));

    let all_fail = Shares {
        invalid: 0,
        failed: 1000,
        refunded: 1000,
    };
    let named = count(
        all_fail,
        &[
            ("i-1", Outcome::Paid),
            ("i-2", Outcome::Invalid),
            ("i-3", Outcome::Failed),
            ("i-4", Outcome::RefundFailed),
        ],
    );
    let table = [
        (ItemStatus::Success, 1),
        (ItemStatus::Invalid, 1),
        (ItemStatus::Failed, 1),
        (ItemStatus::DepositFail, 1),
        (ItemStatus::DepositSuccess, 996),
    ];
    for (status, items) in table {
        assert_eq!(named(status), items, "{status:?}");
    }
}

#[test]
fn the_final_status_of_a_batch_follows_its_items() {
    use Outcome::{Failed, Paid};
    let table = [
        ([Paid, Paid], MixedResult::Fail, BatchStatus::Completed),
        ([Failed, Failed], MixedResult::Completed, BatchStatus::Fail),
        (
            [Paid, Failed],
            MixedResult::Completed,
            BatchStatus::Completed,
        ),
        ([Paid, Failed], MixedResult::Fail, BatchStatus::Fail),
        (
            [Paid, Failed],
            MixedResult::StaysPublished,
            BatchStatus::PublishedToQueue,
        ),
    ];
    for (outcomes, mixed_result, status) in table {
        let ids = ["i-0", "i-1"].map(str::to_owned);
        let mut provider = Provider::new(Settings {
            outcomes: ids.into_iter().zip(outcomes).collect(),
            ..settings(Behaviour {
                mixed_result,
                ..Behaviour::default()
            })
        });
        let request_id = init(&mut provider, "b", 2);
        provider.auth(&request_id, START_MS).unwrap();
        let books = provider.books(None, START_MS + 9 * SETTLE_MS);
        assert_eq!(
            books.batches[0].status, status,
            "{outcomes:?} {mixed_result:?}"
        );
    }
}

#[test]
fn a_hundred_thousand_items_can_be_paid_and_paged_through() {
    const ITEMS: usize = 100_000;
    let mut provider = Provider::new(Settings {
        initial_balance: decimal("10300000.00"),
        ..settings(Behaviour::default())
    });
    let request_id = init(&mut provider, "b", ITEMS);
    provider.auth(&request_id, START_MS).unwrap();
    let mut request = RetrieveRequest {
        request_id: Some(request_id),
        external_mass_payout_id: None,
        item_type: None,
        page: 0,
        size: 40,
    };
    let mut seen = 0;
    loop {
        let page = provider.retrieve(&request, START_MS + 2 * SETTLE_MS);
        let page = page.unwrap().unwrap();
        assert_eq!(page.total, ITEMS);
        for item in &page.items {
            assert_eq!(item.external_id(), format!("i-{seen}"));
            assert_eq!(item.status(), ItemStatus::Success);
            seen += 1;
        }
        if page.items.is_empty() {
            break;
        }
        request.page += 1;
    }
    assert_eq!(seen, ITEMS);
    assert_eq!(provider.balance(START_MS), Ok(Decimal::ZERO));
}
