//! What a person does with a batch, for every path a person can take: HTTP, pages, command line.

use chrono::{DateTime, Utc};
use onay_ledger::{
    Actor, Authority, Commit, Ledger, LedgerError, Stored, Swap, add_pause, expect_policy, now,
    pauses,
};
use onay_payout::{
    Batch, BatchRef, Event, Frozen, Head, Identity, IllegalTransition, Motion, NotAllowed,
    PauseRefused, PauseWish, Pauses, Policy, Resolution, Transition,
};

/// What became of a decision, or of a wish to resolve.
#[derive(Debug)]
pub struct Decided {
    /// The batch after it.
    pub head: Head,
    /// Whether it was new; the same again changes nothing.
    pub is_new: bool,
}

impl Decided {
    fn now(stored: &Stored) -> Self {
        Self {
            head: stored.batch.head().clone(),
            is_new: true,
        }
    }

    fn before(stored: &Stored) -> Self {
        Self {
            head: stored.batch.head().clone(),
            is_new: false,
        }
    }
}

/// Why a decision was not recorded.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// There is no such batch.
    #[error("no batch `{0}`; `onay batches` lists what there is")]
    NotFound(BatchRef),
    /// This person may not, or not now.
    #[error(transparent)]
    NotAllowed(#[from] NotAllowed),
    /// The batch is past this.
    #[error(transparent)]
    Illegal(#[from] IllegalTransition),
    /// It is not told when the batch froze.
    #[error("`since` is not a time such as 2026-11-23T09:00:00.000000Z; take it from the batch")]
    Since,
    /// The store did not take it; try again.
    #[error("the decision could not be stored")]
    Ledger(#[from] LedgerError),
}

/// Judges a decision and records it. When somebody else changes the batch at the same moment, the
/// decision is judged again on what is there then.
pub async fn decide(
    ledger: &dyn Ledger,
    policy: &Policy,
    by: &Person<'_>,
    batch: &BatchRef,
    motion: &Motion<'_>,
) -> Result<Decided, DeskError> {
    loop {
        let stored = load(ledger, batch).await?;
        let at = now();
        let head = stored.batch.head();
        let ruling = match policy.judge(head, by.identity, motion.clone(), at) {
            Ok(ruling) => ruling,
            Err(NotAllowed::NotHeld(..) | NotAllowed::NothingToUndo(_))
                if is_repeat(head, by.identity, motion) =>
            {
                return Ok(Decided::before(&stored));
            }
            // What was signed names its number, so the same again is no next decision.
            Err(NotAllowed::Signature(_)) if is_same_signature(head, by.identity, motion) => {
                return Ok(Decided::before(&stored));
            }
            Err(no) => return Err(no.into()),
        };
        let transition = match stored.batch.apply(Event::Decided(ruling), at) {
            Ok(transition) => transition,
            Err(IllegalTransition::AlreadyDecided(_)) => return Ok(Decided::before(&stored)),
            Err(illegal) => return Err(illegal.into()),
        };
        let in_force = expect_policy(ledger, policy.hash()).await?;
        let change = (transition, vec![in_force]);
        if let Some(decided) = record(ledger, by, &stored, change, at).await? {
            return Ok(decided);
        }
    }
}

/// Records what somebody wants to be done about a frozen batch: the first person proposes, and when
/// a second one wants the same, it is done. The same person's same wish again changes nothing.
pub async fn resolve(
    ledger: &dyn Ledger,
    policy: &Policy,
    by: &Person<'_>,
    batch: &BatchRef,
    wish: &Wish<'_>,
) -> Result<Decided, DeskError> {
    let mut wish = *wish;
    loop {
        let stored = load(ledger, batch).await?;
        let at = now();
        let since = *wish.since.get_or_insert(stored.batch.head().since);
        let event = wish.event(by.identity, since);
        let transition = match stored.batch.apply(event, at) {
            Ok(transition) => transition,
            Err(IllegalTransition::AlreadyDecided(_)) => return Ok(Decided::before(&stored)),
            Err(illegal) => return Err(illegal.into()),
        };
        let change = (
            transition,
            vec![expect_policy(ledger, policy.hash()).await?],
        );
        if let Some(resolved) = record(ledger, by, &stored, change, at).await? {
            return Ok(resolved);
        }
    }
}

/// Whether this person could want this now; nothing is recorded.
pub fn may_resolve(
    batch: &Batch,
    by: &Identity,
    resolution: Resolution,
    at: DateTime<Utc>,
) -> Result<(), IllegalTransition> {
    let wish = Wish {
        resolution,
        reason: "to see whether it may be",
        since: None,
    };
    match batch.apply(wish.event(by, batch.head().since), at) {
        Ok(_) | Err(IllegalTransition::AlreadyDecided(_)) => Ok(()),
        Err(illegal) => Err(illegal),
    }
}

/// Records what somebody wants to be done about releases: one person pauses them, one proposes to
/// resume them, and a second one who wants the same resumes them.
pub async fn pause(
    ledger: &dyn Ledger,
    policy: &Policy,
    by: &Person<'_>,
    wish: PauseWish,
    reason: &str,
) -> Result<Wished, PauseError> {
    loop {
        let known = pauses(ledger).await?;
        let Some(entry) = known.judge(wish, by.identity, reason, now())? else {
            return Ok(Wished {
                pauses: known,
                is_new: false,
            });
        };
        // Whoever stops releases is heard, by whatever policy; not so who lets them go on.
        let more = match wish {
            PauseWish::Pause => Vec::new(),
            PauseWish::Resume => vec![expect_policy(ledger, policy.hash()).await?],
        };
        match add_pause(ledger, &known, &entry, (by.via, more)).await {
            Ok(pauses) => {
                return Ok(Wished {
                    pauses,
                    is_new: true,
                });
            }
            // Somebody else was there first: it is judged again.
            Err(LedgerError::Changed) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// What became of a wish about releases.
#[derive(Debug)]
pub struct Wished {
    /// Every pause there ever was, after it.
    pub pauses: Pauses,
    /// Whether it was new; the same again changes nothing.
    pub is_new: bool,
}

/// Why a wish about releases was not recorded.
#[derive(Debug, thiserror::Error)]
pub enum PauseError {
    /// This person may not, or not now.
    #[error(transparent)]
    Refused(#[from] PauseRefused),
    /// The store did not take it; try again.
    #[error("the wish could not be stored")]
    Ledger(#[from] LedgerError),
}

/// What goes wrong when a resolution is chosen and the provider is not as people think.
pub fn risk(frozen: &Frozen, resolution: Resolution) -> Option<&'static str> {
    match resolution {
        Resolution::RetryRelease => Some(
            "if iyzico carried out the first release without showing it, and carries out this one \
             too, every payee is paid twice",
        ),
        Resolution::ConfirmReleased => {
            Some("if iyzico never started it, nobody is paid, and it is frozen again after a day")
        }
        Resolution::PrepareAnew if frozen.is_sent() => Some(
            "if iyzico carries out an earlier release after it confirmed the cancel, payees are paid \
             twice",
        ),
        Resolution::PrepareAnew | Resolution::Close => None,
    }
}

/// What somebody wants to be done about a frozen batch.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    /// What.
    pub resolution: Resolution,
    /// Why; others read it.
    pub reason: &'a str,
    /// Since when the batch they looked at was frozen; the batch as it is now, when nobody looked.
    pub since: Option<DateTime<Utc>>,
}

/// Reads since when a batch is frozen, as `show` gives it.
pub fn frozen_since(text: &str) -> Result<DateTime<Utc>, DeskError> {
    let read = DateTime::parse_from_rfc3339(text);
    read.map(|since| since.to_utc())
        .map_err(|_| DeskError::Since)
}

impl Wish<'_> {
    fn event(&self, by: &Identity, since: DateTime<Utc>) -> Event {
        Event::Resolve {
            by: by.clone(),
            resolution: self.resolution,
            reason: self.reason.to_owned(),
            since,
        }
    }
}

async fn load(ledger: &dyn Ledger, batch: &BatchRef) -> Result<Stored, DeskError> {
    let stored = ledger.load(batch).await?;
    stored.ok_or_else(|| DeskError::NotFound(batch.clone()))
}

/// Nothing, when somebody else changed the batch at the same moment.
async fn record(
    ledger: &dyn Ledger,
    by: &Person<'_>,
    stored: &Stored,
    (transition, cells): (Transition, Vec<Swap>),
    at: DateTime<Utc>,
) -> Result<Option<Decided>, LedgerError> {
    let actor = Actor {
        name: by.identity.name().to_string(),
        via: by.via,
    };
    let commit = Commit::new(stored, transition, &actor, at, Authority::Version);
    let commit = commit.with_swaps(cells);
    match ledger.commit(commit).await {
        Ok(stored) => Ok(Some(Decided::now(&stored))),
        Err(LedgerError::Stale | LedgerError::Changed) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Who decides, and from where.
#[derive(Debug, Clone, Copy)]
pub struct Person<'a> {
    /// Someone who has proved who they are.
    pub identity: &'a Identity,
    /// `cli`, `http` or `console`; stands in the journal.
    pub via: &'static str,
}

/// Whether this person's last word is the one that carries this very signature.
fn is_same_signature(head: &Head, by: &Identity, motion: &Motion<'_>) -> bool {
    let mut newest = head.decisions.iter().rev();
    let last = newest.find(|made| made.person == *by.name());
    let signed = motion.signed.map(|signed| signed.signed);
    signed.is_some() && last.and_then(|last| last.signed) == signed
}

/// Whether this person's last word on this digest was the same: an answer that got lost may be asked
/// for again, even when the batch has moved on since.
fn is_repeat(head: &Head, by: &Identity, motion: &Motion<'_>) -> bool {
    let theirs = head
        .decisions
        .iter()
        .rev()
        .find(|made| made.person == *by.name());
    theirs.is_some_and(|last| {
        last.verdict.word() == motion.verdict.word() && last.digest.matches(motion.digest)
    })
}
