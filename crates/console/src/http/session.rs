//! Sessions of signed-in people: in memory, so that a restart signs everybody out.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use onay_payout::{Digest, Identity};
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

/// A session nobody uses ends after this.
const IDLE_MAX: Duration = Duration::from_mins(30);

/// A session ends after this, used or not.
const AGE_MAX: Duration = Duration::from_hours(10);

/// Everybody who is signed in, by the hash of the id in their cookie.
#[derive(Default)]
pub(crate) struct Sessions(Mutex<HashMap<Digest, Kept>>);

struct Kept {
    session: Session,
    opened: Instant,
    used: Instant,
}

impl Kept {
    fn is_alive(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.used) < IDLE_MAX
            && now.saturating_duration_since(self.opened) < AGE_MAX
            && self.session.identity.is_valid(onay_ledger::now())
    }
}

/// A signed-in person.
#[derive(Clone)]
pub(crate) struct Session {
    /// Who.
    pub(crate) identity: Identity,
    /// What every form of theirs must carry.
    pub(crate) form_key: String,
}

impl Session {
    /// Whether a form came from a page of this session.
    pub(crate) fn wrote(&self, form_key: &str) -> bool {
        self.form_key.as_bytes().ct_eq(form_key.as_bytes()).into()
    }
}

impl Sessions {
    /// Signs a person in; the answer belongs into their cookie.
    pub(crate) fn open(&self, identity: Identity, now: Instant) -> String {
        let id = random_text();
        let session = Session {
            identity,
            form_key: random_text(),
        };
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, kept| kept.is_alive(now));
        let (opened, used) = (now, now);
        kept.insert(
            Digest::of(id.as_bytes()),
            Kept {
                session,
                opened,
                used,
            },
        );
        id
    }

    /// The session of a cookie, if it has not ended.
    pub(crate) fn find(&self, id: &str, now: Instant) -> Option<Session> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = kept.get_mut(&Digest::of(id.as_bytes()))?;
        if !kept.is_alive(now) {
            return None;
        }
        kept.used = now;
        Some(kept.session.clone())
    }

    /// Signs a person out.
    pub(crate) fn close(&self, id: &str) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.remove(&Digest::of(id.as_bytes()));
    }
}

/// 256 bits of which 244 are random.
fn random_text() -> String {
    format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())
}

#[cfg(test)]
mod tests {
    use super::*;
    use onay_payout::{PersonName, Policy, issue_token};

    fn somebody() -> Identity {
        let name: PersonName = "mehmet".parse().unwrap();
        let (token, hash) = issue_token(&name, &[7; 40]).unwrap();
        let policy = format!(
            "format = 1\n[[person]]\nname = \"mehmet\"\nroles = [\"approver\"]\ntoken = \"{}\"\n\
             [[rule]]\nname = \"all\"\napprovals = 1\nexpires_after = \"1h\"\n",
            hash.as_str()
        );
        let policy = Policy::parse(&policy).unwrap();
        policy.authenticate(&token, onay_ledger::now()).unwrap()
    }

    #[test]
    fn a_session_ends_when_idle_and_when_old() {
        let (sessions, start) = (Sessions::default(), Instant::now());
        let id = sessions.open(somebody(), start);
        assert_eq!(id.len(), 64);
        let minutes = |count| start + Duration::from_mins(count);
        assert!(sessions.find("0".repeat(64).as_str(), start).is_none());
        assert!(sessions.find(&id, minutes(29)).is_some());
        assert!(sessions.find(&id, minutes(58)).is_some());
        assert!(sessions.find(&id, minutes(88)).is_none());
        let busy = sessions.open(somebody(), start);
        for minute in (0..600).step_by(20) {
            assert!(sessions.find(&busy, minutes(minute)).is_some());
        }
        assert!(sessions.find(&busy, minutes(600)).is_none());
    }

    #[test]
    fn a_form_key_is_of_one_session() {
        let (sessions, now) = (Sessions::default(), Instant::now());
        let [one, other] = [0; 2]
            .map(|_| sessions.open(somebody(), now))
            .map(|id| sessions.find(&id, now).unwrap());
        assert!(one.wrote(&one.form_key));
        assert!(!one.wrote(&other.form_key));
        assert!(!one.wrote(""));
    }
}
