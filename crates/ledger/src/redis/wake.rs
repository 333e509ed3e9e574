//! Waiting for jobs without asking all the time.
//!
//! Every script that plans a job soon publishes so. Whoever waits is woken by that, looks again
//! when the next job it was told of falls due, and anyway after a while: a message may be lost.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use redis::{PushInfo, PushKind, Value};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use crate::job::Queue;

/// What a lost message costs at most; `FALLBACK` in `common.lua` is the same.
pub(super) const FALLBACK: Duration = Duration::from_secs(5);

/// How much later than it falls due a job may be found, when that time is known: jobs that fall due
/// one after the other are claimed together.
const SLACK: Duration = Duration::from_millis(25);

/// When to look into each queue next.
#[derive(Debug)]
pub(super) struct Waker {
    channels: [(Queue, String); 2],
    look_at: Mutex<BTreeMap<Queue, Instant>>,
    sooner: Notify,
}

impl Waker {
    /// Everything is looked at once; `channels` tell of each queue.
    pub(super) fn new(channels: [(Queue, String); 2]) -> Self {
        Self {
            channels,
            look_at: Mutex::default(),
            sooner: Notify::new(),
        }
    }

    /// The channels to listen to.
    pub(super) fn channels(&self) -> Vec<&str> {
        let names = self.channels.iter();
        names.map(|(_, name)| name.as_str()).collect()
    }

    /// Waits until a queue should be looked at; false when it should not be before `deadline`.
    pub(super) async fn is_time(&self, queue: Queue, deadline: Instant) -> bool {
        loop {
            // Listening starts before the look, so that nothing told in between is missed.
            let mut sooner = std::pin::pin!(self.sooner.notified());
            sooner.as_mut().enable();
            let look_at = self.look_at(queue);
            let now = Instant::now();
            if look_at <= now {
                return true;
            }
            if deadline <= now {
                return false;
            }
            let _ = timeout_at(look_at.min(deadline), sooner).await;
        }
    }

    /// A look begins: what is told from now on counts for the next one.
    pub(super) fn looking(&self, queue: Queue) {
        let mut look_at = self.look_at.lock().unwrap_or_else(PoisonError::into_inner);
        look_at.insert(queue, after(FALLBACK));
    }

    /// A job falls due after this time.
    pub(super) fn due_in(&self, queue: Queue, time: Duration) {
        let due = if time.is_zero() {
            Instant::now()
        } else {
            after(time.saturating_add(SLACK))
        };
        let mut look_at = self.look_at.lock().unwrap_or_else(PoisonError::into_inner);
        let next = look_at.entry(queue).or_insert(due);
        if due < *next {
            *next = due;
            drop(look_at);
            self.sooner.notify_waiters();
        }
    }

    /// Takes what the server pushes.
    pub(super) fn hear(&self, push: &PushInfo) {
        match (&push.kind, push.data.as_slice()) {
            (PushKind::Message, [Value::BulkString(channel), Value::BulkString(micros), ..]) => {
                let told = self
                    .channels
                    .iter()
                    .find(|(_, name)| name.as_bytes() == channel.as_slice());
                let micros = std::str::from_utf8(micros)
                    .ok()
                    .and_then(|n| n.parse().ok());
                if let (Some((queue, _)), Some(micros)) = (told, micros) {
                    self.due_in(*queue, Duration::from_micros(micros));
                }
            }
            (PushKind::Disconnection, _) => self.look_everywhere(),
            _ => {}
        }
    }

    /// Messages may have been lost.
    pub(super) fn look_everywhere(&self) {
        for queue in Queue::ALL {
            self.due_in(queue, Duration::ZERO);
        }
    }

    fn look_at(&self, queue: Queue) -> Instant {
        let look_at = self.look_at.lock().unwrap_or_else(PoisonError::into_inner);
        look_at.get(&queue).copied().unwrap_or_else(Instant::now)
    }
}

fn after(time: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(time).unwrap_or(now)
}
