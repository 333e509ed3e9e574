//! The provider in a box, and its own books: what really happened is counted there.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;
use serde_json::{Value, json};

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
        self.get("books")
    }

    /// Makes the next call of an endpoint go wrong.
    pub(crate) fn fail_next(&self, endpoint: &str, kind: &str) {
        self.plan(&json!({ "endpoint": endpoint, "kind": kind }));
    }

    /// Makes the next answer of an endpoint come late; its work is done at once.
    pub(crate) fn hold_next(&self, endpoint: &str, millis: u64) {
        self.plan(&json!({ "endpoint": endpoint, "kind": "hold_answer", "millis": millis }));
    }

    /// Plans a fault, or a list of them.
    pub(crate) fn plan(&self, faults: &Value) {
        self.post("faults", faults);
    }

    /// The faults that are planned, and those met so far.
    pub(crate) fn faults(&self) -> Faults {
        self.get("faults")
    }

    /// Nothing goes wrong any more.
    pub(crate) fn clear_faults(&self) {
        ureq::delete(self.address("faults")).call().unwrap();
    }

    /// Changes some switches.
    pub(crate) fn behave(&self, switches: &Value) {
        self.post("behaviour", switches);
    }

    /// Puts money on the balance.
    pub(crate) fn add_funds(&self, amount: &str) {
        self.post("funds", &json!({ "add": amount }));
    }

    fn address(&self, of: &str) -> String {
        format!("{}/_sim/{of}", self.url)
    }

    fn get<T: serde::de::DeserializeOwned>(&self, of: &str) -> T {
        let answer = ureq::get(self.address(of)).call();
        answer.unwrap().body_mut().read_json().unwrap()
    }

    fn post(&self, to: &str, what: &Value) {
        if let Err(error) = ureq::post(self.address(to)).send_json(what) {
            panic!("{to}: {error} for {what:#}");
        }
    }
}

/// Faults of the simulator.
#[derive(Debug, Deserialize)]
pub(crate) struct Faults {
    pub(crate) open: Vec<Value>,
    pub(crate) met: BTreeMap<String, u64>,
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
    pub(crate) request_id: String,
    pub(crate) status: String,
    pub(crate) init_calls: u64,
    pub(crate) auth_calls: u64,
    pub(crate) retrieve_calls: u64,
    pub(crate) cancel_calls: u64,
    pub(crate) authorized_times: u64,
    pub(crate) is_altered: bool,
    pub(crate) paid_total: String,
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
    /// What there is of a batch, under its own id and under those of later attempts.
    pub(crate) fn stored_as(&self, external_id: &str) -> Vec<&BatchBook> {
        let of_attempt = format!("{external_id}~");
        let is_of = |id: &str| id == external_id || id.starts_with(&of_attempt);
        let of_batch = self.batches.iter().filter(|book| is_of(&book.external_id));
        of_batch.collect()
    }

    /// How often each item was paid, over all there is of a batch.
    pub(crate) fn payments(&self, external_id: &str) -> BTreeMap<&str, u32> {
        let mut payments = BTreeMap::new();
        let stored = self.stored_as(external_id);
        for item in stored.iter().flat_map(|book| &book.items) {
            *payments.entry(item.item_id.as_str()).or_default() += item.payments;
        }
        payments
    }

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
        self.assert_unpaid(status);
        assert_eq!(self.auth_calls, 0, "{self:?}");
    }

    /// Asserts that no money moved, whatever was asked.
    #[track_caller]
    pub(crate) fn assert_unpaid(&self, status: &str) {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.authorized_times, 0, "{self:?}");
        assert!(self.items.iter().all(|item| item.payments == 0), "{self:?}");
    }
}
