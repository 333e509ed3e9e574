//! What happens to a stored batch: auth, its items' steps, cancel.

use std::cmp::Reverse;

use super::{Batch, BatchStatus, Stage, sum};
use crate::{
    Behaviour, Funds, ItemStatus, LateCancel, MixedResult, Refusal, RepeatedCancel, Settings,
    Shortage,
    chance::per_mille_of,
    model::{account::Account, item},
};

/// How long a batch is `IN_PROGRESS`, as a part of the time its items take.
const IN_PROGRESS_PER_MILLE: u64 = 100;

impl Batch {
    /// Charges the batch and sets its items going, or finds it short of funds.
    pub(crate) fn authorize(
        &mut self,
        account: &mut Account,
        settings: &Settings,
        now_ms: u64,
    ) -> Result<(), Refusal> {
        if self.items.is_empty() {
            return Err(Refusal::WrongState);
        }
        let is_funded = account.reserve(self.cost());
        if !is_funded && settings.behaviour.funds == Funds::AuthRefuses {
            return Err(Refusal::InsufficientFunds);
        }
        let in_progress_ms =
            per_mille_of(item::millis(settings.settle_after), IN_PROGRESS_PER_MILLE);
        let published_ms = now_ms.saturating_add(in_progress_ms);
        self.track.push(now_ms, BatchStatus::InProgress);
        if !is_funded {
            self.stage = Stage::Short;
            self.track.push(
                published_ms,
                match settings.behaviour.shortage {
                    Shortage::InsufficientBalance => BatchStatus::InsufficientBalance,
                    Shortage::IyzicoInsufficientBalance => BatchStatus::IyzicoInsufficientBalance,
                },
            );
            return Ok(());
        }
        self.stage = Stage::Running;
        self.track.push(published_ms, BatchStatus::PublishedToQueue);
        self.authorized_times = 1;
        for (place, item) in self.items.iter().enumerate() {
            if let Some((_, wait_ms)) = item.next() {
                self.due
                    .push(Reverse((now_ms.saturating_add(wait_ms), place)));
            }
        }
        self.advance(account, &settings.behaviour, now_ms);
        Ok(())
    }

    /// Pays every good item of an authorized batch once more, at once.
    pub(crate) fn pay_again(&mut self, account: &mut Account) -> Result<(), Refusal> {
        let good = self.items.iter_mut().filter(|item| item.is_to_be_paid());
        let good: Vec<_> = good.collect();
        if !account.reserve(sum(good.iter().map(|item| item.cost()))) {
            return Err(Refusal::InsufficientFunds);
        }
        for item in good {
            account.pay(item.amount, item.commission);
            item.payments = item.payments.saturating_add(1);
        }
        self.authorized_times = self.authorized_times.saturating_add(1);
        Ok(())
    }

    /// Takes every step that is due.
    pub(crate) fn advance(&mut self, account: &mut Account, behaviour: &Behaviour, now_ms: u64) {
        if let Some(expires_after_ms) = behaviour.expires_after_ms {
            let expires_ms = self.created_ms.saturating_add(expires_after_ms);
            if self.stage == Stage::Init && expires_ms <= now_ms {
                self.end_stored(expires_ms);
            }
        }
        while let Some(Reverse((at_ms, place))) = self.due.peek().copied()
            && at_ms <= now_ms
        {
            self.due.pop();
            self.step(place, account, behaviour, at_ms);
        }
    }

    /// Whether a step is to come by itself.
    pub(crate) fn is_running(&self) -> bool {
        !self.due.is_empty()
    }

    /// The next status of one item, and of the batch with the last of them.
    fn step(&mut self, place: usize, account: &mut Account, behaviour: &Behaviour, at_ms: u64) {
        let Some(item) = self.items.get_mut(place) else {
            return;
        };
        let Some((status, _)) = item.next() else {
            return;
        };
        item.track.push(at_ms, status);
        match status {
            ItemStatus::Success => {
                account.pay(item.amount, item.commission);
                item.payments = item.payments.saturating_add(1);
                self.items_paid = self.items_paid.saturating_add(1);
                self.paid = self.paid.saturating_add(item.amount);
                self.commissions = self.commissions.saturating_add(item.commission);
            }
            ItemStatus::Failed => {
                item.error = Some(item::FAILED);
                self.items_failed = self.items_failed.saturating_add(1);
            }
            ItemStatus::DepositSuccess => account.refund(item.cost()),
            ItemStatus::Init
            | ItemStatus::Invalid
            | ItemStatus::Queued
            | ItemStatus::Processing
            | ItemStatus::DepositFail
            | ItemStatus::MassPayoutCanceled => {}
        }
        if let Some((_, wait_ms)) = item.next() {
            self.due
                .push(Reverse((at_ms.saturating_add(wait_ms), place)));
        }
        let is_settling = matches!(status, ItemStatus::Success | ItemStatus::Failed);
        if is_settling && self.items_paid.saturating_add(self.items_failed) == self.items.len() {
            self.track.push(at_ms, self.result(behaviour.mixed_result));
        }
    }

    fn result(&self, mixed: MixedResult) -> BatchStatus {
        if self.items_failed == 0 {
            BatchStatus::Completed
        } else if self.items_paid == 0 {
            BatchStatus::Fail
        } else {
            match mixed {
                MixedResult::Completed => BatchStatus::Completed,
                MixedResult::Fail => BatchStatus::Fail,
                MixedResult::StaysPublished => BatchStatus::PublishedToQueue,
            }
        }
    }

    /// Ends a batch in `INIT` and its valid items.
    pub(crate) fn cancel(&mut self, behaviour: &Behaviour, now_ms: u64) -> Result<(), Refusal> {
        let is_accepted = match self.stage {
            Stage::Init => {
                self.end_stored(now_ms);
                true
            }
            Stage::Running | Stage::Short => behaviour.late_cancel == LateCancel::Ignore,
            Stage::Canceled => behaviour.repeated_cancel == RepeatedCancel::SameAnswer,
        };
        is_accepted.then_some(()).ok_or(Refusal::WrongState)
    }

    fn end_stored(&mut self, at_ms: u64) {
        self.stage = Stage::Canceled;
        self.track.push(at_ms, BatchStatus::Canceled);
        for item in &mut self.items {
            item.track.push(at_ms, ItemStatus::MassPayoutCanceled);
        }
    }
}
