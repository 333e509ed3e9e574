//! Rules about changes of the active policy.

use onay_payout::{ActivationEntry, ActivationStep, Activations, Policy};

use super::scene::{Scene, actor};
use crate::{
    LedgerError, activations, active_policy, add_activation, begin_policy, house, policy_text,
};

/// A policy that asks so many.
fn policy(approvals: u32) -> Policy {
    let text = format!(
        "format = 1\n[[rule]]\nname = \"all\"\napprovals = {approvals}\nexpires_after = \"9h\"\n"
    );
    Policy::parse(&text).unwrap()
}

fn entry(scene: &Scene<'_>, step: ActivationStep, policy: &Policy) -> ActivationEntry {
    ActivationEntry {
        step,
        policy: policy.hash(),
        by: "mehmet".to_owned(),
        at: scene.now(),
        reason: "as agreed".to_owned(),
        loosens: vec!["one approval is enough".to_owned()],
    }
}

pub(super) async fn what_is_proposed_is_not_active_until_it_is_activated(scene: &Scene<'_>) {
    let ledger = &*scene.ledger;
    let [one, two] = [1, 2].map(policy);
    assert_eq!(activations(ledger).await.unwrap(), Activations::default());
    begin_policy(ledger, &two, &actor(), scene.now())
        .await
        .unwrap();
    let begun = activations(ledger).await.unwrap();
    assert_eq!(begun.active(), Some(two.hash()));
    assert_eq!(begun.entries()[0].step, ActivationStep::First);

    let proposed = entry(scene, ActivationStep::Proposed, &one);
    let known = add_activation(ledger, &begun, &proposed, &one, "cli")
        .await
        .unwrap();
    assert_eq!(known.proposal(), Some(&proposed));
    assert_eq!(known, activations(ledger).await.unwrap());
    assert_eq!(active_policy(ledger).await.unwrap(), Some(two.hash()));

    let activated = entry(scene, ActivationStep::Activated, &one);
    let known = add_activation(ledger, &known, &activated, &one, "cli")
        .await
        .unwrap();
    assert_eq!(known, activations(ledger).await.unwrap());
    assert_eq!(active_policy(ledger).await.unwrap(), Some(one.hash()));
    assert_eq!(known.past().collect::<Vec<_>>(), [two.hash()]);
    let text = policy_text(ledger, one.hash()).await.unwrap();
    assert_eq!(text.as_deref(), Some(one.text()));
    assert_eq!(house::verify_house(ledger).await.unwrap().1, []);
}

pub(super) async fn a_change_of_the_policy_by_what_is_not_there_any_more_is_refused(
    scene: &Scene<'_>,
) {
    let ledger = &*scene.ledger;
    let [one, two] = [1, 2].map(policy);
    begin_policy(ledger, &two, &actor(), scene.now())
        .await
        .unwrap();
    for known in [Activations::default(), activations(ledger).await.unwrap()] {
        let is_known = known.active().is_some();
        let activated = entry(scene, ActivationStep::Activated, &one);
        let late = add_activation(ledger, &known, &activated, &one, "cli").await;
        assert_eq!(late.is_ok(), is_known, "{late:?}");
        assert!(
            is_known || matches!(late, Err(LedgerError::Changed)),
            "{late:?}"
        );
    }
}
