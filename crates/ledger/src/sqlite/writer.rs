//! Writing: one thread, one transaction for all that waits.

use std::sync::mpsc::{Receiver, Sender, channel};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::oneshot;

use crate::error::LedgerError;

/// Most operations that share a transaction.
const GROUP_MAX: usize = 128;

/// Does one operation inside the shared transaction, if there is one, and gives what answers its
/// caller.
type Operation = Box<dyn FnOnce(Option<&mut Transaction<'_>>) -> Answer + Send>;

/// Answers a caller: with its result, or with why the whole group was lost.
type Answer = Box<dyn FnOnce(Option<&str>)>;

/// The way to the thread that writes. The thread ends when this is dropped.
pub(super) struct Writer {
    operations: Sender<Operation>,
}

impl Writer {
    /// Starts the thread.
    pub(super) fn start(connection: Connection) -> Result<Self, LedgerError> {
        let (operations, waiting) = channel();
        std::thread::Builder::new()
            .name("onay-ledger".to_owned())
            .spawn(move || write_groups(connection, &waiting))
            .map_err(|error| LedgerError::Unavailable(format!("no thread to write: {error}")))?;
        Ok(Self { operations })
    }

    /// Runs `step` all or nothing and answers once it is durable.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        step: impl FnOnce(&Connection) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, LedgerError> {
        let (reply, answer) = oneshot::channel();
        let operation: Operation = Box::new(move |transaction| {
            let result = match transaction {
                Some(transaction) if !reply.is_closed() => alone(transaction, step),
                // Nobody waits for it any more, so it never happened; or the group is lost.
                Some(_) | None => Err(LedgerError::Unavailable("given up".to_owned())),
            };
            Box::new(move |lost| {
                let lost = lost.map(|why| Err(LedgerError::Unavailable(why.to_owned())));
                let _ = reply.send(lost.unwrap_or(result));
            })
        });
        let stopped = || LedgerError::Unavailable("the writer stopped".to_owned());
        self.operations.send(operation).map_err(|_| stopped())?;
        answer.await.unwrap_or_else(|_| Err(stopped()))
    }
}

fn write_groups(mut connection: Connection, waiting: &Receiver<Operation>) {
    while let Ok(first) = waiting.recv() {
        let group = std::iter::once(first)
            .chain(waiting.try_iter())
            .take(GROUP_MAX);
        let (answers, written) = write_group(&mut connection, group);
        let lost = written.err().map(|error| error.to_string());
        for answer in answers {
            answer(lost.as_deref());
        }
    }
}

fn write_group(
    connection: &mut Connection,
    group: impl Iterator<Item = Operation>,
) -> (Vec<Answer>, rusqlite::Result<()>) {
    match Transaction::new(connection, TransactionBehavior::Immediate) {
        Ok(mut transaction) => {
            let answers = group
                .map(|operation| operation(Some(&mut transaction)))
                .collect();
            (answers, transaction.commit())
        }
        Err(error) => (group.map(|operation| operation(None)).collect(), Err(error)),
    }
}

/// A failing step leaves no trace in the group.
fn alone<T>(
    transaction: &mut Transaction<'_>,
    step: impl FnOnce(&Connection) -> Result<T, LedgerError>,
) -> Result<T, LedgerError> {
    let savepoint = transaction.savepoint()?;
    let result = step(&savepoint)?;
    savepoint.commit()?;
    Ok(result)
}
