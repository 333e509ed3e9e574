//! What the laws remember of a world.

use chrono::{DateTime, Utc};
use onay_payout::provider::{Lookup, ProviderError, Query, RemotePage};
use onay_payout::{ExternalId, PersonName, Resolution, Transition};

use crate::calm;
use crate::people::{self, PEOPLE};

/// An initialize in doubt.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Initialize {
    pub(crate) id: ExternalId,
    /// Until when it may arrive, by its intent.
    pub(crate) until: DateTime<Utc>,
}

/// A release.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Release {
    pub(crate) begun_at: DateTime<Utc>,
    /// Looks at it since.
    pub(crate) looks: u8,
}

/// What the laws remember.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Past {
    /// An initialize that may still arrive.
    pub(crate) initialize: Option<Initialize>,
    /// The release under way.
    pub(crate) release: Option<Release>,
    /// Looks at the provider since it last did something by itself.
    pub(crate) looks: u8,
    /// How often people said to send authorize again.
    pub(crate) retries: u8,
    /// How often the policy did.
    pub(crate) resends: u8,
    /// How often people said that the batch was released.
    pub(crate) confirms: u8,
    /// How often people said to end it.
    pub(crate) closes: u8,
    /// How often the store was set back.
    pub(crate) restores: u8,
    /// Who proposed what.
    pub(crate) proposal: Option<(Resolution, PersonName)>,
    /// Whether people paused releases, and the store has not forgotten it.
    pub(crate) is_paused: bool,
    /// How often a batch was resolved by one person, or by its maker.
    pub(crate) alone: u8,
}

impl Past {
    /// A look at a batch was answered.
    pub(crate) fn looked(
        &mut self,
        query: &Query,
        page: &Result<Option<RemotePage>, ProviderError>,
    ) {
        if let Ok(Some(_)) = page {
            self.looks = (self.looks + 1).min(calm::FRUITLESS_LOOKS);
        }
        if let (Lookup::Request(_), Ok(Some(_)), Some(release)) =
            (&query.by, page, &mut self.release)
        {
            release.looks = (release.looks + 1).min(9);
        }
    }

    /// Somebody proposed or confirmed a resolution.
    pub(crate) fn resolved(
        &mut self,
        resolution: Resolution,
        transition: &Transition,
        by: &PersonName,
    ) {
        let is_done = transition.before == "frozen" && transition.batch.state().name() != "frozen";
        if !is_done {
            self.proposal = Some((resolution, by.clone()));
            return;
        }
        let first = self.proposal.take();
        let is_maker = |name: &PersonName| name.as_str() == PEOPLE[people::MAKER];
        let by_two = first.is_some_and(|(proposed, first)| {
            proposed == resolution && first != *by && !is_maker(&first)
        });
        self.alone += u8::from(!by_two || is_maker(by));
        match resolution {
            Resolution::RetryRelease => self.retries += 1,
            Resolution::ConfirmReleased => self.confirms += 1,
            Resolution::Close => self.closes += 1,
            Resolution::PrepareAnew => {}
        }
    }

    /// Somebody allowed to send again.
    pub(crate) const fn allows_more(&self) -> bool {
        self.retries > 0 || self.resends > 0
    }
}
