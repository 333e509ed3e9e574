//! One mass payout.

use std::{cmp::Reverse, collections::BinaryHeap};

use rust_decimal::Decimal;

use super::{
    account::Account,
    item::{self, Chance, Item, ItemStatus},
};
use crate::{Funds, InitRequest, MixedResult, Refusal, Settings};

/// How long a batch is `IN_PROGRESS`, as a part of the time its items take.
const IN_PROGRESS_PER_MILLE: u64 = 100;

/// The provider's `massPayoutStatus`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
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
    /// Sum of the valid items without commission. That invalid ones are left out is a judgement.
    pub(crate) total: Decimal,
    pub(crate) paid: Decimal,
    /// Commission of the paid items.
    pub(crate) commissions: Decimal,
    pub(crate) stage: Stage,
    pub(crate) calls: BatchCalls,
    /// How often the batch was charged.
    pub(crate) authorized_times: u64,
    items_paid: usize,
    items_failed: usize,
    /// The next step of each running item: when, and the item's place.
    due: BinaryHeap<Reverse<(u64, usize)>>,
}

/// How far the callers have brought a batch.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stage {
    Init,
    Authorized {
        is_funded: bool,
        in_progress_until_ms: u64,
    },
    Canceled,
}

/// Calls that named the batch, whatever the answer.
#[derive(Default)]
pub(crate) struct BatchCalls {
    pub(crate) init: u64,
    pub(crate) auth: u64,
    pub(crate) cancel: u64,
}

impl Batch {
    /// `earlier` counts the batches that have this external id already.
    pub(crate) fn new(
        request: InitRequest,
        earlier: usize,
        settings: &Settings,
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
        Ok(Self {
            request_id: Chance { seed, key: &key }.id(),
            external_id: request.external_id,
            currency,
            total: sum(items.iter().map(|item| item.amount)),
            items,
            refused,
            paid: Decimal::ZERO,
            commissions: Decimal::ZERO,
            stage: Stage::Init,
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

    pub(crate) fn status(&self, mixed_result: MixedResult, now_ms: u64) -> BatchStatus {
        match self.stage {
            Stage::Init => BatchStatus::Init,
            Stage::Canceled => BatchStatus::Canceled,
            Stage::Authorized {
                in_progress_until_ms,
                ..
            } if now_ms < in_progress_until_ms => BatchStatus::InProgress,
            Stage::Authorized {
                is_funded: false, ..
            } => BatchStatus::InsufficientBalance,
            Stage::Authorized {
                is_funded: true, ..
            } => self.published_status(mixed_result),
        }
    }

    fn published_status(&self, mixed_result: MixedResult) -> BatchStatus {
        if self.items_paid.saturating_add(self.items_failed) < self.items.len() {
            BatchStatus::PublishedToQueue
        } else if self.items_failed == 0 {
            BatchStatus::Completed
        } else if self.items_paid == 0 {
            BatchStatus::Fail
        } else {
            match mixed_result {
                MixedResult::Completed => BatchStatus::Completed,
                MixedResult::Fail => BatchStatus::Fail,
                MixedResult::StaysPublished => BatchStatus::PublishedToQueue,
            }
        }
    }

    /// Charges a batch in `INIT` and sets its items going.
    pub(crate) fn authorize(
        &mut self,
        account: &mut Account,
        settings: &Settings,
        now_ms: u64,
    ) -> Result<(), Refusal> {
        if self.items.is_empty() {
            return Err(Refusal::WrongState);
        }
        let is_funded = account.reserve(sum(self.items.iter().map(Item::cost)));
        if !is_funded && settings.behaviour.funds == Funds::AuthRefuses {
            return Err(Refusal::InsufficientFunds);
        }
        let in_progress_ms =
            item::per_mille_of(item::millis(settings.settle_after), IN_PROGRESS_PER_MILLE);
        self.stage = Stage::Authorized {
            is_funded,
            in_progress_until_ms: now_ms.saturating_add(in_progress_ms),
        };
        if !is_funded {
            return Ok(());
        }
        self.authorized_times = 1;
        for (place, item) in self.items.iter().enumerate() {
            if let Some((_, wait_ms)) = item.next() {
                self.due
                    .push(Reverse((now_ms.saturating_add(wait_ms), place)));
            }
        }
        self.advance(account, now_ms);
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
    pub(crate) fn advance(&mut self, account: &mut Account, now_ms: u64) {
        while let Some(Reverse((at_ms, place))) = self.due.peek().copied()
            && at_ms <= now_ms
        {
            self.due.pop();
            let Some(item) = self.items.get_mut(place) else {
                continue;
            };
            let Some((status, _)) = item.next() else {
                continue;
            };
            item.status = status;
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
        }
    }

    /// Ends a batch in `INIT` and its valid items.
    pub(crate) fn cancel(&mut self) -> Result<(), Refusal> {
        match self.stage {
            Stage::Init => {
                self.stage = Stage::Canceled;
                for item in &mut self.items {
                    item.status = ItemStatus::MassPayoutCanceled;
                }
                Ok(())
            }
            Stage::Authorized { .. } | Stage::Canceled => Err(Refusal::WrongState),
        }
    }
}

fn sum(amounts: impl Iterator<Item = Decimal>) -> Decimal {
    amounts.fold(Decimal::ZERO, Decimal::saturating_add)
}
