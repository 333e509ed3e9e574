//! Signatures: which count, and what is told as forged.

use chrono::TimeDelta;

use super::approvals::{SIGNED, digest, house, key};
use super::world::{approve, at, lira};
use crate::{
    Batch, Decision, Digest, Forged, Head, Hold, NotAllowed, Purpose, Short, State, Verdict,
};

/// The batch with other decisions than were recorded.
fn forged(batch: &Batch, change: impl FnOnce(&mut Vec<Decision>)) -> Batch {
    let mut head = batch.head().clone();
    change(&mut head.decisions);
    Batch::restore(head, batch.content().clone(), batch.outcomes().to_vec())
}

#[test]
fn where_a_rule_asks_for_a_signature_only_the_persons_own_key_counts() {
    let house = house(SIGNED, &["can"]);
    let batch = house.held(&[100], None);
    assert_eq!(
        house.decide(&batch, "mehmet", approve()).unwrap_err(),
        NotAllowed::SignatureNeeded("signed".to_owned())
    );
    let once = house.sign(&batch, "mehmet", approve()).unwrap();
    assert_eq!(once.state().name(), "pending_approval");
    let twice = house.sign(&once, "zeynep", approve()).unwrap();
    assert_eq!(twice.state().name(), "approved");
    assert!(house.policy.forged(twice.head()).is_empty());
    let is_refused =
        |outcome: Result<Batch, NotAllowed>| matches!(outcome, Err(NotAllowed::Signature(_)));
    let foreign = (&key("zeynep"), at(10));
    assert!(is_refused(house.sign_with(
        &batch,
        "mehmet",
        approve(),
        foreign
    )));
    let unknown = (&key("can"), at(10));
    assert!(is_refused(house.sign_with(
        &batch,
        "can",
        approve(),
        unknown
    )));
    for minutes in [-1, 21] {
        let stale = (&key("mehmet"), at(minutes));
        assert!(is_refused(house.sign_with(
            &batch,
            "mehmet",
            approve(),
            stale
        )));
    }
    // A person without a key may still turn it down.
    let reason = "no".to_owned();
    let code = crate::ReasonCode::Other;
    let rejected = house.decide(&batch, "can", Verdict::Reject { code, reason });
    assert_eq!(rejected.unwrap().state().name(), "cancelling");
}

#[test]
fn a_signature_counts_only_while_the_policy_has_its_key() {
    let house = house(SIGNED, &[]);
    let once = house
        .sign(&house.held(&[100], None), "mehmet", approve())
        .unwrap();
    let approved = house.sign(&once, "zeynep", approve()).unwrap();
    let revoked = super::approvals::house(SIGNED, &["zeynep"]);
    let revoked = revoked.policy.after([house.policy.hash()]);
    assert_eq!(
        revoked.quorum(approved.head()),
        Err(Short::Approvals { have: 1, needed: 2 })
    );
    assert!(revoked.forged(approved.head()).is_empty());
    let never_active = super::approvals::house(SIGNED, &["can"]).policy;
    let none = never_active.quorum(approved.head());
    assert_eq!(none, Err(Short::Approvals { have: 0, needed: 2 }));
    let successor = never_active.after([house.policy.hash()]);
    assert!(successor.quorum(approved.head()).is_ok());
}

#[test]
fn what_was_forged_moved_left_out_or_aimed_elsewhere_is_told_and_does_not_count() {
    let house = house(SIGNED, &[]);
    let batch = house.held(&[100], None);
    let once = house.sign(&batch, "mehmet", approve()).unwrap();
    let undone = house.sign(&once, "mehmet", Verdict::Undo).unwrap();
    let approved = house.sign(&undone, "mehmet", approve()).unwrap();
    let approved = house.sign(&approved, "zeynep", approve()).unwrap();
    assert_eq!(approved.state().name(), "approved");
    assert!(house.policy.forged(approved.head()).is_empty());

    let told = |batch: &Batch| house.policy.forged(batch.head()).len();
    let counts = |batch: &Batch| house.policy.counted(batch.head()).len();
    // A fact about the decision is another.
    let edited = forged(&approved, |made| made[3].digest = Digest::of(b"other"));
    assert_eq!((told(&edited), counts(&edited)), (1, 1));
    let dated = forged(&approved, |made| made[3].at += TimeDelta::microseconds(1));
    assert_eq!((told(&dated), counts(&dated)), (1, 1));
    let lent = forged(&approved, |made| {
        made[3].on_behalf = Some("can".parse().unwrap());
    });
    assert_eq!((told(&lent), counts(&lent)), (1, 1));
    // Somebody else is said to have made it.
    let stolen = forged(&approved, |made| made[3].person = "deniz".parse().unwrap());
    assert_eq!(counts(&stolen), 1);
    // One in the middle is left out, doubled or moved.
    assert!(told(&forged(&approved, |made| drop(made.remove(1)))) > 0);
    assert!(told(&forged(&approved, |made| made.push(made[0].clone()))) > 0);
    assert!(told(&forged(&approved, |made| made.swap(0, 1))) > 0);
    // An approval of another batch is aimed at this one.
    let other = house
        .sign(&house.held(&[200], None), "zeynep", approve())
        .unwrap();
    let mut theirs = other.head().decisions[0].clone();
    theirs.digest = digest(&once);
    let aimed = forged(&once, |made| made.push(theirs));
    assert_eq!((told(&aimed), counts(&aimed)), (1, 1));
    // An unsigned one counts for nothing here.
    let unsigned = forged(&once, |made| {
        let mut approval = made[0].clone();
        (approval.person, approval.signed) = ("zeynep".parse().unwrap(), None);
        made.push(approval);
    });
    assert!(house.policy.quorum(unsigned.head()).is_err());
    assert!(matches!(
        house.policy.forged(edited.head())[0],
        Forged::Signature { revision: 1, .. }
    ));
}

#[test]
fn a_clock_that_is_ahead_makes_no_later_decision_look_forged() {
    let house = house(SIGNED, &[]);
    let batch = house.held(&[100], None);
    let ahead = (&key("mehmet"), at(15));
    let once = house.sign_with(&batch, "mehmet", approve(), ahead).unwrap();
    let undone = house.decide(&once, "mehmet", Verdict::Undo).unwrap();
    assert!(house.policy.forged(undone.head()).is_empty());
    assert!(house.policy.counted(undone.head()).is_empty());
    let behind = house.sign(&undone, "mehmet", approve());
    assert!(matches!(behind, Err(NotAllowed::Signature(_))));
}

/// Does something to what is recorded of a held batch.
type Edit = fn(&mut Head, &mut Hold);

#[test]
fn what_is_held_follows_from_the_items_or_is_told() {
    let batch = house(SIGNED, &[]).held(&[100, 200], None);
    let edited = |edit: Edit| {
        let mut head = batch.head().clone();
        let mut hold = batch.state().hold().unwrap().clone();
        edit(&mut head, &mut hold);
        head.state = State::Approved(hold);
        let (content, outcomes) = (batch.content().clone(), batch.outcomes().to_vec());
        Batch::restore(head, content, outcomes)
            .contradictions()
            .len()
    };
    assert_eq!(edited(|_, _| ()), 0);
    assert_eq!(edited(|_, hold| hold.largest = hold.total), 0);
    // The digest is over what the items come to, so another sum alone does not change it.
    let edits: [Edit; 6] = [
        |_, hold| hold.total = lira(1),
        |_, hold| hold.largest = lira(1),
        |_, hold| hold.digest = Digest::of(b"other"),
        |_, hold| hold.request_id = Some("r-2".parse().unwrap()),
        |head, _| head.purpose = Some(Purpose::Salary),
        |head, _| head.external_id = "other".parse().unwrap(),
    ];
    for (place, edit) in edits.into_iter().enumerate() {
        assert_eq!(edited(edit), 1, "{place}");
    }
}
