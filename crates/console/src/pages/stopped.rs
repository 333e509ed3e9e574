//! A frozen batch: why, who wants what, and what this person can do about it.

use chrono::{DateTime, Utc};
use onay_payout::{Batch, Frozen, Identity, IllegalTransition, Resolution};

use super::shown::{Moment, prose};
use crate::desk::may_resolve;

/// What a person sees of a frozen batch.
pub(super) struct Stopped {
    pub(super) sentence: String,
    pub(super) details: Vec<String>,
    pub(super) proposal: Option<Proposed>,
    pub(super) ways: Vec<Way>,
    /// Why this person cannot do anything about it.
    pub(super) bar: Option<String>,
}

/// What somebody wants.
pub(super) struct Proposed {
    pub(super) label: &'static str,
    pub(super) by: String,
    pub(super) reason: String,
    pub(super) at: Moment,
    pub(super) is_mine: bool,
}

/// One way out.
pub(super) struct Way {
    pub(super) word: &'static str,
    pub(super) label: &'static str,
    pub(super) sentence: String,
    /// Why it cannot be chosen at this moment.
    pub(super) bar: Option<String>,
    pub(super) step: Step,
}

/// What choosing a way out would be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The first word on it.
    Propose,
    /// The second: it is done.
    Confirm,
    /// Nothing new: this person proposed it.
    Repeat,
}

impl Stopped {
    pub(super) fn of(batch: &Batch, frozen: &Frozen, me: &Identity, now: DateTime<Utc>) -> Self {
        let ways = frozen.allowed().iter();
        let ways: Vec<(Way, bool)> = ways
            .map(|resolution| Way::new(batch, frozen, *resolution, me, now))
            .collect();
        // Who may not, may not do any of it.
        let bar = ways
            .iter()
            .find_map(|(way, is_mine)| way.bar.clone().filter(|_| *is_mine));
        Self {
            sentence: prose(frozen.why.sentence()),
            details: frozen.details.iter().map(|what| prose(what)).collect(),
            proposal: frozen.proposal.as_ref().map(|made| Proposed {
                label: label(made.resolution),
                by: made.by.to_string(),
                reason: made.reason.clone(),
                at: Moment::new(made.at, now),
                is_mine: made.by == *me.name(),
            }),
            ways: ways.into_iter().map(|(way, _)| way).collect(),
            bar,
        }
    }
}

impl Way {
    /// The way out, and whether it is barred for who this person is.
    fn new(
        batch: &Batch,
        frozen: &Frozen,
        resolution: Resolution,
        me: &Identity,
        now: DateTime<Utc>,
    ) -> (Self, bool) {
        let no = may_resolve(batch, me, resolution, now).err();
        let is_mine = matches!(
            no,
            Some(IllegalTransition::OwnBatch(_) | IllegalTransition::NotResolver(_))
        );
        let way = Self {
            word: resolution.word(),
            label: label(resolution),
            sentence: prose(resolution.sentence()),
            bar: no.map(|no| prose(&no.to_string())),
            step: Step::of(frozen, resolution, me),
        };
        (way, is_mine)
    }
}

impl Step {
    pub(super) fn of(frozen: &Frozen, resolution: Resolution, me: &Identity) -> Self {
        let same = frozen
            .proposal
            .as_ref()
            .filter(|made| made.resolution == resolution);
        match same {
            Some(made) if made.by == *me.name() => Self::Repeat,
            Some(_) => Self::Confirm,
            None => Self::Propose,
        }
    }

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Propose | Self::Repeat => "Propose",
            Self::Confirm => "Confirm",
        }
    }
}

/// What people call it.
pub(super) const fn label(resolution: Resolution) -> &'static str {
    match resolution {
        Resolution::RetryRelease => "Release it once more",
        Resolution::ConfirmReleased => "Confirm that it was released",
        Resolution::PrepareAnew => "Prepare it anew",
        Resolution::Close => "Close it",
    }
}
