//! The people, the policies and the batch of every schedule.

use std::fmt::Write as _;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use chrono::{DateTime, TimeZone as _, Utc};
use onay_payout::{
    BatchId, Content, Currency, Identity, Item, Money, PersonName, Personal, Policy, Recipient,
    RecipientType, issue_token,
};
use rust_decimal::Decimal;
use uuid::Uuid;

/// How long a provider call of the model may take; intents last twice as long.
pub(crate) const CALL_TIMEOUT: Duration = Duration::from_secs(10);

/// How long an unanswered authorize is only looked at, by every policy here.
pub(crate) const QUIET_PERIOD: Duration = Duration::from_secs(30);

/// Who approves: the first two are asked by the rule, the third is not, the last is the maker.
pub(crate) const PEOPLE: [&str; 4] = ["mehmet", "zeynep", "can", "ayse"];

/// Whom the rule asks; the maker never counts.
pub(crate) const ASKED: [usize; 2] = [0, 1];

/// The one who submits the batch.
pub(crate) const MAKER: usize = 3;

/// The choices a policy makes about the money step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Terms {
    /// How many people must approve.
    pub(crate) approvals: usize,
    /// `full`, `totals` or `off`.
    pub(crate) read_back: &'static str,
    /// `ask` or `resend`.
    pub(crate) on_doubt: &'static str,
    /// `ask` or `reject`.
    pub(crate) on_invalid: &'static str,
    /// `check` or `off`.
    pub(crate) funds: &'static str,
    /// Whether mehmet is still asked; a policy may change while a batch is held.
    pub(crate) mehmet: Standing,
}

/// Whether a person is still one of those the rule asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Standing {
    Asked,
    Removed,
}

impl Terms {
    pub(crate) const USUAL: Self = Self {
        approvals: 1,
        read_back: "full",
        on_doubt: "ask",
        on_invalid: "ask",
        funds: "off",
        mehmet: Standing::Asked,
    };

    /// Every policy there is.
    pub(crate) fn all() -> Vec<Self> {
        let mut all = vec![Self::USUAL];
        let mut vary = |change: &dyn Fn(Self) -> Self| {
            let others: Vec<Self> = all.iter().map(|terms| change(*terms)).collect();
            all.extend(
                others
                    .into_iter()
                    .filter(|terms| !all.contains(terms))
                    .collect::<Vec<_>>(),
            );
        };
        vary(&|terms| Self {
            approvals: 2,
            ..terms
        });
        vary(&|terms| Self {
            on_doubt: "resend",
            ..terms
        });
        vary(&|terms| Self {
            on_invalid: "reject",
            ..terms
        });
        vary(&|terms| Self {
            funds: "check",
            ..terms
        });
        vary(&|terms| Self {
            mehmet: Standing::Removed,
            ..terms
        });
        vary(&|terms| Self {
            read_back: "totals",
            ..terms
        });
        vary(&|terms| Self {
            read_back: "off",
            ..terms
        });
        all
    }

    /// Whether these terms ask this person.
    pub(crate) fn asks(&self, person: usize) -> bool {
        ASKED.contains(&person) && (person != 0 || self.mehmet == Standing::Asked)
    }

    fn file(&self, people: &str) -> String {
        let Self {
            approvals,
            read_back,
            on_doubt,
            on_invalid,
            funds,
            ..
        } = self;
        let asked: Vec<String> = (0..PEOPLE.len())
            .filter(|person| *person == MAKER || self.asks(*person))
            .map(|person| format!("\"{}\"", PEOPLE[person]))
            .collect();
        format!(
            "format = 1\n[safety]\nread_back = \"{read_back}\"\non_release_doubt = \"{on_doubt}\"\n\
             on_invalid = \"{on_invalid}\"\nfunds = \"{funds}\"\nquiet_period = \"{}s\"\n{people}\n\
             [[rule]]\nname = \"everyday\"\napprovals = {approvals}\nfrom = [{}]\n\
             expires_after = \"6h\"\n",
            QUIET_PERIOD.as_secs(),
            asked.join(", ")
        )
    }
}

/// The policies by their terms, and everyone who has proved who they are.
#[derive(Debug)]
pub(crate) struct House {
    pub(crate) policies: Vec<(Terms, Arc<Policy>)>,
    pub(crate) identities: Vec<Identity>,
}

/// Built once: tokens are hashed slowly on purpose.
pub(crate) fn house() -> &'static House {
    static HOUSE: OnceLock<House> = OnceLock::new();
    HOUSE.get_or_init(|| {
        let mut people = String::new();
        let mut tokens = Vec::new();
        for (seed, name) in (1_u8..).zip(PEOPLE) {
            let (token, hash) = issue_token(&name.parse().unwrap(), &[seed; 40]).unwrap();
            let _ = writeln!(
                people,
                "[[person]]\nname = \"{name}\"\nroles = [\"maker\", \"approver\", \"operator\", \"admin\"]\n\
                 token = \"{}\"",
                hash.as_str()
            );
            tokens.push(token);
        }
        let policies: Vec<(Terms, Arc<Policy>)> = Terms::all()
            .into_iter()
            .map(|terms| (terms, Arc::new(Policy::parse(&terms.file(&people)).unwrap())))
            .collect();
        let identities = tokens
            .iter()
            .map(|token| policies[0].1.authenticate(token, begin()).unwrap())
            .collect();
        House {
            policies,
            identities,
        }
    })
}

/// The place of a policy in the house.
pub(crate) fn policy_of(terms: Terms) -> usize {
    let mut policies = house().policies.iter();
    policies.position(|(known, _)| *known == terms).unwrap()
}

/// Who submits the batch.
pub(crate) fn maker() -> PersonName {
    PEOPLE[MAKER].parse().unwrap()
}

/// The batch.
pub(crate) fn batch_id() -> BatchId {
    BatchId::new(Uuid::from_u128(7))
}

/// When every schedule begins.
pub(crate) fn begin() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 23, 9, 0, 0).unwrap()
}

/// What the maker asks for: so many items of different amounts.
pub(crate) fn content(items: usize) -> Arc<Content> {
    static CONTENTS: OnceLock<Vec<Arc<Content>>> = OnceLock::new();
    let contents = CONTENTS.get_or_init(|| (0..4).map(|items| Arc::new(made(items))).collect());
    Arc::clone(&contents[items])
}

fn made(items: usize) -> Content {
    let item = |index: usize| Item {
        id: format!("item-{index}").parse().unwrap(),
        recipient: Recipient {
            kind: RecipientType::Iban,
            info: Personal::new("TR920086402100005482986178"),
            name: None,
        },
        amount: lira(100 + i64::try_from(index).unwrap()),
        description: None,
        non_withdrawable: false,
    };
    let items = (0..items).map(item).collect();
    Content::new("payday".parse().unwrap(), None, None, Currency::Try, items).unwrap()
}

pub(crate) fn lira(units: i64) -> Money {
    Money::reported(Decimal::from(units), Currency::Try)
}
