//! The provider itself: told the time, without input or output.

pub(crate) mod account;
pub(crate) mod batch;
pub(crate) mod books;
pub(crate) mod item;
mod shelf;

use rust_decimal::Decimal;

use crate::{
    InitRequest, ItemType, Refusal, RepeatedAuth, RepeatedInit, RetrieveRequest, Settings,
    UnknownId,
};
use account::Account;
use batch::{Batch, BatchStatus, Stage};
use books::{Books, Calls};
use item::Item;
use shelf::Shelf;

/// The provider: its batches, its balance and its count of calls.
///
/// Every call is given the time in milliseconds since the Unix epoch and first lets everything happen that
/// was due by then; so no timer is needed. A time before the latest one counts as the latest.
pub struct Provider {
    settings: Settings,
    account: Account,
    shelf: Shelf,
    calls: Calls,
    /// The latest time heard of.
    now_ms: u64,
}

/// What retrieve shows.
pub struct Page<'a> {
    /// The batch asked for.
    pub batch: &'a Batch,
    /// Its status at the time of the call.
    pub status: BatchStatus,
    /// The items of this page.
    pub items: Vec<&'a Item>,
    /// How many items of the asked type the batch has.
    pub total: usize,
}

impl Provider {
    /// A provider without batches.
    pub fn new(settings: Settings) -> Self {
        Self {
            account: Account::new(settings.initial_balance),
            settings,
            shelf: Shelf::default(),
            calls: Calls::default(),
            now_ms: 0,
        }
    }

    /// Stores a batch. No money moves.
    ///
    /// # Errors
    /// [`Refusal::FieldMissing`] and [`Refusal::Invalid`] for a batch that cannot be stored at all (single
    /// bad items become `INVALID` instead); [`Refusal::Duplicate`] by [`crate::Behaviour::repeated_init`].
    pub fn init(&mut self, request: InitRequest, now_ms: u64) -> Result<&Batch, Refusal> {
        self.advance(now_ms);
        count(&mut self.calls.init);
        let external_id = request.external_id.clone();
        let repeated_init = self.settings.behaviour.repeated_init;
        let earlier = self.shelf.count_of(&external_id);
        let is_new = earlier == 0 || repeated_init == RepeatedInit::NewBatch;
        if is_new {
            self.shelf
                .add(Batch::new(request, earlier, &self.settings)?);
        }
        let batch = self.shelf.newest_mut(&external_id);
        let batch = batch.ok_or(Refusal::UnknownId)?;
        count(&mut batch.calls.init);
        if is_new || repeated_init == RepeatedInit::SameRequestId {
            Ok(batch)
        } else {
            Err(Refusal::Duplicate)
        }
    }

    /// Starts a batch: the balance is charged and its items run.
    ///
    /// # Errors
    /// [`Refusal::UnknownId`], [`Refusal::WrongState`] for a cancelled batch, one without a valid item, or
    /// one authorized before (by [`crate::Behaviour::repeated_auth`]), and [`Refusal::InsufficientFunds`]
    /// by [`crate::Behaviour::funds`].
    pub fn auth(&mut self, request_id: &str, now_ms: u64) -> Result<(), Refusal> {
        self.advance(now_ms);
        count(&mut self.calls.auth);
        let batch = self.shelf.by_request_mut(request_id);
        let batch = batch.ok_or(Refusal::UnknownId)?;
        count(&mut batch.calls.auth);
        match (batch.stage, self.settings.behaviour.repeated_auth) {
            (Stage::Init, _) => batch.authorize(&mut self.account, &self.settings, self.now_ms),
            (Stage::Authorized { .. }, RepeatedAuth::SameAnswer) => Ok(()),
            (
                Stage::Authorized {
                    is_funded: true, ..
                },
                RepeatedAuth::PaysTwice,
            ) => batch.pay_again(&mut self.account),
            (Stage::Authorized { .. } | Stage::Canceled, _) => Err(Refusal::WrongState),
        }
    }

    /// Shows one page of a batch; nothing for an id nobody used when [`UnknownId::Empty`] is set.
    ///
    /// # Errors
    /// [`Refusal::FieldMissing`] without any id, [`Refusal::Invalid`] for a page size of zero,
    /// [`Refusal::UnknownId`] by [`crate::Behaviour::unknown_id`]; two ids of different batches are unknown.
    pub fn retrieve(
        &mut self,
        request: &RetrieveRequest,
        now_ms: u64,
    ) -> Result<Option<Page<'_>>, Refusal> {
        self.advance(now_ms);
        count(&mut self.calls.retrieve);
        if request.size == 0 {
            return Err(Refusal::Invalid("a page has at least one item"));
        }
        let external_id = request.external_mass_payout_id.as_deref();
        let batch = match (&request.request_id, external_id) {
            (Some(id), None) => self.shelf.by_request(id),
            (Some(id), Some(external_id)) => self
                .shelf
                .by_request(id)
                .filter(|batch| batch.external_id == external_id),
            (None, Some(external_id)) => self.shelf.newest(external_id),
            (None, None) => {
                let fields = "missing field `requestId` or `externalMassPayoutId`";
                return Err(Refusal::FieldMissing(fields.to_owned()));
            }
        };
        match (batch, self.settings.behaviour.unknown_id) {
            (Some(batch), _) => Ok(Some(Page::of(batch, request, &self.settings, self.now_ms))),
            (None, UnknownId::Empty) => Ok(None),
            (None, UnknownId::Failure) => Err(Refusal::UnknownId),
        }
    }

    /// Shows one item with the batch it belongs to.
    ///
    /// # Errors
    /// [`Refusal::UnknownId`].
    pub fn item(&mut self, reference_code: &str, now_ms: u64) -> Result<(&Batch, &Item), Refusal> {
        self.advance(now_ms);
        count(&mut self.calls.item);
        self.shelf
            .by_reference(reference_code)
            .ok_or(Refusal::UnknownId)
    }

    /// Cancels a batch that is still `INIT`. Anything later is refused, a second cancel too: a judgement.
    ///
    /// # Errors
    /// [`Refusal::UnknownId`] and [`Refusal::WrongState`].
    pub fn cancel(&mut self, request_id: &str, now_ms: u64) -> Result<(), Refusal> {
        self.advance(now_ms);
        count(&mut self.calls.cancel);
        let batch = self.shelf.by_request_mut(request_id);
        let batch = batch.ok_or(Refusal::UnknownId)?;
        count(&mut batch.calls.cancel);
        batch.cancel()
    }

    /// What is left to spend.
    pub fn balance(&mut self, now_ms: u64) -> Decimal {
        self.advance(now_ms);
        count(&mut self.calls.balance);
        self.account.balance
    }

    /// The books, for tests and people; not counted as a call. `external_id` limits the batches and the
    /// sums over them.
    pub fn books(&mut self, external_id: Option<&str>, now_ms: u64) -> Books {
        self.advance(now_ms);
        let mixed_result = self.settings.behaviour.mixed_result;
        let shown = self
            .shelf
            .batches()
            .filter(|batch| external_id.is_none_or(|id| batch.external_id == id))
            .map(|batch| (batch, batch.status(mixed_result, self.now_ms)));
        Books::new(shown, self.calls, &self.account)
    }

    fn advance(&mut self, now_ms: u64) {
        self.now_ms = self.now_ms.max(now_ms);
        for batch in self.shelf.batches_mut() {
            batch.advance(&mut self.account, self.now_ms);
        }
    }
}

impl<'a> Page<'a> {
    fn of(batch: &'a Batch, request: &RetrieveRequest, settings: &Settings, now_ms: u64) -> Self {
        let (valid, refused): (&[Item], &[Item]) = match request.item_type {
            None => (&batch.items, &batch.refused),
            Some(ItemType::Valid) => (&batch.items, &[]),
            Some(ItemType::Invalid) => (&[], &batch.refused),
        };
        Self {
            batch,
            status: batch.status(settings.behaviour.mixed_result, now_ms),
            items: valid
                .iter()
                .chain(refused)
                .skip(request.page.saturating_mul(request.size))
                .take(request.size)
                .collect(),
            total: valid.len().saturating_add(refused.len()),
        }
    }
}

fn count(calls: &mut u64) {
    *calls = calls.saturating_add(1);
}
