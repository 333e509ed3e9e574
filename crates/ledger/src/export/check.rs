//! Reading an export, and telling everything that cannot be.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::{self, BufRead};

use onay_payout::{BatchId, Digest};

use super::flaw::{Finding, Flaw};
use super::head::{LedgerHead, Totals};
use super::line::{FORMAT, Holds, Line, batch_id};
use super::signed::{Signed, Written};
use crate::audit::{Problem, verify_chain};
use crate::journal::{Entry, GENESIS};

/// What an export is read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// It is the one in question. A batch at a time is in memory.
    Examined,
    /// Another one is checked against it. It may hold heads alone, or go on from one that is not
    /// at hand; its hashes are kept in memory.
    Earlier,
}

/// What an export was found to hold.
#[derive(Debug)]
pub struct Checked {
    /// When it was begun, as it says itself.
    pub at: String,
    /// The account of the ledger, if it was bound to one.
    pub account: Option<String>,
    /// What it counts to, whatever its last line says.
    pub totals: Totals,
    /// Whose signature it bears. Whether it fits is among the findings; whose the key is, nobody here
    /// knows.
    pub signed: Option<Signed>,
    /// Everything that is wrong.
    pub findings: Vec<Finding>,
    known: HashMap<BatchId, Vec<(u64, Digest)>>,
}

impl Checked {
    /// How many entries a batch had; zero when it was not there. For an export that was read as
    /// [`Part::Earlier`].
    pub fn version(&self, batch: &BatchId) -> u64 {
        self.newest(batch).0
    }

    fn newest(&self, batch: &BatchId) -> (u64, Digest) {
        let entries = self.known.get(batch).and_then(|entries| entries.last());
        entries.copied().unwrap_or((0, GENESIS))
    }
}

/// Reads an export line by line and checks every chain, the links, the totals and the head; then,
/// that whatever the earlier ones hold is still there.
///
/// # Errors
/// When it cannot be read. What is wrong with it is a [`Finding`], not an error.
pub fn check(file: impl BufRead, part: Part, earlier: &[Checked]) -> io::Result<Checked> {
    let mut check: Option<Check<'_>> = None;
    let mut number = 0_u64;
    for line in file.split(b'\n') {
        number = number.saturating_add(1);
        let line: Option<Line> = serde_json::from_slice(&line?).ok();
        match (check.as_mut(), line) {
            (None, Some(start @ Line::Start { .. })) => {
                check = Check::begin(start, part, earlier);
            }
            (Some(check), Some(line)) => check.read(number, line),
            (Some(check), None) => check.tell(None, Flaw::Line(number)),
            (None, _) => {}
        }
        if check.is_none() {
            break;
        }
    }
    Ok(check.map_or_else(nothing, Check::finish))
}

/// A file that is no export.
fn nothing() -> Checked {
    Checked {
        at: String::new(),
        account: None,
        totals: LedgerHead::new(None).finish(),
        signed: None,
        findings: vec![Finding {
            batch: None,
            flaw: Flaw::Line(1),
        }],
        known: HashMap::new(),
    }
}

struct Check<'a> {
    earlier: &'a [Checked],
    /// The export this one goes on from.
    base: Option<&'a Checked>,
    part: Part,
    holds: Holds,
    since: Option<String>,
    at: String,
    account: Option<String>,
    head: LedgerHead,
    /// The entries that no batch closed yet.
    entries: Vec<Entry>,
    newest: Option<BatchId>,
    seen: HashSet<BatchId>,
    end: Option<Line>,
    signed: Option<Signed>,
    findings: Vec<Finding>,
    known: HashMap<BatchId, Vec<(u64, Digest)>>,
}

impl<'a> Check<'a> {
    fn begin(start: Line, part: Part, earlier: &'a [Checked]) -> Option<Self> {
        let Line::Start {
            format,
            at,
            account,
            holds,
            since,
        } = start
        else {
            return None;
        };
        if format != FORMAT {
            return None;
        }
        let mut check = Self {
            earlier,
            base: None,
            part,
            holds,
            since,
            at,
            head: LedgerHead::new(account.as_deref()),
            account,
            entries: Vec::new(),
            newest: None,
            seen: HashSet::new(),
            end: None,
            signed: None,
            findings: Vec::new(),
            known: HashMap::new(),
        };
        check.find_base();
        Some(check)
    }

    fn find_base(&mut self) {
        let is_base = |known: &&Checked| Some(known.totals.head.to_string()) == self.since;
        self.base = self.earlier.iter().find(is_base);
        let is_alone = self.base.is_some() && self.earlier.iter().all(|known| is_base(&known));
        if let Some(since) = self.since.clone()
            && self.part == Part::Examined
            && !is_alone
        {
            self.tell(None, Flaw::Since(since));
        }
        if self.part == Part::Examined && self.holds == Holds::Heads {
            self.tell(None, Flaw::HeadsAlone);
        }
        let is_other = |known: &Checked| known.account.is_some() && known.account != self.account;
        if self.earlier.iter().any(is_other) {
            self.tell(None, Flaw::Account);
        }
    }

    fn tell(&mut self, batch: Option<BatchId>, flaw: Flaw) {
        self.findings.push(Finding { batch, flaw });
    }

    fn read(&mut self, number: u64, line: Line) {
        if self.end.is_some() {
            let signed = Signed::read(&line).filter(|_| self.signed.is_none());
            if signed.is_none() {
                return self.tell(None, Flaw::Line(number));
            }
            self.signed = signed;
            return;
        }
        let is_read = match &line {
            Line::Start { .. } | Line::Signature { .. } => false,
            Line::Entry { .. } => self.entry(&line).is_some(),
            Line::Batch {
                batch,
                version,
                head,
            } => self.batch(batch, *version, head).is_some(),
            Line::End { .. } => {
                self.close_all_but(None);
                self.end = Some(line);
                true
            }
        };
        if !is_read {
            self.tell(None, Flaw::Line(number));
        }
    }

    fn entry(&mut self, line: &Line) -> Option<()> {
        let entry = line.entry()?;
        self.close_all_but(Some(entry.batch));
        self.entries.push(entry);
        (self.holds == Holds::Journals).then_some(())
    }

    /// Entries that wait for another batch than this one were closed by none.
    fn close_all_but(&mut self, batch: Option<BatchId>) {
        let waiting = self.entries.first().map(|entry| entry.batch);
        if waiting.is_some() && waiting != batch {
            self.entries.clear();
            self.tell(waiting, Flaw::Unclosed);
        }
    }

    fn batch(&mut self, batch: &str, version: u64, head: &str) -> Option<()> {
        let id = batch_id(batch)?;
        let head: Digest = head.parse().ok()?;
        self.close_all_but(Some(id));
        if self.newest.is_some_and(|newest| newest <= id) || !self.seen.insert(id) {
            self.tell(Some(id), Flaw::Order);
        }
        self.newest = Some(id);
        self.head.add(&id, version, head);
        let entries = std::mem::take(&mut self.entries);
        for problem in self.problems(&id, (version, head), &entries) {
            self.tell(Some(id), Flaw::Journal(problem));
        }
        let hashes = entries.iter().map(|entry| (entry.seq, entry.hash));
        let hashes: Vec<_> = hashes.chain([(version, head)]).collect();
        for known in self.earlier {
            for flaw in changes(known.known.get(&id), version, &hashes) {
                self.tell(Some(id), flaw);
            }
        }
        if self.part == Part::Earlier {
            self.known.insert(id, hashes);
        }
        Some(())
    }

    /// What does not fit together in the journal of a batch.
    fn problems(&self, id: &BatchId, newest: (u64, Digest), entries: &[Entry]) -> Vec<Problem> {
        if self.holds == Holds::Heads {
            return Vec::new();
        }
        let (before, prev) = match (&self.since, self.base, entries.first()) {
            (None, _, _) => (0, GENESIS),
            (Some(_), Some(base), _) => base.newest(id),
            (Some(_), None, Some(first)) => (first.seq.saturating_sub(1), first.prev),
            (Some(_), None, None) => newest,
        };
        let (version, head) = newest;
        let mut problems = verify_chain(entries, (before.saturating_add(1), prev));
        let count = usize::try_from(before).unwrap_or(usize::MAX);
        let count = count.saturating_add(entries.len());
        if u64::try_from(count) != Ok(version) {
            problems.push(Problem::Length {
                version,
                entries: count,
            });
        }
        if entries.last().map_or(prev, |entry| entry.hash) != head {
            problems.push(Problem::End);
        }
        problems
    }

    fn finish(mut self) -> Checked {
        self.close_all_but(None);
        let seen = std::mem::take(&mut self.seen);
        let earlier = self.earlier.iter().flat_map(|known| &known.known);
        let gone: BTreeMap<_, _> = earlier
            .filter(|(id, _)| !seen.contains(id))
            .filter_map(|(id, entries)| Some((*id, entries.last()?.0)))
            .collect();
        for (id, version) in gone {
            self.tell(Some(id), Flaw::Gone(version));
        }
        let end = self.end.take();
        let totals = self.head.finish();
        let mut findings = self.findings;
        let written = Written {
            totals: &totals,
            at: &self.at,
            account: self.account.as_deref(),
        };
        let unfit = self
            .signed
            .as_ref()
            .and_then(|signed| signed.flaw(&written));
        findings.extend(unfit.map(|flaw| Finding { batch: None, flaw }));
        findings.extend(ending(end.as_ref(), &totals).map(|flaw| Finding { batch: None, flaw }));
        Checked {
            at: self.at,
            account: self.account,
            totals,
            signed: self.signed,
            findings,
            known: self.known,
        }
    }
}

/// What became of a batch that an earlier export knows.
fn changes(
    known: Option<&Vec<(u64, Digest)>>,
    version: u64,
    hashes: &[(u64, Digest)],
) -> impl Iterator<Item = Flaw> + use<> {
    let known = known.map_or(&[][..], Vec::as_slice);
    let earlier = known.last().map_or(0, |(seq, _)| *seq);
    let shorter = (version < earlier).then_some(Flaw::Shorter { version, earlier });
    let is_other = |(seq, hash): &&(u64, Digest)| {
        let mut now = hashes.iter().filter(|(now, _)| now == seq);
        now.any(|(_, now)| now != hash)
    };
    // The first one is where it began.
    let rewritten = known.iter().find(is_other);
    let rewritten = rewritten.map(|(seq, _)| Flaw::Rewritten(*seq));
    shorter.into_iter().chain(rewritten)
}

/// What is wrong with the last line.
fn ending(end: Option<&Line>, totals: &Totals) -> impl Iterator<Item = Flaw> + use<> {
    let Totals {
        batches,
        entries,
        head,
    } = *totals;
    let flaws = match end {
        Some(Line::End {
            batches: told_batches,
            entries: told_entries,
            head: told_head,
        }) => [
            ((batches, entries) != (*told_batches, *told_entries))
                .then_some(Flaw::Counts { batches, entries }),
            (head.to_string() != *told_head).then_some(Flaw::Head(head)),
        ],
        Some(_) | None => [Some(Flaw::Cut), None],
    };
    flaws.into_iter().flatten()
}
