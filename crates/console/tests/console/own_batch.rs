//! Nobody decides on their own batch, whichever way they come.

use chrono::{TimeDelta, Utc};
use onay_console::desk::{self, DeskError, Person};
use onay_payout::{Event, IllegalTransition, ItemStatus, Motion, NotAllowed, ReasonCode, Verdict};
use serde_json::json;

use crate::browser::browse;
use crate::given::{World, batch, identity};

/// deniz makes and approves, and the rule names them. They stand in for mehmet, and kemal, whom no
/// rule asks, for them.
const RULES: &str = r#"
[[rule]]
name = "all"
approvals = 1
from = ["deniz", "mehmet"]
expires_after = "48h"

[[delegation]]
from = "mehmet"
to = "deniz"
until = "2099-01-01"
up_to = "1000000.00 TRY"

[[delegation]]
from = "deniz"
to = "kemal"
until = "2099-01-01"
up_to = "1000000.00 TRY"
"#;

/// Where a person comes from.
#[derive(Debug, Clone, Copy)]
enum Case {
    /// deniz submitted it with their own token, and is asked by the rule and as a stand-in.
    Submitted,
    /// deniz submitted the batch that ayse sends again.
    SentAgain,
    /// kemal comes in the place of deniz, who submitted it.
    InPlaceOfMaker,
    /// kemal comes in the place of deniz, who submitted the batch that ayse sends again.
    InPlaceOfFirstMaker,
}

impl Case {
    const ALL: [Self; 4] = [
        Self::Submitted,
        Self::SentAgain,
        Self::InPlaceOfMaker,
        Self::InPlaceOfFirstMaker,
    ];

    const fn who(self) -> &'static str {
        match self {
            Self::Submitted | Self::SentAgain => "deniz",
            Self::InPlaceOfMaker | Self::InPlaceOfFirstMaker => "kemal",
        }
    }

    /// A batch that waits for approval.
    async fn batch(self, world: &World) -> String {
        let first = batch("payday", 1);
        match self {
            Self::Submitted | Self::InPlaceOfMaker => world.held("deniz", &first).await,
            Self::SentAgain | Self::InPlaceOfFirstMaker => {
                let id = world.approved("deniz", &first).await;
                world.closed(&id, &[ItemStatus::Refunded]).await;
                let path = format!("/v1/batches/{id}/resend");
                let child = world.post("ayse", &path, &json!({})).await.json();
                let child = child["batch"].as_str().unwrap().to_owned();
                world.hold(&child, TimeDelta::zero(), &[]).await;
                child
            }
        }
    }

    fn expect(self, no: &NotAllowed) {
        match self {
            Self::Submitted | Self::SentAgain => {
                assert!(matches!(no, NotAllowed::OwnBatch(_)), "{self:?}: {no}");
            }
            Self::InPlaceOfMaker | Self::InPlaceOfFirstMaker => {
                assert!(matches!(no, NotAllowed::NotAsked { .. }), "{self:?}: {no}");
            }
        }
    }
}

fn verdicts() -> [Verdict; 2] {
    let (code, reason) = (ReasonCode::Other, "mine".to_owned());
    [
        Verdict::Approve { comment: None },
        Verdict::Reject { code, reason },
    ]
}

async fn over_http(world: &World, who: &str, id: &str, verdict: &str) {
    let mut body = json!({ "verdict": verdict, "digest": world.digest(id).await });
    if verdict == "reject" {
        body["comment"] = json!("mine");
    }
    let path = format!("/v1/batches/{id}/decisions");
    let answer = world.post(who, &path, &body).await;
    assert_eq!(answer.problem(), (403, "not-allowed".to_owned()), "{who}");
}

async fn on_pages(world: &World, who: &str, id: &str, verdict: &str) {
    let (browser, digest) = (browse(world, who).await, world.digest(id).await);
    let inbox = browser.get("/").await.text;
    assert!(inbox.contains("Nothing needs your decision"), "{who}");
    let address = format!("/batches/{id}");
    let page = browser.get(&address).await.text;
    assert!(page.contains("You cannot decide on this"), "{who}: {page}");
    assert!(!page.contains("/approve?") && !page.contains("/reject?"));
    let path = format!("{address}/{verdict}");
    let asked = browser.get(&format!("{path}?digest={digest}")).await;
    assert_eq!(asked.status, 403, "{who}");
    let said = [("digest", digest.as_str()), ("words", "mine")];
    assert_eq!(browser.post(&path, &said).await.status, 403, "{who}");
}

/// By the function that every other path goes through, and below it.
async fn by_hand(world: &World, case: Case, id: &str, verdict: Verdict) {
    let (by, digest) = (identity(case.who()), world.digest(id).await);
    let stored = world.load(id).await;
    let (head, now) = (stored.batch.head(), Utc::now());
    let motion = Motion::new(verdict, &digest);
    let person = Person {
        identity: &by,
        via: "cli",
    };
    let named = id.parse().unwrap();
    let ledger = &*world.ledger;
    let refused = desk::decide(ledger, &world.policy, &person, &named, &motion).await;
    let refused = refused.unwrap_err();
    assert!(
        matches!(refused, DeskError::NotAllowed(_)),
        "{case:?}: {refused}"
    );
    let refused = world.policy.judge(head, &by, motion.clone(), now);
    case.expect(&refused.unwrap_err());

    // A ruling that somebody got for the same content in another's name is worth nothing here.
    let mut others = head.clone();
    (others.maker, others.parent) = ("ela".parse().unwrap(), None);
    let ruling = world.policy.judge(&others, &by, motion, now).unwrap();
    let refused = stored.batch.apply(Event::Decided(ruling), now);
    let own = IllegalTransition::OwnBatch("deniz".parse().unwrap());
    assert_eq!(refused.unwrap_err(), own, "{case:?}");
}

#[tokio::test]
async fn nobody_decides_on_their_own_batch_on_any_path() {
    for case in Case::ALL {
        let world = World::ruled(RULES);
        let id = case.batch(&world).await;
        for verdict in verdicts() {
            over_http(&world, case.who(), &id, verdict.word()).await;
            on_pages(&world, case.who(), &id, verdict.word()).await;
            by_hand(&world, case, &id, verdict).await;
        }
        let stored = world.load(&id).await;
        assert_eq!(stored.batch.head().decisions, [], "{case:?}");
        assert_eq!(stored.batch.state().name(), "pending_approval", "{case:?}");
    }
}

#[tokio::test]
async fn somebody_elses_batch_is_decided_on_by_the_same_people() {
    let world = World::ruled(RULES);
    let id = world.held("ayse", &batch("payday", 1)).await;
    let body = json!({ "verdict": "approve", "digest": world.digest(&id).await });
    let path = format!("/v1/batches/{id}/decisions");
    let answer = world.post("kemal", &path, &body).await;
    assert_eq!(answer.json()["state"], "approved", "{}", answer.text);
    let given = &answer.json()["approvals"]["given"][0];
    assert_eq!(given["on_behalf"], "deniz");
}
