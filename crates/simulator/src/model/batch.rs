//! One mass payout.

use std::{cmp::Reverse, collections::BinaryHeap};

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{
    account::Account,
    item::{self, Item, ItemStatus},
    timeline::Timeline,
};
use crate::{
    AllInvalid, Alteration, Behaviour, Funds, InitRequest, LateCancel, MixedResult, Refusal,
    RepeatedCancel, Settings, Shortage,
    chance::{Chance, per_mille_of},
};

/// How long a batch is `IN_PROGRESS`, as a part of the time its items take.
const IN_PROGRESS_PER_MILLE: u64 = 100;

/// The provider's `massPayoutStatus`.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum BatchStatus {
    /// Stored; no money moved.
    Init,
    /// Authorized.
    InProgress,
    /// Its items run.
    PublishedToQueue,
    /// Every item is paid, or, by [`MixedResult`], some are.
    Completed,
    /// Every item failed, or, by [`MixedResult`], some did.
    Fail,
    /// Authorized without enough money; nothing moved.
    InsufficientBalance,
    /// The same, by [`Shortage`].
    IyzicoInsufficientBalance,
    /// Cancelled before auth.
    Canceled,
}

/// One mass payout, as the provider holds it.
pub struct Batch {
    pub(crate) external_id: String,
    pub(crate) request_id: String,
    pub(crate) currency: String,
    /// The valid items, in the order they came.
    pub(crate) items: Vec<Item>,
    /// The `INVALID` items, in the order they came.
    pub(crate) refused: Vec<Item>,
    /// What [`crate::Change::Total`] adds to the total shown.
    pub(crate) total_error: Decimal,
    pub(crate) paid: Decimal,
    /// Commission of the paid items.
    pub(crate) commissions: Decimal,
    pub(crate) stage: Stage,
    pub(crate) track: Timeline<BatchStatus>,
    pub(crate) created_ms: u64,
    /// Whether a caller has seen its last valid item.
    pub(crate) is_read: bool,
    /// The alterations that met it.
    pub(crate) altered: Vec<Alteration>,
    pub(crate) calls: BatchCalls,
    /// How often the batch was charged.
    pub(crate) authorized_times: u64,
    items_paid: usize,
    items_failed: usize,
    /// The next step of each running item: when, and the item's place.
    due: BinaryHeap<Reverse<(u64, usize)>>,
}

/// How far a batch has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Init,
    /// Authorized and charged.
    Running,
    /// Authorized, but not charged for want of funds.
    Short,
    Canceled,
}

/// Calls that named the batch, whatever the answer.
#[derive(Default)]
pub(crate) struct BatchCalls {
    pub(crate) init: u64,
    pub(crate) auth: u64,
    pub(crate) retrieve: u64,
    pub(crate) cancel: u64,
}

impl Batch {
    /// `earlier` counts the batches that have this external id already.
    pub(crate) fn new(
        request: InitRequest,
        earlier: usize,
        settings: &Settings,
        now_ms: u64,
    ) -> Result<Self, Refusal> {
        let mut currencies = request.items.iter().map(|item| &item.amount.currency);
        let currency = match currencies.next() {
            None => return Err(Refusal::Invalid("a batch has at least one item")),
            Some(currency) => currency.clone(),
        };
        if !currencies.all(|other| *other == currency) {
            return Err(Refusal::Invalid("a batch has one currency"));
        }
        let nameless = request.items.iter().any(|i| i.item_external_id.is_empty());
        if nameless || request.external_id.is_empty() {
            let fields = "missing field `externalId` or `itemExternalId`";
            return Err(Refusal::FieldMissing(fields.to_owned()));
        }

        let seed = settings.seed;
        let key = format!("{}\n{earlier}", request.external_id);
        let (items, refused): (Vec<_>, Vec<_>) = request
            .items
            .into_iter()
            .enumerate()
            .map(|(place, new)| {
                let key = format!("{key}\n{place}\n{}", new.item_external_id);
                Item::new(new, &Chance { seed, key: &key }, settings)
            })
            .partition(|item| item.error.is_none());
        if items.is_empty() && settings.behaviour.all_invalid == AllInvalid::Refused {
            return Err(Refusal::Invalid("no item of the batch is valid"));
        }
        Ok(Self {
            request_id: Chance { seed, key: &key }.id(),
            external_id: request.external_id,
            currency,
            total_error: Decimal::ZERO,
            items,
            refused,
            paid: Decimal::ZERO,
            commissions: Decimal::ZERO,
            stage: Stage::Init,
            track: Timeline::new(BatchStatus::Init),
            created_ms: now_ms,
            is_read: false,
            altered: Vec::new(),
            calls: BatchCalls::default(),
            authorized_times: 0,
            items_paid: 0,
            items_failed: 0,
            due: BinaryHeap::new(),
        })
    }

    /// The provider's id.
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// As of this time, whatever is shown.
    pub(crate) fn status(&self, now_ms: u64) -> BatchStatus {
        self.track.at(now_ms)
    }

    /// Sum of the valid items without commission.
    pub(crate) fn total(&self) -> Decimal {
        sum(self.items.iter().map(|item| item.amount))
    }

    /// What its items are charged with.
    pub(crate) fn cost(&self) -> Decimal {
        sum(self.items.iter().map(Item::cost))
    }

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

pub(crate) fn sum(amounts: impl Iterator<Item = Decimal>) -> Decimal {
    amounts.fold(Decimal::ZERO, Decimal::saturating_add)
}
