//! One person pauses releases, and only two resume them.

use chrono::TimeDelta;

use super::world::{approved, at, held, looked, person, release_started, releasing};
use crate::provider::RemoteStatus;
use crate::{
    Event, OnReleaseDoubt, PauseRefused, PauseStep, PauseWish, Pauses, explain, explain_under,
};

use PauseWish::{Pause, Resume};

/// What comes of wishes in this order, one a minute.
fn after(wishes: &[(PauseWish, &str)]) -> Pauses {
    let wishes = wishes.iter().zip(0..);
    wishes.fold(Pauses::default(), |pauses, ((wish, name), minute)| {
        let entry = pauses.judge(*wish, person(name), "as agreed", at(minute));
        entry
            .unwrap()
            .map_or(pauses.clone(), |entry| pauses.with(entry))
    })
}

#[test]
fn one_person_pauses_and_only_a_second_one_resumes() {
    for (wishes, steps, is_paused) in [
        (&[(Pause, "mehmet")][..], &["pause"][..], true),
        (&[(Pause, "mehmet"), (Pause, "zeynep")], &["pause"], true),
        (
            &[(Pause, "mehmet"), (Resume, "mehmet"), (Resume, "mehmet")],
            &["pause", "propose_resume"],
            true,
        ),
        (
            &[(Pause, "mehmet"), (Resume, "mehmet"), (Resume, "zeynep")],
            &["pause", "propose_resume", "resume"],
            false,
        ),
        (
            &[
                (Pause, "mehmet"),
                (Resume, "mehmet"),
                (Pause, "can"),
                (Resume, "zeynep"),
            ],
            &["pause", "propose_resume", "pause", "propose_resume"],
            true,
        ),
        (
            &[
                (Pause, "mehmet"),
                (Resume, "mehmet"),
                (Resume, "zeynep"),
                (Pause, "can"),
                (Resume, "mehmet"),
            ],
            &[
                "pause",
                "propose_resume",
                "resume",
                "pause",
                "propose_resume",
            ],
            true,
        ),
    ] {
        let pauses = after(wishes);
        let told = pauses.entries().iter().map(|entry| entry.step.word());
        assert_eq!(told.collect::<Vec<_>>(), steps, "{wishes:?}");
        assert_eq!(pauses.standing().is_some(), is_paused, "{wishes:?}");
    }
}

#[test]
fn a_proposal_to_resume_is_confirmed_within_a_day_or_made_anew() {
    let pauses = after(&[(Pause, "mehmet"), (Resume, "mehmet")]);
    let late = at(1) + TimeDelta::days(1);
    let entry = pauses
        .judge(Resume, person("zeynep"), "late", late)
        .unwrap();
    assert_eq!(entry.unwrap().step, PauseStep::ResumeProposed);
}

#[test]
fn it_takes_a_role_a_reason_and_a_pause() {
    let none = Pauses::default();
    let deniz = person("deniz");
    for wish in [Pause, Resume] {
        assert_eq!(
            none.judge(wish, deniz, "why", at(0)),
            Err(PauseRefused::NotAllowed(deniz.name().clone()))
        );
        assert_eq!(
            none.judge(wish, person("mehmet"), " \n", at(0)),
            Err(PauseRefused::NoReason)
        );
    }
    assert_eq!(
        none.judge(Resume, person("mehmet"), "why", at(0)),
        Err(PauseRefused::NotPaused)
    );
}

#[test]
fn only_the_release_intent_starts_a_release() {
    let batch = approved(&[100]);
    let started = release_started(&batch, 20);
    assert!(batch.apply(started, at(20)).unwrap().starts_release());
    let expired = held(&[100]).apply(Event::Expired, at(10_000_000)).unwrap();
    assert!(!expired.starts_release());
    let look = looked(RemoteStatus::Init, OnReleaseDoubt::Ask);
    let looked = releasing(&[100]).apply(look, at(30)).unwrap();
    assert!(!looked.starts_release(), "it is under way already");
}

#[test]
fn an_approved_batch_says_that_releases_are_paused_and_others_do_not() {
    let pause = after(&[(Pause, "mehmet")]).standing();
    let told = explain_under(approved(&[100]).head(), pause.as_ref());
    assert!(told.contains("paused by mehmet"), "{told}");
    assert!(told.contains("as agreed"), "{told}");
    let held = held(&[100]);
    assert_eq!(
        explain_under(held.head(), pause.as_ref()),
        explain(held.head())
    );
}
