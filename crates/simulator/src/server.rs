//! The listening side. It speaks to hyper itself, because a connection that closes without an answer
//! cannot be had from `axum::serve`.

use std::{future::Future, io, net::SocketAddr, pin::pin, time::Duration};

use axum::Router;
use hyper::{
    body::Incoming,
    server::conn::http1,
    service::{Service as _, service_fn},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::{GracefulShutdown, Watcher},
    service::TowerToHyperService,
};
use rust_decimal::Decimal;
use tokio::{
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
    time::timeout,
};

use crate::{
    Books, FaultPlan, Refusal, Scenario,
    http::{Desk, Unanswered, pause, router},
    wire::{Reset, Wire},
};

/// How long calls under way may take after the shutdown; then their connections close.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(2);

/// Pause after a connection that could not be accepted, mostly for want of file handles.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A running simulator. Dropping the handle leaves it running.
pub struct Simulator {
    address: SocketAddr,
    desk: Desk,
    server: JoinHandle<()>,
}

impl Simulator {
    /// Answers on `listener` until `shutdown` completes; [`crate::Settings`] alone are a scenario without
    /// faults. Must be called within a Tokio runtime.
    ///
    /// # Errors
    /// When the listener cannot tell its address.
    pub fn start(
        listener: TcpListener,
        scenario: impl Into<Scenario>,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let desk = Desk::new(scenario.into());
        let server = tokio::spawn(serve(listener, router(desk.clone()), shutdown));
        tracing::info!(%address, "simulator listens on {address}");
        Ok(Self {
            address,
            desk,
            server,
        })
    }

    /// Where a client sends its calls, without a trailing slash.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The books now; `external_id` limits the batches and the sums over them.
    pub fn books(&self, external_id: Option<&str>) -> Books {
        self.desk.books(external_id)
    }

    /// Plans a fault, as `POST /_sim/faults` does.
    pub fn plan(&self, plan: FaultPlan) {
        self.desk.faults().add(plan);
    }

    /// Adds to the balance, as `POST /_sim/funds` does.
    ///
    /// # Errors
    /// When less than nothing would be left.
    pub fn add_funds(&self, amount: Decimal) -> Result<(), Refusal> {
        self.desk.add_funds(amount)
    }

    /// Waits until the shutdown is over.
    pub async fn stopped(self) {
        if let Err(error) = self.server.await {
            tracing::error!(%error, "simulator ended before its shutdown");
        }
    }
}

async fn serve(listener: TcpListener, router: Router, shutdown: impl Future<Output = ()>) {
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    // Answers are one small write each; waiting to fill a packet would only slow them.
                    let _ = stream.set_nodelay(true);
                    let watcher = graceful.watcher();
                    connections.spawn(answer_all(stream, router.clone(), watcher));
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection was not accepted");
                    pause(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    if timeout(SHUTDOWN_GRACE, graceful.shutdown()).await.is_err() {
        tracing::warn!("calls under way were cut off by the shutdown");
    }
}

/// Answers the calls of one connection.
async fn answer_all(stream: TcpStream, router: Router, watcher: Watcher) {
    let router = TowerToHyperService::new(router);
    let reset = Reset::default();
    let service = service_fn(|request: hyper::Request<Incoming>| {
        let answer = router.call(request);
        async {
            let Ok(response) = answer.await;
            let Some(unanswered) = response.extensions().get::<Unanswered>() else {
                return Ok(response);
            };
            if *unanswered == Unanswered::Reset {
                reset.plan();
            }
            Err(*unanswered)
        }
    });
    let wire = Wire::new(stream, reset.clone());
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(wire), service);
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%error, "a connection ended early");
    }
}
