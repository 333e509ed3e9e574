//! Every way an answer gets lost, for every write, under every way the provider may take a repetition.
//!
//! Many batches share one house, and each call of theirs meets another fault. Which batch meets which
//! is left to chance, so what each one must come to is read from the provider's books.

use serde_json::{Value, json};

use crate::desk::Caller;
use crate::files::batch;
use crate::process::until;
use crate::simulator::{BatchBook, Books};
use crate::world::{Setup, World};

/// The call is not carried out, and its caller cannot know.
const UNDONE: [&str; 5] = [
    "close_before_work",
    "reset_before_work",
    "bad_gateway_before_work",
    "error_before_work",
    "failure_before_work",
];

/// The call is carried out, and its caller is not told.
const DONE: [&str; 10] = [
    "lose_answer_after_work",
    "reset_after_work",
    "never_answer",
    "cut_answer",
    "empty_answer",
    "malformed_answer",
    "html_answer",
    "bad_gateway_after_work",
    "error_after_work",
    "failure_after_work",
];

/// The call is carried out so long after its answer was lost: before the deadline of its intent, after
/// it, and (only for authorize) after its batch was given up.
const LATE_MILLIS: [u64; 2] = [300, 2_600];
const MUCH_LATER_MILLIS: u64 = 12_000;

/// A code that is a clear no.
const NO: &str = "10051";

/// How the provider takes what it was sent before.
#[derive(Clone, Copy, Debug)]
struct House {
    repeated_init: &'static str,
    shows_request_id: bool,
    unknown_id: &'static str,
    repeated_auth: &'static str,
    on_doubt: &'static str,
    repeated_cancel: &'static str,
    late_cancel: &'static str,
}

const INIT: [(&str, bool); 6] = [
    ("same_request_id", false),
    ("same_request_id", true),
    ("refuse", false),
    ("refuse", true),
    ("new_batch", false),
    ("new_batch", true),
];
const AUTH: [(&str, &str); 5] = [
    ("pays_twice", "ask"),
    ("same_answer", "resend"),
    ("refuse", "resend"),
    ("refuse", "ask"),
    ("same_answer", "ask"),
];
const CANCEL: [(&str, &str); 4] = [
    ("same_answer", "refuse"),
    ("refuse", "refuse"),
    ("same_answer", "ignore"),
    ("refuse", "ignore"),
];

/// Every way to take a repeated initialize; the others take turns beside it.
fn houses() -> impl Iterator<Item = House> {
    let inits = ["failure", "empty"]
        .into_iter()
        .flat_map(|id| INIT.map(|init| (id, init)));
    let others = AUTH.iter().cycle().zip(CANCEL.iter().cycle());
    inits
        .zip(others)
        .map(|((unknown_id, init), (auth, cancel))| House {
            repeated_init: init.0,
            shows_request_id: init.1,
            unknown_id,
            repeated_auth: auth.0,
            on_doubt: auth.1,
            repeated_cancel: cancel.0,
            late_cancel: cancel.1,
        })
}

#[test]
fn whatever_becomes_of_an_answer_each_batch_is_paid_once_or_waits_with_its_reason() {
    std::thread::scope(|scope| {
        for house in houses() {
            scope.spawn(move || house.play());
        }
    });
}

impl House {
    fn play(self) {
        let world = self.world();
        let mut serve = world.serve();
        let url = serve.told("console on ");
        let ayse = Caller::new(&url, world.token("ayse"));
        let mehmet = Caller::new(&url, world.token("mehmet"));

        let init_faults = [faults("init"), faults("init")].concat();
        let (auth_faults, cancel_faults) = (auth_faults(), faults("cancel"));
        world.simulator.plan(&json!(init_faults));
        for n in 0..auth_faults.len() + cancel_faults.len() {
            ayse.submit(&batch(&format!("m{n}"), n % 3 + 1));
        }
        let held = ayse.wait_for_all(&["pending_approval"]);
        assert_eq!(world.books().calls.auth, 0);

        let (approved, rejected) = held.split_at(auth_faults.len());
        world.simulator.plan(&json!(auth_faults));
        world.simulator.plan(&json!(cancel_faults));
        for shown in approved {
            mehmet.decide(shown, "approve");
        }
        for shown in rejected {
            mehmet.decide(shown, "reject");
        }
        let paid = auth_faults.len() - self.unpaid();
        until(&format!("{paid} batches paid in {self:?}"), || {
            let settled = ayse
                .batches()
                .iter()
                .filter(|it| it["state"] == "settled")
                .count();
            (settled >= paid).then_some(())
        });
        let ended = ayse.wait_for_all(&["settled", "frozen", "rejected"]);
        assert!(world.simulator.faults().open.is_empty());
        let books = world.books();
        for batch in &ended {
            self.check(batch, &books, rejected);
        }
        assert_eq!(books.payments_max_per_item, 1);
        let must_repeat = self.repeated_init != "same_request_id" && !self.shows_request_id;
        let orphans = books.batches.len() - ended.len();
        assert!(!must_repeat || orphans > 0, "nothing was stored anew");
        let unpaid = ended.iter().filter(|batch| batch["state"] == "frozen");
        assert_eq!(unpaid.count(), self.unpaid(), "{self:?}");
        world.run(&["audit", "verify"]).expect(0);
    }

    fn world(&self) -> World {
        let mut setup = Setup::default().short_doubt();
        if self.on_doubt == "resend" {
            setup = setup.resend();
        }
        let world = setup.build();
        world.simulator.behave(&json!({
            "repeated_init": self.repeated_init,
            "show_request_id": self.shows_request_id,
            "unknown_id": self.unknown_id,
            "repeated_auth": self.repeated_auth,
            "repeated_cancel": self.repeated_cancel,
            "late_cancel": self.late_cancel,
        }));
        world
    }

    /// A clear no is never asked again; what may have arrived only where the policy says so.
    fn unpaid(&self) -> usize {
        match self.on_doubt {
            "resend" => 1,
            _ => 1 + UNDONE.len(),
        }
    }

    fn check(&self, batch: &Value, books: &Books, rejected: &[Value]) {
        let id = batch["external_id"].as_str().unwrap();
        let stored = books.stored_as(id);
        let is_held = |book: &&&BatchBook| batch["request_id"] == *book.request_id;
        let book = stored.iter().find(is_held).unwrap();
        for orphan in stored
            .iter()
            .filter(|other| other.request_id != book.request_id)
        {
            orphan.assert_never_released("INIT");
        }
        let may_repeat = self.repeated_init == "new_batch" || self.repeated_init == "refuse";
        assert!(may_repeat || stored.len() == 1, "{self:?}: {stored:#?}");

        let was_rejected = rejected.iter().any(|other| other["external_id"] == id);
        match batch["state"].as_str().unwrap() {
            "rejected" => book.assert_never_released("CANCELED"),
            "settled" => {
                assert_eq!(book.authorized_times, 1, "{book:?}");
                assert!(book.items.iter().all(|item| item.payments == 1), "{book:?}");
            }
            _ => {
                let why = batch["frozen"]["why"].as_str().unwrap();
                assert!(
                    ["release_unconfirmed", "release_refused"].contains(&why),
                    "{batch:#}"
                );
                book.assert_unpaid("INIT");
            }
        }
        assert_eq!(batch["state"] == "rejected", was_rejected, "{batch:#}");
        assert!(
            self.on_doubt == "resend" || book.auth_calls <= 1,
            "{book:?}"
        );
        assert_eq!(batch["tie_out"]["difference"], "0.00", "{batch:#}");
    }
}

fn faults(endpoint: &str) -> Vec<Value> {
    let kinds = UNDONE.iter().chain(&DONE);
    let mut all: Vec<_> = kinds
        .map(|kind| json!({ "endpoint": endpoint, "kind": kind }))
        .collect();
    all.extend(LATE_MILLIS.map(|millis| late(endpoint, millis)));
    all
}

fn auth_faults() -> Vec<Value> {
    let mut all = faults("auth");
    all.push(late("auth", MUCH_LATER_MILLIS));
    let no = ["failure_before_work", "failure_after_work"];
    all.extend(no.map(|kind| json!({ "endpoint": "auth", "kind": kind, "code": NO })));
    all
}

fn late(endpoint: &str, millis: u64) -> Value {
    json!({ "endpoint": endpoint, "kind": "lose_answer_then_work", "millis": millis })
}
