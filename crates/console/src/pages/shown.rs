//! How values look on a page.

use askama::Template;
use askama::filters::HtmlSafe;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use onay_payout::{Head, ItemStatus, Money, Purpose, Recipient, RecipientType, State};

use super::visitor::Visitor;

/// Money: thousands apart, currency small beside it.
#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<span class="money">{{ number }}<span class="currency"> {{ currency }}</span></span>"#
)]
pub(super) struct Amount {
    number: String,
    currency: &'static str,
}

impl HtmlSafe for Amount {}

impl From<Money> for Amount {
    fn from(money: Money) -> Self {
        let whole = money.to_string();
        let number = whole
            .rsplit_once(' ')
            .map_or(whole.as_str(), |(number, _)| number);
        Self {
            number: number.to_owned(),
            currency: money.currency().code(),
        }
    }
}

/// A moment; `relative` is seen from when the page was made.
#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<time datetime="{{ iso }}">{{ absolute }}</time>"#
)]
pub(super) struct Moment {
    iso: String,
    absolute: String,
    pub(super) relative: String,
}

impl HtmlSafe for Moment {}

impl Moment {
    pub(super) fn new(at: DateTime<Utc>, now: DateTime<Utc>) -> Self {
        Self {
            iso: at.to_rfc3339_opts(SecondsFormat::Secs, true),
            absolute: at.format("%-d %b %Y, %H:%M UTC").to_string(),
            relative: relative(at.signed_duration_since(now)),
        }
    }
}

fn relative(delta: TimeDelta) -> String {
    let (minutes, hours, days) = (
        delta.num_minutes().abs(),
        delta.num_hours().abs(),
        delta.num_days().abs(),
    );
    let span = match (days, hours, minutes) {
        (2.., _, _) => format!("{days} days"),
        (_, 10.., _) => format!("{hours} h"),
        (_, 1.., _) => format!("{hours} h {} min", minutes % 60),
        (_, _, 1..) => format!("{minutes} min"),
        (_, _, _) => return "now".to_owned(),
    };
    if delta > TimeDelta::zero() {
        format!("in {span}")
    } else {
        format!("{span} ago")
    }
}

/// Where something stands, as a word on a ground of its tone.
#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<span class="pill {{ tone }}">{{ word }}</span>"#
)]
pub(super) struct Pill {
    word: String,
    tone: &'static str,
}

impl HtmlSafe for Pill {}

impl From<&State> for Pill {
    fn from(state: &State) -> Self {
        let tone = match state {
            State::PendingApproval(_) => "waiting",
            State::Settled(_) => "good",
            State::Approved(_) if waits_for_funds(state) => "mixed",
            State::PartlySettled(_) | State::Cancelling(_) => "mixed",
            State::Failed(_) | State::Refused(_) | State::Frozen(_) => "bad",
            State::Received
            | State::Preparing(_)
            | State::Prepared(_)
            | State::Approved(_)
            | State::Releasing(_)
            | State::Processing(_)
            | State::Rejected(_)
            | State::Withdrawn(_)
            | State::Expired(_) => "plain",
        };
        let word = if waits_for_funds(state) {
            "Waiting for funds".to_owned()
        } else {
            label(state.name())
        };
        Self { word, tone }
    }
}

impl From<&ItemStatus> for Pill {
    fn from(status: &ItemStatus) -> Self {
        let tone = match status {
            ItemStatus::Paid => "good",
            ItemStatus::Invalid | ItemStatus::Failed | ItemStatus::RefundFailed => "bad",
            ItemStatus::Refunded | ItemStatus::Unknown(_) => "mixed",
            ItemStatus::Pending
            | ItemStatus::Queued
            | ItemStatus::Processing
            | ItemStatus::Cancelled => "plain",
        };
        let word = match status {
            ItemStatus::Invalid => "refused".to_owned(),
            ItemStatus::Unknown(word) => word.clone(),
            known @ (ItemStatus::Pending
            | ItemStatus::Queued
            | ItemStatus::Processing
            | ItemStatus::Paid
            | ItemStatus::Failed
            | ItemStatus::Refunded
            | ItemStatus::RefundFailed
            | ItemStatus::Cancelled) => known.word().replace('_', " "),
        };
        Self { word, tone }
    }
}

/// Whether an approved batch waits until the payout balance covers it.
pub(super) const fn waits_for_funds(state: &State) -> bool {
    matches!(state, State::Approved(hold) if hold.short.is_some())
}

/// A word of the ledger as people write it: `partly_settled` is `Partly settled`.
pub(super) fn label(word: &str) -> String {
    match word {
        "pending_approval" => "Waiting for approval".to_owned(),
        _ => prose(&word.replace('_', " ")),
    }
}

/// What a batch is for; empty when nobody said.
pub(super) fn purpose(head: &Head) -> String {
    let word = head.purpose.map(Purpose::word).unwrap_or_default();
    label(&word.to_lowercase())
}

/// A fragment as a sentence: with a capital, and names in quotes.
pub(super) fn prose(fragment: &str) -> String {
    let mut is_open = false;
    let quoted = fragment.chars().map(|c| match c {
        '`' => {
            is_open = !is_open;
            if is_open { '“' } else { '”' }
        }
        other => other,
    });
    let mut chars = quoted;
    chars
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .chain(chars)
        .collect()
}

/// An account number as it is written on paper; anything else as it is.
pub(super) fn payee(recipient: &Recipient) -> String {
    let info = recipient.info.expose();
    if recipient.kind != RecipientType::Iban {
        return info.to_owned();
    }
    let chars: Vec<char> = info.chars().collect();
    chars
        .chunks(4)
        .map(|group| group.iter().collect())
        .collect::<Vec<String>>()
        .join(" ")
}

/// How a payee is named, for people.
pub(super) const fn payee_kind(kind: RecipientType) -> &'static str {
    match kind {
        RecipientType::Iban => "IBAN",
        RecipientType::Phone => "Phone",
        RecipientType::IdentityNumber => "Identity no.",
        RecipientType::MemberId => "Member no.",
    }
}

/// The top of every page of a signed-in person.
pub(super) struct Header {
    pub(super) name: String,
    pub(super) form_key: String,
    pub(super) caution: Option<&'static str>,
    pub(super) pause: Option<String>,
}

impl From<&Visitor> for Header {
    fn from(visitor: &Visitor) -> Self {
        Self {
            name: visitor.identity().name().to_string(),
            form_key: visitor.form_key().to_owned(),
            caution: visitor.caution(),
            pause: visitor.pause().map(|pause| prose(&pause.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use onay_payout::{Currency, Personal};

    #[test]
    fn money_is_grouped_and_escaped() {
        let money = Money::payable(Money::decimal("1234567.5").unwrap(), Currency::Try).unwrap();
        let html = Amount::from(money).to_string();
        let groups = "1\u{a0}234\u{a0}567.50<span class=\"currency\"> TRY</span>";
        assert_eq!(html, format!("<span class=\"money\">{groups}</span>"));
    }

    #[test]
    fn moments_are_told_from_now() {
        for (seconds, words) in [
            (3 * 86_400, "in 3 days"),
            (47 * 3_600, "in 47 h"),
            (5 * 3_600 + 660, "in 5 h 11 min"),
            (119, "in 1 min"),
            (-20, "now"),
            (-3_600, "1 h 0 min ago"),
        ] {
            assert_eq!(relative(TimeDelta::seconds(seconds)), words);
        }
    }

    #[test]
    fn words_read_as_sentences() {
        assert_eq!(prose("held; rule `all` asks"), "Held; rule “all” asks");
        assert_eq!(label("partly_settled"), "Partly settled");
    }

    #[test]
    fn an_iban_is_read_in_fours() {
        let (kind, name) = (RecipientType::Iban, None);
        let info = Personal::new("TR190006200000000012600000");
        let recipient = Recipient { kind, info, name };
        assert_eq!(payee(&recipient), "TR19 0006 2000 0000 0012 6000 00");
    }
}
