//! The switches of the pure provider that change what a repeated or impossible call does.

use onay_simulator::{
    AllInvalid, BatchStatus, Behaviour, Funds, ItemStatus, LateCancel, Provider, Refusal,
    RepeatedAuth, RepeatedCancel, RepeatedInit, RetrieveRequest, Settings, Shares, UnknownId,
};
use rust_decimal::Decimal;

use crate::given::{
    SETTLE_MS, START_MS, assert_tied_out, batch, decimal, init, settings, statuses,
};

#[test]
fn a_second_auth_pays_twice_only_when_asked_to() {
    let table = [
        (RepeatedAuth::SameAnswer, Ok(()), 1),
        (RepeatedAuth::Refuse, Err(Refusal::WrongState), 1),
        (RepeatedAuth::PaysTwice, Ok(()), 2),
    ];
    for (repeated_auth, answer, times) in table {
        for second_at_ms in [START_MS, START_MS + 2 * SETTLE_MS] {
            let behaviour = Behaviour {
                repeated_auth,
                ..Behaviour::default()
            };
            let mut provider = Provider::new(settings(behaviour));
            let request_id = init(&mut provider, "b", 2);
            provider.auth(&request_id, START_MS).unwrap();
            assert_eq!(provider.auth(&request_id, second_at_ms), answer);

            let books = provider.books(None, START_MS + 3 * SETTLE_MS);
            assert_tied_out(&books);
            assert_eq!(books.batches[0].auth_calls, 2);
            assert_eq!(books.batches[0].authorized_times, u64::from(times));
            assert_eq!(books.payments_max_per_item, times);
            assert_eq!(books.paid_items, 2);
            assert_eq!(books.paid_total, decimal("201.00") * Decimal::from(times));
        }
    }
}

#[test]
fn a_second_init_follows_its_switch() {
    let table = [
        (RepeatedInit::SameRequestId, 1, 2),
        (RepeatedInit::Refuse, 1, 2),
        (RepeatedInit::NewBatch, 2, 1),
    ];
    for (repeated_init, batches, init_calls) in table {
        let behaviour = Behaviour {
            repeated_init,
            ..Behaviour::default()
        };
        let mut provider = Provider::new(settings(behaviour));
        let first = init(&mut provider, "b", 2);
        let second = provider.init(batch("b", 2), START_MS);
        let second = second.map(|batch| batch.request_id().to_owned());
        match repeated_init {
            RepeatedInit::SameRequestId => assert_eq!(second, Ok(first)),
            RepeatedInit::Refuse => assert_eq!(second, Err(Refusal::Duplicate)),
            RepeatedInit::NewBatch => assert_ne!(second.unwrap(), first),
        }
        let books = provider.books(None, START_MS);
        assert_eq!(books.batches.len(), batches);
        assert_eq!(books.batches[0].init_calls, init_calls);
        assert_eq!(books.calls.init, 2);
        for book in &books.batches {
            assert_eq!(book.request_ids.len(), batches);
            assert!(book.request_ids.contains(&book.request_id));
        }
    }
}

#[test]
fn cancel_ends_a_stored_batch_and_nothing_else() {
    let refused = Err(Refusal::WrongState);
    let table = [
        (
            LateCancel::Refuse,
            RepeatedCancel::SameAnswer,
            refused,
            Ok(()),
        ),
        (
            LateCancel::Ignore,
            RepeatedCancel::Refuse,
            Ok(()),
            Err(Refusal::WrongState),
        ),
    ];
    for (late_cancel, repeated_cancel, late, again) in table {
        let mut provider = Provider::new(settings(Behaviour {
            late_cancel,
            repeated_cancel,
            ..Behaviour::default()
        }));
        let stored = init(&mut provider, "stored", 2);
        let running = init(&mut provider, "running", 2);
        provider.auth(&running, START_MS).unwrap();

        assert_eq!(provider.cancel(&stored, START_MS), Ok(()));
        assert_eq!(provider.cancel(&stored, START_MS), again);
        assert_eq!(provider.auth(&stored, START_MS), Err(Refusal::WrongState));
        assert_eq!(provider.cancel(&running, START_MS), late);
        let nobodys = provider.cancel("nobody's", START_MS);
        assert_eq!(nobodys, Err(Refusal::UnknownId));

        let books = provider.books(Some("stored"), START_MS + 9 * SETTLE_MS);
        assert_eq!(books.batches.len(), 1);
        assert_eq!(books.batches[0].status, BatchStatus::Canceled);
        assert_eq!(books.batches[0].cancel_calls, 2);
        assert_eq!(statuses(&books), [ItemStatus::MassPayoutCanceled; 2]);
        assert_eq!(books.paid_items, 0);
        let books = provider.books(Some("running"), START_MS + 9 * SETTLE_MS);
        assert_eq!(books.paid_items, 2);
    }
}

#[test]
fn a_batch_without_a_valid_item_is_stored_or_refused() {
    for (all_invalid, is_stored) in [(AllInvalid::Stored, true), (AllInvalid::Refused, false)] {
        let mut provider = Provider::new(Settings {
            shares: Shares {
                invalid: 1000,
                ..Shares::default()
            },
            ..settings(Behaviour {
                all_invalid,
                ..Behaviour::default()
            })
        });
        let stored = provider.init(batch("b", 2), START_MS);
        let request_id = stored.map(|batch| batch.request_id().to_owned());
        let books = provider.books(None, START_MS);
        assert_eq!(books.batches.len(), usize::from(is_stored));
        match request_id {
            Ok(id) => assert_eq!(provider.auth(&id, START_MS), Err(Refusal::WrongState)),
            Err(refusal) => assert_eq!(refusal.code(), "11"),
        }
    }
}

#[test]
fn a_lack_of_funds_shows_where_the_switch_says_and_moves_nothing() {
    for funds in [Funds::AuthRefuses, Funds::LaterStatus] {
        let behaviour = Behaviour {
            funds,
            ..Behaviour::default()
        };
        // Two items of 100.50 with 2.50 each need a kuruş more.
        let initial_balance = decimal("205.99");
        let mut provider = Provider::new(Settings {
            initial_balance,
            ..settings(behaviour)
        });
        let request_id = init(&mut provider, "b", 2);
        let answer = provider.auth(&request_id, START_MS);
        let books = provider.books(None, START_MS + SETTLE_MS);
        let status = books.batches[0].status;
        match funds {
            Funds::AuthRefuses => {
                assert_eq!(answer, Err(Refusal::InsufficientFunds));
                assert_eq!(status, BatchStatus::Init);
            }
            Funds::LaterStatus => {
                assert_eq!(answer, Ok(()));
                assert_eq!(status, BatchStatus::InsufficientBalance);
            }
        }
        assert_eq!(books.batches[0].authorized_times, 0);
        assert_eq!(statuses(&books), [ItemStatus::Init; 2]);
        assert_eq!(provider.balance(START_MS), Ok(initial_balance));
    }
}

#[test]
fn an_unknown_batch_is_a_failure_or_nothing() {
    let ask = |request_id: Option<&str>, external_id: Option<&str>| RetrieveRequest {
        request_id: request_id.map(str::to_owned),
        external_mass_payout_id: external_id.map(str::to_owned),
        item_type: None,
        page: 0,
        size: 10,
    };
    for (unknown_id, unknown) in [
        (UnknownId::Failure, Err(Refusal::UnknownId)),
        (UnknownId::Empty, Ok(false)),
    ] {
        let behaviour = Behaviour {
            unknown_id,
            ..Behaviour::default()
        };
        let mut provider = Provider::new(settings(behaviour));
        let known = init(&mut provider, "known", 1);
        init(&mut provider, "other", 1);
        let mut found = |request: RetrieveRequest| {
            provider
                .retrieve(&request, START_MS)
                .map(|page| page.is_some())
        };
        assert_eq!(found(ask(Some(&known), None)), Ok(true));
        assert_eq!(found(ask(None, Some("known"))), Ok(true));
        assert_eq!(found(ask(Some(&known), Some("known"))), Ok(true));
        assert_eq!(found(ask(Some(&known), Some("other"))), unknown);
        assert_eq!(found(ask(None, Some("nobody's"))), unknown);
        assert!(matches!(
            found(ask(None, None)),
            Err(Refusal::FieldMissing(_))
        ));
    }
}
