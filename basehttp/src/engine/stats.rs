//! What the engine counts: plain counters, always on.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crate::conn::Stats;

/// The counters behind it.
#[derive(Default)]
pub(super) struct Counters {
    pub connections: AtomicUsize,
    /// On threads of the crew; what leaders do is in their watches.
    pub in_handlers: AtomicU64,
    pub requests: AtomicU64,
    pub pooled: AtomicU64,
    pub busy: AtomicU64,
    pub rescues: AtomicU64,
    /// Leaders that were replaced and have not returned yet.
    pub stuck: AtomicUsize,
    pub accepted: AtomicU64,
    pub accept_pauses: AtomicU64,
    pub timeouts: AtomicU64,
}

impl Counters {
    pub fn add(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Requests whose handler has returned, leaders' of this moment aside.
    pub fn answered(&self) -> u64 {
        self.requests.load(Ordering::SeqCst)
    }

    /// Everything but what the shards and the crew know.
    pub fn read(&self) -> Stats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Stats {
            connections: self.connections.load(Ordering::Relaxed) as u64,
            parked: 0,
            in_handlers: read(&self.in_handlers),
            threads: 0,
            requests: read(&self.requests),
            pooled: read(&self.pooled),
            busy: read(&self.busy),
            rescues: read(&self.rescues),
            accepted: read(&self.accepted),
            accept_pauses: read(&self.accept_pauses),
            timeouts: read(&self.timeouts),
        }
    }
}
