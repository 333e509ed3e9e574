//! One look at one batch.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use onay_ledger::{
    Actor, Authority, Claim, Clock, Commit, Done, Handler, Ledger, LedgerError, Queue, Role,
    RoleSettings, StepError, Stored, Swap, history, system_clock,
};
use onay_payout::history::{self as history_of, History, HistoryScope};
use onay_payout::provider::{Lookup, ProviderError, RemoteCopy, RemoteStatus};
use onay_payout::{
    Event, Finality, Item, ItemStatus, Provider, State, Transition, WorkerName, cadence,
};
use tracing::{error, info, warn};

/// How often it is tried to remember who was paid, while other batches pay the same people.
const TRIES_MAX: usize = 50;

/// The eyes: reads the provider's copy of authorized batches.
pub struct Reconciler {
    ledger: Arc<dyn Ledger>,
    provider: Arc<dyn Provider>,
    name: WorkerName,
    clock: Clock,
}

impl Reconciler {
    /// A reconciler by this clock.
    pub fn new(
        ledger: Arc<dyn Ledger>,
        provider: Arc<dyn Provider>,
        name: WorkerName,
        clock: Clock,
    ) -> Self {
        Self {
            ledger,
            provider,
            name,
            clock,
        }
    }

    /// The reconciler as a role over a ledger, which it binds to the provider's account for ever.
    ///
    /// # Errors
    /// [`LedgerError::OtherAccount`] when the ledger belongs to another account.
    pub async fn role(
        ledger: Arc<dyn Ledger>,
        provider: Arc<dyn Provider>,
        settings: RoleSettings,
    ) -> Result<Role, LedgerError> {
        ledger.bind(provider.account()).await?;
        let name = settings.name.clone();
        let reconciler = Self::new(Arc::clone(&ledger), provider, name, system_clock());
        Ok(Role::new(
            ledger,
            Queue::Reconciler,
            Arc::new(reconciler),
            settings,
        ))
    }

    /// The items that would be paid, over all pages; the refused ones too when some are missing,
    /// since an item may have been refused after all.
    async fn read(&self, stored: &Stored) -> Result<Option<RemoteCopy>, ProviderError> {
        let state = stored.batch.state();
        let by = state.request_id().map_or_else(
            || Lookup::External(stored.batch.head().remote_id()),
            |id| Lookup::Request(id.clone()),
        );
        let held = state.hold().map_or(0, |hold| hold.count);
        self.provider.retrieve_whole(&by, held).await
    }

    async fn report(
        &self,
        claim: &Claim,
        stored: &Stored,
        copy: RemoteCopy,
    ) -> Result<Done, StepError> {
        let at = (self.clock)();
        tell_of_unknown_words(stored, &copy);
        let report = stored.batch.apply(Event::Reported(copy), at)?;
        if report.is_news() {
            self.remember(claim, stored, report, at).await
        } else if stored.batch.state().is_final() && watch_is_over(stored, at) {
            let end = stored.batch.apply(Event::WatchEnded, at)?;
            self.finish(claim, stored, (end, Vec::new()), at).await
        } else {
            tell_of_age(stored, at);
            Ok(Done::Later(next_look(claim, stored)))
        }
    }

    /// Records a report, and in the same step who was certainly paid, where that is remembered.
    async fn remember(
        &self,
        claim: &Claim,
        stored: &Stored,
        report: Transition,
        at: DateTime<Utc>,
    ) -> Result<Done, StepError> {
        let hold = report.batch.state().hold();
        let paid = newly_paid(&report);
        if paid.is_empty() || hold.is_none_or(|hold| hold.history.is_none()) {
            return self.finish(claim, stored, (report, Vec::new()), at).await;
        }
        let keys = History::keys_for(&paid, stored.batch.maker(), HistoryScope::Names);
        for _ in 0..TRIES_MAX {
            let reading = history::read(self.ledger.as_ref(), keys.clone()).await?;
            let cells = reading.swaps(history_of::paid(&paid, reading.history(), at));
            let change = (report.clone(), cells);
            match self.finish(claim, stored, change, at).await {
                // Another batch pays the same people at this moment.
                Err(StepError::Ledger(LedgerError::Changed)) => {}
                done => return done,
            }
        }
        Ok(Done::Later(Duration::from_secs(1)))
    }

    async fn finish(
        &self,
        claim: &Claim,
        stored: &Stored,
        (transition, cells): (Transition, Vec<Swap>),
        at: DateTime<Utc>,
    ) -> Result<Done, StepError> {
        tell_of_refund_failures(&transition);
        let (changed, note) = (transition.changed.len(), transition.note.clone());
        let actor = Actor {
            name: self.name.to_string(),
            via: "reconciler",
        };
        let commit = Commit::new(stored, transition, &actor, at, Authority::Finishing(claim));
        let commit = commit.with_swaps(cells);
        let now = self.ledger.commit(commit).await?;
        let (batch, state) = (claim.batch, now.batch.state().name());
        let name = &now.batch.head().external_id;
        if state == "frozen" && stored.batch.state().name() != "frozen" {
            error!(batch.id = %batch, "{name} is frozen, a person must look: {note}");
        } else {
            info!(batch.id = %batch, state, changed, "{name} is {state}, {changed} items changed");
        }
        Ok(Done::Committed)
    }
}

#[async_trait]
impl Handler for Reconciler {
    async fn step(&self, claim: &Claim, stored: Stored) -> Result<Done, StepError> {
        match self.read(&stored).await {
            Ok(Some(copy)) => self.report(claim, &stored, copy).await,
            Ok(None) => {
                warn!(batch.id = %claim.batch, "the provider does not show batch {}", claim.batch);
                Ok(Done::Later(next_look(claim, &stored)))
            }
            Err(error) => {
                warn!(batch.id = %claim.batch, "batch {} could not be read, looking again: {error}", claim.batch);
                let pause = cadence::pause_after(claim.batch, claim.attempt, &error);
                let is_final = stored.batch.state().is_final();
                Ok(Done::Later(if is_final {
                    pause.max(next_look(claim, &stored))
                } else {
                    pause
                }))
            }
        }
    }
}

/// The items that this report shows as paid.
fn newly_paid(report: &Transition) -> Vec<&Item> {
    let (items, outcomes) = (report.batch.content().items(), report.batch.outcomes());
    let changed = report.changed.iter();
    let changed = changed.filter_map(|index| Some((items.get(*index)?, outcomes.get(*index)?)));
    let paid = changed.filter(|(_, outcome)| outcome.status == ItemStatus::Paid);
    paid.map(|(item, _)| item).collect()
}

/// Growing intervals while nothing changes.
fn next_look(claim: &Claim, stored: &Stored) -> Duration {
    if stored.batch.state().is_final() {
        cadence::refund_check_after(claim.batch, claim.attempt)
    } else {
        cadence::poll_after(claim.batch, claim.attempt)
    }
}

/// A closed batch is looked at once more; one with failed items until the refund watch ends.
fn watch_is_over(stored: &Stored, at: DateTime<Utc>) -> bool {
    let closed_for = at.signed_duration_since(stored.batch.head().since);
    let watch = TimeDelta::from_std(cadence::REFUND_WATCH).unwrap_or(TimeDelta::MAX);
    !stored.batch.head().awaits_refund() || closed_for >= watch
}

fn tell_of_age(stored: &Stored, at: DateTime<Utc>) {
    let expected = TimeDelta::from_std(cadence::SETTLING_EXPECTED).unwrap_or(TimeDelta::MAX);
    let age = at.signed_duration_since(stored.batch.head().since);
    if matches!(stored.batch.state(), State::Processing(_)) && age > expected {
        let batch = stored.batch.id();
        error!(batch.id = %batch, age_hours = age.num_hours(), "batch {batch} has open items for {} hours; ask iyzico", age.num_hours());
    }
}

fn tell_of_unknown_words(stored: &Stored, copy: &RemoteCopy) {
    let batch = stored.batch.id();
    if let RemoteStatus::Unknown(word) = &copy.batch.status {
        error!(batch.id = %batch, word, "batch {batch} has a status we do not know: {word}");
    }
    for item in &copy.items {
        if let ItemStatus::Unknown(word) = &item.status {
            error!(batch.id = %batch, item.id = %item.id, word, "item {} of batch {batch} has a status we do not know: {word}", item.id);
        }
    }
}

fn tell_of_refund_failures(transition: &Transition) {
    let batch = &transition.batch;
    for index in &transition.changed {
        let item = batch.content().items().get(*index);
        let outcome = batch.outcomes().get(*index);
        if let (Some(item), Some(outcome)) = (item, outcome)
            && outcome.status.finality() == Finality::NeedsPerson
        {
            error!(batch.id = %batch.id(), item.id = %item.id, "item {} of batch {} failed and its refund failed too; ask iyzico where the money is", item.id, batch.id());
        }
    }
}
