//! Who somebody is: a proof that only the policy makes.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use secrecy::SecretString;

use super::{Policy, Role};
use crate::credential::claimed_name;
use crate::ids::PersonName;

/// Someone who has proved who they are. Only [`Policy::authenticate`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    name: PersonName,
    roles: BTreeSet<Role>,
    until: Option<DateTime<Utc>>,
}

impl Identity {
    /// Their name.
    pub const fn name(&self) -> &PersonName {
        &self.name
    }

    /// Whether the token that proved it still does.
    pub fn is_valid(&self, at: DateTime<Utc>) -> bool {
        self.until.is_none_or(|until| at < until)
    }

    /// Whether they have a role.
    pub fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }
}

/// The token is not one of anybody's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the token is not valid, or not any more; check ONAY_TOKEN, or ask for a new one (`onay token new`)"
)]
pub struct Unauthenticated;

impl Policy {
    /// Whose a token says it is, if the policy knows that person; it may lie.
    pub fn claimed_by(&self, token: &SecretString) -> Option<&PersonName> {
        let name = claimed_name(token)?;
        self.person(&name).map(|person| &person.name)
    }

    /// Finds out who holds `token`. Takes the time of one hash, whoever asks.
    ///
    /// # Errors
    /// [`Unauthenticated`], also for a token whose time is over; which it was is not told.
    pub fn authenticate(
        &self,
        token: &SecretString,
        at: DateTime<Utc>,
    ) -> Result<Identity, Unauthenticated> {
        let claimed = claimed_name(token).and_then(|name| self.people.get(&name));
        let decoy = || {
            self.people
                .values()
                .find_map(|person| person.token.as_ref())
        };
        match claimed.and_then(|person| Some((person, person.token.as_ref()?))) {
            Some((person, hash)) if hash.verify(token) => Some(Identity {
                name: person.name.clone(),
                roles: person.roles.clone(),
                until: person.token_until,
            })
            .filter(|identity| identity.is_valid(at))
            .ok_or(Unauthenticated),
            Some(_) => Err(Unauthenticated),
            None => {
                // Unknown names take as long as known ones.
                let _ = decoy().map(|hash| hash.verify(token));
                Err(Unauthenticated)
            }
        }
    }
}
