//! The provider in a box, and its own books: what really happened is counted there.

use std::path::Path;
use std::process::Command;

use serde::Deserialize;
use serde_json::json;

use crate::process::Process;

/// `onay simulate`, running.
pub(crate) struct Simulator {
    pub(crate) url: String,
    pub(crate) api_key: String,
    pub(crate) secret_key: String,
    _process: Process,
}

impl Simulator {
    /// Starts one on a free port.
    pub(crate) fn start(switches: &[&str], log: &Path) -> Self {
        let mut command = Command::new(onay_tests::onay());
        command
            .args(["simulate", "--listen", "127.0.0.1:0"])
            .args(switches);
        let mut process = Process::start(command.env_clear(), log);
        let secret_key = process.told("export ONAY_IYZICO_SECRET_KEY=");
        Self {
            url: process.told("export ONAY_IYZICO_URL="),
            api_key: process.told("export ONAY_IYZICO_API_KEY="),
            secret_key,
            _process: process,
        }
    }

    /// The books at this moment.
    pub(crate) fn books(&self) -> Books {
        let answer = ureq::get(format!("{}/_sim/books", self.url)).call();
        answer.unwrap().body_mut().read_json().unwrap()
    }

    /// Makes the next call of an endpoint go wrong.
    pub(crate) fn fail_next(&self, endpoint: &str, kind: &str) {
        self.plan(&json!({ "endpoint": endpoint, "kind": kind }));
    }

    /// Makes the next answer of an endpoint come late; its work is done at once.
    pub(crate) fn hold_next(&self, endpoint: &str, millis: u64) {
        self.plan(&json!({ "endpoint": endpoint, "kind": "hold_answer", "millis": millis }));
    }

    fn plan(&self, plan: &serde_json::Value) {
        let answer = ureq::post(format!("{}/_sim/faults", self.url)).send_json(plan);
        answer.unwrap();
    }
}

/// What the provider knows.
#[derive(Debug, Deserialize)]
pub(crate) struct Books {
    pub(crate) batches: Vec<BatchBook>,
    pub(crate) calls: Calls,
    pub(crate) payments_max_per_item: u32,
    pub(crate) paid_items: usize,
    pub(crate) paid_total: String,
}

/// Calls that reached it.
#[derive(Debug, Deserialize, PartialEq, Eq)]
pub(crate) struct Calls {
    pub(crate) init: u64,
    pub(crate) auth: u64,
    pub(crate) cancel: u64,
}

/// One batch.
#[derive(Debug, Deserialize)]
pub(crate) struct BatchBook {
    pub(crate) external_id: String,
    pub(crate) status: String,
    pub(crate) init_calls: u64,
    pub(crate) auth_calls: u64,
    pub(crate) cancel_calls: u64,
    pub(crate) authorized_times: u64,
    pub(crate) items: Vec<ItemBook>,
}

/// One item.
#[derive(Debug, Deserialize)]
pub(crate) struct ItemBook {
    pub(crate) item_id: String,
    pub(crate) amount: String,
    pub(crate) status: String,
    pub(crate) payments: u32,
}

impl Books {
    /// The only batch under an external id.
    #[track_caller]
    pub(crate) fn batch(&self, external_id: &str) -> &BatchBook {
        let mut found = self
            .batches
            .iter()
            .filter(|batch| batch.external_id == external_id);
        match (found.next(), found.next()) {
            (Some(batch), None) => batch,
            (first, second) => panic!("{external_id}: {first:?}, {second:?}"),
        }
    }
}

impl BatchBook {
    /// Asserts that every item was paid exactly once, by the only authorize that ever came.
    #[track_caller]
    pub(crate) fn assert_paid_once(&self) {
        assert_eq!((self.auth_calls, self.authorized_times), (1, 1), "{self:?}");
        for item in &self.items {
            assert_eq!(item.payments, 1, "{item:?}");
            assert_eq!(item.status, "SUCCESS", "{item:?}");
        }
    }

    /// Asserts that no money was ever asked to move.
    #[track_caller]
    pub(crate) fn assert_never_released(&self, status: &str) {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!((self.auth_calls, self.authorized_times), (0, 0), "{self:?}");
        assert!(self.items.iter().all(|item| item.payments == 0), "{self:?}");
    }
}
