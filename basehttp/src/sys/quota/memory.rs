//! Bounds the memory that all connections of a server hold together while they wait. One quota is for unfinished
//! requests, another for responses that clients have not taken.
//!
//! Each connection has its first few kilobytes outside the quota, which is enough for nearly every head and for most
//! bodies and pages. More comes from the quota. When that is used up, a connection that waits for the rest of a request
//! gets a 503, and one in the middle of a response a reset.
//!
//! So the bound does not grow with the number of connections. Only connections that need a lot can hit it, and none
//! that has its memory is ever evicted.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes that each connection may hold outside the quota: 4 KiB.
const FREE_BYTES: usize = 4 * 1024;

/// Bytes that all connections of a server share.
pub(crate) struct MemoryQuota {
    taken: AtomicUsize,
    max: usize,
}

/// Bytes of a [`MemoryQuota`] that one connection holds. They are given back on drop.
pub(crate) struct Reservation {
    quota: Arc<MemoryQuota>,
    bytes: usize,
}

impl MemoryQuota {
    pub(crate) fn new(max: usize) -> Arc<Self> {
        Arc::new(MemoryQuota { taken: AtomicUsize::new(0), max })
    }

    /// Returns the number of bytes that are reserved.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }

    /// Reserves bytes if that many are left, and returns whether they were.
    fn take(&self, bytes: usize) -> bool {
        let fits = |taken: usize| taken.checked_add(bytes).filter(|sum| *sum <= self.max);
        self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits).is_ok()
    }
}

impl Reservation {
    /// Adjusts `reservation` to a connection that holds `length` bytes. Returns false, and changes nothing, if the
    /// quota has too few left.
    #[inline]
    pub(crate) fn resize(reservation: &mut Option<Reservation>, length: usize, quota: &Arc<MemoryQuota>) -> bool {
        // The common case.
        if reservation.is_none() && length <= FREE_BYTES {
            return true;
        }
        Reservation::change(reservation, length, |more| quota.take(more), quota)
    }

    /// Adjusts `reservation` like [`resize`](Self::resize), but clamps `length` to the whole quota, so that one
    /// oversized response at a time can be sent.
    pub(crate) fn resize_up_to_all(
        reservation: &mut Option<Reservation>,
        length: usize,
        quota: &Arc<MemoryQuota>,
    ) -> bool {
        let all = quota.max.max(1).saturating_add(FREE_BYTES);
        Reservation::resize(reservation, length.min(all), quota)
    }

    /// Adjusts `reservation` to bytes that must be held in any case, even beyond the quota. Other connections have to
    /// wait for them.
    pub(crate) fn resize_anyway(reservation: &mut Option<Reservation>, length: usize, quota: &Arc<MemoryQuota>) {
        let take = |more| {
            quota.taken.fetch_add(more, Ordering::Relaxed);
            true
        };
        Reservation::change(reservation, length, take, quota);
    }

    fn change(
        reservation: &mut Option<Reservation>,
        length: usize,
        take: impl FnOnce(usize) -> bool,
        quota: &Arc<MemoryQuota>,
    ) -> bool {
        let wanted = length.saturating_sub(FREE_BYTES);
        let has = reservation.as_ref().map_or(0, |reservation| reservation.bytes);
        if wanted > has && !take(wanted - has) {
            return false;
        }
        if wanted < has {
            quota.taken.fetch_sub(has - wanted, Ordering::Relaxed);
        }
        match reservation {
            Some(reservation) => reservation.bytes = wanted,
            None if wanted > 0 => *reservation = Some(Reservation { quota: Arc::clone(quota), bytes: wanted }),
            None => {}
        }
        true
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.quota.taken.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_comes_back_and_never_exceeds_the_store() {
        let quota = MemoryQuota::new(1000);
        let (mut one, mut other) = (None, None);
        // A connection, the bytes that it holds, the answer, the bytes that are reserved then, and the reason.
        let table = [
            (0, FREE_BYTES, true, 0, "for nothing"),
            (0, FREE_BYTES + 600, true, 600, "from the quota"),
            (1, FREE_BYTES + 600, false, 600, "both is too much"),
            (1, FREE_BYTES + 400, true, 1000, "to the last byte"),
            (0, FREE_BYTES + 601, false, 1000, "no more, and it keeps what it has"),
            (0, FREE_BYTES + 100, true, 500, "some is given back"),
            (1, FREE_BYTES + 900, true, 1000, "and taken by the other"),
            (1, 0, true, 100, "all of that"),
        ];
        for (who, length, may, expected, why) in table {
            let reservation = if who == 0 { &mut one } else { &mut other };
            assert_eq!(Reservation::resize(reservation, length, &quota), may, "{why}");
            assert_eq!(quota.taken(), expected, "{why}");
        }
        Reservation::resize_anyway(&mut other, FREE_BYTES + 5000, &quota);
        assert_eq!(quota.taken(), 5100, "what has to be");
        assert!(!Reservation::resize(&mut one, FREE_BYTES + 101, &quota));
        drop((one, other));
        assert_eq!(quota.taken(), 0);

        let (mut one, mut other) = (None, None);
        assert!(Reservation::resize_up_to_all(&mut one, usize::MAX, &quota), "more than there is, for the first");
        assert!(!Reservation::resize_up_to_all(&mut other, FREE_BYTES + 1, &quota), "nothing is left");
        assert!(Reservation::resize_up_to_all(&mut other, FREE_BYTES, &quota), "but that is nothing");
        drop((one, other));
        assert!(
            !Reservation::resize_up_to_all(&mut None, FREE_BYTES + 1, &MemoryQuota::new(0)),
            "there is no quota at all"
        );
    }
}
