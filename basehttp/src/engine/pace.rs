//! How long the handlers took the last times, by what was asked: blocking ones shall not hold a leader up.
//!
//! Requests are told apart by method and the first two segments of the path, hashed with a secret key into a table of
//! fixed size. A place remembers whose it is, its last eight runs, one bit each (was it slow?), and its age: how many
//! requests without a place have come by since its owner was last here. (An average of the runs would be spoilt by a single
//! preemption.) A run that had to be rescued counts as eight, but the first one of a handler that is known to be fast as
//! two: it may have been the system's fault, and while the pool is full what blocks may be refused.
//!
//! A request has a choice of four places, and takes over what is vacant, or the oldest one:
//!
//! | the oldest place     | is taken over by a run of another request | is taken over by a rescue |
//! |----------------------|-------------------------------------------|---------------------------|
//! | known, in use        | no                                        | yes                       |
//! | known, silent        | after 16 of them                          | yes                       |
//! | not enough known yet | after 4 of them                           | yes                       |
//!
//! So paths that are made up push out what is not asked for any more, themselves first. They can make the table forget a
//! blocking handler that is seldom called. Its next run then costs a rescue, of which [`LastRescue`] allows one a second.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::exchange::Pace;

/// How many groups of places: 256. With four places of four bytes each that is more than the routes of most programs, and
/// stays in the cache.
const GROUPS: usize = 256;

/// How many places a request may choose from.
const PLACES: usize = 4;

/// How many bits of a request's hash are its slot: eight for the group, sixteen that tell whose a place is.
const SLOT_BITS: u32 = 24;

/// How many requests without a place come by before a known owner that is silent loses its place to the next one, and
/// before one does of which too little is known.
const KNOWN_AGE: u16 = 16;
const UNPROVEN_AGE: u16 = 4;

/// The highest age. Six bits, above history and count.
const MAX_AGE: u16 = 63;

/// What an age of one is in a place's low half.
const AGE_STEP: u16 = 1 << 10;

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
pub(super) enum Speed {
    /// Too little yet.
    Unproven,
    Fast,
    /// Too often slow to be fast, but not in its last three runs: a fast one of a busy machine, or one that blocks at times.
    Mixed,
    Blocking,
}

/// Returns how fast a handler is expected to be: as its author says, or else as it was. `may_wait`: it will have to wait for
/// the client's body.
pub(super) fn expected(pace: Pace, speed: Speed, may_wait: bool) -> Speed {
    match pace {
        Pace::Inline if !may_wait => Speed::Fast,
        Pace::Auto if !may_wait => speed,
        Pace::Inline | Pace::Auto | Pace::Pool => Speed::Blocking,
    }
}

/// The table of one server.
pub(super) struct PaceTable {
    groups: Vec<Group>,
    secret: u64,
}

/// The places that a request may choose from, in one line of the cache. Each has whose it is in its high half; in the low
/// one the last eight runs, above them how many there were (up to `PROVEN_RUNS`), and then the age. Zero is vacant.
#[derive(Default)]
#[repr(align(16))]
struct Group([AtomicU32; PLACES]);

impl PaceTable {
    pub(super) fn new() -> Self {
        let secret = RandomState::new().hash_one(GROUPS);
        PaceTable { groups: (0..GROUPS).map(|_| Group::default()).collect(), secret }
    }

    /// The slot of a request.
    pub(super) fn slot(&self, method: &str, path: &str) -> usize {
        let mut hash = self.secret;
        method.bytes().chain(first_two_segments(path)).for_each(|byte| {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        });
        // Short texts that end differently are still close together: fold the low half in, and mix once more.
        hash = (hash ^ hash >> 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        usize::try_from(hash >> (u64::BITS - SLOT_BITS)).expect("24 bits")
    }

    pub(super) fn speed(&self, slot: usize) -> Speed {
        self.find(slot).map_or(Speed::Unproven, |(_, word)| speed(runs_of(word)))
    }

    /// A run that was found stuck. Later runs prove otherwise.
    pub(super) fn record_blocked(&self, slot: usize) {
        let Some((place, word)) = self.find(slot) else {
            return self.settle(slot, PROVEN_RUNS << 8 | 0xff, Claim::Rescue);
        };
        let is_known_fast = speed(runs_of(word)) == Speed::Fast;
        let history = if is_known_fast && !was_forgiven(runs_of(word)) { FORGIVEN } else { 0xff };
        place.store(owner(slot) << 16 | u32::from(PROVEN_RUNS << 8 | history), Ordering::Relaxed);
    }

    /// A run that took so long. Two at once may count as one.
    pub(super) fn record_run(&self, slot: usize, took: Duration) {
        let Some((place, word)) = self.find(slot) else {
            return self.settle(slot, after_run(0, took > SLOW), Claim::Run);
        };
        let next = owner(slot) << 16 | u32::from(after_run(runs_of(word), took > SLOW));
        if next != word {
            place.store(next, Ordering::Relaxed);
        }
    }

    /// The place of a request, and what it holds.
    fn find(&self, slot: usize) -> Option<(&AtomicU32, u32)> {
        let places = self.groups[slot % GROUPS].0.iter();
        places.map(|place| (place, place.load(Ordering::Relaxed))).find(|(_, word)| word >> 16 == owner(slot))
    }

    /// A request without a place takes the one that is due, or the oldest one if it may. The others grow older.
    fn settle(&self, slot: usize, runs: u16, claim: Claim) {
        let mut best: Option<(u16, &AtomicU32)> = None;
        for place in &self.groups[slot % GROUPS].0 {
            let word = place.load(Ordering::Relaxed);
            let older = if word == 0 || age(runs_of(word)) == MAX_AGE { word } else { word + u32::from(AGE_STEP) };
            if place.compare_exchange(word, older, Ordering::Relaxed, Ordering::Relaxed).is_err() {
                // Its owner has just been here.
                continue;
            }
            let rank = rank(older);
            if (rank >= DUE || claim == Claim::Rescue) && best.is_none_or(|(highest, _)| rank > highest) {
                best = Some((rank, place));
            }
        }
        if let Some((_, place)) = best {
            place.store(owner(slot) << 16 | u32::from(runs), Ordering::Relaxed);
        }
    }
}

/// Why a request wants a place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Claim {
    Run,
    /// Worth more than what any of the places holds.
    Rescue,
}

/// The rank of a place from which on any request may have it.
const DUE: u16 = MAX_AGE + 1;

/// Which place is taken over first: a vacant one, then one that is due, then the oldest.
fn rank(word: u32) -> u16 {
    let runs = runs_of(word);
    let needed = if speed(runs) == Speed::Unproven { UNPROVEN_AGE } else { KNOWN_AGE };
    match age(runs) {
        _ if word == 0 => u16::MAX,
        age if age > needed => DUE + age,
        age => age,
    }
}

/// Who a place of that slot belongs to.
fn owner(slot: usize) -> u32 {
    u32::try_from(slot / GROUPS).expect("a slot has 24 bits")
}

fn age(runs: u16) -> u16 {
    runs / AGE_STEP
}

/// The low half of a place.
fn runs_of(word: u32) -> u16 {
    (word & 0xffff) as u16
}

/// How many runs there were, up to `PROVEN_RUNS`.
fn count(runs: u16) -> u16 {
    runs >> 8 & 0b11
}

/// The place has been used: it is as young as it ever was.
fn after_run(runs: u16, is_slow: bool) -> u16 {
    let count = count(runs).saturating_add(1).min(PROVEN_RUNS);
    let history = runs << 1 & 0xff | u16::from(is_slow);
    count << 8 | history
}

fn speed(runs: u16) -> Speed {
    match runs.to_be_bytes()[1] {
        history if history & LAST_RUNS == LAST_RUNS => Speed::Blocking,
        history if history.count_ones() >= BLOCKING_RUNS => Speed::Mixed,
        _ if count(runs) < PROVEN_RUNS => Speed::Unproven,
        _ => Speed::Fast,
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

/// How long: 1 s, a hundred times and more what a rescue costs the shard.
const CAUTION: Duration = Duration::from_secs(1);

/// For how long nothing unproven runs on a leader after one of them had to be rescued.
///
/// What is known of a request is known by its path as it was sent, and a path has many spellings. Who sends ever new ones
/// of a handler that blocks would cost a shard one rescue each, 4 to 8 ms. So it is one a second: meanwhile what is not
/// known to be fast goes to the pool, where it is learnt as well.
pub(super) struct LastRescue {
    began: Instant,
    /// In milliseconds since `began`; zero: there was no rescue so far.
    until: AtomicU64,
}

impl LastRescue {
    pub(super) fn new(now: Instant) -> Self {
        LastRescue { began: now, until: AtomicU64::new(0) }
    }

    /// A leader was rescued.
    pub(super) fn begin(&self, now: Instant) {
        self.until.fetch_max(self.millis(now + CAUTION), Ordering::Relaxed);
    }

    pub(super) fn is_on(&self, now: Instant) -> bool {
        self.millis(now) < self.until.load(Ordering::Relaxed)
    }

    fn millis(&self, now: Instant) -> u64 {
        u64::try_from(now.saturating_duration_since(self.began).as_millis()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests;
