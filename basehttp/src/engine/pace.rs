//! How long the handlers took the last times, by what was asked: blocking ones shall not hold a leader up.
//!
//! Requests are told apart by method and the first two segments of the path, hashed with a secret key into a table of
//! fixed size. A slot remembers its last eight runs, one bit each: was it slow? (An average would be spoilt by a single
//! preemption.) Collisions and made-up paths are harmless: they can only move work to the pool.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

/// How many slots: 1,024, two bytes each. More than the routes of most programs, and it stays in the cache.
const SLOTS: usize = 1024;

/// A run that took longer is slow: 100 µs, some thirty times what a request costs otherwise.
pub(super) const SLOW: Duration = Duration::from_micros(100);

/// So many slow runs of the last eight make a blocking handler.
const BLOCKING_RUNS: u32 = 3;

/// So many runs are needed before a handler is known not to block.
const PROVEN_RUNS: u16 = 3;

/// What is known of the requests of one slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Learnt {
    /// Too little yet.
    Unproven,
    Fast,
    Blocking,
}

/// The table of one server.
pub(super) struct PaceTable {
    /// The last eight runs in the low byte, how many there were (up to `PROVEN_RUNS`) in the high one.
    slots: Vec<AtomicU16>,
    secret: u64,
}

impl PaceTable {
    pub fn new() -> Self {
        let secret = RandomState::new().hash_one(SLOTS);
        PaceTable { slots: (0..SLOTS).map(|_| AtomicU16::new(0)).collect(), secret }
    }

    /// The slot of a request.
    pub fn slot(&self, method: &str, path: &str) -> usize {
        let mut hash = self.secret;
        method.bytes().chain(first_two_segments(path)).for_each(|byte| {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        });
        // Short texts that end differently are still close together: fold the low half in, and mix once more.
        hash = (hash ^ hash >> 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (hash >> 54) as usize % SLOTS
    }

    pub fn learnt(&self, slot: usize) -> Learnt {
        learnt(self.slots[slot].load(Ordering::Relaxed))
    }

    /// A run that was found stuck: blocking at once, whatever came before. Later runs prove otherwise.
    pub fn condemn(&self, slot: usize) {
        self.slots[slot].store(PROVEN_RUNS << 8 | 0xff, Ordering::Relaxed);
    }

    /// A run that took so long. Two at once may count as one.
    pub fn note(&self, slot: usize, took: Duration) {
        let runs = self.slots[slot].load(Ordering::Relaxed);
        let next = after_run(runs, took > SLOW);
        if next != runs {
            self.slots[slot].store(next, Ordering::Relaxed);
        }
    }
}

fn after_run(runs: u16, is_slow: bool) -> u16 {
    let count = (runs >> 8).saturating_add(1).min(PROVEN_RUNS);
    let history = runs << 1 & 0xff | u16::from(is_slow);
    count << 8 | history
}

fn learnt(runs: u16) -> Learnt {
    match runs.to_be_bytes() {
        [_, history] if history.count_ones() >= BLOCKING_RUNS => Learnt::Blocking,
        [count, _] if u16::from(count) < PROVEN_RUNS => Learnt::Unproven,
        _ => Learnt::Fast,
    }
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
            ("sfsfsf", Learnt::Blocking, "in any order"),
            ("sssfffff", Learnt::Blocking, "for eight runs"),
            ("sssffffff", Learnt::Fast, "and then it comes back"),
        ];
        for (runs, expected, why) in table {
            let slot = runs.chars().fold(0, |slot, run| after_run(slot, run == 's'));
            assert_eq!(learnt(slot), expected, "{runs}: {why}");
        }
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
