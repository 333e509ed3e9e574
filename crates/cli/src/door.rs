//! The HTTP side of a process: open from the start, so that a supervisor sees that the process lives
//! while it waits for its store.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use onay_console::Desk;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;
use tracing::info;

use crate::roles;

/// What is shown through a door.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Front {
    /// Pages, API, and the probes of supervisors.
    Console,
    /// `/healthz` and `/readyz`.
    Probes,
}

/// A bound address.
pub(crate) struct Door {
    listener: TcpListener,
    sign: Sign,
}

/// Where to put what is shown through a door, once there is something to show.
#[derive(Clone)]
pub(crate) struct Sign {
    front: Front,
    address: SocketAddr,
    router: Arc<OnceLock<Router>>,
}

impl Door {
    /// Takes the address, so that a taken one is found before anything runs.
    pub(crate) async fn open(front: Front, address: SocketAddr) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(address).await.with_context(|| {
            format!("cannot listen on {address}; choose another address with --listen")
        })?;
        let address = listener.local_addr()?;
        info!("listening on http://{address}");
        let router = Arc::default();
        Ok(Self {
            listener,
            sign: Sign {
                front,
                address,
                router,
            },
        })
    }

    /// Where it leads.
    pub(crate) fn sign(&self) -> Sign {
        self.sign.clone()
    }

    /// Answers until `stop`; what is being answered then may take `grace` longer.
    pub(crate) async fn serve(
        self,
        stop: CancellationToken,
        grace: Duration,
    ) -> anyhow::Result<()> {
        let later = self.sign.router;
        let router = Router::new().fallback(move |request| answer(later, request));
        let serving = axum::serve(self.listener, router)
            .with_graceful_shutdown(stop.clone().cancelled_owned())
            .into_future();
        let too_late = async {
            stop.cancelled().await;
            roles::pass(grace).await;
        };
        tokio::select! {
            served = serving => served.context("listening ended with an error"),
            () = too_late => Ok(()),
        }
    }
}

impl Sign {
    /// The address, as a browser takes it.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Shows what there is to show, now that the store is there.
    pub(crate) fn show(&self, desk: Desk) {
        let url = self.url();
        // A door is shown through once, so there is nothing in the way.
        let _ = match self.front {
            Front::Console => self.router.set(onay_console::router(desk)),
            Front::Probes => self.router.set(onay_console::probes(desk)),
        };
        match self.front {
            Front::Console => info!("console on {url}"),
            Front::Probes => info!("probes on {url}"),
        }
    }
}

async fn answer(later: Arc<OnceLock<Router>>, request: Request) -> Response {
    match later.get() {
        Some(router) => match router.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        },
        None if request.uri().path() == "/healthz" => "alive\n".into_response(),
        None => {
            let answer = "not ready: the store does not answer yet\n";
            (StatusCode::SERVICE_UNAVAILABLE, answer).into_response()
        }
    }
}
