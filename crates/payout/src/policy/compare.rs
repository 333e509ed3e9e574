//! Whether a policy might release more than the one before it.
//!
//! Whoever changes the policy changes who releases money. One person may make it stricter; anything
//! else takes two, so that nobody gives themselves what others would not give them. What is not
//! certainly as strict counts as looser.

mod people;
mod rules;
mod safety;
#[cfg(test)]
mod tests;

use super::Policy;

impl Policy {
    /// What in `next` might release more than this policy does, or let more people release, each in a
    /// sentence. Empty only when every batch that `next` releases would have been released before.
    pub fn loosened_by(&self, next: &Self) -> Vec<String> {
        let parts = [
            rules::looser(self, next),
            people::looser(self, next),
            people::lends_more(self, next),
            people::leaves_one(self, next),
            safety::looser(self.safety(), next.safety()),
            safety::remembers_less(self.history(), next.history()),
        ];
        parts.concat()
    }
}
