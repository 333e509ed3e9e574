//! What a person said of a batch: a fact, kept for ever, bound to what they saw.

use chrono::{DateTime, Utc};

use crate::digest::Digest;
use crate::head::Head;
use crate::ids::{BatchId, PersonName, RequestId};
use crate::policy::Quorum;
use crate::signature::{PublicKey, Signature};
use crate::statement::Statement;

/// What was decided.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Pay it.
    Approve {
        /// What the person wants remembered.
        comment: Option<String>,
    },
    /// Do not pay it.
    Reject {
        /// What kind of reason.
        code: ReasonCode,
        /// Why; the maker reads this.
        reason: String,
    },
    /// The earlier approval no longer stands.
    Undo,
}

/// What kind of reason a batch is turned down for: what its maker does about it follows from this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum ReasonCode {
    /// An amount is wrong.
    WrongAmount,
    /// A payee, or their account, is wrong.
    WrongPayee,
    /// It was, or will be, paid otherwise.
    Duplicate,
    /// Nobody ordered it, or papers are missing.
    NotAuthorised,
    /// Something else, which the text says.
    #[default]
    Other,
}

impl ReasonCode {
    /// Every code.
    pub const ALL: [Self; 5] = [
        Self::WrongAmount,
        Self::WrongPayee,
        Self::Duplicate,
        Self::NotAuthorised,
        Self::Other,
    ];

    /// The word in JSON and on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::WrongAmount => "wrong_amount",
            Self::WrongPayee => "wrong_payee",
            Self::Duplicate => "duplicate",
            Self::NotAuthorised => "not_authorised",
            Self::Other => "other",
        }
    }

    /// The code for one of these words.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.word() == word)
    }

    /// As people say it; nothing where only the text says what it is.
    pub const fn label(self) -> Option<&'static str> {
        match self {
            Self::WrongAmount => Some("wrong amount"),
            Self::WrongPayee => Some("wrong payee"),
            Self::Duplicate => Some("duplicate"),
            Self::NotAuthorised => Some("not authorised"),
            Self::Other => None,
        }
    }
}

impl Verdict {
    /// `approve`, `reject` or `undo`.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Approve { .. } => "approve",
            Self::Reject { .. } => "reject",
            Self::Undo => "undo",
        }
    }

    /// The person's own words, if there are any.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Approve { comment } => comment.as_deref(),
            Self::Reject { reason, .. } => Some(reason),
            Self::Undo => None,
        }
    }

    /// What kind of reason a rejection gives.
    pub const fn reason_code(&self) -> Option<ReasonCode> {
        match self {
            Self::Reject { code, .. } => Some(*code),
            Self::Approve { .. } | Self::Undo => None,
        }
    }
}

/// What a person asks to be decided.
#[derive(Debug, Clone)]
pub struct Motion<'a> {
    /// What.
    pub verdict: Verdict,
    /// On what: the digest they saw, whole, or its first twelve digits or more.
    pub digest: &'a str,
    /// Their signature, if they made one.
    pub signed: Option<SignedAt>,
}

impl<'a> Motion<'a> {
    /// A motion that is not signed.
    pub const fn new(verdict: Verdict, digest: &'a str) -> Self {
        Self {
            verdict,
            digest,
            signed: None,
        }
    }
}

/// A signature and the moment it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedAt {
    /// When it was made, by the clock of the person's machine.
    pub at: DateTime<Utc>,
    /// The signature.
    pub signed: Signed,
}

/// A signature, and the key it is said to be by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Signed {
    /// Whose.
    pub key: PublicKey,
    /// Over [`Statement::digest`].
    pub signature: Signature,
}

/// One decision, as recorded. A later one of the same person on the same digest revises it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Decision {
    /// Who decided.
    pub person: PersonName,
    /// In whose place, if they stood in for somebody.
    pub on_behalf: Option<PersonName>,
    /// What.
    pub verdict: Verdict,
    /// On exactly what.
    pub digest: Digest,
    /// The batch as the provider knows it.
    pub request_id: Option<RequestId>,
    /// The policy it was judged by.
    pub policy: Digest,
    /// Which of this person's decisions on this batch it is, from 1; 0 in what was recorded before
    /// they were counted.
    pub revision: u32,
    /// When.
    pub at: DateTime<Utc>,
    /// The person's signature, if they made one.
    pub signed: Option<Signed>,
}

impl Decision {
    /// Whose decision it stands for.
    pub fn authority(&self) -> &PersonName {
        self.on_behalf.as_ref().unwrap_or(&self.person)
    }

    /// Its words, and in whose place they were said.
    pub(crate) fn told(&self) -> String {
        let text = self.verdict.text().unwrap_or_default();
        match &self.on_behalf {
            None => text.to_owned(),
            Some(other) if text.is_empty() => format!("in place of {other}"),
            Some(other) => format!("in place of {other}: {text}"),
        }
    }

    /// Whether it is an approval.
    pub const fn is_approval(&self) -> bool {
        matches!(self.verdict, Verdict::Approve { .. })
    }

    /// What is signed of it. Nothing can be, while the provider's id is not known.
    pub fn statement<'a>(&'a self, batch: &'a BatchId) -> Option<Statement<'a>> {
        Some(Statement {
            batch,
            digest: self.digest,
            request_id: self.request_id.as_ref()?,
            verdict: self.verdict.word(),
            text: self.verdict.text(),
            reason_code: self.verdict.reason_code().map(ReasonCode::word),
            person: &self.person,
            on_behalf: self.on_behalf.as_ref(),
            policy: self.policy,
            revision: self.revision,
            at: self.at,
        })
    }

    /// Whether it carries a signature by this key over exactly what it says.
    pub fn is_proved_by(&self, batch: &BatchId, key: &PublicKey) -> bool {
        let statement = self.statement(batch);
        statement
            .zip(self.signed)
            .is_some_and(|(statement, signed)| {
                key.verify(statement.digest(), &signed.signature).is_ok()
            })
    }
}

/// A decision that the policy allows. Only [`crate::Policy::judge`] makes one.
#[derive(Debug, Clone)]
pub struct Ruling {
    decision: Box<Decision>,
    quorum: Option<Quorum>,
}

impl Ruling {
    pub(crate) fn new(decision: Decision, quorum: Option<Quorum>) -> Self {
        Self {
            decision: Box::new(decision),
            quorum,
        }
    }

    /// The decision.
    pub fn decision(&self) -> &Decision {
        &self.decision
    }

    /// Whether the approvals that stand with it are enough, by the rules the batch is held under and
    /// by those in force.
    pub const fn is_enough(&self) -> bool {
        self.quorum.is_some()
    }
}

/// Why a batch was turned down, for its maker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rejection<'b> {
    /// Who did; nobody, when the policy did.
    pub by: Option<&'b PersonName>,
    /// What kind of reason; nothing, when no person gave one.
    pub code: Option<ReasonCode>,
    /// Why.
    pub reason: &'b str,
}

impl Head {
    /// Why the batch was turned down by an approver or by the policy, if it was.
    pub fn rejection(&self) -> Option<Rejection<'_>> {
        let end = self.state.rejected()?;
        let mut theirs = self.decisions.iter().rev();
        let decided = theirs.find(|made| end.by.as_ref() == Some(&made.person));
        Some(Rejection {
            by: end.by.as_ref(),
            code: decided.and_then(|made| made.verdict.reason_code()),
            reason: &end.reason,
        })
    }

    /// The number of this person's next decision.
    pub fn next_revision(&self, person: &PersonName) -> u32 {
        let theirs = self.decisions.iter().filter(|made| made.person == *person);
        u32::try_from(theirs.count())
            .unwrap_or(u32::MAX)
            .saturating_add(1)
    }

    /// The same with one decision more.
    pub(crate) fn with_decision(&self, decision: Decision) -> Self {
        let mut head = self.clone();
        head.decisions.push(decision);
        head
    }
}
