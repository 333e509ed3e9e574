//! What makes two worlds the same: everything they will ever do from now on.
//!
//! Times count from now, and what is long past or far ahead counts as just that; fencing tokens are
//! numbered in the order in which they are met; versions count from the one in the store. What was
//! only written down for people does not count. The form is taken from `Debug`, so that a field the
//! domain gains is part of it from the first day.

use std::collections::hash_map::DefaultHasher;
use std::fmt::{Debug, Write as _};
use std::hash::{Hash as _, Hasher as _};

use chrono::{DateTime, TimeDelta, Utc};
use onay_payout::cadence;

use crate::hand::{Hand, Running, Waits};
use crate::ports::{Answer, Kept, Request};
use crate::world::World;

/// Ages above this are old, where nothing else is said.
const OLD: TimeDelta = TimeDelta::minutes(11);

/// A release that is older than this is not quiet any more.
const QUIET: TimeDelta = TimeDelta::seconds(31);

/// Times further ahead than this are far.
const FAR: TimeDelta = TimeDelta::hours(1);

/// Times that only people read.
const TOLD: [&str; 4] = ["accepted_at", "held_at", "at", ""];

/// The key of a world.
pub(crate) fn key(world: &World) -> u64 {
    let mut key = Key {
        hasher: DefaultHasher::new(),
        now: world.now,
        fences: Vec::new(),
    };
    for job in world.store.jobs {
        let job = job.map(|job| (job.attempt, key.fence(job.fence), key.ahead(job.ready_at)));
        job.hash(&mut key.hasher);
    }
    world.store.cells.hash(&mut key.hasher);
    key.kept(&world.store.kept);
    world.books.hash(&mut key.hasher);
    (world.left, world.policy).hash(&mut key.hasher);
    key.shape(&Shape::of(&[&world.past]));
    // Two workers are the same but for their names: the older claim comes first.
    let mut hands: Vec<&Running> = world.hands.iter().flatten().collect();
    hands.sort_by_key(|running| running.claim.fence);
    for running in hands {
        key.running(running, world.store.kept.stored.version);
    }
    key.hasher.finish()
}

struct Key {
    hasher: DefaultHasher,
    now: DateTime<Utc>,
    fences: Vec<u64>,
}

impl Key {
    fn fence(&mut self, fence: Option<u64>) -> Option<usize> {
        let fence = fence?;
        let known = self.fences.iter().position(|known| *known == fence);
        Some(known.unwrap_or_else(|| {
            self.fences.push(fence);
            self.fences.len() - 1
        }))
    }

    /// A time from now on; what has come has come.
    fn ahead(&self, time: DateTime<Utc>) -> i64 {
        let ahead = (time - self.now).clamp(TimeDelta::zero(), FAR);
        ahead.num_microseconds().unwrap()
    }

    fn kept(&mut self, kept: &Kept) {
        let batch = &kept.stored.batch;
        let shape = || Shape::of(&[batch.head(), &batch.outcomes()]);
        self.shape(kept.shape.get_or_init(shape));
    }

    fn running(&mut self, running: &Running, version: u64) {
        let fence = self.fence(Some(running.claim.fence));
        let is_worker = running.hand != Hand::Eyes;
        (
            is_worker,
            running.policy,
            running.is_asleep,
            running.saw_init,
        )
            .hash(&mut self.hasher);
        (fence, running.claim.attempt).hash(&mut self.hasher);
        for heard in &running.heard {
            match &heard.answer {
                Answer::Stored(_) => self.answer(&heard.answer, version),
                other => heard
                    .hash
                    .get_or_init(|| hash(other))
                    .hash(&mut self.hasher),
            }
        }
        match &running.waits {
            Waits::With(answer) => self.answer(answer, version),
            Waits::For(Request::Commit(change)) => {
                (change.based_on == version).hash(&mut self.hasher);
                change.claim.is_some().hash(&mut self.hasher);
                for due in [change.jobs.worker, change.jobs.reconciler] {
                    due.map(|due| self.ahead(due)).hash(&mut self.hasher);
                }
                self.kept(&change.after);
            }
            Waits::For(request) => self.shape(&Shape::of(&[request])),
        }
    }

    fn answer(&mut self, answer: &Answer, version: u64) {
        match answer {
            Answer::Stored(Ok(kept)) => {
                (kept.stored.version == version).hash(&mut self.hasher);
                self.kept(kept);
            }
            other => hash(other).hash(&mut self.hasher),
        }
    }

    fn shape(&mut self, shape: &Shape) {
        for part in &shape.0 {
            match part {
                Part::Text(hash) => hash.hash(&mut self.hasher),
                Part::Fence(fence) => self.fence(Some(*fence)).hash(&mut self.hasher),
                Part::Ahead(time) => self.ahead(*time).hash(&mut self.hasher),
                Part::Age(time, old) => {
                    let from_now = (*time - self.now).clamp(-*old, FAR);
                    from_now.num_microseconds().hash(&mut self.hasher);
                }
                Part::IsOld(time) => {
                    let patience = TimeDelta::from_std(cadence::DOUBT_PATIENCE).unwrap();
                    (self.now - *time > patience).hash(&mut self.hasher);
                }
            }
        }
    }
}

/// The hash of what holds no times and no fencing tokens.
fn hash(value: &impl Debug) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(format!("{value:?}").as_bytes());
    hasher.finish()
}

/// The `Debug` form of a value, with its times and its fencing tokens taken out.
#[derive(Debug)]
pub(crate) struct Shape(Vec<Part>);

#[derive(Debug)]
enum Part {
    /// The hash of a piece of text.
    Text(u64),
    Fence(u64),
    /// A time that only counts until it has come.
    Ahead(DateTime<Utc>),
    /// A time that counts until it is so long ago.
    Age(DateTime<Utc>, TimeDelta),
    /// A time of which only counts whether patience is over.
    IsOld(DateTime<Utc>),
}

/// How long a state is waited in before something else happens.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Waiting {
    Minutes,
    Hours,
}

impl Shape {
    fn of(values: &[&dyn Debug]) -> Self {
        let mut text = String::with_capacity(4096);
        for value in values {
            let _ = write!(text, "{value:?};");
        }
        // What is being read back is waited for by the minute.
        let waits = if text.contains("state: Prepared(") {
            Waiting::Minutes
        } else {
            Waiting::Hours
        };
        let mut parts = Vec::new();
        let bytes = text.as_bytes();
        let (mut taken, mut at) = (0, 0);
        while at < bytes.len() {
            let part = if let Some(length) = time_length(&bytes[at..]) {
                Some((
                    length,
                    time(field(&text[..at]), &text[at..at + length], waits),
                ))
            } else if let Some(length) = fence_length(&bytes[at..]) {
                let fence = text[at + NAME_LENGTH..at + length].parse().unwrap();
                Some((length, Some(Part::Fence(fence))))
            } else {
                None
            };
            match part {
                Some((length, part)) => {
                    parts.push(piece(&bytes[taken..at]));
                    parts.extend(part);
                    at += length;
                    taken = at;
                }
                None => at += 1,
            }
        }
        parts.push(piece(&bytes[taken..]));
        Self(parts)
    }
}

fn piece(bytes: &[u8]) -> Part {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    Part::Text(hasher.finish())
}

fn time(field: &str, text: &str, waits: Waiting) -> Option<Part> {
    let time = text.parse::<DateTime<Utc>>().ok()?;
    match field {
        field if TOLD.contains(&field) => None,
        "deadline" | "expires_at" | "until" => Some(Part::Ahead(time)),
        "started_at" | "begun_at" => Some(Part::Age(time, QUIET)),
        "since" if waits == Waiting::Hours => Some(Part::IsOld(time)),
        _ => Some(Part::Age(time, OLD)),
    }
}

/// The name of the field a text ends in the middle of.
fn field(text: &str) -> &str {
    let Some(name) = text.strip_suffix(": ") else {
        // `Some(…)` and tuples: a time that counts.
        return if text.ends_with('(') { "some" } else { "" };
    };
    let begin = name.rfind(|c: char| !(c.is_alphanumeric() || c == '_'));
    &name[begin.map_or(0, |begin| begin + 1)..]
}

/// The length of the time that begins here: `2026-11-23T09:00:00Z`, or the same with a fraction or,
/// in a sentence for people, with blanks.
fn time_length(bytes: &[u8]) -> Option<usize> {
    const FORM: &[u8] = b"dddd-dd-dd?dd:dd:dd";
    if bytes.first() != Some(&b'2') {
        return None;
    }
    let begin = bytes.get(..FORM.len())?;
    let fits = FORM.iter().zip(begin).all(|(form, byte)| match form {
        b'd' => byte.is_ascii_digit(),
        b'?' => matches!(byte, b'T' | b' '),
        form => form == byte,
    });
    let rest = &bytes[FORM.len()..];
    let length = rest
        .iter()
        .take_while(|byte| byte.is_ascii_digit() || **byte == b'.')
        .count();
    let is_z = rest.get(length) == Some(&b'Z');
    fits.then_some(FORM.len() + length + usize::from(is_z))
}

/// The length of `hand_a.`.
const NAME_LENGTH: usize = 7;

/// The length of an owner's name that begins here: `hand_a.12`.
fn fence_length(bytes: &[u8]) -> Option<usize> {
    let is_name = matches!(bytes.get(..5)?, b"hand_" | b"eyes_") && bytes.get(6) == Some(&b'.');
    let digits = bytes.get(NAME_LENGTH..)?;
    let count = digits
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    (is_name && count > 0).then_some(NAME_LENGTH + count)
}
