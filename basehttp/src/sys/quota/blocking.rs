//! Bounds the handlers that wait, at once, for clients that do not take a streamed reply, or do not send a body. Each holds
//! a thread meanwhile: without a bound slow clients would have them all, and a handler that blocks for its own reasons none.
//!
//! A permit is held while a handler waits, and not between its waits. Each wait for the client has these parts:
//!
//! | so long                 | needs               | without it                                 |
//! |-------------------------|---------------------|--------------------------------------------|
//! | 0.1 s                   | nothing             |                                            |
//! | until the client stalls | one of `max` places | 1 s in the queue for one, if that has room |
//!
//! So a client that takes what it gets at any speed to speak of needs none, and it is not cut off because others are slow.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Time for which a handler may wait without a permit: 0.1 s. Most clients take the next piece within a millisecond.
pub(crate) const BRIEF: Duration = Duration::from_millis(100);

/// Time for which a handler may wait for a permit: 1 s, in which ordinary clients take several pieces, and places become free.
pub(crate) const QUEUE_WAIT: Duration = Duration::from_secs(1);

/// The places of one server.
pub(crate) struct BlockingQuota {
    waiting: Count,
    queue: Count,
}

struct Count {
    taken: AtomicUsize,
    max: usize,
}

/// A permit, given back when it is dropped.
pub(crate) struct BlockingPermit<'s>(&'s AtomicUsize);

impl BlockingQuota {
    /// `max_queued`: so many handlers more may wait for a permit.
    pub fn new(max: usize, max_queued: usize) -> Self {
        let count = |max| Count { taken: AtomicUsize::new(0), max };
        BlockingQuota { waiting: count(max), queue: count(max_queued) }
    }

    /// A permit, if there is one left.
    pub(crate) fn try_acquire(&self) -> Option<BlockingPermit<'_>> {
        self.waiting.try_acquire()
    }

    /// A permit in the queue for one, if there is one left.
    pub(crate) fn try_queue(&self) -> Option<BlockingPermit<'_>> {
        self.queue.try_acquire()
    }
}

impl Count {
    fn try_acquire(&self) -> Option<BlockingPermit<'_>> {
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
