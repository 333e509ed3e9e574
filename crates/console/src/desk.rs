//! What a person does with a batch, for every path a person can take: HTTP, pages, command line.

use onay_ledger::{Actor, Authority, Commit, Ledger, LedgerError, now};
use onay_payout::{BatchRef, Event, Head, Identity, IllegalTransition, Motion, NotAllowed, Policy};

/// What became of a decision.
#[derive(Debug)]
pub struct Decided {
    /// The batch after it.
    pub head: Head,
    /// Whether it was new; the same decision again changes nothing.
    pub is_new: bool,
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
        let stored = ledger.load(batch).await?;
        let stored = stored.ok_or_else(|| DeskError::NotFound(batch.clone()))?;
        let at = now();
        let head = stored.batch.head();
        let ruling = match policy.judge(head, by.identity, motion.clone(), at) {
            Ok(ruling) => ruling,
            Err(NotAllowed::NotHeld(..) | NotAllowed::NothingToUndo(_))
                if is_repeat(head, by.identity, motion) =>
            {
                return Ok(Decided {
                    head: head.clone(),
                    is_new: false,
                });
            }
            Err(no) => return Err(no.into()),
        };
        let transition = match stored.batch.apply(Event::Decided(ruling), at) {
            Ok(transition) => transition,
            Err(IllegalTransition::AlreadyDecided(_)) => {
                let head = stored.batch.head().clone();
                return Ok(Decided {
                    head,
                    is_new: false,
                });
            }
            Err(illegal) => return Err(illegal.into()),
        };
        let actor = Actor {
            name: by.identity.name().to_string(),
            via: by.via,
        };
        let commit = Commit::new(&stored, transition, &actor, at, Authority::Version);
        match ledger.commit(commit).await {
            Ok(stored) => {
                return Ok(Decided {
                    head: stored.batch.head().clone(),
                    is_new: true,
                });
            }
            Err(LedgerError::Stale) => {}
            Err(error) => return Err(error.into()),
        }
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
