//! The journal, for programs and for people.

use onay_ledger::Entry;
use serde::Serialize;

use super::time;

/// One line of the journal.
#[derive(Debug, Serialize)]
pub struct JournalEntry {
    seq: u64,
    at: String,
    actor: String,
    via: String,
    event: String,
    before: String,
    after: String,
    note: String,
    digest: Option<String>,
    hash: String,
}

impl JournalEntry {
    fn of(entry: &Entry) -> Self {
        Self {
            seq: entry.seq,
            at: time(entry.at),
            actor: entry.actor.clone(),
            via: entry.via.clone(),
            event: entry.event.clone(),
            before: entry.before.clone(),
            after: entry.after.clone(),
            note: entry.note.clone(),
            digest: entry.digest.map(|digest| digest.to_string()),
            hash: entry.hash.to_string(),
        }
    }
}

/// What is shown of a journal.
pub fn journal(entries: &[Entry]) -> Vec<JournalEntry> {
    entries.iter().map(JournalEntry::of).collect()
}

/// An event of the journal in people's words; one that is not known here as it stands there.
pub fn words(event: &str) -> String {
    match event {
        "initialize_started" => "handed to the provider",
        "initialize_not_sent" => "could not be handed over",
        "initialized" => "taken by the provider",
        "adopted" => "found at the provider",
        "orphaned" => "left at the provider, stored anew",
        "initialize_refused" => "refused by the provider",
        "read_back" => "provider's copy compared",
        "approval_short" => "approvals no longer enough",
        "funds_short" => "waits for funds",
        "release_started" => "release begun",
        "release_not_sent" => "release could not be sent",
        "release_looked" => "release asked about",
        "found_past_init" => "found started by somebody else",
        "reported" => "provider's report",
        "watch_ended" => "no longer watched",
        "cancel_started" => "cancel begun",
        "cancel_looked" => "cancel asked about",
        "remind" => "people reminded",
        "resolve" => "resolution",
        "froze" => "frozen",
        other => return other.replace('_', " "),
    }
    .to_owned()
}
