//! Rules that all must be met, steps, people in others' places: what counts.

use std::fmt::Write as _;

use chrono::{DateTime, TimeDelta, Utc};

use super::world::{approve, at, copy, initialized, intent, received, walk};
use crate::provider::RemoteStatus;
use crate::{
    Account, Batch, CopyRead, Digest, Event, Facts, Given, HeldHistory, HistoryFacts, Identity,
    ItemStatus, Money, Motion, NotAllowed, OnInvalid, Policy, ReadBack, Short, SignalKind, Signals,
    Signed, SignedAt, SigningKey, State, Verdict, issue_token,
};

/// Who is who: `ayse` makes, the others approve; `ali` and `veli` stand in.
const PEOPLE: [(&str, &str); 7] = [
    ("ayse", "maker"),
    ("mehmet", "approver"),
    ("zeynep", "approver"),
    ("can", "approver"),
    ("deniz", "approver"),
    ("ali", "operator"),
    ("veli", "maker"),
];

pub(super) struct House {
    pub(super) policy: Policy,
    people: Vec<Identity>,
}

pub(super) fn key(name: &str) -> SigningKey {
    let place = PEOPLE.iter().position(|(known, _)| *known == name).unwrap();
    SigningKey::from_seed(&[u8::try_from(place).unwrap() + 1; 32])
}

/// A policy of these rules, where everybody has a key but those named.
pub(super) fn house(rules: &str, without_key: &[&str]) -> House {
    let mut text = format!("format = 1\n{rules}");
    let mut tokens = Vec::new();
    for (seed, (name, role)) in (1_u8..).zip(PEOPLE) {
        let (token, hash) = issue_token(&name.parse().unwrap(), &[seed; 40]).unwrap();
        let hash = hash.as_str();
        let _ = writeln!(
            text,
            "[[person]]\nname = \"{name}\"\nroles = [\"{role}\"]\ntoken = \"{hash}\""
        );
        if !without_key.contains(&name) {
            let _ = writeln!(text, "public_key = \"{}\"", key(name).public_key());
        }
        tokens.push(token);
    }
    let policy = Policy::parse(&text).unwrap();
    let people = tokens
        .iter()
        .map(|token| policy.authenticate(token, at(0)).unwrap())
        .collect();
    House { policy, people }
}

fn history(signals: &[SignalKind]) -> HeldHistory {
    let zero = Money::zero(crate::Currency::Try);
    HeldHistory {
        maker_day: zero,
        payee_day: zero,
        signals: Signals::restore(signals.iter().map(|kind| (*kind, 1)).collect(), Vec::new()),
    }
}

impl House {
    fn person(&self, name: &str) -> &Identity {
        let mut people = self.people.iter();
        people.find(|known| known.name().as_str() == name).unwrap()
    }

    pub(super) fn held(&self, amounts: &[i64], history: Option<HeldHistory>) -> Batch {
        let batch = received(amounts);
        let same = copy(&batch, RemoteStatus::Init, &ItemStatus::Pending);
        let facts = Facts {
            history: history.as_ref().map(HeldHistory::facts),
            ..batch.content().facts()
        };
        let read = CopyRead {
            copy: Some(same),
            depth: ReadBack::Full,
            account: Account::new("sandbox", "key"),
            rules: self.policy.requirement(&facts, batch.head()),
            history,
            expires_after: self.policy.expires_after(&facts).unwrap(),
            on_invalid: OnInvalid::Ask,
        };
        let events = vec![
            Event::InitializeStarted(intent(1)),
            initialized(),
            Event::ReadBack(Box::new(read)),
        ];
        walk(batch, events)
    }

    pub(super) fn decide(
        &self,
        batch: &Batch,
        name: &str,
        verdict: Verdict,
    ) -> Result<Batch, NotAllowed> {
        let digest = digest(batch).to_string();
        let motion = Motion::new(verdict, &digest);
        let ruling = self
            .policy
            .judge(batch.head(), self.person(name), motion, at(10))?;
        Ok(batch.apply(Event::Decided(ruling), at(10)).unwrap().batch)
    }

    pub(super) fn sign(
        &self,
        batch: &Batch,
        name: &str,
        verdict: Verdict,
    ) -> Result<Batch, NotAllowed> {
        self.sign_with(batch, name, verdict, (&key(name), at(10)))
    }

    pub(super) fn sign_with(
        &self,
        batch: &Batch,
        name: &str,
        verdict: Verdict,
        (key, signed_at): (&SigningKey, DateTime<Utc>),
    ) -> Result<Batch, NotAllowed> {
        let digest = digest(batch).to_string();
        let motion = Motion::new(verdict, &digest);
        let person = self.person(name);
        let draft = self
            .policy
            .draft(batch.head(), person, motion.clone(), signed_at)?;
        let statement = draft.statement(&batch.head().id).unwrap();
        let signed = Signed {
            key: key.public_key(),
            signature: key.sign(statement.digest()),
        };
        let signed = Some(SignedAt {
            at: signed_at,
            signed,
        });
        let motion = Motion { signed, ..motion };
        let ruling = self.policy.judge(batch.head(), person, motion, at(10))?;
        Ok(batch.apply(Event::Decided(ruling), at(10)).unwrap().batch)
    }
}

pub(super) fn digest(batch: &Batch) -> Digest {
    batch.state().hold().unwrap().digest
}

pub(super) const SIGNED: &str = "[[rule]]\nname = \"signed\"\napprovals = 2\nproof = \"signature\"\n\
                      expires_after = \"10h\"\n";
const PLAIN: &str = "[[rule]]\nname = \"plain\"\napprovals = 1\nexpires_after = \"10h\"\n";

#[test]
fn every_rule_that_matches_must_be_met() {
    let odd = "[[rule]]\nname = \"odd\"\non = [\"duplicate\", \"changed_payee\"]\napprovals = 1\n\
               from = [\"deniz\"]\nexpires_after = \"5h\"\n[history]\nwindow = \"7d\"\n";
    let house = house(&format!("{PLAIN}{odd}"), &[]);
    let usual = house.held(&[100], Some(history(&[SignalKind::NewPayee])));
    assert_eq!(usual.state().hold().unwrap().rules.names(), "plain");
    assert_eq!(
        house
            .decide(&usual, "mehmet", approve())
            .unwrap()
            .state()
            .name(),
        "approved"
    );
    let odd = house.held(&[100], Some(history(&[SignalKind::Duplicate])));
    let hold = odd.state().hold().unwrap();
    assert_eq!(hold.rules.names(), "plain + odd");
    assert_eq!(
        hold.expires_at - hold.held_at,
        TimeDelta::hours(5),
        "the shortest time counts"
    );
    let once = house.decide(&odd, "mehmet", approve()).unwrap();
    assert_eq!(once.state().name(), "pending_approval");
    assert_eq!(
        house
            .decide(&once, "deniz", approve())
            .unwrap()
            .state()
            .name(),
        "approved"
    );
    // deniz alone meets both.
    assert_eq!(
        house
            .decide(&odd, "deniz", approve())
            .unwrap()
            .state()
            .name(),
        "approved"
    );
    // What is not known of a batch counts as matched.
    let unknown = house.held(&[100], None);
    assert_eq!(unknown.state().hold().unwrap().rules.names(), "plain + odd");
}

#[test]
fn conditions_look_at_items_purposes_currencies_and_sums_of_a_day() {
    let conditions = "[[rule]]\nname = \"all\"\napprovals = 1\nexpires_after = \"1h\"\n\
         [[rule]]\nname = \"item\"\nitem_above = \"50.00 TRY\"\napprovals = 1\nexpires_after = \"1h\"\n\
         [[rule]]\nname = \"salary\"\npurpose = [\"SALARY\"]\napprovals = 1\nexpires_after = \"1h\"\n\
         [[rule]]\nname = \"euro\"\ncurrency = [\"EUR\"]\napprovals = 1\nexpires_after = \"1h\"\n\
         [[rule]]\nname = \"maker\"\nmaker_day_above = \"500.00 TRY\"\napprovals = 1\nexpires_after = \"1h\"\n\
         [[rule]]\nname = \"payee\"\npayee_day_above = \"400.00 TRY\"\napprovals = 1\nexpires_after = \"1h\"\n\
         [history]\nwindow = \"7d\"\n";
    let house = house(conditions, &[]);
    let lira = super::world::lira;
    let names = |largest, maker_day, payee_day, purpose| {
        let facts = Facts {
            total: lira(100),
            largest: lira(largest),
            purpose,
            history: Some(HistoryFacts {
                maker_day: lira(maker_day),
                payee_day: lira(payee_day),
                signals: std::collections::BTreeSet::new(),
            }),
        };
        let rules = house.policy.rules_for(&facts).into_iter();
        rules.map(|rule| rule.name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(50, 500, 400, None), ["all"]);
    assert_eq!(names(51, 500, 400, None), ["all", "item"]);
    assert_eq!(names(50, 501, 400, None), ["all", "maker"]);
    assert_eq!(names(50, 500, 401, None), ["all", "payee"]);
    let salary = Some(crate::Purpose::Salary);
    assert_eq!(names(50, 500, 400, salary), ["all", "salary"]);
}

#[test]
fn groups_approve_one_after_the_other_and_early_approvals_are_kept() {
    let rules = "[[group]]\nname = \"finance\"\nmembers = [\"mehmet\", \"zeynep\"]\n\
         [[group]]\nname = \"directors\"\nmembers = [\"can\", \"deniz\"]\n\
         [[rule]]\nname = \"large\"\nexpires_after = \"1h\"\n\
         steps = [{ approvals = 1, from = [\"@finance\"] }, { approvals = 1, from = [\"@directors\"] }]\n";
    let house = house(rules, &[]);
    let batch = house.held(&[100], None);
    let early = house.decide(&batch, "can", approve()).unwrap();
    assert_eq!(early.state().name(), "pending_approval");
    let again = house.decide(&early, "deniz", approve()).unwrap();
    assert_eq!(again.state().name(), "pending_approval", "two directors");
    let both = house.decide(&early, "zeynep", approve()).unwrap();
    assert_eq!(both.state().name(), "approved");
    assert!(house.policy.quorum(both.head()).is_ok());
    let undone = house.decide(&both, "can", Verdict::Undo).unwrap();
    assert_eq!(
        house.policy.quorum(undone.head()),
        Err(Short::Approvals { have: 1, needed: 2 })
    );
}

#[test]
fn a_stand_in_approves_within_dates_and_sum_and_both_names_are_recorded() {
    let lent = |after: &str, up_to: &str| {
        format!(
            "[[delegation]]\nfrom = \"mehmet\"\nto = \"ali\"\nafter = \"{after}\"\n\
             until = \"2026-12-01\"\nup_to = \"{up_to}\"\n\
             [[rule]]\nname = \"all\"\napprovals = 1\nfrom = [\"mehmet\"]\nexpires_after = \"48h\"\n"
        )
    };
    let now = house(&lent("2026-11-22", "100.00 TRY"), &[]);
    let batch = now.held(&[100], None);
    let digest = digest(&batch).to_string();
    let motion = Motion::new(approve(), &digest);
    let ruling = now
        .policy
        .judge(batch.head(), now.person("ali"), motion, at(10))
        .unwrap();
    let told = batch.apply(Event::Decided(ruling), at(10)).unwrap().note;
    assert_eq!(told, "in place of mehmet");
    let approved = now.decide(&batch, "ali", approve()).unwrap();
    assert_eq!(approved.state().name(), "approved");
    let made = &approved.head().decisions[0];
    assert_eq!(made.person.as_str(), "ali");
    assert_eq!(made.on_behalf.as_ref().unwrap().as_str(), "mehmet");
    // mehmet's own word goes beside it, and counts once.
    let both = now.decide(&approved, "mehmet", approve()).unwrap();
    let quorum = now.policy.quorum(both.head()).unwrap();
    assert_eq!(quorum.people().len(), 2);
    assert!(
        now.decide(&now.held(&[101], None), "ali", approve())
            .is_err()
    );
    let later = house(&lent("2026-11-23", "100.00 TRY"), &[]);
    assert!(matches!(
        later.decide(&later.held(&[100], None), "ali", approve()),
        Err(NotAllowed::NotAsked { .. })
    ));
    // What was lent and taken back since counts no more.
    let taken_back = house(
        "[[rule]]\nname = \"all\"\napprovals = 1\nfrom = [\"mehmet\"]\nexpires_after = \"48h\"\n",
        &[],
    );
    let taken_back = taken_back.policy.after([now.policy.hash()]);
    assert!(taken_back.quorum(approved.head()).is_err());
    assert!(taken_back.counted(both.head()).len() == 1);
}

#[test]
fn nobody_stands_in_for_the_maker_nor_does_the_maker_for_others() {
    let rules = "[[delegation]]\nfrom = \"mehmet\"\nto = \"ayse\"\nuntil = \"2027-01-01\"\n\
                 up_to = \"1000.00 TRY\"\n";
    let house = house(&format!("{rules}{PLAIN}"), &[]);
    let batch = house.held(&[100], None);
    let ayse = "ayse".parse().unwrap();
    assert_eq!(
        house.decide(&batch, "ayse", approve()).unwrap_err(),
        NotAllowed::OwnBatch(ayse)
    );
    // A maker who is an approver, and lends their approval.
    let text = "format = 1\n[[person]]\nname = \"ayse\"\nroles = [\"maker\", \"approver\"]\n\
         [[person]]\nname = \"ali\"\nroles = [\"operator\"]\n\
         [[delegation]]\nfrom = \"ayse\"\nto = \"ali\"\nuntil = \"2027-01-01\"\nup_to = \"1000.00 TRY\"\n\
         [[rule]]\nname = \"all\"\napprovals = 1\nexpires_after = \"1h\"\n";
    let lends = Policy::parse(text).unwrap();
    let ali = "ali".parse().unwrap();
    assert!(matches!(
        lends.may_decide(batch.head(), &ali, at(10)),
        Err(NotAllowed::NotAsked { .. })
    ));
}

#[test]
fn a_batch_nobody_can_approve_is_told_at_once() {
    let two = PLAIN.replace(
        "approvals = 1",
        "approvals = 2\nfrom = [\"mehmet\", \"zeynep\"]",
    );
    let house = house(&two, &[]);
    let batch = house.held(&[100], None);
    assert_eq!(house.policy.blocked(batch.head()), None);
    let text = "format = 1\n[[person]]\nname = \"mehmet\"\nroles = [\"approver\"]\n\
         [[rule]]\nname = \"all\"\napprovals = 1\nexpires_after = \"1h\"\n";
    let alone = Policy::parse(text).unwrap();
    assert_eq!(alone.blocked(batch.head()), Some("plain".to_owned()));
    // Where signatures are asked for, those without a key are nobody.
    let unsigned = super::approvals::house(SIGNED, &["mehmet", "zeynep", "can"]);
    let batch = unsigned.held(&[100], None);
    assert_eq!(
        unsigned.policy.blocked(batch.head()),
        Some("signed".to_owned())
    );
}

#[test]
fn people_are_reminded_twice_and_expiry_stays_where_it_was() {
    let house = house(PLAIN, &[]);
    let batch = house.held(&[100], None);
    let hold = |batch: &Batch| batch.state().hold().unwrap().clone();
    let (held_at, expires_at) = (hold(&batch).held_at, hold(&batch).expires_at);
    let half = held_at + TimeDelta::hours(5);
    assert_eq!(hold(&batch).wakes_after(held_at), half);
    assert!(
        batch
            .apply(Event::Reminded, half - TimeDelta::seconds(1))
            .is_err()
    );
    let once = batch.apply(Event::Reminded, half).unwrap();
    assert_eq!(once.note, "a decision is due within 5 h 0 min");
    assert_eq!(once.jobs.worker, Some(held_at + TimeDelta::hours(9)));
    let twice = once
        .batch
        .apply(Event::Reminded, held_at + TimeDelta::hours(9))
        .unwrap();
    assert_eq!(twice.jobs.worker, Some(expires_at));
    assert_eq!(hold(&twice.batch).expires_at, expires_at);
    // A worker that slept tells once, not twice.
    let late = batch
        .apply(Event::Reminded, held_at + TimeDelta::minutes(595))
        .unwrap();
    assert_eq!(late.note, "a decision is due within 5 min");
    assert_eq!(late.jobs.worker, Some(expires_at));
    assert!(matches!(late.batch.state(), State::PendingApproval(_)));
}

#[test]
fn a_token_whose_time_is_over_proves_nothing() {
    let (token, hash) = issue_token(&"mehmet".parse().unwrap(), &[9; 40]).unwrap();
    let text = format!(
        "format = 1\n[[person]]\nname = \"mehmet\"\nroles = [\"approver\"]\ntoken = \"{}\"\n\
         token_until = \"2026-11-23\"\n{PLAIN}",
        hash.as_str()
    );
    let policy = Policy::parse(&text).unwrap();
    let identity = policy.authenticate(&token, at(0)).unwrap();
    assert!(identity.is_valid(at(0)));
    assert!(!identity.is_valid(at(24 * 60)));
    assert!(policy.authenticate(&token, at(24 * 60)).is_err());
}

#[test]
fn an_approval_counts_for_what_its_person_may_do_now() {
    let house = house(PLAIN, &[]);
    let batch = house.held(&[100], None);
    let given = |name: &str| Given {
        person: name.parse().unwrap(),
        on_behalf: None,
        is_signed: false,
    };
    let approved = house.decide(&batch, "mehmet", approve()).unwrap();
    assert_eq!(house.policy.counted(approved.head()), [given("mehmet")]);
    assert!(house.decide(&batch, "veli", approve()).is_err());
}
