//! For how long nothing unproven runs on a leader after one of them had to be rescued.
//!
//! What is known of a request is known by its path as it was sent, and a path has many spellings. Who sends ever new ones
//! of a handler that blocks would cost a shard one rescue each, 4 to 8 ms. So it is one a second: meanwhile what is not
//! known to be fast goes to the pool, where it is learnt as well.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How long: 1 s, a hundred times and more what a rescue costs the shard.
const CAUTION: Duration = Duration::from_secs(1);

/// See the module.
pub(super) struct LastRescue {
    began: Instant,
    /// In milliseconds since `began`; zero: there was no rescue so far.
    until: AtomicU64,
}

impl LastRescue {
    pub fn new(now: Instant) -> Self {
        LastRescue { began: now, until: AtomicU64::new(0) }
    }

    /// A leader was rescued.
    pub fn begin(&self, now: Instant) {
        self.until.fetch_max(self.millis(now + CAUTION), Ordering::Relaxed);
    }

    pub fn is_on(&self, now: Instant) -> bool {
        self.millis(now) < self.until.load(Ordering::Relaxed)
    }

    fn millis(&self, now: Instant) -> u64 {
        u64::try_from(now.saturating_duration_since(self.began).as_millis()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn caution_lasts_from_a_rescue_until_its_time_is_over() {
        let start = Instant::now();
        let last_rescue = LastRescue::new(start);
        let at = |millis| start + Duration::from_millis(millis);
        assert!(!last_rescue.is_on(start), "there was no rescue");
        last_rescue.begin(at(500));
        assert_eq!([500, 1499, 1500].map(|millis| last_rescue.is_on(at(millis))), [true, true, false]);
        last_rescue.begin(at(3000));
        last_rescue.begin(at(2900));
        assert!(last_rescue.is_on(at(3950)), "the later of two counts");
    }
}
