//! On which terms a batch is held: the rules that match it, and what other batches tell of it.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use onay_ledger::{Done, LedgerError, StepError, Swap, expect_policy, history};
use onay_payout::cadence::EXPIRES_AFTER;
use onay_payout::history::{
    Counted, History, HistoryScope, HistorySettings, Weighing, forget, weigh,
};
use onay_payout::provider::RemoteCopy;
use onay_payout::{
    Batch, CopyRead, Event, Facts, HeldHistory, Item, ItemStatus, Money, MoneyError, PersonName,
    ReadBack, State,
};

use tracing::error;

use crate::gate::OTHER_POLICY_LOOK;
use crate::job::Job;

/// How often the terms are found anew when other batches change them meanwhile.
const TRIES_MAX: usize = 50;

/// The keys of everything that is remembered.
const SCOPE: HistoryScope = HistoryScope::Names;

/// Records what was read, and holds the batch on the terms of this moment. What the sums of the day
/// came to is stored in the same step: of two batches at once, the second one sees the first.
pub(crate) async fn hold(
    job: &Job<'_>,
    copy: Option<RemoteCopy>,
    depth: ReadBack,
) -> Result<Done, StepError> {
    let (policy, ledger) = (&job.worker.policy, job.worker.ledger.as_ref());
    let _one_after_the_other = match policy.history() {
        Some(_) => Some(job.worker.holding.lock().await),
        None => None,
    };
    for _ in 0..TRIES_MAX {
        let in_force = match expect_policy(ledger, policy.hash()).await {
            Ok(in_force) => in_force,
            Err(error @ LedgerError::OtherPolicy { .. }) => {
                error!(batch.id = %job.claim.batch, "batch {} is not held: {error}", job.claim.batch);
                return Ok(Done::Later(OTHER_POLICY_LOOK));
            }
            Err(error) => return Err(error.into()),
        };
        let at = job.now();
        let terms = Terms::now(job, copy.as_ref(), at).await?;
        let head = job.stored.batch.head();
        let facts = terms.facts.as_ref();
        let rules = facts.map(|facts| policy.requirement(facts, head));
        let expires_after = facts.and_then(|facts| policy.expires_after(facts));
        let read = CopyRead {
            copy: copy.clone(),
            depth,
            account: job.worker.provider.account().clone(),
            expires_after: expires_after.unwrap_or(EXPIRES_AFTER),
            rules: rules.unwrap_or_default(),
            history: terms.history,
            on_invalid: policy.safety().on_invalid,
        };
        let event = Event::ReadBack(Box::new(read));
        // A batch that is not held after all leaves nothing behind.
        let after = job.stored.batch.apply(event.clone(), at)?.batch;
        let is_held = matches!(after.state(), State::PendingApproval(_));
        let mut cells = if is_held { terms.cells } else { Vec::new() };
        cells.push(in_force);
        match job.finish_where(event, cells).await {
            Err(StepError::Ledger(LedgerError::Changed)) => {}
            done => return done,
        }
    }
    Ok(Done::Later(std::time::Duration::from_secs(1)))
}

/// What decides who must approve.
struct Terms {
    /// Nothing, when the amounts do not add up.
    facts: Option<Facts>,
    history: Option<HeldHistory>,
    cells: Vec<Swap>,
}

impl Terms {
    async fn now(
        job: &Job<'_>,
        copy: Option<&RemoteCopy>,
        at: DateTime<Utc>,
    ) -> Result<Self, StepError> {
        let batch = &job.stored.batch;
        let valid = valid_items(batch, copy);
        let facts = facts(batch, &valid).ok();
        let (Some(window), Some(facts)) = (job.worker.policy.history(), facts.clone()) else {
            return Ok(Self::without_history(facts));
        };
        let keys = keys_of(batch);
        let reading = history::read(job.worker.ledger.as_ref(), keys).await?;
        let weighing = Weighing {
            batch: batch.id(),
            maker: batch.maker(),
            items: &valid,
            total: facts.total,
            previous: None,
            at,
        };
        let settings = HistorySettings {
            window,
            scope: SCOPE,
        };
        let Ok(weighed) = weigh(&weighing, reading.history(), settings) else {
            return Ok(Self::without_history(None));
        };
        let history = HeldHistory {
            maker_day: weighed.maker_day,
            payee_day: weighed.payee_day,
            signals: weighed.signals,
        };
        Ok(Self {
            facts: Some(Facts {
                history: Some(history.facts()),
                ..facts
            }),
            history: Some(history),
            cells: reading.swaps(weighed.after),
        })
    }

    const fn without_history(facts: Option<Facts>) -> Self {
        Self {
            facts,
            history: None,
            cells: Vec::new(),
        }
    }
}

/// Records a step that may end a batch unpaid; then what it left in the memory of makers and payees
/// is taken back.
pub(crate) async fn finish_and_forget(job: &Job<'_>, event: Event) -> Result<Done, StepError> {
    for _ in 0..TRIES_MAX {
        let ended = job.stored.batch.apply(event.clone(), job.now())?;
        let counted = counted(&job.stored.batch).filter(|_| is_unpaid(ended.batch.state()));
        let cells = match counted {
            Some(counted) => forgotten(job, counted).await?,
            None => Vec::new(),
        };
        match job.finish_where(event.clone(), cells).await {
            Err(StepError::Ledger(LedgerError::Changed)) => {}
            done => return done,
        }
    }
    Ok(Done::Later(std::time::Duration::from_secs(1)))
}

/// What a batch was counted with when it was held, if it was.
fn counted(batch: &Batch) -> Option<Counted> {
    let hold = batch.state().hold()?;
    hold.history.as_ref().map(|_| Counted {
        at: hold.held_at,
        total: hold.total,
    })
}

/// Whether it ended without being paid, or begins anew.
const fn is_unpaid(state: &State) -> bool {
    state.is_turned_down() || matches!(state, State::Received)
}

async fn forgotten(job: &Job<'_>, counted: Counted) -> Result<Vec<Swap>, StepError> {
    let batch = &job.stored.batch;
    let reading = history::read(job.worker.ledger.as_ref(), keys_of(batch)).await?;
    let (id, maker): (_, &PersonName) = (batch.id(), batch.maker());
    let changed: History = forget(id, maker, Some(counted), reading.history());
    Ok(reading.swaps(changed))
}

fn keys_of(batch: &Batch) -> Vec<onay_payout::history::HistoryKey> {
    let items: Vec<&Item> = batch.content().items().iter().collect();
    History::keys_for(&items, batch.maker(), SCOPE)
}

/// What would be paid: everything that neither initialize nor the copy shows as refused.
fn valid_items<'b>(batch: &'b Batch, copy: Option<&RemoteCopy>) -> Vec<&'b Item> {
    let shown_refused: HashSet<_> = copy
        .into_iter()
        .flat_map(|copy| &copy.items)
        .filter(|item| item.status == ItemStatus::Invalid)
        .map(|item| &item.id)
        .collect();
    let items = batch.content().items().iter().zip(batch.outcomes());
    let valid = items.filter(|(item, outcome)| {
        outcome.status != ItemStatus::Invalid && !shown_refused.contains(&item.id)
    });
    valid.map(|(item, _)| item).collect()
}

/// What rules see in the batch itself.
fn facts(batch: &Batch, valid: &[&Item]) -> Result<Facts, MoneyError> {
    let amounts = valid.iter().map(|item| item.amount);
    let total = Money::sum(batch.content().currency(), amounts.clone())?;
    let largest = amounts.max_by_key(|amount| amount.amount());
    Ok(Facts {
        total,
        largest: largest.unwrap_or(total),
        ..batch.content().facts()
    })
}
