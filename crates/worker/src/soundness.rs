//! Whether what is recorded of a batch is what people said and what was written: looked at right
//! before money moves, so that whoever can write the ledger still cannot move any.

use onay_ledger::LedgerError;

use crate::job::Job;

/// Everything that shows that the ledger was edited behind our back: a decision its person did not
/// sign, one that is missing among others or moved, a hold that does not follow from the content, a
/// record or a journal that does not fit. Who cuts what came last and computes everything anew is
/// found against an export that was kept elsewhere, not here.
pub(crate) async fn problems(job: &Job<'_>) -> Result<Vec<String>, LedgerError> {
    let forged = job.worker.policy.forged(job.stored.batch.head());
    let edited = job.worker.ledger.check(&job.stored).await?;
    let forged = forged.iter().map(ToString::to_string);
    let contradictions = job.stored.batch.contradictions();
    Ok(forged
        .chain(contradictions)
        .chain(edited.iter().map(ToString::to_string))
        .collect())
}
