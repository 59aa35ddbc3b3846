//! The results of a run, for people and for scripts.

use std::collections::BTreeMap;
use std::fmt;

use crate::arguments::Arguments;
use crate::explained::rules;
use crate::parsers::Ours;
use crate::reading::Shown;

/// From so many streams on, a rule that never applied is worth a word.
const LONG_RUN: usize = 20_000;

/// Everything that was counted.
pub struct Report {
    seed: u64,
    pub streams: usize,
    /// One for each peer, in their order.
    pub tallies: Vec<Tally>,
    /// Streams that we read in two ways.
    pub odd: Vec<(usize, Vec<u8>, Ours)>,
}

/// The counts for one peer.
pub struct Tally {
    peer: String,
    /// Streams that both read alike.
    pub same: usize,
    /// Differences, by the rule that explains them.
    pub explained: BTreeMap<&'static str, usize>,
    /// Differences that none explains.
    pub failed: usize,
}

impl Tally {
    /// Nothing counted yet.
    pub fn new(peer: &str) -> Self {
        Self { peer: peer.into(), same: 0, explained: BTreeMap::new(), failed: 0 }
    }

    fn differences(&self) -> usize {
        self.explained.values().sum::<usize>() + self.failed
    }
}

impl Report {
    /// Nothing counted yet.
    pub fn new(arguments: &Arguments) -> Self {
        let tallies = arguments.peers.iter().map(|peer| Tally::new(peer)).collect();
        Self { seed: arguments.seed, streams: 0, tallies, odd: Vec::new() }
    }

    /// Comparisons that failed.
    pub fn failed(&self) -> usize {
        self.odd.len() + self.tallies.iter().map(|tally| tally.failed).sum::<usize>()
    }

    /// Comparisons that did not fail. Each stream is compared with each peer, and once more among our own readings.
    fn passed(&self) -> usize {
        self.streams * (self.tallies.len() + 1) - self.failed()
    }

    fn unused(&self) -> impl Iterator<Item = &'static str> {
        let took_part = |peer: &&str| self.tallies.iter().any(|tally| tally.peer == *peer);
        let applied = |name: &str| self.tallies.iter().any(|tally| tally.explained.contains_key(name));
        rules()
            .filter(move |rule| rule.peers.iter().any(took_part))
            .map(|rule| rule.name)
            .filter(move |name| !applied(name))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, stream, ours) in &self.odd {
            writeln!(f, "stream {index} is read in two ways: {}\n  in one piece {}", Shown(stream), ours.reading)?;
            for (way, other) in &ours.odd {
                writeln!(f, "  {way} {other}")?;
            }
        }
        writeln!(f, "seed {}, {} streams", self.seed, self.streams)?;
        for tally in &self.tallies {
            writeln!(f, "\n{}: {} alike, {} otherwise", tally.peer, tally.same, tally.differences())?;
            for rule in rules() {
                if let Some(count) = tally.explained.get(rule.name) {
                    writeln!(f, "{count:8} {} ({})", rule.name, rule.direction.as_str())?;
                }
            }
            if tally.failed > 0 {
                writeln!(f, "{:8} NOT EXPLAINED", tally.failed)?;
            }
        }
        if self.streams >= LONG_RUN {
            let unused: Vec<_> = self.unused().collect();
            writeln!(
                f,
                "\nrules that never applied: {}",
                if unused.is_empty() { "none".into() } else { unused.join(", ") }
            )?;
        }
        write!(f, "\n{} passed, {} failed", self.passed(), self.failed())
    }
}
