//! Bounds the handlers that wait, at once, for clients that do not take a streamed reply, or do not send a body. Each holds
//! a thread meanwhile: without a bound slow clients would have them all, and a handler that blocks for its own reasons none.
//!
//! A place is held while a handler waits, and not between its waits. Each wait for the client has these parts:
//!
//! | so long                 | needs               | without it                                 |
//! |-------------------------|---------------------|--------------------------------------------|
//! | 0.1 s                   | nothing             |                                            |
//! | until the client stalls | one of `max` places | 1 s in the queue for one, if that has room |
//!
//! So a client that takes what it gets at any speed to speak of needs none, and it is not cut off because others are slow.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Time for which a handler may wait without a place: 0.1 s. Most clients take the next piece within a millisecond.
pub(crate) const BRIEF: Duration = Duration::from_millis(100);

/// Time for which a handler may wait for a place: 1 s, in which ordinary clients take several pieces, and places become free.
pub(crate) const QUEUE_WAIT: Duration = Duration::from_secs(1);

/// The places of one server.
pub(crate) struct Streams {
    waiting: Count,
    queue: Count,
}

struct Count {
    taken: AtomicUsize,
    max: usize,
}

/// A place, given back when it is dropped.
pub(crate) struct Place<'s>(&'s AtomicUsize);

impl Streams {
    /// `max_queued`: so many handlers more may wait for a place.
    pub fn new(max: usize, max_queued: usize) -> Self {
        let count = |max| Count { taken: AtomicUsize::new(0), max };
        Streams { waiting: count(max), queue: count(max_queued) }
    }

    /// A place, if there is one left.
    pub(crate) fn enter(&self) -> Option<Place<'_>> {
        self.waiting.enter()
    }

    /// A place in the queue for one, if there is one left.
    pub(crate) fn queue(&self) -> Option<Place<'_>> {
        self.queue.enter()
    }
}

impl Count {
    fn enter(&self) -> Option<Place<'_>> {
        let place = Place(&self.taken);
        (self.taken.fetch_add(1, Ordering::Relaxed) < self.max).then_some(place)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_so_many_places_and_each_is_given_back() {
        let streams = Streams::new(2, 1);
        let first = streams.enter();
        let second = streams.enter();
        assert!(first.is_some() && second.is_some() && streams.enter().is_none());
        let queued = streams.queue();
        assert!(queued.is_some() && streams.queue().is_none());
        drop((first, queued));
        assert!(streams.enter().is_some() && streams.queue().is_some());
    }
}
