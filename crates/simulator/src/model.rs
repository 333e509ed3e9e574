//! The provider itself: told the time, without input or output.

pub(crate) mod account;
mod alter;
pub(crate) mod batch;
pub(crate) mod books;
pub(crate) mod item;
mod limit;
mod shelf;
mod timeline;
pub(crate) mod view;

use rust_decimal::Decimal;

use crate::{
    Behaviour, Endpoint, InitRequest, Refusal, RepeatedAuth, RepeatedInit, RetrieveRequest,
    Settings, ShortBatch, UnknownId,
};
use account::Account;
use batch::{Batch, Stage};
use books::{Books, Calls};
use item::Item;
use limit::Limit;
use shelf::Shelf;
use view::{Page, View};

/// The provider: its batches, its balance and its count of calls.
///
/// Every call is given the time in milliseconds since the Unix epoch and first lets everything happen that
/// was due by then; so no timer is needed. A time before the latest one counts as the latest. Each of the
/// six calls is refused with [`Refusal::RateLimited`] by [`Behaviour::calls_per_minute`].
pub struct Provider {
    settings: Settings,
    account: Account,
    shelf: Shelf,
    calls: Calls,
    rate_limited: Calls,
    limit: Limit,
    /// The latest time heard of.
    now_ms: u64,
}

impl Provider {
    /// A provider without batches.
    pub fn new(settings: Settings) -> Self {
        Self {
            account: Account::new(settings.initial_balance),
            settings,
            shelf: Shelf::default(),
            calls: Calls::default(),
            rate_limited: Calls::default(),
            limit: Limit::default(),
            now_ms: 0,
        }
    }

    /// Stores a batch. No money moves.
    ///
    /// # Errors
    /// [`Refusal::FieldMissing`] and [`Refusal::Invalid`] for a batch that cannot be stored at all (single
    /// bad items become `INVALID` instead); [`Refusal::Duplicate`] by [`Behaviour::repeated_init`].
    pub fn init(&mut self, request: InitRequest, now_ms: u64) -> Result<&Batch, Refusal> {
        self.admit(Endpoint::Init, now_ms)?;
        let external_id = request.external_id.clone();
        let repeated_init = self.settings.behaviour.repeated_init;
        let earlier = self.shelf.count_of(&external_id);
        let is_new = earlier == 0 || repeated_init == RepeatedInit::NewBatch;
        if is_new {
            let batch = Batch::new(request, earlier, &self.settings, self.now_ms)?;
            self.shelf.add(batch);
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
    /// one authorized before (by [`Behaviour::repeated_auth`] and [`Behaviour::short_batch`]), and
    /// [`Refusal::InsufficientFunds`] by [`Behaviour::funds`].
    pub fn auth(&mut self, request_id: &str, now_ms: u64) -> Result<(), Refusal> {
        self.admit(Endpoint::Auth, now_ms)?;
        self.shelf.follow(request_id);
        let batch = self.shelf.by_request_mut(request_id);
        let batch = batch.ok_or(Refusal::UnknownId)?;
        count(&mut batch.calls.auth);
        let behaviour = &self.settings.behaviour;
        match (batch.stage, behaviour.repeated_auth) {
            (Stage::Init, _) => batch.authorize(&mut self.account, &self.settings, self.now_ms),
            (Stage::Short, _) if behaviour.short_batch == ShortBatch::RevivesOnAuth => {
                batch.authorize(&mut self.account, &self.settings, self.now_ms)
            }
            (Stage::Running | Stage::Short, RepeatedAuth::SameAnswer) => Ok(()),
            (Stage::Running, RepeatedAuth::PaysTwice) => batch.pay_again(&mut self.account),
            (Stage::Running | Stage::Short | Stage::Canceled, _) => Err(Refusal::WrongState),
        }
    }

    /// Shows one page of a batch; nothing for an id nobody used when [`UnknownId::Empty`] is set.
    ///
    /// # Errors
    /// [`Refusal::FieldMissing`] without any id, [`Refusal::Invalid`] for a page size of zero,
    /// [`Refusal::UnknownId`] by [`Behaviour::unknown_id`]; two ids of different batches are unknown.
    pub fn retrieve(
        &mut self,
        request: &RetrieveRequest,
        now_ms: u64,
    ) -> Result<Option<Page<'_>>, Refusal> {
        self.admit(Endpoint::Retrieve, now_ms)?;
        if request.size == 0 {
            return Err(Refusal::Invalid("a page has at least one item"));
        }
        let external_id = request.external_mass_payout_id.as_deref();
        let batch = match (&request.request_id, external_id) {
            (Some(id), None) => self.shelf.by_request_mut(id),
            (Some(id), Some(external_id)) => self
                .shelf
                .by_request_mut(id)
                .filter(|batch| batch.external_id == external_id),
            (None, Some(external_id)) => self.shelf.newest_mut(external_id),
            (None, None) => {
                let fields = "missing field `requestId` or `externalMassPayoutId`";
                return Err(Refusal::FieldMissing(fields.to_owned()));
            }
        };
        let view = View::new(&self.settings, self.now_ms);
        let Some(batch) = batch.filter(|batch| view.can_read(batch)) else {
            return match view.behaviour.unknown_id {
                UnknownId::Empty => Ok(None),
                UnknownId::Failure => Err(Refusal::UnknownId),
            };
        };
        count(&mut batch.calls.retrieve);
        batch.is_read |= view.page(batch, request).shows_the_last_item();
        Ok(Some(view.page(batch, request)))
    }

    /// Shows one item with the batch it belongs to.
    ///
    /// # Errors
    /// [`Refusal::UnknownId`].
    pub fn item(
        &mut self,
        reference_code: &str,
        now_ms: u64,
    ) -> Result<(View<'_>, &Batch, &Item), Refusal> {
        self.admit(Endpoint::Item, now_ms)?;
        let view = View::new(&self.settings, self.now_ms);
        let (batch, item) = self
            .shelf
            .by_reference(reference_code)
            .filter(|(batch, _)| view.can_read(batch))
            .ok_or(Refusal::UnknownId)?;
        Ok((view, batch, item))
    }

    /// Cancels a batch that is still `INIT`. Anything later is a judgement.
    ///
    /// # Errors
    /// [`Refusal::UnknownId`]; [`Refusal::WrongState`] by [`Behaviour::late_cancel`] and
    /// [`Behaviour::repeated_cancel`].
    pub fn cancel(&mut self, request_id: &str, now_ms: u64) -> Result<(), Refusal> {
        self.admit(Endpoint::Cancel, now_ms)?;
        let batch = self.shelf.by_request_mut(request_id);
        let batch = batch.ok_or(Refusal::UnknownId)?;
        count(&mut batch.calls.cancel);
        batch.cancel(&self.settings.behaviour, self.now_ms)
    }

    /// What is left to spend, and [`Behaviour::balance_excess`].
    ///
    /// # Errors
    /// None of its own.
    pub fn balance(&mut self, now_ms: u64) -> Result<Decimal, Refusal> {
        self.admit(Endpoint::Balance, now_ms)?;
        let excess = self.settings.behaviour.balance_excess;
        Ok(self.account.balance.saturating_add(excess))
    }

    /// The switches now.
    pub fn behaviour(&self) -> &Behaviour {
        &self.settings.behaviour
    }

    /// Sets the switches, for the next call on.
    pub fn behave(&mut self, behaviour: Behaviour) {
        self.settings.behaviour = behaviour;
    }

    /// Puts money on the balance, or below zero takes it away, and lets short batches go on by
    /// [`Behaviour::short_batch`], the oldest first. Not counted as a call.
    ///
    /// # Errors
    /// [`Refusal::InsufficientFunds`] when the balance would fall below zero.
    pub fn add_funds(&mut self, amount: Decimal, now_ms: u64) -> Result<(), Refusal> {
        self.advance(now_ms);
        if amount.abs() > item::AMOUNT_MAX {
            return Err(Refusal::Invalid("at most 1000000000000 at a time"));
        }
        if !self.account.add(amount) {
            return Err(Refusal::InsufficientFunds);
        }
        if self.settings.behaviour.short_batch == ShortBatch::RevivesOnFunds {
            self.shelf.follow_all();
            for batch in self.shelf.batches_mut() {
                if batch.stage == Stage::Short && self.account.covers(batch.cost()) {
                    batch.authorize(&mut self.account, &self.settings, self.now_ms)?;
                }
            }
        }
        Ok(())
    }

    /// The books, for tests and people; not counted as a call. `external_id` limits the batches and the
    /// sums over them.
    pub fn books(&mut self, external_id: Option<&str>, now_ms: u64) -> Books {
        self.advance(now_ms);
        let mut books = Books::new(self.calls, self.rate_limited, &self.account);
        for batch in self.shelf.batches_of(external_id) {
            let request_ids = self.shelf.request_ids(&batch.external_id);
            books.add(batch, request_ids, self.now_ms);
        }
        books
    }

    /// Notes when an auth call came, for [`crate::BatchBook::first_auth_us`].
    pub(crate) fn note_arrival(&mut self, request_id: &str, now_us: u64) {
        if let Some(batch) = self.shelf.by_request_mut(request_id) {
            batch.calls.first_auth_us.get_or_insert(now_us);
        }
    }

    /// Refuses one call as if the limit was reached.
    pub(crate) fn refuse_as_limited(&mut self, endpoint: Endpoint) -> Refusal {
        self.calls.count(endpoint);
        self.rate_limited.count(endpoint);
        Refusal::RateLimited
    }

    /// What every call begins with.
    fn admit(&mut self, endpoint: Endpoint, now_ms: u64) -> Result<(), Refusal> {
        self.advance(now_ms);
        let per_minute = self.settings.behaviour.calls_per_minute;
        if self.limit.admit(per_minute, self.now_ms) {
            self.calls.count(endpoint);
            Ok(())
        } else {
            Err(self.refuse_as_limited(endpoint))
        }
    }

    fn advance(&mut self, now_ms: u64) {
        self.now_ms = self.now_ms.max(now_ms);
        let behaviour = &self.settings.behaviour;
        self.shelf
            .advance(&mut self.account, behaviour, self.now_ms);
        self.shelf.alter(&behaviour.alterations);
    }
}

fn count(calls: &mut u64) {
    *calls = calls.saturating_add(1);
}
