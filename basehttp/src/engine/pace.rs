//! The pace table: durations of recent runs for each kind of request, so that blocking handlers do not run on a leader.
//!
//! A request of a route, which is a row of the handler's table of paths, is known by the route's number. Each route has
//! a place of its own, and so has each hook that runs about a connection. Other requests are told apart by their method
//! and the first two segments of the path, hashed with a secret key into a table of fixed size.
//!
//! A place stores its owner, the last eight runs with one bit each (slow or not), and its age. The age is the number of
//! requests without a place that have come since the owner's last run. (A single preemption would spoil an average of
//! the runs.) A run that had to be rescued counts as eight slow runs. The first one of a handler that is known to be
//! fast counts as two, since it may have been the system's fault.
//!
//! While the pool is full, a blocking handler waits or is refused. A full pool also keeps the processors busy, so that
//! fast handlers are preempted and have three or four slow runs in a row. Therefore a handler is blocking only if not
//! one of its last eight runs was fast. A run in the pool counts as slow only from a longer duration on, since it takes
//! longer there.
//!
//! All newcomers pass the hooks, of which a step of a TLS handshake is one. If too little is known of a hook, they must
//! not wait for a pool that is stuck. So a hook counts as fast before its first run, and a run that had to be rescued
//! is one slow run, since the system may have preempted it. A hook that blocks therefore costs three rescues, and up to
//! eight while no thread is free. It costs more only if several leaders call it at once. Others never take its place,
//! and clients cannot ask for it by another name, as they can for a path.
//!
//! A request without a route has a choice of four places. It takes a vacant one, or the oldest one if it may:
//!
//! | the oldest place     | is taken over by a run of another request | is taken over by a rescue |
//! |----------------------|-------------------------------------------|---------------------------|
//! | known, in use        | no                                        | yes                       |
//! | known, silent        | after 16 of them                          | yes                       |
//! | not enough known yet | after 4 of them                           | yes                       |
//!
//! Invented paths therefore push out paths that are no longer requested, themselves first. They can make the table
//! forget a blocking handler that is seldom called. Its next run then costs a rescue, of which [`LastRescue`] allows
//! one a second.

use std::hash::{BuildHasher, RandomState};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::conn::ConnectionCode;
use crate::exchange::Pace;

/// Number of groups of places: 256. With four places of four bytes each, the table holds more than the routes of most
/// programs and stays in the cache.
const GROUPS: usize = 256;

/// Number of places that a request may choose from.
const PLACES: usize = 4;

/// Bits of a request's hash that are its slot: eight for the group, sixteen for the owner of a place.
const SLOT_BITS: u32 = 24;

/// The slot of the first route. Lower ones are of requests without a route.
const FIRST_ROUTE: usize = 1 << SLOT_BITS;

/// Number of routes whose places are made together: 256, which is 1 KiB. A handler without routes has none.
const ROUTES_A_BLOCK: usize = 256;

/// Number of blocks: 256, so that there is a place for every number of a route.
const BLOCKS: usize = 256;

/// The slot of the first hook, behind those of the routes.
const FIRST_HOOK: usize = FIRST_ROUTE + BLOCKS * ROUTES_A_BLOCK;

/// Number of hooks: one for each kind of [`ConnectionCode`].
const HOOKS: usize = ConnectionCode::COUNT;

/// Requests without a place after which a silent owner loses its place: one with a proven speed, and one of which too
/// little is known.
const KNOWN_AGE: u16 = 16;
const UNPROVEN_AGE: u16 = 4;

/// The highest age. Six bits, above history and count.
const MAX_AGE: u16 = 63;

/// An age of one, as it stands in the low half of a place.
const AGE_STEP: u16 = 1 << 10;

/// Duration above which a run is slow: 100 µs, some thirty times the cost of a fast request.
pub(super) const SLOW: Duration = Duration::from_micros(100);

/// Duration above which a run on a thread of the pool is slow: 1 ms. Such a thread has cold caches and competes with
/// hundreds of others, so that a fast handler takes some 150 µs there. Between the two durations a run says nothing.
pub(super) const SLOW_IN_POOL: Duration = Duration::from_millis(1);

/// Slow runs, of the last eight, from which on a handler is not fast.
const SLOW_RUNS: u32 = 3;

/// Runs that are needed before anything is known of a handler.
const PROVEN_RUNS: u32 = 3;

/// The runs of a handler that always blocks, and those of a fast one after its first rescue. The second has two slow
/// runs, so that a third one counts.
const BLOCKED: u16 = FULL | 0xff;
const FORGIVEN: u16 = FULL | 0b11;

/// The runs of a hook before its first one: all were fast.
const TRUSTED: u16 = FULL;

/// The bit above eight runs.
const FULL: u16 = 1 << 8;

/// The bits of the runs and of the one above them.
const RUNS: u16 = FULL | 0xff;

/// The speed of a handler, as far as its runs tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Speed {
    /// Too little yet.
    Unproven,
    Fast,
    /// Slow in three or more of its last eight runs, but not in all of them: a fast handler on a busy machine, or one
    /// that blocks at times.
    Mixed,
    /// Slow in all of its last eight runs, or in all that there were.
    Blocking,
}

/// Returns how fast a handler is expected to be: as its author says, or else as it was. `may_wait`: it will have to
/// wait for the client's body.
pub(super) fn expected(pace: Pace, speed: Speed, may_wait: bool) -> Speed {
    match pace {
        Pace::Inline if !may_wait => Speed::Fast,
        Pace::Auto if !may_wait => speed,
        Pace::Inline | Pace::Auto | Pace::Pool => Speed::Blocking,
    }
}

/// The pace table of one server.
pub(super) struct PaceTable {
    groups: Vec<Group>,
    secret: u64,
    /// The places of the routes. They have no owner and no age.
    routes: Box<[OnceLock<RouteBlock>; BLOCKS]>,
    /// The places of the hooks, which have no owner and no age either.
    hooks: [AtomicU32; HOOKS],
}

type RouteBlock = Box<[AtomicU32; ROUTES_A_BLOCK]>;

/// The places that a request may choose from, in one cache line. The high half of a place is its owner. The low half
/// holds the age, and below it the last eight runs. A one bit stands above the oldest run, so that their number is
/// known. Zero is vacant.
#[derive(Default)]
#[repr(align(16))]
struct Group([AtomicU32; PLACES]);

impl PaceTable {
    pub(super) fn new() -> Self {
        let secret = RandomState::new().hash_one(GROUPS);
        let routes = Box::new(std::array::from_fn(|_| OnceLock::new()));
        let hooks = std::array::from_fn(|_| AtomicU32::new(u32::from(TRUSTED)));
        PaceTable { groups: (0..GROUPS).map(|_| Group::default()).collect(), secret, routes, hooks }
    }

    /// Returns the slot of a route. No other request has it.
    pub(super) fn route_slot(route: u16) -> usize {
        FIRST_ROUTE + usize::from(route)
    }

    /// Returns the slot of a hook. No request has it.
    pub(super) fn hook_slot(hook: ConnectionCode) -> usize {
        FIRST_HOOK + hook as usize
    }

    /// Returns the slot of a request without a route.
    pub(super) fn slot(&self, method: &str, path: &str) -> usize {
        let mut hash = self.secret;
        method.bytes().chain(first_two_segments(path)).for_each(|byte| {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        });
        // The hashes of short texts that differ at their end are still close together. Fold the low half in and mix
        // once more.
        hash = (hash ^ hash >> 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        usize::try_from(hash >> (u64::BITS - SLOT_BITS)).expect("24 bits")
    }

    /// Returns the speed of the requests of a slot.
    pub(super) fn speed(&self, slot: usize) -> Speed {
        self.find(slot).map_or(Speed::Unproven, |(_, word)| speed(runs_of(word)))
    }

    /// Records a run that had to be rescued. Later runs may prove the handler fast again.
    pub(super) fn record_blocked(&self, slot: usize) {
        let Some((place, word)) = self.find(slot) else {
            return self.settle(slot, BLOCKED, 0);
        };
        let before = runs_of(word);
        let runs = match speed(before) {
            _ if slot >= FIRST_HOOK => after_run(before, true),
            Speed::Fast if !was_forgiven(before) => FORGIVEN,
            _ => BLOCKED,
        };
        place.store(word & OWNER | u32::from(runs), Ordering::Relaxed);
    }

    /// Records a run on a thread of the pool, unless it says nothing.
    pub(super) fn record_pool_run(&self, slot: usize, took: Duration) {
        if took <= SLOW || took > SLOW_IN_POOL {
            self.record_run(slot, took);
        }
    }

    /// Records a run that took so long. Two at once may count as one.
    pub(super) fn record_run(&self, slot: usize, took: Duration) {
        let Some((place, word)) = self.find(slot) else {
            return self.settle(slot, after_run(0, took > SLOW), DUE);
        };
        let next = word & OWNER | u32::from(after_run(runs_of(word), took > SLOW));
        if next != word {
            place.store(next, Ordering::Relaxed);
        }
    }

    /// Returns the place of a request and its content.
    #[inline]
    fn find(&self, slot: usize) -> Option<(&AtomicU32, u32)> {
        if let Some(number) = slot.checked_sub(FIRST_ROUTE) {
            let place = match slot.checked_sub(FIRST_HOOK) {
                Some(hook) => &self.hooks[hook],
                None => self.place_of_route(number),
            };
            return Some((place, place.load(Ordering::Relaxed)));
        }
        let places = self.groups[slot % GROUPS].0.iter();
        places.map(|place| (place, place.load(Ordering::Relaxed))).find(|(_, word)| word >> 16 == owner(slot))
    }

    #[inline]
    fn place_of_route(&self, route: usize) -> &AtomicU32 {
        let block = &self.routes[route / ROUTES_A_BLOCK % BLOCKS];
        let places = block.get().unwrap_or_else(|| make_block(block));
        &places[route % ROUTES_A_BLOCK]
    }

    /// Gives a place to a request without one: the place that is due, or the oldest one for a rescue. The others grow
    /// older.
    fn settle(&self, slot: usize, runs: u16, least_rank: u16) {
        let mut best: Option<(u16, &AtomicU32)> = None;
        for place in &self.groups[slot % GROUPS].0 {
            let word = place.load(Ordering::Relaxed);
            let older = if word == 0 || age(runs_of(word)) == MAX_AGE { word } else { word + u32::from(AGE_STEP) };
            if place.compare_exchange(word, older, Ordering::Relaxed, Ordering::Relaxed).is_err() {
                // Its owner has used it just now.
                continue;
            }
            let rank = rank(older);
            if rank >= least_rank && best.is_none_or(|(highest, _)| rank > highest) {
                best = Some((rank, place));
            }
        }
        if let Some((_, place)) = best {
            place.store(owner(slot) << 16 | u32::from(runs), Ordering::Relaxed);
        }
    }
}

#[cold]
fn make_block(block: &OnceLock<RouteBlock>) -> &RouteBlock {
    block.get_or_init(|| Box::new(std::array::from_fn(|_| AtomicU32::new(0))))
}

/// Rank from which on any request may take a place.
const DUE: u16 = MAX_AGE + 1;

/// Returns the rank of a place. The highest one is taken first: a vacant place, then one that is due, then the oldest.
fn rank(word: u32) -> u16 {
    let runs = runs_of(word);
    let needed = if speed(runs) == Speed::Unproven { UNPROVEN_AGE } else { KNOWN_AGE };
    match age(runs) {
        _ if word == 0 => u16::MAX,
        age if age > needed => DUE + age,
        age => age,
    }
}

/// The bits of a place that are its owner.
const OWNER: u32 = 0xffff << 16;

/// Returns the owner that a place of that slot has.
fn owner(slot: usize) -> u32 {
    u32::try_from(slot / GROUPS).expect("a slot has 24 bits")
}

fn age(runs: u16) -> u16 {
    runs / AGE_STEP
}

/// Returns the low half of a place.
fn runs_of(word: u32) -> u16 {
    (word & 0xffff) as u16
}

/// Returns the low half after one more run. Its age is zero again.
fn after_run(runs: u16, is_slow: bool) -> u16 {
    let before = (runs & RUNS).max(1);
    before << 1 & RUNS | before & FULL | u16::from(is_slow)
}

fn speed(runs: u16) -> Speed {
    // The common case.
    if runs & RUNS == FULL {
        return Speed::Fast;
    }
    match (known_runs(runs), slow_runs(runs)) {
        (known, _) if known < PROVEN_RUNS => Speed::Unproven,
        (known, slow) if known == slow => Speed::Blocking,
        (_, slow) if slow >= SLOW_RUNS => Speed::Mixed,
        _ => Speed::Fast,
    }
}

/// Returns the number of runs, up to eight.
fn known_runs(runs: u16) -> u32 {
    (runs & RUNS).checked_ilog2().unwrap_or(0)
}

/// Returns the number of slow runs among them.
fn slow_runs(runs: u16) -> u32 {
    (runs & RUNS).count_ones().saturating_sub(1)
}

/// Returns whether a recent rescue was forgiven already: it has left two slow runs.
fn was_forgiven(runs: u16) -> bool {
    slow_runs(runs) >= slow_runs(FORGIVEN)
}

/// Returns `/a/b` of `/a/b/c?d`, so that `/users/7` and `/users/8` differ, and `/static/x/1` and `/static/x/2` do not.
fn first_two_segments(path: &str) -> impl Iterator<Item = u8> {
    let mut slashes = 0;
    path.bytes().take_while(move |byte| {
        slashes += u32::from(*byte == b'/');
        slashes <= 2 && *byte != b'?'
    })
}

/// Time after a rescue in which leaders run proven handlers alone: 1 s, more than a hundred times the cost of a rescue.
const CAUTION: Duration = Duration::from_secs(1);

/// The last rescue of a leader. For a second after it, no unproven handler runs on a leader.
///
/// Without a route, speeds are known by the path as it was sent, and a path has many spellings. Otherwise a client
/// could force a rescue of 4 to 8 ms with every request, by spelling the path of a blocking handler differently each
/// time. Requests that are not known to be fast go to the pool for that second, and their speed is learnt there.
pub(super) struct LastRescue {
    began: Instant,
    /// End of that second, in milliseconds since `began`. Zero if there was no rescue so far.
    until: AtomicU64,
}

impl LastRescue {
    pub(super) fn new(now: Instant) -> Self {
        LastRescue { began: now, until: AtomicU64::new(0) }
    }

    /// Begins the second: a leader was rescued.
    pub(super) fn begin(&self, now: Instant) {
        self.until.fetch_max(self.millis(now + CAUTION), Ordering::Relaxed);
    }

    /// Returns whether the last rescue is less than a second ago.
    pub(super) fn is_on(&self, now: Instant) -> bool {
        self.millis(now) < self.until.load(Ordering::Relaxed)
    }

    fn millis(&self, now: Instant) -> u64 {
        u64::try_from(now.saturating_duration_since(self.began).as_millis()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests;
