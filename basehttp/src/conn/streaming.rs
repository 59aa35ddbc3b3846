//! How many handlers may wait, at once, for clients that do not take a streamed reply, or do not send a body. Each holds a
//! thread meanwhile: without a bound slow clients would have them all, and a handler that blocks for its own reasons none.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The places of one server.
pub(crate) struct Streams {
    waiting: AtomicUsize,
    max: usize,
}

/// A place, given back when it is dropped.
pub(crate) struct Place {
    streams: Arc<Streams>,
}

impl Streams {
    pub fn new(max: usize) -> Arc<Self> {
        Arc::new(Streams { waiting: AtomicUsize::new(0), max })
    }

    /// A place, if there is one left.
    pub fn enter(self: &Arc<Self>) -> Option<Place> {
        let place = Place { streams: Arc::clone(self) };
        (self.waiting.fetch_add(1, Ordering::Relaxed) < self.max).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.streams.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}
