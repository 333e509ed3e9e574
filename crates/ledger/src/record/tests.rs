//! Everything round-trips, and what was ever written can be read.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use chrono::{DateTime, Utc};
use onay_payout::provider::{Refusal, RemoteStatus};
use onay_payout::{
    Cancelling, Content, Currency, Decision, Digest, Ending, Frozen, Head, HeldHistory, HeldRule,
    HeldStep, Hold, Intent, Item, ItemStatus, Left, Money, Outcome, Parent, PersonName, Personal,
    Prepared, Preparing, Proof, Proposal, Purpose, ReasonCode, Recipient, RecipientType, Releasing,
    Requirement, Resolution, Shortage, Shown, Signal, SignalKind, Signals, Signed, SigningKey,
    State, TieOut, TurnedDown, Verdict, Why,
};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use rust_decimal::Decimal;

use super::*;

pub(super) fn time() -> impl Strategy<Value = DateTime<Utc>> {
    let end_of_time = DateTime::<Utc>::MAX_UTC.timestamp_micros();
    prop_oneof![0..4_102_444_800_000_000_i64, Just(end_of_time)]
        .prop_map(|micros| DateTime::from_timestamp_micros(micros).unwrap())
}

pub(super) fn money() -> impl Strategy<Value = Money> {
    let mantissas = Decimal::MIN.mantissa()..=Decimal::MAX.mantissa();
    let currency = prop_oneof![
        Just(Currency::Try),
        Just(Currency::Usd),
        Just(Currency::Eur)
    ];
    (mantissas, 0..=28_u32, currency).prop_map(|(mantissa, scale, currency)| {
        Money::reported(Decimal::from_i128_with_scale(mantissa, scale), currency)
    })
}

pub(super) fn id<T: FromStr<Err: Debug> + Debug>() -> impl Strategy<Value = T> {
    "[a-zA-Z0-9][a-zA-Z0-9._-]{0,19}".prop_map(|text: String| text.parse().unwrap())
}

fn digest() -> impl Strategy<Value = Digest> {
    any::<[u8; 32]>().prop_map(Digest::from_bytes)
}

fn status() -> impl Strategy<Value = RemoteStatus> {
    prop_oneof![Just("INSUFFICIENT_BALANCE"), Just("NEW")].prop_map(RemoteStatus::from_word)
}

fn intent() -> impl Strategy<Value = Intent> {
    (id(), time(), time()).prop_map(|(owner, started_at, deadline)| Intent {
        owner,
        started_at,
        deadline,
    })
}

fn requirement() -> impl Strategy<Value = Requirement> {
    let step = (any::<u32>(), btree_set(id::<PersonName>(), 0..4))
        .prop_map(|(needed, asked)| HeldStep { needed, asked });
    let proof = prop_oneof![Just(Proof::Token), Just(Proof::Signature)];
    let rule = (any::<String>(), vec(step, 0..3), proof)
        .prop_map(|(name, steps, proof)| HeldRule { name, steps, proof });
    vec(rule, 0..3).prop_map(|rules| Requirement { rules })
}

fn history() -> impl Strategy<Value = HeldHistory> {
    let kind = || proptest::sample::select(SignalKind::ALL.to_vec());
    let signal = (kind(), id(), any::<String>()).prop_map(|(kind, item, detail)| Signal {
        kind,
        item,
        detail,
    });
    let signals = (btree_map(kind(), any::<usize>(), 0..3), vec(signal, 0..3))
        .prop_map(|(counts, listed)| Signals::restore(counts, listed));
    (money(), money(), signals).prop_map(|(maker_day, payee_day, signals)| HeldHistory {
        maker_day,
        payee_day,
        signals,
    })
}

prop_compose! {
    fn hold()(
        (request_id, account, digest) in (option::of(id()), "[a-z.-]{1,20}/[0-9a-f]{8}", digest()),
        (count, total, commission) in (0..100_000_usize, money(), option::of(money())),
        (shown_total, shown_count) in (option::of(money()), option::of(any::<u64>())),
        (rules, history, largest) in (requirement(), option::of(history()), money()),
        (held_at, expires_at) in (time(), time()),
        (is_sent, short, judged) in (any::<bool>(), option::of((money(), money(), time())), option::of(status())),
    ) -> Hold {
        let account = account.parse().unwrap();
        let shown = Shown { total: shown_total, count: shown_count };
        let short = short.map(|(balance, needed, at)| Shortage { balance, needed, at });
        Hold { request_id, account, digest, count, total, shown, commission, largest, history, rules, held_at, expires_at, is_sent, short, judged }
    }
}

fn turned_down() -> impl Strategy<Value = TurnedDown> {
    let sent = option::of(hold().prop_map(Box::new));
    (option::of(id()), any::<String>(), option::of(id()), sent).prop_map(
        |(by, reason, request_id, sent)| TurnedDown {
            by,
            reason,
            request_id,
            sent,
        },
    )
}

fn cancelling() -> impl Strategy<Value = Cancelling> {
    let ending = prop_oneof![
        Just(Ending::Rejected),
        Just(Ending::Withdrawn),
        Just(Ending::Expired),
        Just(Ending::PrepareAnew)
    ];
    (
        ending,
        turned_down(),
        (id(), option::of(hold())),
        option::of(intent()),
        any::<u32>(),
    )
        .prop_map(
            |(ending, turned_down, (request_id, hold), intent, looks)| Cancelling {
                ending,
                turned_down,
                request_id,
                hold,
                intent,
                looks,
            },
        )
}

fn releasing() -> impl Strategy<Value = Releasing> {
    let refusal = option::of(refusal());
    (hold(), intent(), any::<u32>(), refusal).prop_map(|(hold, intent, looks, refusal)| Releasing {
        hold,
        intent,
        looks,
        refusal,
    })
}

fn refusal() -> impl Strategy<Value = Refusal> {
    (option::of(any::<String>()), option::of(any::<String>()))
        .prop_map(|(code, message)| Refusal { code, message })
}

fn state() -> impl Strategy<Value = State> {
    let state = prop_oneof![
        Just(State::Received),
        (intent(), any::<u32>())
            .prop_map(|(intent, tries)| State::Preparing(Preparing { intent, tries })),
        (id(), any::<bool>()).prop_map(|(request_id, is_adopted)| State::Prepared(Prepared {
            request_id,
            is_adopted
        })),
        hold().prop_map(State::PendingApproval),
        hold().prop_map(State::Approved),
        releasing().prop_map(State::Releasing),
        hold().prop_map(State::Processing),
        hold().prop_map(State::Settled),
        hold().prop_map(State::PartlySettled),
        hold().prop_map(State::Failed),
        cancelling().prop_map(State::Cancelling),
        turned_down().prop_map(State::Rejected),
        turned_down().prop_map(State::Withdrawn),
        turned_down().prop_map(State::Expired),
        refusal().prop_map(State::Refused),
    ];
    state.prop_recursive(3, 4, 1, |from| {
        let why = proptest::sample::select(Why::ALL.to_vec());
        let rest = (
            vec(any::<String>(), 0..3),
            option::of(status()),
            option::of(proposal()),
        );
        (from, why, rest).prop_map(|(from, why, (details, shown, proposal))| {
            State::Frozen(Frozen {
                from: Box::new(from),
                why,
                details,
                shown,
                proposal,
            })
        })
    })
}

fn parent() -> impl Strategy<Value = Parent> {
    (id(), id(), vec(id(), 0..3)).prop_map(|(external_id, maker, earlier)| Parent {
        external_id,
        maker,
        earlier,
    })
}

fn left() -> impl Strategy<Value = Left> {
    (any::<u32>(), option::of(id()), any::<bool>()).prop_map(|(attempt, request_id, is_seen)| {
        Left {
            attempt,
            request_id,
            is_seen,
        }
    })
}

fn proposal() -> impl Strategy<Value = Proposal> {
    let resolution = proptest::sample::select(Resolution::ALL.to_vec());
    (resolution, id(), any::<String>(), time()).prop_map(|(resolution, by, reason, at)| Proposal {
        resolution,
        by,
        reason,
        at,
    })
}

fn decision() -> impl Strategy<Value = Decision> {
    let verdict = prop_oneof![
        option::of(any::<String>()).prop_map(|comment| Verdict::Approve { comment }),
        (
            proptest::sample::select(ReasonCode::ALL.to_vec()),
            any::<String>()
        )
            .prop_map(|(code, reason)| Verdict::Reject { code, reason }),
        Just(Verdict::Undo),
    ];
    let signed = any::<[u8; 32]>().prop_map(|seed| {
        let key = SigningKey::from_seed(&seed);
        let signature = key.sign(Digest::of(&seed));
        let key = key.public_key();
        Signed { key, signature }
    });
    let by = (id(), option::of(id()), any::<u32>(), option::of(signed));
    let what = (verdict, digest(), option::of(id()), digest(), time());
    (by, what).prop_map(|(by, (verdict, digest, request_id, policy, at))| {
        let (person, on_behalf, revision, signed) = by;
        Decision {
            person,
            on_behalf,
            verdict,
            digest,
            request_id,
            policy,
            revision,
            at,
            signed,
        }
    })
}

fn tie_out() -> impl Strategy<Value = TieOut> {
    vec(money(), 9).prop_map(|sums| TieOut {
        requested: sums[0],
        paid: sums[1],
        failed: sums[2],
        refunded: sums[3],
        refund_failed: sums[4],
        invalid: sums[5],
        cancelled: sums[6],
        open: sums[7],
        difference: sums[8],
    })
}

prop_compose! {
    fn head()(
        (number, external_id, purpose) in (any::<u128>(), id(), purpose()),
        (maker, accepted_at, since) in (id(), time(), time()),
        (parent, attempt, left) in (option::of(parent()), any::<u32>(), vec(left(), 0..3)),
        (content_digest, outcomes_digest) in (digest(), digest()),
        (count, tie_out, decisions, state) in
            (0..100_000_usize, tie_out(), vec(decision(), 0..4), state()),
    ) -> Head {
        Head {
            id: format!("b_{number:032x}").parse().unwrap(),
            external_id, purpose, maker, accepted_at, parent, attempt, left, count, content_digest, outcomes_digest,
            tie_out, decisions, state, since,
        }
    }
}

fn purpose() -> impl Strategy<Value = Option<Purpose>> {
    option::of(proptest::sample::select(Purpose::ALL.to_vec()))
}

prop_compose! {
    fn item()(
        (id, kind) in (id(), proptest::sample::select(RecipientType::ALL.to_vec())),
        (info, name) in (any::<String>(), option::of(any::<String>())),
        (kurus, description) in (1..100_000_000_000_i64, option::of(any::<String>())),
        non_withdrawable in any::<bool>(),
    ) -> Item {
        let recipient = Recipient { kind, info: Personal::new(info), name: name.map(Personal::new) };
        let amount = Money::payable(Decimal::new(kurus, 2), Currency::Try).unwrap();
        Item { id, recipient, amount, description, non_withdrawable }
    }
}

fn content() -> impl Strategy<Value = Content> {
    (id(), any::<String>(), purpose(), vec(item(), 0..5)).prop_map(
        |(external_id, conversation_id, purpose, items)| {
            let conversation_id = Some(conversation_id);
            Content::new(external_id, conversation_id, purpose, Currency::Try, items).unwrap()
        },
    )
}

prop_compose! {
    fn outcome()(
        word in prop_oneof![
            proptest::sample::select(ItemStatus::KNOWN.to_vec())
                .prop_map(|status| status.provider_word().to_owned()),
            any::<String>(),
        ],
        reference in option::of(id()),
        (reported, commission) in (option::of(money()), option::of(money())),
        errors in vec(any::<String>(), 0..3),
    ) -> Outcome {
        Outcome { status: ItemStatus::from_provider_word(&word), reference, reported, commission, errors }
    }
}

proptest! {
    #[test]
    fn heads_round_trip_and_encode_to_the_same_text(head in head()) {
        let text = encode_head(&head);
        let back = decode_head(&text).unwrap();
        prop_assert_eq!(&back, &head);
        prop_assert_eq!(encode_head(&back), text);
    }

    #[test]
    fn contents_round_trip(content in content()) {
        let text = encode_content(&content);
        let back = decode_content(&text).unwrap();
        prop_assert_eq!(&back, &content);
        prop_assert_eq!(back.digest(), content.digest());
        prop_assert_eq!(encode_content(&back), text);
    }

    #[test]
    fn outcomes_round_trip(outcome in outcome()) {
        let text = encode_outcome(&outcome);
        let back = decode_outcome(&text).unwrap();
        prop_assert_eq!(&back, &outcome);
        prop_assert_eq!(encode_outcome(&back), text);
    }
}

#[test]
fn a_time_finer_than_a_microsecond_encodes_to_the_same_text() {
    let text = fixtures("head-received")[0].1.clone();
    let mut head = decode_head(&text).unwrap();
    head.since = DateTime::from_timestamp_nanos(1_795_000_000_123_456_789);
    let text = encode_head(&head);
    assert_eq!(encode_head(&decode_head(&text).unwrap()), text);
}

/// The files of `tests/records/v1` whose names begin with `kind`.
pub(super) fn fixtures(kind: &str) -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/records/v1");
    let files = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path());
    files
        .filter(|path| {
            path.file_name()
                .unwrap()
                .to_str()
                .unwrap()
                .starts_with(kind)
        })
        .map(|path| {
            (
                path.clone(),
                std::fs::read_to_string(path).unwrap().trim_end().to_owned(),
            )
        })
        .collect()
}

#[test]
fn every_record_of_version_1_can_be_read() {
    let mut states = BTreeSet::new();
    for (path, text) in fixtures("head-") {
        let head = decode_head(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(encode_head(&head), text, "{}", path.display());
        states.insert(head.state.name());
    }
    assert_eq!(states, State::NAMES.into_iter().collect());
    for (path, text) in fixtures("content-") {
        let content = decode_content(&text).unwrap();
        assert_eq!(encode_content(&content), text, "{}", path.display());
    }
    let mut statuses = BTreeSet::new();
    for (path, text) in fixtures("outcome-") {
        let outcome = decode_outcome(&text).unwrap();
        assert_eq!(encode_outcome(&outcome), text, "{}", path.display());
        statuses.insert(outcome.status.word().to_owned());
    }
    let known = ItemStatus::KNOWN
        .iter()
        .map(|status| status.word().to_owned());
    assert_eq!(statuses, known.chain(["ON_HOLD".to_owned()]).collect());
}

#[test]
fn what_nobody_knows_is_refused_and_not_dropped() {
    let known = r#"{"v":1,"status":"SUCCESS"}"#;
    assert!(decode_outcome(known).is_ok());
    for text in [
        r#"{"v":2,"status":"SUCCESS"}"#,
        r#"{"status":"SUCCESS"}"#,
        r#"{"v":1,"status":"SUCCESS","colour":"red"}"#,
        r#"{"v":1,"status":"SUCCESS","reported":"1,5 TRY"}"#,
        r#"{"v":1,"status":"SUCCESS","reported":1.5}"#,
        "",
    ] {
        assert!(
            matches!(decode_outcome(text), Err(LedgerError::Corrupt(_))),
            "{text}"
        );
    }
}

#[test]
fn an_unreadable_record_does_not_show_what_it_holds() {
    for text in [
        r#"{"v":"TR920086402100005482986178"}"#,
        r#"{"v":1,"TR920086402100005482986178":1}"#,
    ] {
        let error = decode_content(text).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("TR92"), "{error}");
    }
}
