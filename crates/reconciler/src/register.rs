//! The reconciler as an ordinary apalis worker.

use std::sync::Arc;

use apalis::layers::WorkerBuilderExt as _;
use apalis::prelude::{Data, Monitor, WorkerBuilder};
use apalis_core::worker::ext::parallelize::ParallelizeExt as _;
use onay_ledger::{Claim, LedgerBackend, Queue};

use crate::reconciler::Reconciler;

/// Puts a reconciler under a monitor, `concurrency` jobs at once. Each runs on a task of its own, so
/// that one that stops never cuts a look in the middle.
#[must_use]
pub fn register(monitor: Monitor, reconciler: Arc<Reconciler>, concurrency: usize) -> Monitor {
    monitor.register(move |_restarts| {
        let (ledger, settings) = (Arc::clone(&reconciler.ledger), &reconciler.settings);
        let backend = LedgerBackend::new(
            ledger,
            Queue::Reconciler,
            settings.name.clone(),
            settings.lease,
        );
        WorkerBuilder::new(format!("reconciler-{}", settings.name))
            .backend(backend)
            .enable_tracing()
            .concurrency(concurrency)
            .parallelize(tokio::spawn)
            .data(Arc::clone(&reconciler))
            .build(handle)
    })
}

async fn handle(claim: Claim, reconciler: Data<Arc<Reconciler>>) {
    reconciler.handle(claim).await;
}
