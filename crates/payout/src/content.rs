//! What a maker asks for: the unchanging half of a batch.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::str::FromStr;

use crate::digest::{Canonical, Digest};
use crate::ids::{ExternalId, ItemId};
use crate::item::Item;
use crate::money::{Currency, Money, MoneyError};
use crate::policy::Facts;
use crate::recipient::Personal;

/// Most items in one batch. iyzico documents no limit (read 2026-11-22).
pub const ITEMS_PER_BATCH_MAX: usize = 100_000;

/// What the money is for.
///
/// Source: iyzico "Mass Payout Initialize" (English, eight values; the Turkish page has the first
/// five), read 2026-11-22.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// Wages.
    Salary,
    /// Bonuses.
    Bonus,
    /// Settlement with sellers.
    Settlement,
    /// Goods.
    Goods,
    /// Services.
    Services,
    /// Cashback. English page only.
    Cashback,
    /// Rebates. English page only.
    Rebates,
    /// Donations. English page only.
    Donations,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 8] = [
        Self::Salary,
        Self::Bonus,
        Self::Settlement,
        Self::Goods,
        Self::Services,
        Self::Cashback,
        Self::Rebates,
        Self::Donations,
    ];

    /// iyzico's word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Salary => "SALARY",
            Self::Bonus => "BONUS",
            Self::Settlement => "SETTLEMENT",
            Self::Goods => "GOODS",
            Self::Services => "SERVICES",
            Self::Cashback => "CASHBACK",
            Self::Rebates => "REBATES",
            Self::Donations => "DONATIONS",
        }
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Purpose {
    type Err = UnknownPurpose;

    fn from_str(word: &str) -> Result<Self, UnknownPurpose> {
        Self::ALL
            .into_iter()
            .find(|purpose| purpose.word() == word)
            .ok_or(UnknownPurpose)
    }
}

/// A word that is no purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[error(
    "use SALARY, BONUS, SETTLEMENT, GOODS or SERVICES (CASHBACK, REBATES, DONATIONS stand in the \
     English documentation only)"
)]
pub struct UnknownPurpose;

/// A whole batch as its maker wants it paid. Made by [`crate::Draft::check`]; never changes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Content {
    external_id: ExternalId,
    conversation_id: String,
    purpose: Option<Purpose>,
    total: Money,
    items: Vec<Item>,
}

impl Content {
    /// Puts a batch together from items that are known to share one currency.
    ///
    /// # Errors
    /// When the currencies differ or their sum is too large to keep exactly.
    pub fn new(
        external_id: ExternalId,
        conversation_id: Option<String>,
        purpose: Option<Purpose>,
        currency: Currency,
        items: Vec<Item>,
    ) -> Result<Self, MoneyError> {
        let total = Money::sum(currency, items.iter().map(|item| item.amount))?;
        let conversation_id = conversation_id.unwrap_or_else(|| external_id.to_string());
        Ok(Self {
            external_id,
            conversation_id,
            purpose,
            total,
            items,
        })
    }

    /// The caller's id of the batch.
    pub const fn external_id(&self) -> &ExternalId {
        &self.external_id
    }

    /// The correlation id sent with initialize; the external id unless the maker chose one.
    pub fn conversation_id(&self) -> &str {
        &self.conversation_id
    }

    /// What the money is for.
    pub const fn purpose(&self) -> Option<Purpose> {
        self.purpose
    }

    /// The one currency of all items.
    pub const fn currency(&self) -> Currency {
        self.total.currency()
    }

    /// The sum of all items.
    pub const fn total(&self) -> Money {
        self.total
    }

    /// What rules can see of it before anything else is known.
    pub fn facts(&self) -> Facts {
        let amounts = self.items.iter().map(|item| item.amount);
        let largest = amounts.max_by_key(|amount| amount.amount());
        Facts {
            total: self.total,
            largest: largest.unwrap_or(self.total),
            purpose: self.purpose,
            history: None,
        }
    }

    /// The items, in the maker's order.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// The digest of everything the maker asked for. Two submissions with one external id are *the
    /// same* when these are equal; the correlation id does not count.
    pub fn digest(&self) -> Digest {
        let mut canonical = Canonical::new("onay content 1");
        self.write(&mut canonical, self.items.iter());
        canonical.finish()
    }

    /// Writes what was asked for, restricted to `items`, in the order of their ids.
    ///
    /// *Read back* fields are compared with the provider's own copy before anyone may approve;
    /// *sent* fields are only known to have been sent by us.
    pub(crate) fn write<'a>(
        &self,
        canonical: &mut Canonical,
        items: impl Iterator<Item = &'a Item>,
    ) {
        canonical.field(self.external_id.as_str()); // read back
        canonical.optional(self.purpose.map(Purpose::word)); // sent
        canonical.field(self.currency().code()); // read back
        let mut items: Vec<&Item> = items.collect();
        items.sort_by(|a, b| a.id.cmp(&b.id));
        canonical.field(&items.len().to_string()); // read back
        for item in items {
            canonical.field(item.id.as_str()); // read back
            canonical.field(item.recipient.kind.word()); // read back
            canonical.field(item.recipient.info.expose()); // read back
            canonical.optional(item.recipient.name.as_ref().map(Personal::expose)); // read back
            canonical.field(&item.amount.number()); // read back
            canonical.optional(item.description.as_deref()); // read back
            canonical.field(if item.non_withdrawable { "1" } else { "0" }); // sent
        }
    }

    /// Says how `other` differs, one sentence a difference, at most `most` of them.
    pub fn differences(&self, other: &Self, most: usize) -> Vec<String> {
        let mut found = Vec::new();
        if self.purpose != other.purpose {
            let word = |purpose: Option<Purpose>| purpose.map_or("none", Purpose::word);
            found.push(format!(
                "purpose is {}, was {}",
                word(other.purpose),
                word(self.purpose)
            ));
        }
        if self.currency() != other.currency() {
            found.push(format!(
                "currency is {}, was {}",
                other.currency(),
                self.currency()
            ));
        }
        let mine: HashMap<&ItemId, &Item> =
            self.items.iter().map(|item| (&item.id, item)).collect();
        for item in &other.items {
            match mine.get(&item.id) {
                None => found.push(format!("item {} is new", item.id)),
                Some(before) => found.extend(item_differences(before, item)),
            }
        }
        let theirs: HashSet<&ItemId> = other.items.iter().map(|item| &item.id).collect();
        for item in self.items.iter().filter(|item| !theirs.contains(&item.id)) {
            found.push(format!("item {} is gone", item.id));
        }
        let rest = found.len().saturating_sub(most);
        if rest > 0 {
            found.truncate(most);
            found.push(format!("and {rest} more"));
        }
        found
    }
}

fn item_differences(before: &Item, now: &Item) -> Vec<String> {
    let mut found = Vec::new();
    if before.amount != now.amount {
        found.push(format!(
            "item {}: amount is {}, was {}",
            now.id, now.amount, before.amount
        ));
    }
    if before.recipient.kind != now.recipient.kind || before.recipient.info != now.recipient.info {
        found.push(format!("item {}: recipient is another", now.id));
    }
    if before.recipient.name != now.recipient.name {
        found.push(format!("item {}: recipient name is another", now.id));
    }
    if before.description != now.description {
        found.push(format!("item {}: description is another", now.id));
    }
    if before.non_withdrawable != now.non_withdrawable {
        found.push(format!(
            "item {}: nonWithdrawable is {}",
            now.id, now.non_withdrawable
        ));
    }
    found
}
