//! Decides whether the last look at the disk is still trusted. Pure; the time is an argument.
//!
//! The first looks of each second are always made, so a response shows the disk at the time of the request. Only after
//! more looks is the last one trusted for the rest of the second, so that a busy server does not ask the disk the same
//! question thousands of times.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Length of a period of looks: 1 s, the longest time for which a change may go unnoticed.
const SECOND_MILLIS: u64 = 1000;

/// Bits of `Trust::state` that count looks. The other bits are the time, in milliseconds since `Trust::made`.
const LOOK_BITS: u32 = 20;

/// Counts the looks of the current second.
#[derive(Debug)]
pub(super) struct Trust {
    made: Instant,
    /// The begin of the current second, and the number of looks in it.
    state: AtomicU64,
}

impl Trust {
    /// Starts to count with a first look at `now`.
    pub(super) fn new(now: Instant) -> Self {
        Trust { made: now, state: AtomicU64::new(1) }
    }

    /// Returns true if the last look still counts at `now`, since `max_looks` were made within this second. Otherwise
    /// the caller must look at the disk, and this call has counted that look.
    ///
    /// A trusted look is at most a second old. Two threads that begin a second together may lose a count, which costs
    /// one more look.
    pub(super) fn holds(&self, now: Instant, max_looks: u64) -> bool {
        let since = now.saturating_duration_since(self.made);
        let now = since.as_secs().saturating_mul(1000).saturating_add(since.subsec_millis().into());
        let state = self.state.load(Ordering::Relaxed);
        let (began, looks) = (state >> LOOK_BITS, state & ((1 << LOOK_BITS) - 1));
        if now.saturating_sub(began) >= SECOND_MILLIS {
            self.state.store(now << LOOK_BITS | 1, Ordering::Relaxed);
            return false;
        }
        if looks < max_looks {
            self.state.fetch_add(1, Ordering::Relaxed);
        }
        looks >= max_looks
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn only_what_is_asked_for_often_is_believed_and_only_to_the_end_of_its_second() {
        let start = Instant::now();
        let trust = Trust::new(start);
        let at = |millis: u64| trust.holds(start + Duration::from_millis(millis), 3);
        assert_eq!([at(0), at(1), at(2), at(999)], [false, false, true, true], "three looks, with the first");
        assert_eq!([at(1000), at(1000), at(1001), at(1002)], [false, false, false, true], "a new second");
        assert_eq!([at(5000), at(6500), at(8000), at(9900)], [false; 4], "seldom asked for is never believed");
        assert!(!trust.holds(start, 3), "a thread with an earlier time looks again");
    }
}
