//! The window of the rate budget. What may be spent is decided here, not by the server: the window
//! is read, changed, and put back if nobody was faster.

use super::RedisLedger;
use super::link::Again;
use super::row::corrupt;
use super::scripts;
use crate::budget::Window;
use crate::error::LedgerError;

impl RedisLedger {
    /// Changes the window, and gives what `change` gives.
    pub(super) async fn change_window<T>(
        &self,
        change: impl Fn(&mut Window, i64) -> T + Send + Sync,
    ) -> Result<T, LedgerError> {
        loop {
            let ask = self.call(&scripts::TIME).key(&self.keys.meta).arg("budget");
            let (now_us, before): (i64, String) = self.link.read(&ask).await?;
            let mut window = read(&before)?;
            let given = change(&mut window, now_us);
            let after = written(window);
            if after == before {
                return Ok(given);
            }
            let swap = self
                .call(&scripts::SWAP)
                .key(&self.keys.meta)
                .arg("budget")
                .arg(before)
                .arg(after);
            if self.link.write(Again::No, &swap).await? {
                return Ok(given);
            }
        }
    }
}

/// `minute polls releases open|closed`; nothing before the first call.
fn written(window: Window) -> String {
    let Window {
        minute,
        polls,
        releases,
        is_closed,
    } = window;
    let closed = if is_closed { "closed" } else { "open" };
    format!("{minute} {polls} {releases} {closed}")
}

fn read(text: &str) -> Result<Window, LedgerError> {
    if text.is_empty() {
        return Ok(Window::default());
    }
    let unreadable = || corrupt("the window of the rate budget");
    let parts: Vec<&str> = text.split(' ').collect();
    let [minute, polls, releases, closed] = parts.as_slice() else {
        return Err(unreadable());
    };
    Ok(Window {
        minute: minute.parse().map_err(|_| unreadable())?,
        polls: polls.parse().map_err(|_| unreadable())?,
        releases: releases.parse().map_err(|_| unreadable())?,
        is_closed: *closed == "closed",
    })
}
