//! Deciding in two steps: a page that repeats what is decided, then the decision.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use onay_ledger::{Stored, now};
use onay_payout::{BatchRef, Identity, Motion, Policy, ReasonCode, Verdict};
use onay_producer::Producer;
use serde::Deserialize;

use super::attention::signals;
use super::batch::{Sums, load};
use super::gate::{may_withdraw, missing_after};
use super::shown::{Header, prose};
use super::visitor::{Signed, Visitor};
use super::{Fault, page};
use crate::desk::{self, Person};
use crate::http::{Console, Desk, Kind, NO_REASON, Problem, words};

/// What a person can do with a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Approve,
    Reject,
    Undo,
    Withdraw,
}

impl Action {
    fn read(word: &str) -> Result<Self, Fault> {
        match word {
            "approve" => Ok(Self::Approve),
            "reject" => Ok(Self::Reject),
            "undo" => Ok(Self::Undo),
            "withdraw" => Ok(Self::Withdraw),
            _ => Err(Problem::new(Kind::NotFound, "this page does not exist").into()),
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::Undo => "undo",
            Self::Withdraw => "withdraw",
        }
    }

    /// What the person wrote, or what is wrong with it.
    fn said(self, text: &str) -> Result<Option<String>, String> {
        match words(text) {
            Ok(None) if self == Self::Reject => Err("Say why: the maker reads it.".to_owned()),
            Ok(line) => Ok(line),
            Err(what) => Err(format!("This is {what}.")),
        }
    }

    /// The decision; none for a withdrawal, which is the maker's.
    fn verdict(self, said: Option<String>, code: ReasonCode) -> Option<Verdict> {
        match self {
            Self::Approve => Some(Verdict::Approve { comment: said }),
            Self::Reject => Some(Verdict::Reject {
                code,
                reason: said.unwrap_or_default(),
            }),
            Self::Undo => Some(Verdict::Undo),
            Self::Withdraw => None,
        }
    }

    const fn question(self) -> &'static str {
        match self {
            Self::Approve => "Approve this payout?",
            Self::Reject => "Reject this payout?",
            Self::Undo => "Take back your approval?",
            Self::Withdraw => "Withdraw this batch?",
        }
    }

    /// What follows from it.
    fn consequence(self, (missing_after, is_at_least): (usize, bool)) -> String {
        let least = if is_at_least { "at least " } else { "" };
        match self {
            Self::Approve if missing_after == 0 => {
                "Yours is the last approval it needs: the money is released right after.".to_owned()
            }
            Self::Approve if missing_after == 1 => format!(
                "After yours, {least}one more approval is needed before the money is released."
            ),
            Self::Approve => format!(
                "After yours, {least}{missing_after} more approvals are needed before the money is \
                 released."
            ),
            Self::Reject => "Nothing is paid, the provider is asked to cancel the batch, and the \
                             maker reads your reason. This cannot be taken back."
                .to_owned(),
            Self::Undo => "It no longer counts. If the release has begun by then, it is too late \
                           and you are told so."
                .to_owned(),
            Self::Withdraw => "Nothing is paid, and approvals given so far no longer matter. To \
                               pay later, submit a batch under a new external id."
                .to_owned(),
        }
    }

    /// What the person is asked to write, if anything.
    const fn asks_for(self) -> &'static str {
        match self {
            Self::Approve => "Comment (optional)",
            Self::Reject => "Reason, for the maker to read",
            Self::Withdraw => "Reason (optional)",
            Self::Undo => "",
        }
    }
}

#[derive(Template)]
#[template(path = "act.html")]
struct Asked {
    header: Header,
    id: String,
    external_id: String,
    maker: String,
    /// What there is to look at first, by kind and number.
    signals: String,
    /// In whose place the person decides.
    in_place_of: Option<String>,
    action: &'static str,
    question: &'static str,
    consequence: String,
    asks_for: &'static str,
    money: Sums,
    digest: String,
    code: String,
    said: String,
    /// The kinds of reasons to choose from.
    reasons: Vec<Reason>,
    error: Option<String>,
}

struct Reason {
    word: &'static str,
    label: String,
    is_chosen: bool,
}

impl Reason {
    fn all(chosen: ReasonCode) -> Vec<Self> {
        let codes = ReasonCode::ALL.into_iter();
        let reason = |code: ReasonCode| Self {
            word: code.word(),
            label: prose(code.label().unwrap_or("something else")),
            is_chosen: code == chosen,
        };
        codes.map(reason).collect()
    }
}

impl Asked {
    fn new(stored: &Stored, action: Action, policy: &Policy, visitor: &Visitor) -> Self {
        let head = stored.batch.head();
        let hold = head.state.hold();
        let (me, now) = (visitor.identity(), now());
        let missing_after = missing_after(policy, head, me, now);
        let may = policy.may_decide(head, me.name(), now).ok();
        Self {
            header: Header::from(visitor),
            id: head.id.to_string(),
            external_id: head.external_id.to_string(),
            maker: head.maker.to_string(),
            signals: hold.map(signals).unwrap_or_default(),
            in_place_of: may
                .and_then(|may| may.on_behalf)
                .filter(|_| action != Action::Withdraw)
                .map(|other| other.to_string()),
            action: action.word(),
            question: action.question(),
            consequence: action.consequence(missing_after),
            asks_for: action.asks_for(),
            money: Sums::of(&stored.batch),
            digest: hold.map(|hold| hold.digest.to_string()).unwrap_or_default(),
            code: hold.map(|hold| hold.digest.code()).unwrap_or_default(),
            said: String::new(),
            reasons: Reason::all(ReasonCode::default()),
            error: None,
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Seen {
    /// The digest of the page the person came from.
    #[serde(default)]
    digest: String,
}

/// `GET /batches/{batch}/{action}?digest=`: repeats what is to be decided and asks once more.
pub(super) async fn ask(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    Path((batch, action)): Path<(String, String)>,
    Query(seen): Query<Seen>,
) -> Result<Response, Fault> {
    let action = Action::read(&action)?;
    let stored = load(&console, &batch).await?;
    allow(&console, visitor.identity(), &stored, action, &seen.digest)?;
    let policy = &console.desk.policy;
    let asked = Asked::new(&stored, action, policy, &visitor);
    Ok(page(StatusCode::OK, &asked))
}

/// Says no before anybody fills in a form for nothing. Whether it is a no is asked again when it
/// counts, by the same rules.
fn allow(
    console: &Console,
    me: &Identity,
    stored: &Stored,
    action: Action,
    digest: &str,
) -> Result<(), Fault> {
    let (policy, head, at) = (&console.desk.policy, stored.batch.head(), now());
    let reason = "to see whether it may be".to_owned();
    let Some(verdict) = action.verdict(Some(reason), ReasonCode::default()) else {
        if may_withdraw(&stored.batch, me, at) {
            return Ok(());
        }
        let detail = "only its maker withdraws a batch, and only before it is released";
        return Err(Problem::new(Kind::NotAllowed, detail).into());
    };
    policy.judge(head, me, Motion::new(verdict, digest), at)?;
    Ok(())
}

#[derive(Deserialize)]
pub(super) struct Said {
    #[serde(default)]
    digest: String,
    #[serde(default)]
    words: String,
    /// What kind of reason; for a rejection.
    code: Option<String>,
}

impl Said {
    fn code(&self) -> Result<ReasonCode, Fault> {
        let Some(word) = self.code.as_deref() else {
            return Ok(ReasonCode::default());
        };
        let problem = || Problem::new(Kind::BadRequest, "there is no such kind of reason; go back");
        ReasonCode::from_word(word).ok_or_else(|| problem().into())
    }
}

/// `POST /batches/{batch}/{action}`: does it, and shows the batch.
pub(super) async fn act(
    State(console): State<Arc<Console>>,
    Path((batch, action)): Path<(String, String)>,
    Signed { visitor, form }: Signed<Said>,
) -> Result<Response, Fault> {
    let action = Action::read(&action)?;
    let stored = load(&console, &batch).await?;
    let code = form.code()?;
    let line = match action.said(&form.words) {
        Ok(line) => line,
        Err(error) => {
            let policy = &console.desk.policy;
            let asked = Asked {
                error: Some(error),
                said: form.words,
                reasons: Reason::all(code),
                ..Asked::new(&stored, action, policy, &visitor)
            };
            return Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &asked));
        }
    };
    let id = stored.batch.id();
    let (me, batch) = (visitor.identity(), BatchRef::Id(id));
    if let Some(verdict) = action.verdict(line.clone(), code) {
        let (identity, via, digest) = (me, "console", form.digest.as_str());
        let (person, motion) = (Person { identity, via }, Motion::new(verdict, digest));
        let Desk { ledger, policy, .. } = &console.desk;
        desk::decide(&**ledger, policy, &person, &batch, &motion).await?;
    } else {
        let Desk { ledger, policy, .. } = console.desk.clone();
        let producer = Producer::new(ledger, policy, me.clone(), "console")?;
        let reason = line.as_deref().unwrap_or(NO_REASON);
        producer.withdraw(&batch, reason).await?;
    }
    Ok(Redirect::to(&format!("/batches/{id}")).into_response())
}
