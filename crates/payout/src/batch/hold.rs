//! What is held: what people agree on, and what they agree on it by.

use chrono::{DateTime, Utc};

use super::{Batch, Jobs, Transition, after};
use crate::account::Account;
use crate::digest::{Canonical, Digest};
use crate::event::{CopyRead, IllegalTransition};
use crate::ids::RequestId;
use crate::item::{Item, ItemStatus};
use crate::money::Money;
use crate::policy::OnInvalid;
use crate::provider::Refusal;
use crate::requirement::Requirement;
use crate::state::{Ending, Hold, Shown, State, TurnedDown};

/// After so many tenths of their time people are reminded.
const REMINDED_AT: [i32; 2] = [5, 9];

impl Batch {
    /// Decides what a batch whose copy is right becomes: held, refused, or turned down.
    pub(super) fn hold(
        &self,
        request_id: RequestId,
        read: CopyRead,
        at: DateTime<Utc>,
    ) -> Result<Transition, IllegalTransition> {
        let valid: Vec<&Item> = self.valid_items().collect();
        let all = self.content().items().len();
        if valid.is_empty() {
            let message = Some("every item was refused".to_owned());
            let refusal = Refusal {
                code: None,
                message,
            };
            return Ok(self
                .to(State::Refused(refusal), Jobs::NONE, at)
                .noted("every item was refused"));
        }
        if valid.len() < all && read.on_invalid == OnInvalid::Reject {
            let reason = "the provider refused items, and the policy turns such batches down";
            let turned_down = TurnedDown {
                by: None,
                reason: reason.to_owned(),
                request_id: Some(request_id),
                sent: None,
            };
            return self.to_cancelling(Ending::Rejected, turned_down, at);
        }
        let currency = self.content().currency();
        let total = Money::sum(currency, valid.iter().map(|item| item.amount))
            .map_err(|_| IllegalTransition::Unsummable)?;
        let commission = self.shown_commission()?;
        let shown = read
            .copy
            .as_ref()
            .map_or_else(Shown::default, |copy| Shown {
                total: copy.batch.total,
                count: copy.total_items,
            });
        let count = valid.len();
        let hold = Hold {
            largest: largest(&valid, total),
            digest: self.digest(read.account.as_str(), request_id.as_str(), valid, total),
            request_id: Some(request_id),
            account: read.account,
            count,
            total,
            shown,
            commission,
            history: read.history,
            rules: read.rules,
            held_at: at,
            expires_at: after(at, read.expires_after),
            is_sent: false,
            short: None,
            judged: None,
        };
        let (jobs, note) = (
            Jobs::worker(hold.wakes_after(at)),
            format!("held under rule `{}`", hold.rules.names()),
        );
        Ok(self.to(State::PendingApproval(hold), jobs, at).noted(note))
    }

    /// What is recorded of a hold and does not follow from the content: nobody who writes records
    /// chooses by which sum, or for which request, a batch is approved.
    pub fn contradictions(&self) -> Vec<String> {
        let Some(hold) = self.state().hold() else {
            return Vec::new();
        };
        let (head, content) = (self.head(), self.content());
        let valid: Vec<&Item> = self.valid_items().collect();
        let amounts = valid.iter().map(|item| item.amount);
        let total = Money::sum(content.currency(), amounts);
        let is_total = total.as_ref() == Ok(&hold.total);
        // What was held before largest items were kept has the total instead, which asks for more.
        let largest = largest(&valid, hold.total);
        let is_largest = hold.largest == largest || hold.largest == hold.total;
        let id = hold.request_id.as_ref().map_or("", |id| id.as_str());
        let account = hold.account.as_str();
        let digest = total.map(|total| self.digest(account, id, valid, total));
        let is_content = head.external_id == *content.external_id()
            && head.purpose == content.purpose()
            && head.count == content.items().len();
        [
            (
                is_total && is_largest,
                "the sums of what is held are not those of its items",
            ),
            (
                digest == Ok(hold.digest),
                "the digest that was decided on is not that of what is held",
            ),
            (
                is_content,
                "the batch is said to be another than its content",
            ),
        ]
        .into_iter()
        .filter(|(is_so, _)| !is_so)
        .map(|(_, told)| told.to_owned())
        .collect()
    }

    /// What an approval binds to: where the money comes from, the provider's id, and every item
    /// that would be paid.
    fn digest(&self, account: &str, request_id: &str, valid: Vec<&Item>, total: Money) -> Digest {
        let mut canonical = Canonical::new("onay digest 1");
        canonical.field(account); // ours
        canonical.field(request_id); // the provider's
        self.content.write(&mut canonical, valid.into_iter());
        canonical.field(&total.number()); // read back
        canonical.finish()
    }

    /// The provider's fee, if it shows one for any item.
    fn shown_commission(&self) -> Result<Option<Money>, IllegalTransition> {
        let mut shown = self
            .outcomes
            .iter()
            .filter_map(|outcome| outcome.commission)
            .peekable();
        if shown.peek().is_none() {
            return Ok(None);
        }
        Money::sum(self.content.currency(), shown)
            .map(Some)
            .map_err(|_| IllegalTransition::Unsummable)
    }

    fn valid_items(&self) -> impl Iterator<Item = &Item> {
        self.content()
            .items()
            .iter()
            .zip(self.outcomes())
            .filter(|(_, outcome)| outcome.status != ItemStatus::Invalid)
            .map(|(item, _)| item)
    }

    /// A batch that is found started without a release from here: watched, and approved by nobody.
    pub(super) fn watched(
        &self,
        request_id: Option<RequestId>,
        account: Account,
        at: DateTime<Utc>,
    ) -> Result<Hold, IllegalTransition> {
        let is_held = |hold: &&Hold| hold.request_id == request_id;
        if let Some(hold) = self.state().hold().filter(is_held) {
            return Ok(hold.clone().sent());
        }
        let id = request_id.as_ref().map_or("", |id| id.as_str());
        let valid: Vec<&Item> = self.valid_items().collect();
        let total = Money::sum(
            self.content().currency(),
            valid.iter().map(|item| item.amount),
        )
        .map_err(|_| IllegalTransition::Unsummable)?;
        Ok(Hold {
            count: valid.len(),
            largest: largest(&valid, total),
            digest: self.digest(account.as_str(), id, valid, total),
            request_id,
            account,
            total,
            shown: Shown::default(),
            commission: None,
            history: None,
            rules: Requirement::default(),
            held_at: at,
            expires_at: at,
            is_sent: true,
            short: None,
            judged: None,
        })
    }
}

/// The largest item.
fn largest(items: &[&Item], total: Money) -> Money {
    let amounts = items.iter().map(|item| item.amount);
    amounts
        .max_by_key(|amount| amount.amount())
        .unwrap_or(total)
}

impl Hold {
    /// When people are reminded next after this moment, or their time is over.
    pub fn wakes_after(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        let mut reminders = REMINDED_AT
            .into_iter()
            .filter_map(|tenths| self.tenths(tenths));
        let next = reminders.find(|reminder| *reminder > at);
        next.map_or(self.expires_at, |reminder| reminder.min(self.expires_at))
    }

    /// The first moment at which people are reminded.
    pub fn reminded_from(&self) -> DateTime<Utc> {
        self.wakes_after(self.held_at)
    }

    fn tenths(&self, tenths: i32) -> Option<DateTime<Utc>> {
        let whole = self.expires_at.signed_duration_since(self.held_at);
        let passed = whole.checked_mul(tenths)?.checked_div(10)?;
        self.held_at.checked_add_signed(passed)
    }
}
