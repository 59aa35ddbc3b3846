//! How long the handlers took the last times, by what was asked: blocking ones shall not hold a leader up.
//!
//! Requests are told apart by method and the first two segments of the path, hashed with a secret key into a table of
//! fixed size. A place remembers whose it is and its last eight runs, one bit each: was it slow? (An average would be
//! spoilt by a single preemption.) A run that had to be rescued counts as eight, but the first one of a handler that is
//! known to be fast as two: it may have been the system's fault, and while the pool is full what blocks may be refused.
//!
//! | another request finds its place |                                                              |
//! |---------------------------------|--------------------------------------------------------------|
//! | taken by one that does not block | takes it over, and begins anew                               |
//! | taken by one that blocks        | counts as blocking itself, and has no vote                    |
//!
//! So made-up paths cannot wash out what is known of a blocking handler: they can only move themselves to the pool.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// How many places: 1,024, four bytes each. More than the routes of most programs, and it stays in the cache.
const SLOTS: usize = 1024;

/// How many bits of a request's hash are its slot: ten for the place, sixteen that tell whose the place is.
const SLOT_BITS: u32 = 26;

/// A run that took longer is slow: 100 µs, some thirty times what a request costs otherwise.
pub(super) const SLOW: Duration = Duration::from_micros(100);

/// So many slow runs of the last eight make a blocking handler.
const BLOCKING_RUNS: u32 = 3;

/// The last three runs: all slow, and nothing speaks for the handler.
const LAST_RUNS: u8 = 0b111;

/// The history of a fast handler after its first rescue: two slow runs, after which any third one counts.
const FORGIVEN: u16 = 0b11;

/// So many runs are needed before a handler is known not to block.
const PROVEN_RUNS: u16 = 3;

/// What is known of the requests of one slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Learnt {
    /// Too little yet.
    Unproven,
    Fast,
    /// Too often slow to be fast, but not in its last three runs: a fast one of a busy machine, or one that blocks at times.
    Mixed,
    Blocking,
}

/// The table of one server.
pub(super) struct PaceTable {
    /// Whose it is in the high half; in the low one the last eight runs, and above them how many there were (up to
    /// `PROVEN_RUNS`).
    slots: Vec<AtomicU32>,
    secret: u64,
}

impl PaceTable {
    pub fn new() -> Self {
        let secret = RandomState::new().hash_one(SLOTS);
        PaceTable { slots: (0..SLOTS).map(|_| AtomicU32::new(0)).collect(), secret }
    }

    /// The slot of a request.
    pub fn slot(&self, method: &str, path: &str) -> usize {
        let mut hash = self.secret;
        method.bytes().chain(first_two_segments(path)).for_each(|byte| {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        });
        // Short texts that end differently are still close together: fold the low half in, and mix once more.
        hash = (hash ^ hash >> 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        usize::try_from(hash >> (u64::BITS - SLOT_BITS)).expect("26 bits")
    }

    pub fn learnt(&self, slot: usize) -> Learnt {
        let (word, owner) = self.read(slot);
        match learnt(runs_of(word)) {
            known if word >> 16 == owner => known,
            Learnt::Blocking | Learnt::Mixed => Learnt::Blocking,
            _ => Learnt::Unproven,
        }
    }

    /// A run that was found stuck. Later runs prove otherwise.
    pub fn condemn(&self, slot: usize) {
        let (word, owner) = self.read(slot);
        let is_known_fast = word >> 16 == owner && learnt(runs_of(word)) == Learnt::Fast;
        let history = if is_known_fast && !was_forgiven(runs_of(word)) { FORGIVEN } else { 0xff };
        self.slots[slot % SLOTS].store(owner << 16 | u32::from(PROVEN_RUNS << 8 | history), Ordering::Relaxed);
    }

    /// A run that took so long. Two at once may count as one.
    pub fn note(&self, slot: usize, took: Duration) {
        let (word, owner) = self.read(slot);
        let runs = match runs_of(word) {
            runs if word >> 16 == owner => runs,
            runs if matches!(learnt(runs), Learnt::Blocking | Learnt::Mixed) => return,
            _ => 0,
        };
        let next = owner << 16 | u32::from(after_run(runs, took > SLOW));
        if next != word {
            self.slots[slot % SLOTS].store(next, Ordering::Relaxed);
        }
    }

    /// What the slot's place holds, and whose it would be.
    fn read(&self, slot: usize) -> (u32, u32) {
        let owner = u32::try_from(slot / SLOTS).expect("a slot has 26 bits");
        (self.slots[slot % SLOTS].load(Ordering::Relaxed), owner)
    }
}

/// The low half of a place.
fn runs_of(word: u32) -> u16 {
    (word & 0xffff) as u16
}

fn after_run(runs: u16, is_slow: bool) -> u16 {
    let count = (runs >> 8).saturating_add(1).min(PROVEN_RUNS);
    let history = runs << 1 & 0xff | u16::from(is_slow);
    count << 8 | history
}

fn learnt(runs: u16) -> Learnt {
    match runs.to_be_bytes() {
        [_, history] if history & LAST_RUNS == LAST_RUNS => Learnt::Blocking,
        [_, history] if history.count_ones() >= BLOCKING_RUNS => Learnt::Mixed,
        [count, _] if u16::from(count) < PROVEN_RUNS => Learnt::Unproven,
        _ => Learnt::Fast,
    }
}

/// Whether a rescue of late was forgiven already: two slow runs are left of it.
fn was_forgiven(runs: u16) -> bool {
    (runs & 0xff).count_ones() >= FORGIVEN.count_ones()
}

/// `/a/b` of `/a/b/c?d`, so that `/users/7` and `/users/8` differ, and `/static/x/1` and `/static/x/2` do not.
fn first_two_segments(path: &str) -> impl Iterator<Item = u8> {
    let mut slashes = 0;
    path.bytes().take_while(move |byte| {
        slashes += u32::from(*byte == b'/');
        slashes <= 2 && *byte != b'?'
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_slow_runs_of_eight_make_a_blocking_handler() {
        let table = [
            ("", Learnt::Unproven, "nothing is known"),
            ("ff", Learnt::Unproven, "two runs prove nothing"),
            ("fff", Learnt::Fast, "three do"),
            ("ssf", Learnt::Fast, "two slow ones may be preemption"),
            ("sss", Learnt::Blocking, "three may not"),
            ("sssf", Learnt::Mixed, "but for a fast one behind them"),
            ("sfsfsf", Learnt::Mixed, "in any order they make none that is fast"),
            ("sfsfsfsss", Learnt::Blocking, "three in a row tell"),
            ("sssfffff", Learnt::Mixed, "for eight runs"),
            ("sssffffff", Learnt::Fast, "and then it comes back"),
        ];
        for (runs, expected, why) in table {
            let slot = runs.chars().fold(0, |slot, run| after_run(slot, run == 's'));
            assert_eq!(learnt(slot), expected, "{runs}: {why}");
        }
    }

    #[test]
    fn strangers_neither_wash_out_nor_inherit_what_is_known() {
        let pace = PaceTable::new();
        let (blocking, stranger) = (SLOTS + 7, 2 * SLOTS + 7);
        pace.condemn(blocking);
        for _ in 0..100 {
            pace.note(stranger, Duration::ZERO);
        }
        assert_eq!(pace.learnt(blocking), Learnt::Blocking, "strangers have no vote");
        assert_eq!(pace.learnt(stranger), Learnt::Blocking, "and go to the pool");
        let (fast, other) = (SLOTS + 8, 2 * SLOTS + 8);
        (0..8).for_each(|_| pace.note(fast, Duration::ZERO));
        assert_eq!((pace.learnt(fast), pace.learnt(other)), (Learnt::Fast, Learnt::Unproven), "nothing is inherited");
        pace.note(other, Duration::ZERO);
        assert_eq!(pace.learnt(fast), Learnt::Unproven, "the place is another's now");
        (0..8).for_each(|_| pace.note(blocking, Duration::ZERO));
        assert_eq!(pace.learnt(blocking), Learnt::Fast, "and it comes back by its own runs");
    }

    #[test]
    fn a_fast_handler_is_forgiven_one_rescue() {
        let pace = PaceTable::new();
        let run = |count| (0..count).for_each(|_| pace.note(5, Duration::ZERO));
        pace.condemn(5);
        assert_eq!(pace.learnt(5), Learnt::Blocking, "nothing was known of it");
        run(8);
        assert_eq!(pace.learnt(5), Learnt::Fast);
        pace.condemn(5);
        assert_eq!(pace.learnt(5), Learnt::Fast, "it may have been the system's fault");
        run(3);
        pace.condemn(5);
        assert_eq!(pace.learnt(5), Learnt::Blocking, "but not twice in a row");
        run(16);
        pace.condemn(5);
        pace.note(5, SLOW * 2);
        assert_eq!(pace.learnt(5), Learnt::Blocking, "and a slow run tells, too");
    }

    #[test]
    fn requests_are_told_apart_by_method_and_two_segments() {
        let pace = PaceTable { slots: Vec::new(), secret: 1 };
        assert_ne!(pace.slot("GET", "/"), pace.slot("GET", "/sleep"));
        assert_ne!(pace.slot("GET", "/sleep"), pace.slot("POST", "/sleep"));
        assert_ne!(pace.slot("GET", "/users/7"), pace.slot("GET", "/users/8"));
        assert_eq!(pace.slot("GET", "/a/b/c"), pace.slot("GET", "/a/b/d"));
        assert_eq!(pace.slot("GET", "/a?x"), pace.slot("GET", "/a?y"));
    }
}
