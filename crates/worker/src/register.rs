//! The worker as an ordinary apalis worker.

use std::sync::Arc;

use apalis::layers::WorkerBuilderExt as _;
use apalis::prelude::{Data, Monitor, WorkerBuilder};
use apalis_core::worker::ext::parallelize::ParallelizeExt as _;
use onay_ledger::{Claim, LedgerBackend, Queue};

use crate::worker::Worker;

/// Puts a worker under a monitor, `concurrency` jobs at once. Each runs on a task of its own, so
/// that a worker that stops never cuts a call in the middle.
#[must_use]
pub fn register(monitor: Monitor, worker: Arc<Worker>, concurrency: usize) -> Monitor {
    monitor.register(move |_restarts| {
        let (ledger, settings) = (Arc::clone(&worker.ledger), &worker.settings);
        let backend =
            LedgerBackend::new(ledger, Queue::Worker, settings.name.clone(), settings.lease);
        WorkerBuilder::new(format!("worker-{}", settings.name))
            .backend(backend)
            .enable_tracing()
            .concurrency(concurrency)
            .parallelize(tokio::spawn)
            .data(Arc::clone(&worker))
            .build(handle)
    })
}

async fn handle(claim: Claim, worker: Data<Arc<Worker>>) {
    worker.handle(claim).await;
}
