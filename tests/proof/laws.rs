//! The laws of the money step. Each is one sentence, one name, and one place where it is checked.
//!
//! They read the provider's books and the facts in the store; they never ask the code under test
//! whether it was right.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use onay_ledger::Stored;
use onay_payout::{Digest, ExternalId, ItemStatus, State, Verdict, Why};

use crate::books::{By, Late, Parcel, Stage};
use crate::hand::Running;
use crate::past::{Initialize, Release};
use crate::people::{self, ASKED, PEOPLE, QUIET_PERIOD, Terms, house};
use crate::ports::Change;
use crate::world::{World, broken};

/// What holds in every world, whatever went wrong in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Law {
    PaidOnce,
    OneAuthorizedId,
    AuthorizedOnce,
    IntentFirst,
    QuorumOnThisDigest,
    NotExpired,
    NotPaused,
    LookedFirst,
    WhatWasSent,
    OneInitializeAtATime,
    ResendsWaits,
    EndsQuiet,
    TurnedDownIsCancelled,
    TellsTheTruth,
    TiesOut,
    FinalStays,
    VersionsGrow,
    PeopleAreTwo,
    NothingIsForgotten,
    Ends,
    DoubtIsResent,
    EffectsAreNoticed,
}

impl Law {
    pub(crate) const fn sentence(self) -> &'static str {
        match self {
            Self::PaidOnce => {
                "no payee is credited twice, even by a provider that pays again, unless people or \
                 the policy's `resend` said so"
            }
            Self::OneAuthorizedId => "money moves under one request id of a batch at most",
            Self::AuthorizedOnce => {
                "authorize is sent once per request id, unless people or the policy's `resend` said so"
            }
            Self::IntentFirst => {
                "a write is sent only by the owner of a recorded intent, and before its deadline"
            }
            Self::QuorumOnThisDigest => {
                "authorize is sent only while a quorum on this very digest stands in the store"
            }
            Self::NotExpired => "no release is begun after the time to decide is over",
            Self::NotPaused => "no release is begun while releases are paused",
            Self::LookedFirst => "authorize is sent only by who has just seen the batch in INIT",
            Self::WhatWasSent => "what is authorized is what was submitted, item by item",
            Self::OneInitializeAtATime => {
                "initialize is sent again only after the deadline of a call in doubt"
            }
            Self::ResendsWaits => {
                "sending again takes the policy's `resend`, the quiet period and three looks"
            }
            Self::EndsQuiet => "no batch ends while the provider may still move its money",
            Self::TurnedDownIsCancelled => {
                "a batch that was turned down ends when the provider shows it cancelled"
            }
            Self::TellsTheTruth => "a batch that ended says of each payee what the books say",
            Self::TiesOut => "a batch that ended ties out to zero",
            Self::FinalStays => "what is final for a payee stays so; only a refund may follow",
            Self::VersionsGrow => "each commit makes one version more, on the one before",
            Self::PeopleAreTwo => {
                "a frozen batch is resolved by two different people, not its maker"
            }
            Self::NothingIsForgotten => "a batch that has not ended has a job, or waits for people",
            Self::Ends => "when nothing more goes wrong, every batch ends, or waits for people",
            Self::DoubtIsResent => {
                "under `resend` no batch waits for people because of release doubt"
            }
            Self::EffectsAreNoticed => {
                "a batch that waits for people goes on by itself once its release shows"
            }
        }
    }
}

/// A law that does not hold.
#[derive(Debug, Clone)]
pub(crate) struct Broken {
    pub(crate) law: Law,
    pub(crate) what: String,
}

/// Initialize reaches the provider.
pub(crate) fn initialize_arrives(
    world: &mut World,
    running: &Running,
    (as_id, send_by): (&ExternalId, DateTime<Utc>),
) -> Result<(), Broken> {
    if let Some(Initialize { id, until }) = &world.past.initialize
        && id == as_id
        && world.now < *until
    {
        return broken(
            Law::OneInitializeAtATime,
            format!("another may arrive until {until}"),
        );
    }
    let is_intended = match world.state() {
        State::Preparing(_) => world.state().intent().is_some_and(|intent| {
            intent.owner.as_str() == running.owner() && world.now < intent.deadline
        }),
        // Something else that showed the batch at the provider may have been recorded meanwhile.
        State::Received => false,
        _ => true,
    };
    if !is_intended {
        return broken(
            Law::IntentFirst,
            format!("initialize in `{}`", world.state().name()),
        );
    }
    world.past.initialize = Some(Initialize {
        id: as_id.clone(),
        until: send_by + TimeDelta::from_std(people::CALL_TIMEOUT).unwrap(),
    });
    Ok(())
}

/// Authorize reaches the provider.
pub(crate) fn authorize_arrives(
    world: &World,
    running: &Running,
    place: usize,
    digest: Digest,
) -> Result<(), Broken> {
    let releasing = match world.state() {
        State::Releasing(releasing) => Some(releasing),
        // It froze under a call that was about to be sent.
        State::Frozen(frozen) => match frozen.from.as_ref() {
            State::Releasing(releasing) => Some(releasing),
            _ => None,
        },
        _ => None,
    };
    let Some(releasing) = releasing else {
        return broken(
            Law::IntentFirst,
            format!("authorize in `{}`", world.state().name()),
        );
    };
    let intent = &releasing.intent;
    if intent.owner.as_str() != running.owner() || world.now >= intent.deadline {
        return broken(
            Law::IntentFirst,
            format!(
                "authorize by {}, intent of {}",
                running.owner(),
                intent.owner
            ),
        );
    }
    let hold = &releasing.hold;
    if intent.started_at >= hold.expires_at {
        return broken(Law::NotExpired, format!("expired at {}", hold.expires_at));
    }
    let of_hold = hold.request_id.as_ref();
    let of_hold = of_hold.and_then(|id| world.books.place(id));
    let is_this = of_hold == Some(place) && hold.digest == digest;
    let terms = house().policies[running.policy].0;
    let have = approvals(world, digest, running.policy);
    if !is_this || have < terms.approvals {
        return broken(
            Law::QuorumOnThisDigest,
            format!("{have} of {} approvals", terms.approvals),
        );
    }
    let Some((_, was_right)) = running.saw_init.filter(|(seen, _)| *seen == place) else {
        return broken(Law::LookedFirst, "no look in this step showed INIT");
    };
    // What somebody changes between the look and the call nobody can see.
    if terms.read_back == "full" && !was_right {
        return broken(
            Law::WhatWasSent,
            "the copy differed from what was submitted",
        );
    }
    let sends = world.books.parcels[place].sends + 1;
    let allowed = 1 + world.past.retries + world.past.resends;
    if sends > allowed && world.past.restores == 0 {
        return broken(Law::AuthorizedOnce, format!("sent for the {sends}. time"));
    }
    Ok(())
}

/// Cancel reaches the provider.
pub(crate) fn cancel_arrives(world: &World, running: &Running) -> Result<(), Broken> {
    match world.state() {
        State::Cancelling(cancelling)
            if cancelling
                .intent
                .as_ref()
                .is_none_or(|intent| intent.owner.as_str() != running.owner()) =>
        {
            broken(Law::IntentFirst, "cancel without an intent of its own")
        }
        _ => Ok(()),
    }
}

/// The approvals that stand, counted from the recorded decisions alone.
fn approvals(world: &World, digest: Digest, policy: usize) -> usize {
    let (terms, policy): (Terms, _) = (house().policies[policy].0, &house().policies[policy].1);
    let decisions = &world.store.batch().head().decisions;
    let stands = |person: &usize| {
        let theirs = decisions
            .iter()
            .rev()
            .find(|made| made.person.as_str() == PEOPLE[*person] && made.digest == digest);
        theirs.is_some_and(|last| {
            matches!(last.verdict, Verdict::Approve { .. }) && last.policy == policy.hash()
        })
    };
    let asked = ASKED.iter().filter(|person| terms.asks(**person));
    asked.copied().filter(|person| stands(person)).count()
}

/// A change was stored.
pub(crate) fn committed(
    world: &mut World,
    before: &Stored,
    change: &Change,
    by: Option<&Running>,
) -> Result<(), Broken> {
    let after = Arc::clone(&world.store.kept);
    let after = &after.stored;
    if after.version != before.version + 1 {
        return broken(
            Law::VersionsGrow,
            format!("{} after {}", after.version, before.version),
        );
    }
    if world.past.is_paused && change.event == "release_started" {
        return broken(Law::NotPaused, "an intent to release was stored");
    }
    finals_stay(before, after, change.event)?;
    match (before.batch.state(), after.batch.state()) {
        (_, State::Releasing(releasing)) if change.event == "release_started" => {
            world.past.release = Some(Release {
                begun_at: releasing.intent.started_at,
                looks: 0,
            });
        }
        (State::Releasing(_), State::Approved(_)) if change.event == "release_looked" => {
            resends(world, by)?;
        }
        _ => {}
    }
    if world.past.alone > 0 {
        return broken(Law::PeopleAreTwo, "resolved by one person, or by the maker");
    }
    nothing_is_forgotten(world)?;
    if after.batch.state().is_final() && !before.batch.state().is_final() {
        ends_quiet(world)?;
    }
    Ok(())
}

fn resends(world: &mut World, by: Option<&Running>) -> Result<(), Broken> {
    let quiet = TimeDelta::from_std(QUIET_PERIOD).unwrap();
    let is_asked = by.is_some_and(|by| house().policies[by.policy].0.on_doubt == "resend");
    let release = world.past.release.as_ref();
    let (since, looks) = release.map_or((world.now, 0), |it| (it.begun_at, it.looks));
    if !is_asked || world.now < since + quiet || looks < 3 {
        return broken(
            Law::ResendsWaits,
            format!("{looks} looks since {since}, resend: {is_asked}"),
        );
    }
    world.past.resends += 1;
    Ok(())
}

fn finals_stay(before: &Stored, after: &Stored, event: &str) -> Result<(), Broken> {
    // A batch that is prepared anew begins anew; the provider has cancelled the old one. So does one
    // that turns out to be paid by another attempt.
    let is_anew = after.batch.state().name() == "received"
        || after.batch.head().attempt != before.batch.head().attempt;
    let is_frozen = after.batch.state().name() == "frozen";
    let pairs = before.batch.outcomes().iter().zip(after.batch.outcomes());
    for (was, is) in pairs.filter(|_| !is_anew) {
        let may_follow = match (&was.status, &is.status) {
            (was, is) if was == is => true,
            (ItemStatus::Failed, ItemStatus::Refunded | ItemStatus::RefundFailed)
            | (ItemStatus::RefundFailed, ItemStatus::Refunded) => true,
            // What was taken for cancelled is open again once the provider pays it after all.
            (ItemStatus::Cancelled, ItemStatus::Pending) => is_frozen,
            (was, _) => !was.is_payee_final(),
        };
        if !may_follow {
            return broken(
                Law::FinalStays,
                format!(
                    "{} became {} by {event}",
                    was.status.word(),
                    is.status.word()
                ),
            );
        }
    }
    Ok(())
}

fn nothing_is_forgotten(world: &World) -> Result<(), Broken> {
    let [hands, eyes] = world.store.jobs.map(|job| job.is_some());
    let state = world.state();
    let has_job = match state {
        // What was sent before the store was set back it does not know.
        State::Frozen(_) => {
            let place = world.known_place().filter(|_| world.past.restores == 0);
            eyes || place.is_none_or(|place| world.books.parcels[place].sends == 0)
        }
        State::Processing(_) => eyes,
        other => hands || other.is_final(),
    };
    if !has_job {
        return broken(
            Law::NothingIsForgotten,
            format!("`{}` without a job", state.name()),
        );
    }
    Ok(())
}

/// A batch has just ended.
fn ends_quiet(world: &World) -> Result<(), Broken> {
    let batch = world.store.batch();
    let state = batch.state();
    let is_off = !batch.head().tie_out.difference.is_zero();
    if is_off || batch.has_open_items() {
        return broken(Law::TiesOut, format!("`{}`", state.name()));
    }
    let is_paid = matches!(
        state,
        State::Settled(_) | State::PartlySettled(_) | State::Failed(_)
    );
    let held = world.held_place();
    for (place, parcel) in world.books.parcels.iter().enumerate() {
        let is_quiet = match parcel.stage {
            Stage::Init => !world.books.late.contains(&Late::Authorize(place)),
            Stage::Canceled => true,
            Stage::Short => false,
            Stage::Taken(step) => is_paid && held == Some(place) && step >= Stage::FINAL,
        };
        // A store that was set back may have ended before it forgot.
        if !is_quiet && world.past.restores == 0 {
            return broken(
                Law::EndsQuiet,
                format!("`{}`, and r-{place} is {:?}", state.name(), parcel.stage),
            );
        }
    }
    if let (State::Rejected(_) | State::Withdrawn(_) | State::Expired(_), Some(place)) =
        (state, world.known_place())
        && world.books.parcels[place].stage != Stage::Canceled
        && world.past.closes == 0
    {
        return broken(
            Law::TurnedDownIsCancelled,
            format!("r-{place} is {:?}", world.books.parcels[place].stage),
        );
    }
    for (item, outcome) in batch.outcomes().iter().enumerate() {
        let credits = world.books.credits(item);
        let is_excused = world.past.restores > 0 || world.books.takes_back();
        if (outcome.status == ItemStatus::Paid) != (credits > 0) && !is_excused {
            return broken(
                Law::TellsTheTruth,
                format!(
                    "item-{item} is {}, credited {credits} times",
                    outcome.status.word()
                ),
            );
        }
    }
    Ok(())
}

/// What holds at every moment.
pub(crate) fn always(world: &World) -> Result<(), Broken> {
    let by_us = |parcel: &&Parcel| parcel.takes > 0;
    if world.books.parcels.iter().filter(by_us).count() > 1 {
        return broken(Law::OneAuthorizedId, "two request ids moved money");
    }
    let strangers = world
        .books
        .parcels
        .iter()
        .filter(|parcel| parcel.by == By::SomebodyElse);
    let is_excused = world.past.allows_more() || strangers.count() > 0;
    for item in 0..world.books.items {
        let credits = world.books.credits(item);
        if credits > 1 && !is_excused {
            return broken(
                Law::PaidOnce,
                format!("item-{item} is credited {credits} times"),
            );
        }
    }
    Ok(())
}

/// Nothing more went wrong for a while, and the batch waits for people.
pub(crate) fn parked(world: &World) -> Result<(), Broken> {
    let State::Frozen(frozen) = world.state() else {
        return Ok(());
    };
    // A provider that cannot be asked for hours is another reason.
    let is_asked = !frozen
        .details
        .iter()
        .any(|what| what.starts_with("tried since"));
    let is_doubt = frozen.why == Why::ReleaseUnconfirmed && is_asked;
    if is_doubt && world.terms().on_doubt == "resend" {
        return broken(Law::DoubtIsResent, frozen.details.join("; "));
    }
    let shows = world
        .known_place()
        .map(|place| world.books.parcels[place].stage);
    let is_release_doubt = matches!(frozen.why, Why::ReleaseUnconfirmed | Why::ReleaseRefused);
    if is_release_doubt && matches!(shows, Some(Stage::Taken(Stage::FINAL..))) {
        return broken(Law::EffectsAreNoticed, format!("{:?}", frozen.why));
    }
    Ok(())
}
