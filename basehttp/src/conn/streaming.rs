//! How many handlers may wait, at once, for clients that do not take a streamed reply. Each holds a thread meanwhile.

use std::io;
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
    pub fn enter(self: &Arc<Self>) -> io::Result<Place> {
        let place = Place { streams: Arc::clone(self) };
        if self.waiting.fetch_add(1, Ordering::Relaxed) < self.max {
            return Ok(place);
        }
        Err(io::Error::other("too many replies wait for slow readers: see max_streaming"))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.streams.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}
