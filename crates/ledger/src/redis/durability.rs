//! Whether the server can lose something that it answered.

use std::collections::HashMap;

use redis::cmd;

use super::address::Server;
use super::link::Link;
use crate::error::LedgerError;
use crate::ledger::Weakness;

/// The settings that matter, and what each must be. With the append-only file written out before
/// every answer, nothing that was answered is lost when the server or its machine dies; a server
/// that evicts keys when its memory is full forgets batches.
const NEEDED: [(&str, &str); 3] = [
    ("appendonly", "yes"),
    ("appendfsync", "always"),
    ("maxmemory-policy", "noeviction"),
];

/// The server's own words for not telling its settings.
const UNTOLD: [&str; 3] = ["NOPERM", "unknown command", "unknown subcommand"];

/// Reads the settings of the server that holds the ledger. Where another server takes over by itself,
/// it must have what was answered, too.
pub(super) async fn weaknesses(link: &Link) -> Result<Vec<Weakness>, LedgerError> {
    let mut weaknesses = Vec::new();
    for (setting, needed) in NEEDED {
        let mut asked = cmd("CONFIG");
        asked.arg("GET").arg(setting);
        let answer: Result<HashMap<String, String>, LedgerError> = link.ask_holder(&asked).await;
        let found = match answer {
            Ok(mut settings) => settings.remove(setting),
            Err(LedgerError::Unavailable(why)) if UNTOLD.iter().any(|word| why.contains(word)) => {
                None
            }
            Err(error) => return Err(error),
        };
        if found.as_deref() != Some(needed) {
            weaknesses.push(Weakness {
                setting,
                found: found.unwrap_or_else(|| "not told to us".to_owned()),
                needed,
            });
        }
    }
    if link.address().wait_replicas == 0 && can_fail_over(link).await? {
        weaknesses.push(Weakness {
            setting: "wait_replicas",
            found: "0".to_owned(),
            needed: "1",
        });
    }
    Ok(weaknesses)
}

/// Whether another server takes over by itself when this one fails: in a Cluster, if there is one.
async fn can_fail_over(link: &Link) -> Result<bool, LedgerError> {
    match link.address().server {
        Server::One(_) => Ok(false),
        Server::Sentinel { .. } => Ok(true),
        Server::Cluster(_) => {
            let mut asked = cmd("INFO");
            asked.arg("replication");
            let told: String = link.ask_holder(&asked).await?;
            Ok(!told.contains("connected_slaves:0"))
        }
    }
}
