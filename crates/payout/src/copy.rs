//! Comparing what was sent with what the provider holds.

use std::collections::{HashMap, HashSet};

use crate::content::Content;
use crate::ids::{ExternalId, ItemId};
use crate::item::{Item, ItemStatus, Outcome};
use crate::money::Money;
use crate::policy::ReadBack;
use crate::provider::{RemoteCopy, RemoteItem};
use crate::recipient::Personal;

/// Most differences that are spelled out.
const DIFFERENCES_MAX: usize = 20;

/// What comparing the provider's copy showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Comparison {
    /// The same, as far as it was compared.
    Same,
    /// Not all of it can be read yet.
    Incomplete(String),
    /// Something else than what was sent.
    Differs(Vec<String>),
}

/// Compares content with the provider's copy, which stands there under `remote_id`. `outcomes` says
/// which items initialize refused.
pub(crate) fn compare(
    (content, remote_id): (&Content, &ExternalId),
    outcomes: &[Outcome],
    copy: &RemoteCopy,
    depth: ReadBack,
) -> Comparison {
    match depth {
        ReadBack::Off => Comparison::Same,
        ReadBack::Totals => compare_totals((content, remote_id), outcomes, copy),
        ReadBack::Full => compare_items((content, remote_id), outcomes, copy),
    }
}

fn compare_totals(
    (content, remote_id): (&Content, &ExternalId),
    outcomes: &[Outcome],
    copy: &RemoteCopy,
) -> Comparison {
    let valid: Vec<&Item> = content
        .items()
        .iter()
        .zip(outcomes)
        .filter(|(_, outcome)| outcome.status != ItemStatus::Invalid)
        .map(|(item, _)| item)
        .collect();
    let count = u64::try_from(valid.len()).ok();
    if copy.total_items.is_none() || copy.batch.total.is_none() {
        return Comparison::Incomplete("the provider shows no total or no count yet".to_owned());
    }
    let mut found = external_id_difference(remote_id, copy);
    if let Some(shown) = copy.total_items.filter(|shown| Some(*shown) != count) {
        found.push(format!(
            "the provider holds {shown} items, {} were sent",
            valid.len()
        ));
    }
    found.extend(total_difference(
        content,
        valid.iter().map(|item| item.amount),
        copy,
    ));
    if found.is_empty() {
        Comparison::Same
    } else {
        Comparison::Differs(found)
    }
}

fn compare_items(
    (content, remote_id): (&Content, &ExternalId),
    outcomes: &[Outcome],
    copy: &RemoteCopy,
) -> Comparison {
    let sent: HashMap<&ItemId, &Item> = content
        .items()
        .iter()
        .map(|item| (&item.id, item))
        .collect();
    let refused: HashSet<&ItemId> = content
        .items()
        .iter()
        .zip(outcomes)
        .filter(|(_, outcome)| outcome.status == ItemStatus::Invalid)
        .map(|(item, _)| &item.id)
        .collect();
    let mut shown: HashSet<&ItemId> = HashSet::new();
    let mut found = external_id_difference(remote_id, copy);
    let mut valid: Vec<Money> = Vec::new();
    for remote in &copy.items {
        let is_second = !shown.insert(&remote.id);
        match sent.get(&remote.id) {
            None => found.push(format!("item {} was never sent", remote.id)),
            Some(_) if is_second => found.push(format!("item {} stands there twice", remote.id)),
            Some(item) => {
                found.extend(item_differences(item, remote));
                if remote.status != ItemStatus::Invalid {
                    valid.push(item.amount);
                    if refused.contains(&item.id) {
                        found.push(format!(
                            "item {} was refused and is held all the same",
                            item.id
                        ));
                    }
                }
            }
        }
    }
    if found.is_empty() {
        let is_missing = |item: &&Item| !refused.contains(&item.id) && !shown.contains(&item.id);
        let missing = content.items().iter().filter(is_missing).count();
        if missing > 0 {
            let all = content.items().len();
            return Comparison::Incomplete(format!("{missing} of {all} items cannot be read yet"));
        }
        found.extend(total_difference(content, valid.into_iter(), copy));
    }
    if found.is_empty() {
        return Comparison::Same;
    }
    let rest = found.len().saturating_sub(DIFFERENCES_MAX);
    if rest > 0 {
        found.truncate(DIFFERENCES_MAX);
        found.push(format!("and {rest} more"));
    }
    Comparison::Differs(found)
}

fn external_id_difference(remote_id: &ExternalId, copy: &RemoteCopy) -> Vec<String> {
    match &copy.batch.external_id {
        Some(shown) if shown != remote_id.as_str() => {
            vec![format!("the provider shows external id {shown}")]
        }
        Some(_) | None => Vec::new(),
    }
}

/// iyzico does not say whether refused items count in `totalAmount`; either sum is accepted.
fn total_difference(
    content: &Content,
    valid: impl Iterator<Item = Money>,
    copy: &RemoteCopy,
) -> Option<String> {
    let shown = copy.batch.total?;
    let expected = Money::sum(content.currency(), valid).ok()?;
    (shown != expected && shown != content.total())
        .then(|| format!("the provider shows a total of {shown}, {expected} was sent"))
}

/// Differences in the fields that the digest marks as read back.
fn item_differences(item: &Item, remote: &RemoteItem) -> Vec<String> {
    let id = &item.id;
    let mut found = Vec::new();
    match remote.amount {
        Some(shown) if shown == item.amount => {}
        Some(shown) => found.push(format!(
            "item {id}: amount is {shown}, {} was sent",
            item.amount
        )),
        None => found.push(format!("item {id}: the provider shows no amount")),
    }
    match &remote.recipient_info {
        Some(shown) if *shown == item.recipient.info => {}
        Some(shown) => {
            let (shown, sent) = (shown.to_string(), item.recipient.info.to_string());
            found.push(if shown == sent {
                format!("item {id}: payee is another one that begins and ends as {sent}")
            } else {
                format!("item {id}: payee is {shown}, {sent} was sent")
            });
        }
        None => found.push(format!("item {id}: the provider shows no payee")),
    }
    if let Some(shown) = remote
        .recipient_kind
        .filter(|shown| *shown != item.recipient.kind)
    {
        found.push(format!(
            "item {id}: recipient type is {shown}, {} was sent",
            item.recipient.kind
        ));
    }
    if differs(
        remote.recipient_name.as_ref().map(Personal::expose),
        item.recipient.name.as_ref().map(Personal::expose),
    ) {
        found.push(format!("item {id}: the payee's name is another"));
    }
    if differs(remote.description.as_deref(), item.description.as_deref()) {
        found.push(format!("item {id}: the description is another"));
    }
    found
}

/// Texts are compared when both sides have one: the provider need not store what it does not use.
fn differs(shown: Option<&str>, sent: Option<&str>) -> bool {
    matches!((shown, sent), (Some(shown), Some(sent)) if shown.trim() != sent.trim())
}
