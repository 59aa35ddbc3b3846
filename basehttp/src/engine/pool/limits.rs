//! The bounds of a pool.

/// The bounds of a pool.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine) struct PoolLimits {
    /// Threads that serve jobs, at most.
    pub max_threads: usize,
    /// Shards: each has a leader, and two spare threads in case that one is stuck.
    pub leaders: usize,
    /// Jobs that wait for a thread, at most.
    pub max_queued: usize,
}

impl PoolLimits {
    /// Returns the largest number of threads: those for jobs, the leaders, and the reserved ones. `max_threads` may be
    /// any number.
    pub(super) fn most(&self) -> usize {
        self.max_threads.saturating_add(self.leaders + self.reserved())
    }

    /// Returns the number of threads that take no jobs, so that a leader that gets stuck is replaced. Half of them
    /// replace only leaders that were at a handler that is known to be fast. A client can make any other handler block.
    pub(super) fn reserved(&self) -> usize {
        2 * self.leaders
    }
}
