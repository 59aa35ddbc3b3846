//! Bounds the handlers that block on slow clients at once, because a client does not take a streamed response or does
//! not send a body. Each of them holds a thread. Unbounded, slow clients could occupy every thread and starve handlers
//! that block for other reasons.
//!
//! A permit is held while a handler waits, and not between its waits. Each wait for the client has these parts:
//!
//! | part of the wait        | needs    | without it                               |
//! |-------------------------|----------|------------------------------------------|
//! | the first 0.1 s         | nothing  |                                          |
//! | until the client stalls | a permit | 1 s in the queue for one, if it has room |
//!
//! So a client of any ordinary speed needs no permit, and is not cut off because others are slow.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Time for which a handler may wait without a permit: 0.1 s. Most clients take the next piece within a millisecond.
pub(crate) const BRIEF: Duration = Duration::from_millis(100);

/// Time for which a handler may wait for a permit: 1 s. Within it ordinary clients take several pieces, and permits
/// become free.
pub(crate) const QUEUE_WAIT: Duration = Duration::from_secs(1);

/// Permits of one server, and places in the queue for them.
pub(crate) struct BlockingQuota {
    waiting: Count,
    queue: Count,
}

struct Count {
    taken: AtomicUsize,
    max: usize,
}

/// A permit to block on a client, or a place in the queue for one. It is given back on drop.
pub(crate) struct BlockingPermit<'s>(&'s AtomicUsize);

impl BlockingQuota {
    /// Makes `max` permits, and a queue of `max_queued` handlers for them.
    pub(crate) fn new(max: usize, max_queued: usize) -> Self {
        let count = |max| Count { taken: AtomicUsize::new(0), max };
        BlockingQuota { waiting: count(max), queue: count(max_queued) }
    }

    /// Returns a permit, if one is left.
    pub(crate) fn try_acquire(&self) -> Option<BlockingPermit<'_>> {
        self.waiting.try_acquire()
    }

    /// Returns a place in the queue for a permit, if one is left.
    pub(crate) fn try_queue(&self) -> Option<BlockingPermit<'_>> {
        self.queue.try_acquire()
    }
}

impl Count {
    fn try_acquire(&self) -> Option<BlockingPermit<'_>> {
        // It exists before it is granted: dropped, it takes back the count.
        let permit = BlockingPermit(&self.taken);
        (self.taken.fetch_add(1, Ordering::Relaxed) < self.max).then_some(permit)
    }
}

impl Drop for BlockingPermit<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_so_many_places_and_each_is_given_back() {
        let blocking = BlockingQuota::new(2, 1);
        let first = blocking.try_acquire();
        let second = blocking.try_acquire();
        assert!(first.is_some() && second.is_some() && blocking.try_acquire().is_none());
        let queued = blocking.try_queue();
        assert!(queued.is_some() && blocking.try_queue().is_none());
        drop((first, queued));
        assert!(blocking.try_acquire().is_some() && blocking.try_queue().is_some());
    }
}
