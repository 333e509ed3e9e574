//! The journal: append-only, one entry per change, each chained to the one before.

use chrono::{DateTime, SecondsFormat, Utc};
use onay_payout::{BatchId, Canonical, Digest, Transition};

use crate::record;

/// What the first entry of every batch is chained to.
pub const GENESIS: Digest = Digest::from_bytes([0; 32]);

/// Who changed something, and from where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// A person's name, or a worker's.
    pub name: String,
    /// `cli`, `http`, `console`, `worker`, `reconciler`, `library`.
    pub via: &'static str,
}

/// One change of one batch, or of the ledger itself ([`crate::house`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The batch.
    pub batch: BatchId,
    /// Its place: the version the batch has after it. The first is 1.
    pub seq: u64,
    /// When, to the microsecond.
    pub at: DateTime<Utc>,
    /// Who.
    pub actor: String,
    /// From where.
    pub via: String,
    /// What.
    pub event: String,
    /// The state before; empty for the first.
    pub before: String,
    /// The state after.
    pub after: String,
    /// Why, or what was seen.
    pub note: String,
    /// The digest people decide on, once there is one.
    pub digest: Option<Digest>,
    /// The decision that was made, if one was: the text of its record.
    pub decision: Option<String>,
    /// The SHA-256 of the record stored with it, so that an edited record is found.
    pub record: Digest,
    /// The hash of the entry before.
    pub prev: Digest,
    /// The hash of this entry.
    pub hash: Digest,
}

impl Entry {
    /// Writes the entry for a transition, chained to `prev`; `stored` is the digest of the record it
    /// leads to.
    pub(crate) fn seal(
        transition: &Transition,
        actor: &Actor,
        at: DateTime<Utc>,
        stored: Digest,
        (seq, prev): (u64, Digest),
    ) -> Self {
        let head = transition.batch.head();
        let mut entry = Self {
            batch: head.id,
            seq,
            at: DateTime::from_timestamp_micros(at.timestamp_micros()).unwrap_or(at),
            actor: actor.name.clone(),
            via: actor.via.to_owned(),
            event: transition.event.to_owned(),
            before: transition.before.to_owned(),
            after: head.state.name().to_owned(),
            note: transition.note.clone(),
            digest: head.state.hold().map(|hold| hold.digest),
            decision: transition.decision.as_ref().map(record::encode_decision),
            record: stored,
            prev,
            hash: GENESIS,
        };
        entry.hash = entry.expected_hash();
        entry
    }

    /// The hash this entry must have: SHA-256 over its fields, each with its length, in the order
    /// they are declared, but for the decision: it is the last, and not there where none was made.
    pub fn expected_hash(&self) -> Digest {
        let mut canonical = Canonical::new(match self.decision {
            None => "onay journal 1",
            Some(_) => "onay journal 2",
        });
        canonical.field(&self.batch.to_string());
        canonical.field(&self.seq.to_string());
        canonical.field(&self.at.to_rfc3339_opts(SecondsFormat::Micros, true));
        for text in [
            &self.actor,
            &self.via,
            &self.event,
            &self.before,
            &self.after,
            &self.note,
        ] {
            canonical.field(text);
        }
        canonical.optional(self.digest.map(|digest| digest.to_string()).as_deref());
        canonical.field(&self.record.to_string());
        canonical.field(&self.prev.to_string());
        if let Some(decision) = &self.decision {
            canonical.field(decision);
        }
        canonical.finish()
    }
}
