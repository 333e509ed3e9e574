//! The in-door.

use std::sync::Arc;
use std::time::Duration;

use onay_ledger::{
    Access, Actor, Authority, Commit, Ledger, LedgerError, Opened, Opening, Stored, Swap,
    expect_policy, now,
};
use onay_payout::{
    Batch as Accepted, BatchId, BatchRef, Checked, Checksums, Code, Content, Draft, Event, Finding,
    Head, Identity, IllegalTransition, Money, NotAllowed, PersonName, Policy, Role, Severity,
};
use secrecy::SecretString;
use uuid::Uuid;

use crate::error::{ConnectError, EnqueueError};

/// Most differences named in a conflict.
const DIFFERENCES_MAX: usize = 10;

/// How often a followed batch is looked at.
const FOLLOW_PAUSE: Duration = Duration::from_millis(500);

/// Submits batches in the name of one maker.
#[derive(Debug, Clone)]
pub struct Producer {
    ledger: Arc<dyn Ledger>,
    policy: Arc<Policy>,
    maker: Identity,
    via: &'static str,
}

/// What came of enqueueing a batch.
#[derive(Debug)]
pub enum Enqueued {
    /// It is durable here; the worker takes it from now on.
    New {
        /// The batch.
        head: Head,
        /// Warnings.
        findings: Vec<Finding>,
    },
    /// The very same batch was enqueued before; nothing was added.
    Replayed {
        /// The first one.
        head: Head,
        /// Warnings.
        findings: Vec<Finding>,
    },
}

impl Enqueued {
    /// The batch, new or not.
    pub const fn head(&self) -> &Head {
        match self {
            Self::New { head, .. } | Self::Replayed { head, .. } => head,
        }
    }
}

impl Producer {
    /// Connects a host application: opens the ledger, reads the policy, and finds out whose token
    /// it is.
    ///
    /// `store` is `sqlite:///absolute/path`; `policy` is the text of the policy file.
    pub async fn connect(
        store: &str,
        policy: &str,
        token: &SecretString,
    ) -> Result<Self, ConnectError> {
        let policy = Arc::new(Policy::parse(policy)?);
        let maker = policy.authenticate(token, now())?;
        let ledger = onay_ledger::open(store, Access::Create).await?;
        Ok(Self::new(ledger, policy, maker, "library")?)
    }

    /// A producer over an open ledger, for a person who has proved who they are. `via` says from
    /// where batches come, for the journal.
    ///
    /// # Errors
    /// When that person is not a maker.
    pub fn new(
        ledger: Arc<dyn Ledger>,
        policy: Arc<Policy>,
        maker: Identity,
        via: &'static str,
    ) -> Result<Self, NotAllowed> {
        if !maker.has(Role::Maker) {
            return Err(NotAllowed::Role(maker.name().clone(), Role::Maker));
        }
        Ok(Self {
            ledger,
            policy,
            maker,
            via,
        })
    }

    /// Checks a batch and makes it durable. Identifiers with wrong check digits are refused.
    pub async fn enqueue(&self, batch: impl Into<Draft>) -> Result<Enqueued, EnqueueError> {
        self.submit(&batch.into(), Checksums::Enforce).await
    }

    /// Checks a draft and makes it durable; `checksums` says what wrong check digits mean.
    pub async fn submit(
        &self,
        draft: &Draft,
        checksums: Checksums,
    ) -> Result<Enqueued, EnqueueError> {
        let (content, findings) = check(draft, checksums, &self.policy)?;
        self.in_force().await?;
        let at = now();
        let content = Arc::new(content);
        let id = BatchId::new(Uuid::now_v7());
        let accepted = Accepted::accept(id, Arc::clone(&content), self.maker.name().clone(), at);
        match self
            .ledger
            .open(Opening::new(accepted, &self.actor(), at))
            .await?
        {
            Opened::New(stored) => Ok(Enqueued::New {
                head: stored.batch.head().clone(),
                findings,
            }),
            Opened::Existing(first) => replayed(&first, &content, findings),
        }
    }

    /// Where a batch stands.
    pub async fn status(&self, batch: &BatchRef) -> Result<Option<Head>, LedgerError> {
        let stored = self.ledger.load(batch).await?;
        Ok(stored.map(|stored| stored.batch.head().clone()))
    }

    /// Waits until a batch is final, or frozen for people to look at.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`] when there is no such batch.
    pub async fn wait_settled(&self, batch: &BatchRef) -> Result<Head, LedgerError> {
        let mut pause = tokio::time::interval(FOLLOW_PAUSE);
        loop {
            pause.tick().await;
            let head = self.status(batch).await?.ok_or(LedgerError::NotFound)?;
            if head.state.is_final() || head.state.name() == "frozen" {
                return Ok(head);
            }
        }
    }

    /// Takes a batch back before it is released. Once more changes nothing.
    pub async fn withdraw(&self, batch: &BatchRef, reason: &str) -> Result<Head, WithdrawError> {
        loop {
            let stored = self
                .ledger
                .load(batch)
                .await?
                .ok_or(LedgerError::NotFound)?;
            let at = now();
            let event = Event::Withdrawn {
                by: self.maker.clone(),
                reason: reason.to_owned(),
            };
            let transition = match stored.batch.apply(event, at) {
                Ok(transition) => transition,
                // The answer to the first time may have been lost.
                Err(IllegalTransition::AlreadyDecided(_)) => {
                    return Ok(stored.batch.head().clone());
                }
                Err(illegal) => return Err(illegal.into()),
            };
            let in_force = self.in_force().await?;
            let commit = Commit::new(&stored, transition, &self.actor(), at, Authority::Version);
            match self.ledger.commit(commit.with_swaps(vec![in_force])).await {
                Ok(stored) => return Ok(stored.batch.head().clone()),
                Err(LedgerError::Stale | LedgerError::Changed) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// That the policy by which this maker proved who they are is the active one: whoever brings a
    /// file of their own could be anybody by it.
    pub(crate) async fn in_force(&self) -> Result<Swap, LedgerError> {
        expect_policy(self.ledger.as_ref(), self.policy.hash()).await
    }

    pub(crate) fn ledger(&self) -> &dyn Ledger {
        self.ledger.as_ref()
    }

    pub(crate) fn policy(&self) -> &Policy {
        &self.policy
    }

    pub(crate) const fn maker(&self) -> &PersonName {
        self.maker.name()
    }

    pub(crate) fn actor(&self) -> Actor {
        Actor {
            name: self.maker.name().to_string(),
            via: self.via,
        }
    }
}

/// Why a batch could not be taken back.
#[derive(Debug, thiserror::Error)]
pub enum WithdrawError {
    /// It is not theirs, or it is too late.
    #[error(transparent)]
    NotAllowed(#[from] IllegalTransition),
    /// The ledger did not take it; try again.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// Checks a draft against itself and the policy. A batch that no rule covers could never be
/// released, so it is refused here.
pub fn check(
    draft: &Draft,
    checksums: Checksums,
    policy: &Policy,
) -> Result<(Content, Vec<Finding>), EnqueueError> {
    let Checked {
        content,
        mut findings,
    } = draft.check(checksums);
    if let Some(content) = &content
        && policy.rules_for(&content.facts()).is_empty()
    {
        findings.push(no_rule(content.total()));
    }
    let is_refused = findings
        .iter()
        .any(|found| found.severity == Severity::Error);
    match content {
        Some(content) if !is_refused => Ok((content, findings)),
        Some(_) | None => Err(EnqueueError::Invalid(findings)),
    }
}

/// The finding that nobody could ever release this.
pub(crate) fn no_rule(total: Money) -> Finding {
    let message = format!(
        "no rule of the policy covers {total}, so nobody could ever release it; add a [[rule]]"
    );
    Finding::batch("items", Code::NoRule, message)
}

fn replayed(
    first: &Stored,
    content: &Content,
    findings: Vec<Finding>,
) -> Result<Enqueued, EnqueueError> {
    let head = first.batch.head();
    if head.content_digest == content.digest() {
        return Ok(Enqueued::Replayed {
            head: head.clone(),
            findings,
        });
    }
    Err(EnqueueError::Conflict {
        external_id: head.external_id.to_string(),
        batch: head.id,
        differences: first.batch.content().differences(content, DIFFERENCES_MAX),
    })
}
