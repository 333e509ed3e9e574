//! A provider as plain data: what it holds, what it is still about to do, and what it answers.
//!
//! What it assumes of every provider, whatever its switches: authorize on a cancelled batch is
//! refused, and so is cancel on a started one; a look is refused only where there is nothing to see;
//! no look lags for longer than it takes to set a ledger back.

use onay_payout::provider::{
    Initialized, InvalidItem, ItemKind, Lookup, NotSent, Query, Refusal, RemoteBatch, RemoteItem,
    RemotePage, RemoteStatus,
};
use onay_payout::{
    Content, Currency, ExternalId, ItemStatus, Money, Personal, ProviderError, ReferenceCode,
    RequestId,
};
use rust_decimal::Decimal;

use crate::people::lira;
use crate::switches::{
    Copied, Funds, OfMany, Outcomes, Refund, RepeatedAuth, RepeatedInit, ShowsRequestId, Switches,
    UnknownId, Words,
};

/// A batch as it stands at the provider.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Parcel {
    pub(crate) as_id: ExternalId,
    pub(crate) stage: Stage,
    /// How many authorizes moved money.
    pub(crate) takes: u8,
    /// Who started it, if somebody else did.
    pub(crate) by: By,
    /// Looks that do not show it yet.
    pub(crate) hidden: u8,
    /// What somebody else added to it after it was held.
    pub(crate) added: u8,
    /// Authorizes that were sent to it, whatever was answered but "not sent".
    pub(crate) sends: u8,
}

/// Who started a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum By {
    Us,
    SomebodyElse,
}

/// Where a batch stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Stage {
    Init,
    Canceled,
    /// Authorized, and the balance is short.
    Short,
    /// Authorized; how far it has come: [`Stage::LAST`] and everything is final.
    Taken(u8),
}

impl Stage {
    /// Items are final for their payees.
    pub(crate) const FINAL: u8 = 2;
    /// Refunds are done.
    pub(crate) const LAST: u8 = 3;
}

/// Work that the provider does later than its answer was lost.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Late {
    Initialize(ExternalId),
    Authorize(usize),
    Cancel(usize),
}

/// All a provider holds.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Books {
    pub(crate) switches: Switches,
    pub(crate) items: usize,
    pub(crate) parcels: Vec<Parcel>,
    pub(crate) late: Vec<Late>,
    pub(crate) is_short: bool,
}

pub(crate) fn refused(code: &str) -> ProviderError {
    ProviderError::Refused(Refusal {
        code: Some(code.to_owned()),
        message: None,
    })
}

pub(crate) fn in_doubt() -> ProviderError {
    ProviderError::InDoubt("the answer was lost".to_owned())
}

pub(crate) fn no_line() -> ProviderError {
    ProviderError::NotSent(NotSent::Connection("refused".to_owned()))
}

impl Books {
    pub(crate) fn new(switches: Switches, items: usize) -> Self {
        Self {
            switches,
            items,
            parcels: Vec::new(),
            late: Vec::new(),
            is_short: switches.funds != Funds::Enough,
        }
    }

    /// The place of a batch by its request id.
    pub(crate) fn place(&self, id: &RequestId) -> Option<usize> {
        let place: usize = id.as_str().strip_prefix("r-")?.parse().ok()?;
        (place < self.parcels.len()).then_some(place)
    }

    pub(crate) fn initialize(&mut self, as_id: &ExternalId) -> Result<Initialized, ProviderError> {
        let mut known = self.parcels.iter();
        let known = known.position(|parcel| parcel.as_id == *as_id);
        let place = match (known, self.switches.repeated_init) {
            (Some(place), RepeatedInit::SameId) => place,
            (Some(_), RepeatedInit::Refuses) => return Err(refused("the external id is taken")),
            (None, _) | (Some(_), RepeatedInit::NewBatch) => {
                self.parcels.push(Parcel {
                    as_id: as_id.clone(),
                    stage: Stage::Init,
                    takes: 0,
                    by: By::Us,
                    hidden: self.switches.lag,
                    added: 0,
                    sends: 0,
                });
                self.parcels.len() - 1
            }
        };
        let invalid = (self.valid()..self.items).map(|item| InvalidItem {
            id: item_id(item),
            code: Some("10".to_owned()),
            message: None,
        });
        Ok(Initialized {
            request_id: request_id(place),
            invalid: invalid.collect(),
        })
    }

    pub(crate) fn authorize(&mut self, place: usize) -> Result<(), ProviderError> {
        if self.valid() == 0 {
            return Err(refused("nothing to pay"));
        }
        let parcel = &mut self.parcels[place];
        match parcel.stage {
            Stage::Canceled => Err(refused("cancelled")),
            Stage::Init | Stage::Short if self.is_short => match self.switches.funds {
                Funds::LaterStatus => {
                    parcel.stage = Stage::Short;
                    Ok(())
                }
                Funds::Enough | Funds::AuthRefuses => Err(refused("balance")),
            },
            Stage::Init | Stage::Short => {
                parcel.stage = Stage::Taken(0);
                parcel.takes += 1;
                Ok(())
            }
            Stage::Taken(_) => match self.switches.repeated_auth {
                RepeatedAuth::SameAnswer => Ok(()),
                RepeatedAuth::Refuses => Err(refused("not in INIT")),
                RepeatedAuth::PaysTwice => {
                    parcel.takes += 1;
                    Ok(())
                }
            },
        }
    }

    pub(crate) fn cancel(&mut self, place: usize) -> Result<(), ProviderError> {
        let parcel = &mut self.parcels[place];
        match parcel.stage {
            Stage::Init | Stage::Canceled => {
                parcel.stage = Stage::Canceled;
                Ok(())
            }
            Stage::Short | Stage::Taken(_) => Err(refused("not in INIT")),
        }
    }

    /// Does what was sent long ago.
    pub(crate) fn do_late(&mut self, index: usize) -> Late {
        let late = self.late.remove(index);
        let _ = match &late {
            Late::Initialize(as_id) => self.initialize(as_id).map(|_| ()),
            Late::Authorize(place) => self.authorize(*place),
            Late::Cancel(place) => self.cancel(*place),
        };
        late
    }

    /// Whether any started batch still has steps to take by itself.
    pub(crate) fn may_advance(&self) -> bool {
        self.parcels.iter().any(|parcel| match parcel.stage {
            Stage::Init | Stage::Canceled => false,
            Stage::Short => !self.is_short,
            Stage::Taken(step) => step < Stage::LAST,
        })
    }

    /// Every started batch takes one step.
    pub(crate) fn advance(&mut self) {
        for parcel in &mut self.parcels {
            match parcel.stage {
                // Whether a short batch goes on after a top-up is not documented: here it does.
                Stage::Short if !self.is_short => {
                    parcel.stage = Stage::Taken(0);
                    parcel.takes += 1;
                }
                Stage::Taken(step) if step < Stage::LAST => parcel.stage = Stage::Taken(step + 1),
                Stage::Init | Stage::Canceled | Stage::Short | Stage::Taken(_) => {}
            }
        }
    }

    /// How often the payee of an item was credited, over all batches.
    pub(crate) fn credits(&self, item: usize) -> u8 {
        let credited = self.parcels.iter().map(|parcel| match parcel.stage {
            Stage::Taken(step) if step >= Stage::FINAL && self.is_paid(item) => parcel.takes,
            Stage::Init | Stage::Canceled | Stage::Short | Stage::Taken(_) => 0,
        });
        credited.sum()
    }

    /// How many items it took.
    pub(crate) fn valid(&self) -> usize {
        self.items.saturating_sub(self.switches.invalid)
    }

    /// Whether it denies in the end what it said before.
    pub(crate) fn takes_back(&self) -> bool {
        self.switches.words == Words::TakesBack
    }

    /// Whether an item ends as paid, once its batch is started.
    fn is_paid(&self, item: usize) -> bool {
        let ends_well = match self.switches.outcome {
            Outcomes::Paid => true,
            Outcomes::Mixed => item == 0,
            Outcomes::Failed => false,
        };
        item < self.valid() && ends_well
    }

    /// Whether the copy it shows is what was sent.
    pub(crate) fn is_right(&self, place: usize) -> bool {
        self.switches.copy == Copied::Right && self.parcels[place].added == 0
    }

    pub(crate) fn balance(&self) -> Decimal {
        Decimal::from(if self.is_short { 1 } else { 1_000_000 })
    }

    pub(crate) fn retrieve(
        &mut self,
        query: &Query,
        content: &Content,
    ) -> Result<Option<RemotePage>, ProviderError> {
        let place = match &query.by {
            Lookup::Request(id) => self.place(id),
            Lookup::External(id) => self.shown_as(id),
        };
        for parcel in &mut self.parcels {
            parcel.hidden = parcel.hidden.saturating_sub(1);
        }
        match place.filter(|place| self.parcels[*place].hidden == 0) {
            Some(place) => Ok(Some(self.page(place, query, content))),
            None if self.switches.unknown_id == UnknownId::Refused => Err(refused("unknown")),
            None => Ok(None),
        }
    }

    /// The place of the batch that a look by this id shows.
    pub(crate) fn shown_as(&self, id: &ExternalId) -> Option<usize> {
        let mut places = (0..self.parcels.len()).filter(|place| {
            let parcel = &self.parcels[*place];
            parcel.as_id == *id && parcel.hidden == 0
        });
        match self.switches.of_many {
            OfMany::Newest => places.next_back(),
            OfMany::Oldest => places.next(),
        }
    }

    pub(crate) fn item(&self, reference: &ReferenceCode, content: &Content) -> Option<RemoteItem> {
        let (place, item) = reference.as_str().strip_prefix("c-")?.split_once('-')?;
        let (place, item) = (place.parse().ok()?, item.parse().ok()?);
        let mut found = self.shown_item(place, item, content);
        if self.switches.request_id == ShowsRequestId::ByItem {
            found.request_id = Some(request_id(place));
        }
        Some(found)
    }

    fn page(&self, place: usize, query: &Query, content: &Content) -> RemotePage {
        let parcel = &self.parcels[place];
        let shown: Vec<usize> = match query.items {
            ItemKind::Valid if self.switches.copy == Copied::Missing => (1..self.valid()).collect(),
            ItemKind::Valid => (0..self.valid()).collect(),
            ItemKind::Invalid => (self.valid()..self.items).collect(),
        };
        let is_extra = query.items == ItemKind::Valid
            && (parcel.added > 0 || self.switches.copy == Copied::Extra);
        let extra = is_extra.then(|| self.stranger(place));
        let count = shown.len() + usize::from(is_extra);
        let size = usize::try_from(query.size).unwrap();
        let first = size * usize::try_from(query.page).unwrap();
        let items = shown
            .iter()
            .map(|item| self.shown_item(place, *item, content))
            .chain(extra)
            .skip(first)
            .take(size);
        let valid = content.items().iter().take(self.valid());
        let total = Money::sum(Currency::Try, valid.map(|item| item.amount)).unwrap();
        let tampered =
            i64::from(self.switches.copy == Copied::OtherAmount) + i64::from(is_extra) * 50;
        RemotePage {
            batch: RemoteBatch {
                external_id: Some(parcel.as_id.to_string()),
                status: self.status(parcel),
                total: total.plus(lira(tampered)).ok(),
                commission: None,
            },
            items: items.collect(),
            total_items: u64::try_from(count).ok(),
        }
    }

    fn status(&self, parcel: &Parcel) -> RemoteStatus {
        let words = self.switches.words;
        match parcel.stage {
            Stage::Init => RemoteStatus::Init,
            Stage::Canceled => RemoteStatus::Canceled,
            Stage::Short => RemoteStatus::InsufficientBalance,
            Stage::Taken(0) => match words {
                Words::BatchLags | Words::BothLag => RemoteStatus::Init,
                Words::Plain
                | Words::OddBatch
                | Words::OddItem
                | Words::ItemsLag
                | Words::MixedStaysPublished
                | Words::TakesBack => RemoteStatus::InProgress,
            },
            Stage::Taken(1) if words == Words::OddBatch => {
                RemoteStatus::Unknown("ON_HOLD".to_owned())
            }
            Stage::Taken(1) => RemoteStatus::PublishedToQueue,
            Stage::Taken(_) => match self.switches.outcome {
                Outcomes::Failed => RemoteStatus::Fail,
                Outcomes::Mixed if words == Words::MixedStaysPublished => {
                    RemoteStatus::PublishedToQueue
                }
                Outcomes::Paid | Outcomes::Mixed => RemoteStatus::Completed,
            },
        }
    }

    fn shown_item(&self, place: usize, item: usize, content: &Content) -> RemoteItem {
        let sent = &content.items()[item];
        let is_changed = item == 0;
        let amount = if is_changed && self.switches.copy == Copied::OtherAmount {
            lira(101)
        } else {
            sent.amount
        };
        let info = if is_changed && self.switches.copy == Copied::OtherPayee {
            Personal::new("TR330006100519786457841326")
        } else {
            sent.recipient.info.clone()
        };
        let shows_id = self.switches.request_id == ShowsRequestId::OnItems;
        RemoteItem {
            id: sent.id.clone(),
            reference: format!("c-{place}-{item}").parse().ok(),
            status: self.item_status(place, item),
            recipient_kind: Some(sent.recipient.kind),
            recipient_info: Some(info),
            recipient_name: None,
            description: None,
            amount: Some(amount),
            commission: None,
            errors: Vec::new(),
            request_id: shows_id.then(|| request_id(place)),
        }
    }

    fn item_status(&self, place: usize, item: usize) -> ItemStatus {
        if item >= self.valid() {
            return ItemStatus::Invalid;
        }
        let words = self.switches.words;
        match self.parcels[place].stage {
            Stage::Init | Stage::Short => ItemStatus::Pending,
            Stage::Canceled => ItemStatus::Cancelled,
            Stage::Taken(0) if matches!(words, Words::ItemsLag | Words::BothLag) => {
                ItemStatus::Pending
            }
            Stage::Taken(0) => ItemStatus::Queued,
            Stage::Taken(1) if words == Words::OddItem => ItemStatus::Unknown("WAITING".to_owned()),
            Stage::Taken(1) => ItemStatus::Processing,
            Stage::Taken(Stage::LAST) if self.takes_back() => ItemStatus::Failed,
            Stage::Taken(_) if self.is_paid(item) => ItemStatus::Paid,
            Stage::Taken(Stage::FINAL) => ItemStatus::Failed,
            Stage::Taken(_) => match self.switches.refund {
                Refund::Never => ItemStatus::Failed,
                Refund::Back => ItemStatus::Refunded,
                Refund::Failed => ItemStatus::RefundFailed,
            },
        }
    }

    /// An item that was never sent.
    fn stranger(&self, place: usize) -> RemoteItem {
        RemoteItem {
            id: "stranger".parse().unwrap(),
            reference: None,
            status: self.item_status(place, 0),
            recipient_kind: None,
            recipient_info: None,
            recipient_name: None,
            description: None,
            amount: Some(lira(50)),
            commission: None,
            errors: Vec::new(),
            request_id: None,
        }
    }
}

pub(crate) fn request_id(place: usize) -> RequestId {
    format!("r-{place}").parse().unwrap()
}

fn item_id(item: usize) -> onay_payout::ItemId {
    format!("item-{item}").parse().unwrap()
}
