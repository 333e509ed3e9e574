//! The ports of a handler, as the model sees them.
//!
//! A handler's step is an asynchronous function over traits, and so a deterministic function of the
//! answers it gets. Here each call puts its request into a cell and waits; the model looks into the
//! cell, decides when and how the call is carried out, and puts the answer back.

use std::cell::RefCell;
use std::fmt;
use std::num::NonZeroU32;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use onay_ledger::{
    Authority, Budget, Claim, Claimed, Clock, Commit, Done, Entry, Filter, GENESIS, Handler,
    Ledger, LedgerError, Opened, Opening, Page, Problem, Queue, Share, Spent, Stats, StepError,
    Stored, Swap, Terms,
};
use onay_payout::provider::{Initialized, Query, RemoteItem, RemotePage};
use onay_payout::{
    Account, Batch, BatchId, BatchRef, Content, Digest, ExternalId, Head, Jobs, Provider,
    ProviderError, ReferenceCode, ReleasePermit, RequestId, SendBy, Transition,
};
use rust_decimal::Decimal;

use crate::key::Shape;

/// What a handler asks the world for.
#[derive(Debug, Clone)]
pub(crate) enum Request {
    Load,
    Commit(Arc<Change>),
    Initialize(ExternalId, DateTime<Utc>),
    Authorize(RequestId, Digest, DateTime<Utc>),
    Cancel(RequestId, DateTime<Utc>),
    Retrieve(Query),
    Item(ReferenceCode),
    Balance,
    Cells(Vec<String>),
}

/// A batch as a ledger holds it, and its shape once it was asked for ([`crate::key`]).
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) stored: Stored,
    pub(crate) shape: OnceLock<Shape>,
}

impl Kept {
    pub(crate) fn new(batch: Batch, version: u64) -> Arc<Self> {
        let stored = Stored {
            batch,
            version,
            journal_head: GENESIS,
        };
        Arc::new(Self {
            stored,
            shape: OnceLock::new(),
        })
    }
}

/// A commit as a plain value.
#[derive(Debug)]
pub(crate) struct Change {
    /// The batch after it.
    pub(crate) after: Arc<Kept>,
    pub(crate) jobs: Jobs,
    pub(crate) event: &'static str,
    /// The cells that are compared and set with it.
    pub(crate) swaps: Vec<Swap>,
    pub(crate) based_on: u64,
    /// The claim it relies on, if it does, and whether the claim is kept.
    pub(crate) claim: Option<(Claim, Keeps)>,
}

impl Change {
    pub(crate) fn new(
        (transition, swaps): (Transition, Vec<Swap>),
        based_on: u64,
        claim: Option<(Claim, Keeps)>,
    ) -> Self {
        Self {
            swaps,
            jobs: transition.jobs,
            event: transition.event,
            after: Kept::new(transition.batch, based_on + 1),
            based_on,
            claim,
        }
    }
}

/// What happens to a claim in a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keeps {
    Claim,
    Nothing,
}

/// What the world answers.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// To a load or a commit.
    Stored(Result<Arc<Kept>, No>),
    Initialized(Result<Initialized, ProviderError>),
    /// To authorize and cancel.
    Written(Result<(), ProviderError>),
    Page(Result<Option<RemotePage>, ProviderError>),
    Item(Result<Option<RemoteItem>, ProviderError>),
    Balance(Result<Decimal, ProviderError>),
    Cells(Result<Vec<Option<String>>, No>),
}

/// Why the store did not do it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum No {
    Stale,
    LeaseLost,
    Paused,
    Changed,
    Unavailable,
}

impl From<No> for LedgerError {
    fn from(no: No) -> Self {
        match no {
            No::Stale => Self::Stale,
            No::LeaseLost => Self::LeaseLost,
            No::Paused => Self::Paused,
            No::Changed => Self::Changed,
            No::Unavailable => Self::Unavailable("the model's store is away".to_owned()),
        }
    }
}

/// What a handler does next.
pub(crate) enum Polled {
    Asks(Request),
    Ends(Result<Done, StepError>),
}

/// A step under way.
pub(crate) type Step = Pin<Box<dyn Future<Output = Result<Done, StepError>> + Send>>;

/// A step of this handler on this claim: the batch is loaded first, as a role does.
pub(crate) fn begin(handler: Arc<dyn Handler>, claim: &Claim) -> Step {
    let claim = claim.clone();
    Box::pin(async move {
        let loaded = Ports.load(&BatchRef::Id(claim.batch)).await?;
        let stored = loaded.ok_or(LedgerError::NotFound)?;
        handler.step(&claim, stored).await
    })
}

/// Goes on with a step until it asks for something or ends. The handler's clock shows `now`.
pub(crate) fn go_on(step: &mut Step, answer: Option<Answer>, now: DateTime<Utc>) -> Polled {
    CELL.with_borrow_mut(|cell| {
        cell.now = now;
        cell.answer = answer;
        cell.request = None;
    });
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(end) = step.as_mut().poll(&mut context) {
            return Polled::Ends(end);
        }
        if let Some(request) = CELL.with_borrow_mut(|cell| cell.request.take()) {
            return Polled::Asks(request);
        }
        // It waits for a store that is away: only a timer can be what it waits for.
        crate::pause::let_time_pass();
    }
}

/// The clock handlers read: it shows what the model set.
pub(crate) fn clock() -> Clock {
    Arc::new(|| CELL.with_borrow(|cell| cell.now))
}

struct Cell {
    now: DateTime<Utc>,
    answer: Option<Answer>,
    request: Option<Request>,
}

thread_local! {
    static CELL: RefCell<Cell> = const {
        RefCell::new(Cell { now: DateTime::UNIX_EPOCH, answer: None, request: None })
    };
}

/// One call: puts its request into the cell, and takes the answer when it is polled again.
struct Call(Option<Request>);

impl Future for Call {
    type Output = Answer;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Answer> {
        CELL.with_borrow_mut(|cell| match self.0.take() {
            Some(request) => {
                cell.request = Some(request);
                Poll::Pending
            }
            None => cell.answer.take().map_or(Poll::Pending, Poll::Ready),
        })
    }
}

fn call(request: Request) -> Call {
    Call(Some(request))
}

/// Both ports of a handler.
pub(crate) struct Ports;

impl fmt::Debug for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ports")
    }
}

/// The account of the model provider.
pub(crate) fn account() -> &'static Account {
    static ACCOUNT: OnceLock<Account> = OnceLock::new();
    ACCOUNT.get_or_init(|| Account::new("provider.invalid", "key"))
}

fn stored(answer: Answer) -> Result<Stored, LedgerError> {
    match answer {
        Answer::Stored(Ok(kept)) => Ok(kept.stored.clone()),
        Answer::Stored(Err(no)) => Err(no.into()),
        other => panic!("{other:?} answers no load and no commit"),
    }
}

#[async_trait]
impl Ledger for Ports {
    async fn load(&self, _: &BatchRef) -> Result<Option<Stored>, LedgerError> {
        stored(call(Request::Load).await).map(Some)
    }

    async fn commit(&self, commit: Commit<'_>) -> Result<Stored, LedgerError> {
        let claim = match commit.authority() {
            Authority::Version => None,
            Authority::Holding(claim) => Some((claim.clone(), Keeps::Claim)),
            Authority::Finishing(claim) => Some((claim.clone(), Keeps::Nothing)),
        };
        let (based_on, swaps) = (commit.based_on(), commit.swaps().to_vec());
        let what = (commit.into_transition(), swaps);
        let change = Change::new(what, based_on, claim);
        stored(call(Request::Commit(Arc::new(change))).await)
    }

    async fn open(&self, _: Opening) -> Result<Opened, LedgerError> {
        unreachable!("a handler opens no batch")
    }

    async fn list(&self, _: &Filter, _: &Page) -> Result<Vec<Head>, LedgerError> {
        unreachable!("a handler lists no batches")
    }

    async fn journal(&self, _: &BatchId) -> Result<Vec<Entry>, LedgerError> {
        unreachable!("a handler reads no journal")
    }

    /// No journal is kept here; that an edited one is found is for other tests.
    async fn check(&self, _: &Stored) -> Result<Vec<Problem>, LedgerError> {
        Ok(Vec::new())
    }

    async fn claim(
        &self,
        _: Queue,
        _: Terms<'_>,
        _: Duration,
    ) -> Result<Vec<Claimed>, LedgerError> {
        unreachable!("a handler is given its claim")
    }

    async fn renew(&self, _: &Claim, _: Duration) -> Result<(), LedgerError> {
        unreachable!("a claim is renewed around a handler")
    }

    async fn postpone(&self, _: Claim, _: Duration) -> Result<(), LedgerError> {
        unreachable!("a claim is given back around a handler")
    }

    async fn bind(&self, _: &Account) -> Result<(), LedgerError> {
        unreachable!("a ledger is bound before there are handlers")
    }

    /// A look at the house journal only finds words, and one policy is in force all the time: neither
    /// takes a step of the model.
    async fn cells(&self, keys: &[String]) -> Result<Vec<Option<String>>, LedgerError> {
        if keys
            .iter()
            .any(|key| key.starts_with("log") || key == "policy")
        {
            return Ok(keys.iter().map(|_| None).collect());
        }
        match call(Request::Cells(keys.to_vec())).await {
            Answer::Cells(cells) => Ok(cells?),
            other => panic!("{other:?} answers no look at cells"),
        }
    }

    async fn swap(&self, _: &[Swap]) -> Result<(), LedgerError> {
        unreachable!("a handler swaps cells by commits")
    }

    async fn planned(&self, _: &BatchId) -> Result<Jobs, LedgerError> {
        unreachable!("a handler plans by commits")
    }

    async fn spend(&self, _: Share, _: NonZeroU32, _: Budget) -> Result<Spent, LedgerError> {
        unreachable!("calls are counted around a provider")
    }

    async fn close_window(&self) -> Result<(), LedgerError> {
        unreachable!("calls are counted around a provider")
    }

    async fn stats(&self) -> Result<Stats, LedgerError> {
        unreachable!("a handler counts nothing")
    }
}

#[async_trait]
impl Provider for Ports {
    fn account(&self) -> &Account {
        account()
    }

    async fn initialize(
        &self,
        _: &Content,
        as_id: &ExternalId,
        send_by: SendBy,
    ) -> Result<Initialized, ProviderError> {
        match call(Request::Initialize(as_id.clone(), send_by.wall)).await {
            Answer::Initialized(answer) => answer,
            other => panic!("{other:?} answers no initialize"),
        }
    }

    async fn authorize(&self, permit: ReleasePermit) -> Result<(), ProviderError> {
        let (request_id, send_by) = (permit.request_id().clone(), permit.send_by().wall);
        written(call(Request::Authorize(request_id, permit.digest(), send_by)).await)
    }

    async fn retrieve(&self, query: &Query) -> Result<Option<RemotePage>, ProviderError> {
        match call(Request::Retrieve(query.clone())).await {
            Answer::Page(answer) => answer,
            other => panic!("{other:?} answers no retrieve"),
        }
    }

    async fn item(&self, reference: &ReferenceCode) -> Result<Option<RemoteItem>, ProviderError> {
        match call(Request::Item(reference.clone())).await {
            Answer::Item(answer) => answer,
            other => panic!("{other:?} answers no look at an item"),
        }
    }

    async fn cancel(&self, request: &RequestId, send_by: SendBy) -> Result<(), ProviderError> {
        written(call(Request::Cancel(request.clone(), send_by.wall)).await)
    }

    async fn balance(&self) -> Result<Decimal, ProviderError> {
        match call(Request::Balance).await {
            Answer::Balance(answer) => answer,
            other => panic!("{other:?} answers no look at the balance"),
        }
    }
}

fn written(answer: Answer) -> Result<(), ProviderError> {
    match answer {
        Answer::Written(answer) => answer,
        other => panic!("{other:?} answers no write"),
    }
}
