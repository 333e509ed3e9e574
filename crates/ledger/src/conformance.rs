//! The rules every ledger keeps, as tests that any backend can run.
//!
//! The list below is the only one: `onay_ledger::conformance!` makes a named test of each rule
//! (`sqlite::a_stale_commit_is_refused_and_leaves_no_trace`), and a rule that is missing from the
//! list is dead code, which does not build.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a rule is a test"
)]

mod activations;
mod batches;
mod budget;
mod cells;
mod commits;
mod house;
mod jobs;
mod pauses;
pub mod redis_server;
mod scene;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::ledger::Ledger;

pub use scene::{ALL, LEASE, Scene, Seen, actor, batch_id, content, items, worker};

/// A fresh, empty ledger and its time.
#[async_trait]
pub trait Harness: Send + Sync {
    /// The ledger; always the same one.
    fn ledger(&self) -> Arc<dyn Ledger>;

    /// The time of the ledger's store.
    fn now(&self) -> DateTime<Utc>;

    /// Lets time pass for the store: at least this much.
    async fn pass(&self, time: Duration);
}

macro_rules! rules {
    ($d:tt $($module:ident::$rule:ident,)+) => {
        $(
            #[doc = concat!("Checks the rule `", stringify!($rule), "`.")]
            pub async fn $rule(harness: &dyn Harness) {
                $module::$rule(&scene::Scene::new(harness)).await;
            }
        )+

        /// Makes a test of every rule: `conformance!(sqlite, Sqlite::fresh());`, where the
        /// expression gives a [`Harness`](crate::conformance::Harness).
        #[macro_export]
        macro_rules! conformance {
            ($d backend:ident, $d fresh:expr) => {
                mod $d backend {
                    $(
                        #[tokio::test(flavor = "multi_thread")]
                        async fn $rule() {
                            $d crate::conformance::$rule(&$d fresh).await;
                        }
                    )+
                }
            };
        }
    };
}

rules! {
    $
    batches::a_new_batch_is_stored_with_its_first_entry_and_job,
    batches::opening_twice_answers_existing_and_changes_nothing,
    batches::an_external_id_is_never_forgotten,
    batches::what_was_stored_loads_equal,
    batches::a_batch_of_5000_items_loads_equal,
    batches::a_batch_is_found_by_either_id,
    batches::lists_show_one_state,
    batches::lists_come_in_pages_newest_first,
    batches::another_account_is_refused,
    batches::stats_count_states_and_due_jobs,
    commits::a_stale_commit_is_refused_and_leaves_no_trace,
    commits::a_commit_after_a_lost_lease_is_refused_and_leaves_no_trace,
    commits::a_commit_to_an_unknown_batch_is_refused,
    commits::a_lost_lease_still_allows_a_commit_by_version,
    commits::a_commit_by_version_takes_the_claim_away,
    commits::holding_keeps_the_claim,
    commits::holding_needs_a_lease_that_lasts,
    commits::finishing_gives_the_claim_up,
    commits::a_commit_plans_exactly_its_jobs,
    commits::changed_outcomes_are_stored_and_others_stay,
    commits::the_journal_is_append_only_chained_and_in_order,
    commits::a_decision_stands_in_its_entry_and_nowhere_else,
    commits::concurrent_commits_of_one_version_have_one_winner,
    commits::a_refused_commit_does_not_touch_those_it_came_with,
    jobs::a_claim_is_held_by_one,
    jobs::an_expired_claim_can_be_claimed_again,
    jobs::a_planned_job_never_accepts_an_old_claim,
    jobs::renewing_extends_a_lease,
    jobs::postponing_hides_a_job_until_its_time,
    jobs::a_lost_claim_can_neither_be_renewed_nor_given_back,
    jobs::the_job_due_longest_comes_first,
    jobs::many_are_claimed_at_once_those_due_longest_first,
    jobs::nothing_is_due_early,
    jobs::attempts_count_claims_since_the_plan,
    jobs::there_is_one_job_per_batch_and_queue,
    jobs::concurrent_claims_never_share_a_job,
    jobs::a_waiting_claim_is_woken_by_a_plan,
    jobs::a_waiting_claim_sees_a_job_fall_due,
    jobs::a_claim_waits_no_longer_than_it_was_told,
    jobs::what_is_planned_is_told_until_it_is_given_up,
    budget::no_minute_grants_more_than_the_budget,
    budget::a_storm_of_polls_leaves_the_rest_to_releases,
    budget::looks_leave_calls_for_writes,
    budget::writes_may_use_all_that_is_left,
    budget::every_minute_begins_with_a_full_budget,
    budget::a_closed_window_grants_nothing_to_anyone_before_the_next,
    budget::concurrent_spenders_never_exceed_the_budget,
    cells::a_swap_sets_all_cells_or_none,
    cells::a_swap_of_nothing_changes_nothing,
    cells::two_swaps_at_once_have_one_winner,
    cells::a_commit_sets_its_cells_in_the_same_step,
    cells::a_commit_whose_cells_changed_is_refused_and_leaves_no_trace,
    cells::a_refused_commit_sets_no_cell,
    cells::two_commits_that_share_a_cell_have_one_winner,
    cells::a_commit_of_5000_items_sets_20000_cells,
    house::the_house_journal_is_chained_and_its_cells_are_set_with_it,
    house::two_who_write_into_the_house_journal_at_once_lose_nothing,
    house::a_house_event_whose_cells_changed_leaves_no_trace,
    pauses::a_paused_ledger_starts_no_release_and_does_everything_else,
    pauses::a_release_under_way_goes_on_while_releases_are_paused,
    pauses::pauses_are_only_added_to_and_concurrent_ones_have_one_winner,
    activations::what_is_proposed_is_not_active_until_it_is_activated,
    activations::a_change_of_the_policy_by_what_is_not_there_any_more_is_refused,
}
