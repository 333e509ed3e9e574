//! Settings, in the less careful direction.

use std::time::Duration;

use crate::policy::{Funds, OnInvalid, OnReleaseDoubt, ReadBack, Safety};

/// Settings of the money step that are less careful.
pub(super) fn looser(before: &Safety, next: &Safety) -> Vec<String> {
    let compared = |safety: &Safety| match safety.read_back {
        ReadBack::Full => 2,
        ReadBack::Totals => 1,
        ReadBack::Off => 0,
    };
    let changes = [
        (
            compared(next) < compared(before),
            "less of the provider's copy is compared (safety.read_back)",
        ),
        (
            before.look_before_init && !next.look_before_init,
            "batches are not looked up before they are initialized (safety.look_before_init)",
        ),
        (
            before.on_invalid == OnInvalid::Reject && next.on_invalid != OnInvalid::Reject,
            "batches with refused items are not turned down any more (safety.on_invalid)",
        ),
        (
            before.funds == Funds::Check && next.funds != Funds::Check,
            "the payout balance is not weighed any more (safety.funds)",
        ),
        (
            before.on_release_doubt == OnReleaseDoubt::Ask
                && next.on_release_doubt != OnReleaseDoubt::Ask,
            "an unanswered release is sent again without people (safety.on_release_doubt)",
        ),
        (
            next.quiet_period < before.quiet_period,
            "an unanswered release is looked at for a shorter time (safety.quiet_period)",
        ),
    ];
    let looser = changes.into_iter().filter(|(is_looser, _)| *is_looser);
    looser.map(|(_, told)| told.to_owned()).collect()
}

/// Less is remembered, so less is noticed.
pub(super) fn remembers_less(before: Option<Duration>, next: Option<Duration>) -> Vec<String> {
    let Some(before) = before else {
        return Vec::new();
    };
    let told = match next {
        None => "nothing is remembered of makers and payees any more ([history])",
        Some(next) if next < before => {
            "duplicates are looked for in a shorter time (history.window)"
        }
        Some(_) => return Vec::new(),
    };
    vec![told.to_owned()]
}
