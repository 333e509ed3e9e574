//! Whether the store answers, for whoever reports it.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;
use tracing::{info, warn};

/// Whether a store answers; shared with whoever reports it.
#[derive(Debug, Clone)]
pub struct Health(Arc<Mutex<HealthState>>);

/// What [`Health`] knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HealthState {
    /// Nothing was asked yet.
    Starting,
    /// It answers.
    Answering {
        /// Since when.
        since: Instant,
    },
    /// It does not.
    Failing {
        /// Since when.
        since: Instant,
        /// What it said last.
        error: String,
    },
}

impl Health {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(HealthState::Starting)))
    }

    /// What is known now.
    pub fn state(&self) -> HealthState {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn succeeded(&self) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*state {
            HealthState::Answering { .. } => return,
            HealthState::Starting => {}
            HealthState::Failing { since, .. } => {
                info!(
                    "the store answers again, after {} s",
                    since.elapsed().as_secs()
                );
            }
        }
        *state = HealthState::Answering {
            since: Instant::now(),
        };
    }

    pub(crate) fn failed(&self, error: String) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let since = match &*state {
            HealthState::Failing { since, .. } => *since,
            HealthState::Starting | HealthState::Answering { .. } => {
                warn!("the store does not answer, claiming waits for it: {error}");
                Instant::now()
            }
        };
        *state = HealthState::Failing { since, error };
    }
}
