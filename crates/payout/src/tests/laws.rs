//! Laws that hold after any sequence of events.

use proptest::prelude::*;

use super::world::{
    approve, at, cancel_looked, copy, initialized, intent, looked, person, policy, read_back,
    received, released, reported,
};
use crate::provider::RemoteStatus;
use crate::{Batch, Event, ItemStatus, Motion, OnReleaseDoubt, ReasonCode, Verdict};

const AMOUNTS: [i64; 2] = [100, 200];

/// What the world does next, whether it may or not.
#[derive(Debug, Clone)]
enum Step {
    InitializeStarted,
    Initialized,
    ReadBack,
    Decide(&'static str, Verdict),
    Withdraw,
    Expire,
    ReleaseStarted,
    Released,
    Looked(RemoteStatus),
    Reported([ItemStatus; 2]),
    CancelStarted,
    CancelLooked(RemoteStatus),
}

fn step() -> impl Strategy<Value = Step> {
    let remote = prop_oneof![
        Just(RemoteStatus::Init),
        Just(RemoteStatus::InProgress),
        Just(RemoteStatus::Completed),
        Just(RemoteStatus::Canceled),
        Just(RemoteStatus::InsufficientBalance),
        Just(RemoteStatus::Unknown("NEW".into())),
    ];
    let mut statuses = ItemStatus::KNOWN.to_vec();
    statuses.push(ItemStatus::Unknown("NEW".into()));
    let status = prop::sample::select(statuses);
    let who = prop::sample::select(vec!["ayse", "mehmet", "zeynep", "deniz"]);
    let verdict = prop_oneof![
        4 => Just(approve()),
        1 => Just(Verdict::Undo),
        1 => Just(Verdict::Reject { code: ReasonCode::Other, reason: "no".into() }),
    ];
    prop_oneof![
        Just(Step::InitializeStarted),
        Just(Step::Initialized),
        Just(Step::ReadBack),
        (who, verdict).prop_map(|(who, verdict)| Step::Decide(who, verdict)),
        Just(Step::Withdraw),
        Just(Step::Expire),
        Just(Step::ReleaseStarted),
        Just(Step::Released),
        remote.clone().prop_map(Step::Looked),
        [status.clone(), status].prop_map(Step::Reported),
        Just(Step::CancelStarted),
        remote.prop_map(Step::CancelLooked),
    ]
}

/// The event of a step, if it can even be made: a ruling or a proof may be refused before.
fn event(step: Step, batch: &Batch, minute: i64) -> Option<Event> {
    Some(match step {
        Step::InitializeStarted => Event::InitializeStarted(intent(minute)),
        Step::Initialized => initialized(),
        Step::ReadBack => read_back(copy(batch, RemoteStatus::Init, &ItemStatus::Pending)),
        Step::Decide(who, verdict) => {
            let digest = batch.state().hold()?.digest.to_string();
            let motion = Motion::new(verdict, &digest);
            Event::Decided(
                policy()
                    .judge(batch.head(), person(who), motion, at(minute))
                    .ok()?,
            )
        }
        Step::Withdraw => Event::Withdrawn {
            by: person("ayse").clone(),
            reason: String::new(),
        },
        Step::Expire => Event::Expired,
        Step::ReleaseStarted => {
            let quorum = policy().quorum(batch.head()).ok()?;
            Event::ReleaseStarted {
                intent: intent(minute),
                quorum,
            }
        }
        Step::Released => released(),
        Step::Looked(status) => looked(status, OnReleaseDoubt::Ask),
        Step::Reported(statuses) => reported(batch, &statuses),
        Step::CancelStarted => Event::CancelStarted(intent(minute)),
        Step::CancelLooked(status) => cancel_looked(copy(batch, status, &ItemStatus::Pending)),
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_sequence_of_events_breaks_a_law(steps in prop::collection::vec(step(), 1..60)) {
        let mut batch = received(&AMOUNTS);
        let mut releases = Vec::new();
        for (step, minute) in steps.into_iter().zip(1..) {
            let Some(event) = event(step, &batch, minute) else { continue };
            let is_release = matches!(event, Event::ReleaseStarted { .. });
            let Ok(next) = batch.apply(event, at(minute)) else { continue };
            let (before, after) = (batch.head(), next.batch.head());

            // Totals are conserved.
            prop_assert_eq!(after.tie_out.requested, before.tie_out.requested);
            let moved = next.batch.outcomes().iter().zip(batch.outcomes());
            // Final stays final.
            for (now, was) in moved {
                // What was taken for cancelled is open again once the provider pays it after all.
                let is_reopened = was.status == ItemStatus::Cancelled
                    && now.status == ItemStatus::Pending
                    && after.state.name() == "frozen";
                let may_follow = is_reopened || was.status.may_become(&now.status);
                prop_assert!(may_follow, "{:?} → {:?}", was, now);
            }
            // A final state leads nowhere but to frozen.
            if batch.state().is_final() && after.state.name() != before.state.name() {
                prop_assert_eq!(after.state.name(), "frozen");
            }
            // Decisions are never removed.
            prop_assert!(after.decisions.starts_with(&before.decisions));
            // A release is started once, by people who are not the maker.
            if is_release {
                releases.push(minute);
                prop_assert!(policy().quorum(after).is_ok());
                prop_assert!(after.standing_approvals().iter().all(|made| made.person.as_str() != "ayse"));
            }
            // What may move is watched, what is not final is somebody's job.
            let is_planned = next.jobs.worker.is_some() || next.jobs.reconciler.is_some();
            prop_assert!(is_planned || after.state.is_final() || !after.money_may_move());
            batch = next.batch;
        }
        prop_assert!(releases.len() <= 1, "released at minutes {:?}", releases);
    }
}
